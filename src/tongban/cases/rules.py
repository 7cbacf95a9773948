"""What may happen to a case, when, by whom (行政许可法, 2019 text). No tables, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from tongban.base.worktime import (
    Calendar,
    Deadline,
    deadline_in_calendar_days,
    deadline_in_months,
    deadline_in_working_days,
    working_days_between,
)

# art. 32(4): the notice of what to correct is given at once or within five days.
ANSWER_WORKING_DAYS: Final = 5


class State(StrEnum):
    SUBMITTED = "submitted"
    CORRECTION = "correction"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    APPROVED = "approved"
    DENIED = "denied"


class Act(StrEnum):
    SUBMIT = "submit"
    REQUEST_CORRECTION = "request_correction"
    CORRECT = "correct"
    ACCEPT = "accept"
    REFUSE = "refuse"
    APPROVE = "approve"
    DENY = "deny"


class Part(StrEnum):
    """In what part somebody acts on a case."""

    APPLICANT = "applicant"
    CLERK = "clerk"
    REVIEWER = "reviewer"


@dataclass(frozen=True)
class Step:
    act: Act
    start: State
    end: State
    part: Part
    needs_reasons: bool
    article: str


# The whole life of a case. What is not here can't be done.
STEPS: Final = (
    Step(
        Act.ACCEPT,
        State.SUBMITTED,
        State.ACCEPTED,
        Part.CLERK,
        needs_reasons=False,
        article="32(5)",
    ),
    Step(
        Act.REQUEST_CORRECTION,
        State.SUBMITTED,
        State.CORRECTION,
        Part.CLERK,
        needs_reasons=True,
        article="32(4)",
    ),
    Step(
        Act.CORRECT,
        State.CORRECTION,
        State.SUBMITTED,
        Part.APPLICANT,
        needs_reasons=False,
        article="32(4)",
    ),
    Step(
        Act.REFUSE,
        State.SUBMITTED,
        State.REFUSED,
        Part.CLERK,
        needs_reasons=True,
        article="32(1)-(2)",
    ),
    Step(
        Act.APPROVE,
        State.ACCEPTED,
        State.APPROVED,
        Part.REVIEWER,
        needs_reasons=True,
        article="38(1)",
    ),
    Step(
        Act.DENY,
        State.ACCEPTED,
        State.DENIED,
        Part.REVIEWER,
        needs_reasons=True,
        article="38(2)",
    ),
)
OPEN_STATES: Final = frozenset({State.SUBMITTED, State.CORRECTION, State.ACCEPTED})
ONCE: Final = frozenset({Act.REQUEST_CORRECTION})


def steps_possible(
    state: State, parts: Iterable[Part], done: Iterable[Act] = ()
) -> tuple[Step, ...]:
    """The steps that somebody in these parts can take now.

    `done` are the acts that happened before: a correction is asked for once (art. 32(4)).
    """
    mine, past = set(parts), set(done)
    return tuple(
        step
        for step in STEPS
        if step.start is state and step.part in mine and not (step.act in ONCE and step.act in past)
    )


def deadline(value: int, unit: str, start: date, calendar: Calendar) -> Deadline:
    """Last day of a limit that starts with the event on `start` (art. 42, 82; 民法典 201-203).

    Units as in `guide_schema.TIME_UNITS`; hours are rounded up to days; "on_the_spot" is the
    same day. Raises ValueError for another unit.
    """
    if unit == "working_day":
        return deadline_in_working_days(start, value, calendar)
    if unit == "month":
        return deadline_in_months(start, value, calendar)
    if unit == "on_the_spot":
        return Deadline(start)
    if unit in ("day", "hour"):
        days = -(-value // 24) if unit == "hour" else value
        return deadline_in_calendar_days(start, days, calendar)
    raise ValueError(f"{unit!r} is no unit of time limits")


@dataclass(frozen=True)
class Clock:
    """How a time limit stands. Amounts are working days or calendar days, as `in_working_days`."""

    total: int
    used: int
    left: int
    late: int
    in_working_days: bool
    due: Deadline


def clock(value: int, unit: str, start: date, today: date, calendar: Calendar) -> Clock:
    """Days of a limit used and left on `today`; `late` counts the days after the last one."""
    due = deadline(value, unit, start, calendar)
    in_working_days = unit == "working_day"

    def days(begin: date, end: date) -> int:
        if in_working_days:
            return working_days_between(begin, end, calendar)
        return max(0, (end - begin).days)

    total = days(start, due.on)
    used = min(total, days(start, today))
    return Clock(total, used, total - used, days(due.on, today), in_working_days, due)
