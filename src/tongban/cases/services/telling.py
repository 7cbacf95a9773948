"""Who is told of an act on a case, and with which words: a message of a kind for each act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from tongban.base.clocks import local_date
from tongban.cases.labels import DELIVERIES, GROUNDS, PROCEDURES
from tongban.cases.models import Case
from tongban.cases.rules import Act
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.selectors import document_of
from tongban.directory.messages.posting import notify
from tongban.directory.messages.rendering import in_every_language

RECEIVED: Final = "case.received"
# Every act of the table has its message: the applicant hears of all that happens to a case.
KIND_OF: Final[Mapping[Act, str]] = {
    Act.SUBMIT: RECEIVED,
    Act.REQUEST_CORRECTION: "case.correction_requested",
    Act.CORRECT: "case.corrected",
    Act.ACCEPT: "case.accepted",
    Act.ACCEPT_TOLERANTLY: "case.accepted",
    Act.ACCEPT_BY_SILENCE: "case.accepted_by_silence",
    Act.REFUSE: "case.refused",
    Act.SUPPLY: "case.supplied",
    Act.EXTEND: "case.extended",
    Act.START_SPECIAL: "case.paused",
    Act.END_SPECIAL: "case.resumed",
    Act.START_WAIT: "case.wait_begun",
    Act.END_WAIT: "case.wait_ended",
    Act.APPROVE: "case.approved",
    Act.DENY: "case.denied",
    Act.DELIVER: "case.delivered",
    Act.WITHDRAW: "case.withdrawn",
    Act.LAPSE: "case.lapsed",
    Act.TERMINATE: "case.terminated",
    Act.REVOKE: "case.revoked",
    Act.RETRACT_COMMITMENT: "case.commitment_retracted",
    Act.CONFIRM_COMMITMENT: "case.commitment_confirmed",
    Act.ORDER_REPAIR: "case.repair_ordered",
    Act.RECOMPUTE: "case.due_moved",
}
# What an event says that a message says, too, under the same name.
AS_IT_IS: Final = ("until", "due_on", "review_until", "suit_until", "competent")
LABELLED: Final = {
    "ground": ("ground", GROUNDS),
    "kind": ("procedure", PROCEDURES),
    "how": ("how", DELIVERIES),
}


def readers_of(case: Case, at: datetime) -> list[int | None]:
    """Accounts that hear of a case: the applicant's, and that of who acts for them, while they may.

    No query when `applicant` and `delegation__agent` were read with the case.
    """
    readers = [case.applicant.account_id]
    held = case.delegation
    if held and held.revoked_at is None and held.valid_to >= local_date(at):
        readers.append(held.agent.account_id)
    return readers


def link_to(number: str) -> str:
    return reverse("cases:case", args=[number])


def papers_named(document: GuideDocument, keys: list[str]) -> dict[str, str]:
    """Names of materials in both languages; {} for none."""
    names = [one.name for one in document.materials if one.key in keys]
    if not names:
        return {}
    chinese, english = [name.zh for name in names], [name.en or name.zh for name in names]
    return {"zh-hans": "、".join(chinese), "en": ", ".join(english)}


def tell(
    case: Case,
    act: Act,
    *,
    at: datetime,
    text: str = "",
    said: Mapping[str, Any],
    next_due_on: str = "",
) -> list[str]:
    """Tell of an act on a locked case; returns the keys of the notices. A statement a reader.

    `said` is what the event keeps of the act, `next_due_on` the organ's next day after it.
    """
    facts: dict[str, Any] = _about(case) | {"reasons": text, "due_on": next_due_on}
    facts |= {name: said[name] for name in AS_IT_IS if said.get(name)}
    for name, (fact, labels) in LABELLED.items():
        if said.get(name) in labels:
            facts[fact] = in_every_language(labels[said[name]])
    papers = said.get("missing") or said.get("supplied")
    if papers:
        facts["papers"] = papers_named(document_of(case.guide), papers)
    return notify(KIND_OF[act], readers_of(case, at), at=at, facts=facts, link=link_to(case.number))


def tell_of_look(case: Case, kind: str, *, at: datetime, reason: str) -> None:
    """Tell the applicant that somebody saw more than usual."""
    facts = _about(case) | {"reasons": reason}
    notify(kind, readers_of(case, at), at=at, facts=facts, link=link_to(case.number))


def _about(case: Case) -> dict[str, Any]:
    return {"number": case.number, "item": case.item.name, "organ": case.organ.name}
