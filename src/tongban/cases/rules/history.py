"""What the events of a case add up to: its state, its dates, its deadlines. Pure.

`advance` is the only place that says what an act does; services write what it says, and `replay`
finds the same again from the events alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from tongban.base.clocks import local_date
from tongban.base.worktime import Calendar, Deadline, Pause, deadline_in_working_days
from tongban.cases.rules.limits import (
    ANSWER_WORKING_DAYS,
    DELIVERY_WORKING_DAYS,
    ON_THE_SPOT,
    Limit,
    Terms,
    due,
)
from tongban.cases.rules.table import ACCEPTANCES, DECISIONS, STEPS, Act, State


class BrokenHistory(ValueError):
    """Events that no case can have: an act in a state in which the table has none."""


@dataclass(frozen=True)
class Happened:
    """An event as the rules see it. `actor` is any key of who acted, None for the system."""

    act: Act
    at: datetime
    actor: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiting:
    """A special procedure or another wait. `counts`: its days are days of the limit (art. 45)."""

    kind: str
    begin: date
    counts: bool
    until: date | None = None
    end: date | None = None
    basis: str = ""


class Commitment(StrEnum):
    """How it stands with a commitment (告知承诺)."""

    NONE = ""
    GIVEN = "given"
    RETRACTED = "retracted"
    KEPT = "kept"
    REPAIR = "repair"


@dataclass(frozen=True)
class Standing:
    """How a case stands after its events."""

    state: State
    submitted_at: datetime
    received_at: datetime
    last_at: datetime
    done: frozenset[Act]
    terms: Terms = field(default_factory=Terms)
    accepted_at: datetime | None = None
    accepted_by: int | None = None
    decided_at: datetime | None = None
    decided_by: int | None = None
    delivered_at: datetime | None = None
    closed_at: datetime | None = None
    revoked_at: datetime | None = None
    revocation_ground: str = ""
    extension: Limit | None = None
    waits: tuple[Waiting, ...] = ()
    missing: frozenset[str] = frozenset()
    applicant_due: date | None = None
    commitment: Commitment = Commitment.NONE

    @property
    def running(self) -> tuple[Waiting, ...]:
        """Special procedures that go on: the clock stands."""
        return tuple(one for one in self.waits if one.end is None and not one.counts)

    @property
    def counted(self) -> tuple[Waiting, ...]:
        """Waits that go on and count."""
        return tuple(one for one in self.waits if one.end is None and one.counts)

    @property
    def committed(self) -> bool:
        return self.commitment in (Commitment.GIVEN, Commitment.REPAIR, Commitment.KEPT)

    @property
    def promise(self) -> Limit:
        """What is promised: on the spot for who commits themselves, else as the guide says."""
        return ON_THE_SPOT if self.committed else self.terms.promise

    def pauses(self, today: date | None = None) -> tuple[Pause, ...]:
        """Days that don't count; a procedure that goes on up to `today`, or not at all."""
        found = []
        for one in self.waits:
            end = one.end or today
            if not one.counts and end is not None:
                found.append(Pause(one.begin, max(one.begin, end)))
        return tuple(found)


def _day(data: Mapping[str, Any], key: str) -> date | None:
    return date.fromisoformat(data[key]) if data.get(key) else None


def _corrected(held: Standing, event: Happened) -> dict[str, Any]:
    return {
        "received_at": event.at,
        "missing": frozenset(event.data.get("to_follow", ())),
        "applicant_due": None,
    }


def _accepted(held: Standing, event: Happened) -> dict[str, Any]:
    return {
        # art. 32(4): silence is acceptance as of the day of receipt.
        "accepted_at": held.received_at if event.act is Act.ACCEPT_BY_SILENCE else event.at,
        "accepted_by": event.actor,
        "terms": Terms.from_data(event.data["terms"]),
        "applicant_due": _day(event.data, "until"),
    }


def _supplied(held: Standing, event: Happened) -> dict[str, Any]:
    missing = held.missing - set(event.data["supplied"])
    return {"missing": missing, "applicant_due": held.applicant_due if missing else None}


def _begun(held: Standing, event: Happened) -> dict[str, Any]:
    wait = Waiting(
        kind=event.data["kind"],
        begin=local_date(event.at),
        counts=event.act is Act.START_WAIT,
        until=_day(event.data, "until"),
        basis=event.data.get("basis", ""),
    )
    return {"waits": (*held.waits, wait)}


def _over(held: Standing, event: Happened) -> dict[str, Any]:
    ended = next(
        (one for one in held.waits if one.end is None and one.kind == event.data["kind"]), None
    )
    if ended is None:
        raise BrokenHistory(f"{event.data['kind']} does not run")
    end = max(ended.begin, local_date(event.at))
    return {"waits": tuple(replace(one, end=end) if one is ended else one for one in held.waits)}


def _commitment(state: Commitment) -> Callable[[Standing, Happened], dict[str, Any]]:
    return lambda _held, _event: {"commitment": state}


def _decided(_held: Standing, event: Happened) -> dict[str, Any]:
    return {"decided_at": event.at, "decided_by": event.actor, "applicant_due": None}


def _closed(held: Standing, event: Happened) -> dict[str, Any]:
    today = local_date(event.at)
    waits = tuple(one if one.end else replace(one, end=max(one.begin, today)) for one in held.waits)
    return {"closed_at": event.at, "applicant_due": None, "waits": waits}


# What an act changes beside the state.
CHANGES: Final[dict[Act, Callable[[Standing, Happened], dict[str, Any]]]] = {
    Act.REQUEST_CORRECTION: lambda _held, event: {"applicant_due": _day(event.data, "until")},
    Act.CORRECT: _corrected,
    **dict.fromkeys(ACCEPTANCES, _accepted),
    Act.SUPPLY: _supplied,
    Act.EXTEND: lambda _held, event: {"extension": Limit(event.data["days"], event.data["unit"])},
    Act.START_SPECIAL: _begun,
    Act.START_WAIT: _begun,
    Act.END_SPECIAL: _over,
    Act.END_WAIT: _over,
    **dict.fromkeys(DECISIONS, _decided),
    Act.REFUSE: _closed,
    Act.WITHDRAW: _closed,
    Act.LAPSE: _closed,
    Act.TERMINATE: _closed,
    Act.DELIVER: lambda _held, event: {"delivered_at": event.at},
    Act.REVOKE: lambda _held, event: {
        "revoked_at": event.at,
        "revocation_ground": event.data["ground"],
    },
    Act.RETRACT_COMMITMENT: _commitment(Commitment.RETRACTED),
    Act.CONFIRM_COMMITMENT: _commitment(Commitment.KEPT),
    Act.ORDER_REPAIR: _commitment(Commitment.REPAIR),
}


def advance(held: Standing | None, event: Happened) -> Standing:
    """The case after one more event. Raises BrokenHistory for an act that the state has not."""
    if held is None:
        if event.act is not Act.SUBMIT:
            raise BrokenHistory(f"a case does not begin with {event.act}")
        given = Commitment.GIVEN if event.data.get("commitment") else Commitment.NONE
        return Standing(
            state=State.SUBMITTED,
            submitted_at=event.at,
            received_at=event.at,
            last_at=event.at,
            done=frozenset({Act.SUBMIT}),
            missing=frozenset(event.data.get("to_follow", ())),
            commitment=given,
        )
    ends = {
        step.after(held.state)
        for step in STEPS
        if step.act is event.act and held.state in step.starts
    }
    if not ends:
        raise BrokenHistory(f"{event.act} in the state {held.state}")
    change = CHANGES[event.act](held, event) if event.act in CHANGES else {}
    after = replace(held, done=held.done | {event.act}, last_at=event.at, **change)
    if len(ends) == 1:
        return replace(after, state=ends.pop())
    # The end of a special procedure: paused as long as another one goes on.
    return replace(after, state=State.PAUSED if after.running else State.ACCEPTED)


def replay(events: Iterable[Happened]) -> Standing:
    """The case after all of its events, in order. Raises BrokenHistory."""
    held: Standing | None = None
    for event in events:
        held = advance(held, event)
    if held is None:
        raise BrokenHistory("a case without events")
    return held


@dataclass(frozen=True)
class Dues:
    """The last days of a case's limits, None where none runs. `told`: what people are told."""

    answer: Deadline | None = None
    promise: Deadline | None = None
    legal: Deadline | None = None
    told: Deadline | None = None
    delivery: Deadline | None = None


def answer_due(received_on: date, calendar: Calendar) -> Deadline:
    """Day by which an application is answered, else it counts as accepted (art. 32(4))."""
    return deadline_in_working_days(received_on, ANSWER_WORKING_DAYS, calendar)


def dues(held: Standing, calendar: Calendar, today: date | None = None) -> Dues:
    """The limits of a case (art. 32, 42, 44, 45).

    The promise is not moved by an extension: that it was missed stays visible. What people are
    told is the promised day, after an extension the legal one. A procedure that goes on is
    counted as if it ended on `today`, or not at all.
    """
    if held.state is State.SUBMITTED:
        return Dues(answer=answer_due(local_date(held.received_at), calendar))
    if held.accepted_at is None:
        return Dues()
    start, pauses = local_date(held.accepted_at), held.pauses(today)
    promise = due(held.promise, start, calendar, pauses)
    legal = due(held.terms.legal, start, calendar, pauses, held.extension)
    delivery = None
    if held.decided_at and held.delivered_at is None and held.state is not State.REVOKED:
        decided = local_date(held.decided_at)
        delivery = deadline_in_working_days(decided, DELIVERY_WORKING_DAYS, calendar)
    told = legal if held.extension else promise
    return Dues(promise=promise, legal=legal, told=told, delivery=delivery)


def columns(held: Standing, calendar: Calendar) -> dict[str, Any]:
    """The columns of `models.Case` that the events decide."""
    found = dues(held, calendar)
    upcoming = {
        State.SUBMITTED: found.answer,
        State.ACCEPTED: found.told,
        State.APPROVED: found.delivery,
        State.DENIED: found.delivery,
    }.get(held.state)
    unsure = upcoming or (found.told if held.state is State.PAUSED else None)
    return {
        "state": held.state.value,
        "submitted_at": held.submitted_at,
        "accepted_at": held.accepted_at,
        "accepted_by_id": held.accepted_by,
        "decided_at": held.decided_at,
        "decided_by_id": held.decided_by,
        "delivered_at": held.delivered_at,
        "closed_at": held.closed_at,
        "revoked_at": held.revoked_at,
        "revocation_ground": held.revocation_ground,
        "due_on": found.told.on if found.told else None,
        "legal_due_on": found.legal.on if found.legal else None,
        "next_due_on": upcoming.on if upcoming else None,
        "due_provisional": bool(unsure and unsure.provisional),
        "applicant_due_on": held.applicant_due,
        "extended_days": held.extension.value if held.extension else None,
        "open_procedures": len(held.running),
        "committed": held.committed,
    }
