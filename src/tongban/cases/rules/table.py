"""The life of a case as one table: act x state x part x condition. What is not here can't be done.

Services, pages, database constraints and docs/case-handling.md are all derived from `STEPS`.
Articles are those of the Licensing Law (行政许可法, 2019 text) unless another instrument is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    SUBMITTED = "submitted"
    CORRECTION = "correction"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    REFUSED = "refused"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"
    REVOKED = "revoked"


class Act(StrEnum):
    SUBMIT = "submit"
    REQUEST_CORRECTION = "request_correction"
    CORRECT = "correct"
    ACCEPT = "accept"
    ACCEPT_TOLERANTLY = "accept_tolerantly"
    ACCEPT_BY_SILENCE = "accept_by_silence"
    REFUSE = "refuse"
    SUPPLY = "supply"
    EXTEND = "extend"
    START_SPECIAL = "start_special"
    END_SPECIAL = "end_special"
    START_WAIT = "start_wait"
    END_WAIT = "end_wait"
    APPROVE = "approve"
    DENY = "deny"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    TERMINATE = "terminate"
    REVOKE = "revoke"
    RETRACT_COMMITMENT = "retract_commitment"
    CONFIRM_COMMITMENT = "confirm_commitment"
    ORDER_REPAIR = "order_repair"
    RECOMPUTE = "due_recomputed"


class Part(StrEnum):
    """In what part somebody acts on a case."""

    APPLICANT = "applicant"
    CLERK = "clerk"
    REVIEWER = "reviewer"
    HEAD = "head"
    SYSTEM = "system"


class Input(StrEnum):
    """What who acts has to say, beside which act it is."""

    REASONS = "reasons"
    GROUND = "ground"
    COMPETENT = "competent"
    DAYS = "days"
    KIND = "kind"
    RUNNING = "running"
    UNTIL = "until"
    OFFICERS = "officers"
    HOW = "how"
    RESULT_NUMBER = "result_number"


class Condition(StrEnum):
    """What must be true beside the state; `possible.py` has each as a function."""

    FIRST_TIME = "first_time"
    ANSWER_IN_TIME = "answer_in_time"
    ANSWER_OVERDUE = "answer_overdue"
    PAPERS_TO_FOLLOW = "papers_to_follow"
    NO_PAPERS_TO_FOLLOW = "no_papers_to_follow"
    BEFORE_THE_END = "before_the_end"
    EXTENDABLE = "extendable"
    OTHERS_RUN = "others_run"
    LAST_RUNS = "last_runs"
    A_WAIT_RUNS = "a_wait_runs"
    NOTHING_RUNS = "nothing_runs"
    NOT_WHO_ACCEPTED = "not_who_accepted"
    NOT_WHO_DECIDED = "not_who_decided"
    APPLICANT_LATE = "applicant_late"
    COMMITTED = "committed"
    PROCEDURE_OVER = "procedure_over"


@dataclass(frozen=True)
class Step:
    """A row: in any of `starts` this part may do the act; the case is in `end` then.

    No `starts`: the case begins with it. No `end`: the state stays as it is.
    """

    act: Act
    starts: tuple[State, ...]
    end: State | None
    part: Part
    article: str
    conditions: tuple[Condition, ...] = ()
    inputs: tuple[Input, ...] = ()

    @property
    def needs_reasons(self) -> bool:
        return Input.REASONS in self.inputs

    def after(self, before: State) -> State:
        return self.end or before


S, C, P = State, Condition, Part
NEW, CORRECTING, RUNNING, PAUSED = S.SUBMITTED, S.CORRECTION, S.ACCEPTED, S.PAUSED
WHY = (Input.REASONS,)

STEPS: Final[tuple[Step, ...]] = (
    Step(Act.SUBMIT, (), NEW, P.APPLICANT, "29, 31, 32"),
    # Acceptance, within five working days of receipt; silence is acceptance as of the receipt.
    Step(Act.ACCEPT, (NEW,), RUNNING, P.CLERK, "32(5)", (C.ANSWER_IN_TIME, C.NO_PAPERS_TO_FOLLOW)),
    Step(
        Act.ACCEPT_TOLERANTLY,
        (NEW,),
        RUNNING,
        P.CLERK,
        "安阳市政务服务条例 24",
        (C.ANSWER_IN_TIME, C.PAPERS_TO_FOLLOW),
    ),
    Step(Act.ACCEPT_BY_SILENCE, (NEW,), RUNNING, P.SYSTEM, "32(4)", (C.ANSWER_OVERDUE,)),
    Step(
        Act.REQUEST_CORRECTION,
        (NEW,),
        CORRECTING,
        P.CLERK,
        "32(4)",
        (C.FIRST_TIME, C.ANSWER_IN_TIME),
        WHY,
    ),
    Step(Act.CORRECT, (CORRECTING,), NEW, P.APPLICANT, "32(4)-(5)"),
    Step(
        Act.REFUSE,
        (NEW,),
        S.REFUSED,
        P.CLERK,
        "32(1)-(2)",
        (C.ANSWER_IN_TIME,),
        (Input.GROUND, Input.COMPETENT, Input.REASONS),
    ),
    # Handling: the clock runs, except in the procedures of article 45.
    Step(
        Act.SUPPLY,
        (RUNNING, PAUSED),
        None,
        P.APPLICANT,
        "安阳市政务服务条例 24",
        (C.PAPERS_TO_FOLLOW,),
    ),
    Step(
        Act.EXTEND,
        (RUNNING, PAUSED),
        None,
        P.HEAD,
        "42",
        (C.FIRST_TIME, C.BEFORE_THE_END, C.EXTENDABLE),
        (Input.DAYS, Input.REASONS),
    ),
    Step(
        Act.START_SPECIAL,
        (RUNNING, PAUSED),
        PAUSED,
        P.REVIEWER,
        "45",
        inputs=(Input.KIND, Input.UNTIL, Input.REASONS),
    ),
    Step(
        Act.END_SPECIAL,
        (PAUSED,),
        PAUSED,
        P.REVIEWER,
        "45",
        (C.OTHERS_RUN,),
        (Input.RUNNING, Input.REASONS),
    ),
    Step(
        Act.END_SPECIAL,
        (PAUSED,),
        RUNNING,
        P.REVIEWER,
        "45",
        (C.LAST_RUNS,),
        (Input.RUNNING, Input.REASONS),
    ),
    Step(
        Act.START_WAIT,
        (RUNNING, PAUSED),
        None,
        P.REVIEWER,
        "34(3), 45",
        inputs=(Input.KIND, Input.UNTIL, Input.OFFICERS, Input.REASONS),
    ),
    Step(
        Act.END_WAIT,
        (RUNNING, PAUSED),
        None,
        P.REVIEWER,
        "34(3), 45",
        (C.A_WAIT_RUNS,),
        (Input.RUNNING, Input.REASONS),
    ),
    Step(
        Act.APPROVE,
        (RUNNING,),
        S.APPROVED,
        P.REVIEWER,
        "34(2), 38(1)",
        (C.NOT_WHO_ACCEPTED, C.PROCEDURE_OVER, C.NOTHING_RUNS, C.NO_PAPERS_TO_FOLLOW),
        (*WHY, Input.RESULT_NUMBER),
    ),
    Step(
        Act.DENY,
        (RUNNING,),
        S.DENIED,
        P.REVIEWER,
        "38(2)",
        (C.NOT_WHO_ACCEPTED, C.PROCEDURE_OVER, C.NOTHING_RUNS),
        WHY,
    ),
    # Endings without a decision.
    Step(
        Act.WITHDRAW,
        (NEW, CORRECTING, RUNNING, PAUSED),
        S.WITHDRAWN,
        P.APPLICANT,
        "安阳市政务服务条例 24, 36",
    ),
    Step(
        Act.LAPSE,
        (CORRECTING, RUNNING, PAUSED),
        S.WITHDRAWN,
        P.SYSTEM,
        "安阳市政务服务条例 24, 36",
        (C.APPLICANT_LATE,),
    ),
    Step(
        Act.TERMINATE,
        (CORRECTING, RUNNING, PAUSED),
        S.TERMINATED,
        P.REVIEWER,
        "70",
        (C.NOT_WHO_ACCEPTED,),
        (Input.GROUND, Input.REASONS),
    ),
    # After the decision.
    Step(
        Act.DELIVER,
        (S.APPROVED, S.DENIED),
        None,
        P.CLERK,
        "38, 44",
        (C.FIRST_TIME,),
        (Input.HOW,),
    ),
    Step(
        Act.REVOKE,
        (S.APPROVED,),
        S.REVOKED,
        P.HEAD,
        "69",
        (C.NOT_WHO_DECIDED,),
        (Input.GROUND, Input.REASONS),
    ),
    # Handling on a commitment (告知承诺).
    Step(
        Act.RETRACT_COMMITMENT,
        (NEW, RUNNING, PAUSED),
        None,
        P.APPLICANT,
        "安阳市政务服务条例 25-29",
        (C.COMMITTED,),
    ),
    Step(
        Act.CONFIRM_COMMITMENT,
        (S.APPROVED,),
        None,
        P.REVIEWER,
        "安阳市政务服务条例 25-29",
        (C.COMMITTED, C.FIRST_TIME),
        WHY,
    ),
    Step(
        Act.ORDER_REPAIR,
        (S.APPROVED,),
        None,
        P.REVIEWER,
        "安阳市政务服务条例 25-29",
        (C.COMMITTED, C.FIRST_TIME),
        (Input.UNTIL, Input.REASONS),
    ),
    # A holiday notice came out.
    Step(
        Act.RECOMPUTE,
        (NEW, CORRECTING, RUNNING, PAUSED, S.APPROVED, S.DENIED),
        None,
        P.SYSTEM,
        "82",
    ),
)

OPEN_STATES: Final = frozenset({NEW, CORRECTING, RUNNING, PAUSED})
DECIDED_STATES: Final = frozenset({S.APPROVED, S.DENIED, S.REVOKED})
ENDED_UNDECIDED: Final = frozenset({S.REFUSED, S.WITHDRAWN, S.TERMINATED})
ACCEPTANCES: Final = frozenset({Act.ACCEPT, Act.ACCEPT_TOLERANTLY, Act.ACCEPT_BY_SILENCE})
DECISIONS: Final = frozenset({Act.APPROVE, Act.DENY})
ENDINGS: Final = DECISIONS | {Act.REFUSE, Act.WITHDRAW, Act.LAPSE, Act.TERMINATE}
ONCE: Final = frozenset(step.act for step in STEPS if C.FIRST_TIME in step.conditions)
SYSTEM_ACTS: Final = frozenset(step.act for step in STEPS if step.part is P.SYSTEM)
STAFF_ACTS: Final = frozenset(
    step.act for step in STEPS if step.part in (P.CLERK, P.REVIEWER, P.HEAD)
)
REASONED: Final = frozenset(step.act for step in STEPS if step.needs_reasons)


def moves() -> tuple[tuple[Act, str, State], ...]:
    """Every act with the state before ("" for none) and after it, in the order of the table."""
    found = [
        (step.act, str(before), step.after(before)) for step in STEPS for before in step.starts
    ]
    return (
        *((step.act, "", step.end) for step in STEPS if not step.starts and step.end),
        *dict.fromkeys(found),
    )
