"""Closed lists of the law: special procedures, grounds of refusal, termination, revocation."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tongban.cases.rules.table import Act


class Procedure(StrEnum):
    """What the examination may wait for."""

    HEARING = "hearing"
    BIDDING = "bidding"
    AUCTION = "auction"
    INSPECTION = "inspection"
    TESTING = "testing"
    QUARANTINE = "quarantine"
    APPRAISAL = "appraisal"
    EXPERT_REVIEW = "expert_review"
    SITE_INSPECTION = "site_inspection"
    TECHNICAL_REVIEW = "technical_review"
    PUBLICITY = "publicity"
    OTHER_ORGAN = "other_organ"


# art. 45: 听证、招标、拍卖、检验、检测、检疫、鉴定和专家评审 are not counted, and nothing else is left
# out of the count unless another law says so: then the guide names it.
SPECIAL: Final = frozenset(
    {
        Procedure.HEARING,
        Procedure.BIDDING,
        Procedure.AUCTION,
        Procedure.INSPECTION,
        Procedure.TESTING,
        Procedure.QUARANTINE,
        Procedure.APPRAISAL,
        Procedure.EXPERT_REVIEW,
    }
)
WAITS: Final = tuple(kind for kind in Procedure if kind not in SPECIAL)
# art. 34(3): at least two officers check on site.
OFFICERS_LEAST: Final = 2


class Ground(StrEnum):
    NO_LICENCE_NEEDED = "no_licence_needed"
    NOT_OUR_POWER = "not_our_power"
    STILL_INCOMPLETE = "still_incomplete"
    APPLICANT_GONE = "applicant_gone"
    OBJECT_GONE = "object_gone"
    LAW_CHANGED = "law_changed"
    OTHER_LAWFUL = "other_lawful"
    ABUSE = "abuse"
    BEYOND_POWER = "beyond_power"
    WRONG_PROCEDURE = "wrong_procedure"
    NOT_QUALIFIED = "not_qualified"
    OTHER_REVOCABLE = "other_revocable"
    FRAUD = "fraud"
    COMMITMENT_BROKEN = "commitment_broken"


# Which grounds an act can have, each with the provision it rests on.
GROUNDS: Final[dict[Act, dict[Ground, str]]] = {
    Act.REFUSE: {
        Ground.NO_LICENCE_NEEDED: "32(1)",
        Ground.NOT_OUR_POWER: "32(2)",
        # 32(5) makes acceptance a duty only when all corrections are in.
        Ground.STILL_INCOMPLETE: "32(4)-(5)",
    },
    # art. 70 names them for licences; before one is given the examination has lost its object.
    Act.TERMINATE: {
        Ground.APPLICANT_GONE: "70(2)-(3)",
        Ground.OBJECT_GONE: "70(5)",
        Ground.LAW_CHANGED: "8(2)",
        Ground.OTHER_LAWFUL: "70(6)",
    },
    Act.REVOKE: {
        Ground.ABUSE: "69(1)(1)",
        Ground.BEYOND_POWER: "69(1)(2)",
        Ground.WRONG_PROCEDURE: "69(1)(3)",
        Ground.NOT_QUALIFIED: "69(1)(4)",
        Ground.OTHER_REVOCABLE: "69(1)(5)",
        Ground.FRAUD: "69(2)",
        Ground.COMMITMENT_BROKEN: "69(2); 安阳市政务服务条例 25-29",
    },
}


class Delivery(StrEnum):
    """How a decision or a licence reached the applicant (送达)."""

    COLLECTED = "collected"
    POST = "post"
    ONLINE = "online"
