"""What becomes of the parts of a bundle, and by when (pure functions).

Each part is a case of its own with its own legal clock; the bundle joins their order, one day by
which everything is told, and one notice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tongban.base.worktime import Calendar
from tongban.cases.rules import Limit, State
from tongban.cases.rules.limits import ANSWER_WORKING_DAYS, deadline, due


class PartState(StrEnum):
    """How a part stands. Only a WAITING part is moved by the others."""

    DRAFT = "draft"
    WAITING = "waiting"
    ASKED = "asked"
    GOING = "going"
    APPROVED = "approved"
    FAILED = "failed"
    STOPPED = "stopped"


ENDED = frozenset({PartState.APPROVED, PartState.FAILED, PartState.STOPPED})
LOST = frozenset({PartState.FAILED, PartState.STOPPED})


@dataclass(frozen=True)
class PartNow:
    key: str
    after: tuple[str, ...]
    state: PartState


def state_of_case(state: State | str) -> PartState:
    """A part's state by that of its case. A revoked approval was given all the same."""
    if state in (State.APPROVED, State.REVOKED):
        return PartState.APPROVED
    if state in (State.DENIED, State.REFUSED, State.WITHDRAWN, State.TERMINATED):
        return PartState.FAILED
    return PartState.GOING


def next_steps(parts: Sequence[PartNow]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of waiting parts that can be handed in now, and of those that never can be.

    A part can be handed in when all it waits for is approved, and never when one of them failed or
    stopped; what waits for a part that stops, stops too. Parts stand after those they wait for.
    """
    states = {part.key: part.state for part in parts}
    send, stop = [], []
    for part in parts:
        if part.state is not PartState.WAITING:
            continue
        before = [states[key] for key in part.after]
        if any(state in LOST for state in before):
            stop.append(part.key)
            states[part.key] = PartState.STOPPED
        elif all(state is PartState.APPROVED for state in before):
            send.append(part.key)
    return tuple(send), tuple(stop)


def is_finished(parts: Sequence[PartNow]) -> bool:
    return all(part.state in ENDED for part in parts)


@dataclass(frozen=True)
class Span:
    """What is known of a part's time.

    `ends_on`: the day on which it ended, or the last day of its promise once it is accepted.
    `answer_by`: the last day for accepting it, once it is handed in. `promise`: the item's own.
    """

    key: str
    after: tuple[str, ...]
    state: PartState
    promise: Limit
    ends_on: date | None = None
    answer_by: date | None = None


def last_days(spans: Sequence[Span], sent_on: date, calendar: Calendar) -> Mapping[str, date]:
    """By when each part has its result if every organ keeps its promise and takes its full time.

    Not yet handed in: five working days for the answer (行政许可法 art. 32) after the last of what
    it waits for, then its promise. A part that stopped ends with what it waited for. Parts stand
    after those they wait for.
    """
    found: dict[str, date] = {}
    for span in spans:
        if span.ends_on is not None:
            found[span.key] = span.ends_on
            continue
        start = max((found[key] for key in span.after), default=sent_on)
        if span.state is PartState.STOPPED:
            found[span.key] = start
            continue
        answer = span.answer_by or deadline(ANSWER_WORKING_DAYS, "working_day", start, calendar).on
        found[span.key] = due(span.promise, answer, calendar).on
    return found


@dataclass(frozen=True)
class OneDay:
    """The one day of a bundle: what was promised, and what the parts now add up to.

    `promised` is None when the bundle promises nothing of its own. `late` says that the promise
    can't be kept any more if the parts take their full time.
    """

    promised: date | None
    expected: date

    @property
    def told(self) -> date:
        return self.promised if self.promised and not self.late else self.expected

    @property
    def late(self) -> bool:
        return self.promised is not None and self.expected > self.promised


def one_day(
    spans: Sequence[Span], promise: Limit | None, sent_on: date, calendar: Calendar
) -> OneDay:
    """By when the whole bundle is done."""
    days = last_days(spans, sent_on, calendar)
    promised = due(promise, sent_on, calendar).on if promise else None
    return OneDay(promised, max(days.values(), default=sent_on))
