"""Which rows of the table are open now, to whom; and why another one is not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from tongban.base.worktime import Calendar
from tongban.cases.rules.grounds import GROUNDS, SPECIAL, WAITS, Ground, Procedure
from tongban.cases.rules.history import Commitment, Dues, Standing, dues
from tongban.cases.rules.table import STEPS, Act, Condition, Part, Step


@dataclass(frozen=True)
class Situation:
    """A case, a day, and who asks (`actor`, None for the system).

    `procedure_runs`: the item's procedure has not come to its end; an item without one has none.
    """

    standing: Standing
    today: date
    calendar: Calendar
    actor: int | None = None
    procedure_runs: bool = False

    @cached_property
    def dues(self) -> Dues:
        return dues(self.standing, self.calendar, self.today)


def _answer_in_time(now: Situation, _step: Step) -> bool:
    answer = now.dues.answer
    # A provisional day is never held against anybody: the holiday notice may move it.
    return answer is None or answer.provisional or now.today <= answer.on


def _before_the_end(now: Situation, _step: Step) -> bool:
    legal = now.dues.legal
    return legal is not None and now.today <= legal.on


def _applicant_late(now: Situation, _step: Step) -> bool:
    last = now.standing.applicant_due
    return last is not None and now.today > last


CONDITIONS: Final[dict[Condition, tuple[str, Callable[[Situation, Step], bool]]]] = {
    Condition.FIRST_TIME: (
        "not done before in this case",
        lambda now, step: step.act not in now.standing.done,
    ),
    Condition.ANSWER_IN_TIME: ("within 5 working days of receipt", _answer_in_time),
    Condition.ANSWER_OVERDUE: (
        "5 working days after receipt are over without an answer",
        lambda now, step: not _answer_in_time(now, step),
    ),
    Condition.PAPERS_TO_FOLLOW: (
        "secondary papers are missing that the applicant promised",
        lambda now, _step: bool(now.standing.missing),
    ),
    Condition.NO_PAPERS_TO_FOLLOW: (
        "no paper is missing",
        lambda now, _step: not now.standing.missing,
    ),
    Condition.BEFORE_THE_END: ("before the legal limit ends", _before_the_end),
    Condition.EXTENDABLE: (
        "the law of the item allows an extension",
        lambda now, _step: now.standing.terms.extension.value > 0,
    ),
    Condition.OTHERS_RUN: (
        "another special procedure goes on",
        lambda now, _step: len(now.standing.running) > 1,
    ),
    Condition.LAST_RUNS: (
        "it is the last special procedure",
        lambda now, _step: len(now.standing.running) == 1,
    ),
    Condition.A_WAIT_RUNS: (
        "a wait that counts goes on",
        lambda now, _step: bool(now.standing.counted),
    ),
    Condition.NOTHING_RUNS: (
        "neither a special procedure nor another wait goes on",
        lambda now, _step: not now.standing.running and not now.standing.counted,
    ),
    Condition.NOT_WHO_ACCEPTED: (
        "somebody else accepted the application",
        lambda now, _step: now.actor is None or now.actor != now.standing.accepted_by,
    ),
    Condition.NOT_WHO_DECIDED: (
        "somebody else decided",
        lambda now, _step: now.actor is None or now.actor != now.standing.decided_by,
    ),
    Condition.APPLICANT_LATE: ("the applicant's day is over", _applicant_late),
    Condition.COMMITTED: (
        "handled on a commitment that was not taken back or confirmed",
        lambda now, _step: now.standing.commitment in (Commitment.GIVEN, Commitment.REPAIR),
    ),
    Condition.PROCEDURE_OVER: (
        "every step of the item's procedure is done",
        lambda now, _step: not now.procedure_runs,
    ),
}
# Somebody else could do it: the case is in the state for it.
PERSONAL: Final = frozenset({Condition.NOT_WHO_ACCEPTED, Condition.NOT_WHO_DECIDED})


def failing(step: Step, now: Situation) -> Condition | None:
    """The first condition of the row that does not hold."""
    return next(
        (one for one in step.conditions if not CONDITIONS[one][1](now, step)),
        None,
    )


def rows_of(act: Act, now: Situation, parts: Collection[Part]) -> tuple[Step, ...]:
    """The rows of an act for these parts in the case's state, whatever their conditions."""
    return tuple(
        step
        for step in STEPS
        if step.act is act and step.part in parts and now.standing.state in step.starts
    )


def steps_possible(now: Situation, parts: Collection[Part]) -> tuple[Step, ...]:
    """The rows that are open now to somebody in these parts, in the order of the table."""
    return tuple(
        step
        for step in STEPS
        if step.part in parts and now.standing.state in step.starts and failing(step, now) is None
    )


def kinds_for(act: Act, standing: Standing) -> tuple[Procedure, ...]:
    """What may be begun by this act and does not go on yet: art. 45's list, or what counts.

    A wait that another law leaves out of the count is a special procedure, too.
    """
    excluded = standing.terms.excluded or {}
    if act is Act.START_SPECIAL:
        kinds = [kind for kind in Procedure if kind in SPECIAL or kind in excluded]
    else:
        kinds = [kind for kind in WAITS if kind not in excluded]
    going_on = {one.kind for one in (*standing.running, *standing.counted)}
    return tuple(kind for kind in kinds if kind not in going_on)


def running_for(act: Act, standing: Standing) -> tuple[Procedure, ...]:
    """What can be ended by this act."""
    going_on = standing.running if act is Act.END_SPECIAL else standing.counted
    return tuple(Procedure(one.kind) for one in going_on)


def grounds_for(act: Act, standing: Standing) -> tuple[Ground, ...]:
    """The grounds that an act can rest on in this case."""
    left_out = set()
    if Act.REQUEST_CORRECTION not in standing.done:
        left_out.add(Ground.STILL_INCOMPLETE)
    if not standing.committed:
        left_out.add(Ground.COMMITMENT_BROKEN)
    return tuple(ground for ground in GROUNDS.get(act, {}) if ground not in left_out)
