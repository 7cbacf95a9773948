"""Slots, seats, check-in, the order of a queue. Pure; times of day are local.

None of it stands in a law; where numbers are a matter of the house they are named here, and those of
an office stand in its row. 无障碍环境建设法 (2023) art. 35: the way without a phone stays open.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from tongban.base.clocks import LOCAL
from tongban.base.worktime import Calendar, DayKind

CHECK_IN_BEFORE: Final = timedelta(minutes=30)
# After this the seat is lost: whoever comes later takes a ticket like everybody.
MISSED_AFTER: Final = timedelta(minutes=15)
CANCEL_UNTIL: Final = timedelta(hours=1)
# Three missed in ninety days: no booking for thirty. Walking in stays open.
MISSED_MOST: Final = 3
MISSED_WITHIN: Final = timedelta(days=90)
NO_BOOKING: Final = timedelta(days=30)
OPEN_BOOKINGS_MOST: Final = 3
CALLS_MOST: Final = 3
# People are reminded from this time on, the day before; nobody's phone rings at night.
REMIND_FROM: Final = time(9)
# Without letters and digits that are read as others.
CODE_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 8


@dataclass(frozen=True)
class Hours:
    """Opening hours of a weekday (0 is Monday)."""

    weekday: int
    begins: time
    ends: time


def hours_on(day: date, hours: Iterable[Hours], calendar: Calendar) -> tuple[Hours, ...]:
    """When an office is open on a day: closed on holidays; a weekend day that is worked instead of
    another has Monday's hours, unless it has its own.
    """
    kind = calendar.exceptions.get(day)
    if kind in (DayKind.HOLIDAY, DayKind.IN_LIEU):
        return ()
    held = tuple(hours)
    own = tuple(one for one in held if one.weekday == day.weekday())
    if not own and kind is DayKind.ADJUSTED_WORKDAY:
        own = tuple(one for one in held if one.weekday == 0)
    return tuple(sorted(own, key=lambda one: one.begins))


def slots_on(
    day: date, hours: Iterable[Hours], minutes: int, calendar: Calendar
) -> tuple[datetime, ...]:
    """The moments at which slots begin on a day; a slot ends before the doors close."""
    step, found = timedelta(minutes=minutes), []
    for span in hours_on(day, hours, calendar):
        moment = datetime.combine(day, span.begins, LOCAL)
        while moment + step <= datetime.combine(day, span.ends, LOCAL):
            found.append(moment)
            moment += step
    return tuple(dict.fromkeys(found))


def bookable_seats(place: int, people: int, kept_percent: int) -> int:
    """Seats of the `place`-th slot of a day (from 0) that can be booked.

    The share that is kept for people who just come holds over the day, also where a slot serves a
    single person: then whole slots are kept.
    """
    free = people * (100 - kept_percent)
    return (place + 1) * free // 100 - place * free // 100


def first_free(taken: Iterable[int], seats: int) -> int | None:
    """The lowest seat from 1 to `seats` that nobody has, None when all are taken."""
    held = set(taken)
    return next((seat for seat in range(1, seats + 1) if seat not in held), None)


def barred_until(missed: Sequence[datetime], now: datetime) -> datetime | None:
    """Until when somebody can't book who missed too many appointments; None when they can."""
    recent = sorted(moment for moment in missed if now - moment < MISSED_WITHIN)
    if len(recent) < MISSED_MOST:
        return None
    until = recent[-1] + NO_BOOKING
    return until if until > now else None


def can_check_in(begins_at: datetime, now: datetime) -> bool:
    return begins_at - CHECK_IN_BEFORE <= now <= begins_at + MISSED_AFTER


def reminder_due(day: date, made_at: datetime, now: datetime) -> bool:
    """Whether somebody is reminded now of an appointment on a day: from nine o'clock the day before.

    Who booked only then has just been told and is not told again.
    """
    begins = datetime.combine(day - timedelta(days=1), REMIND_FROM, LOCAL)
    return made_at < begins <= now and now.astimezone(LOCAL).date() < day


def waiting_minutes(ahead: int, slot_minutes: int, people_a_slot: int) -> int:
    """How long somebody waits with so many before them, at the pace that the office plans with."""
    return -(-ahead * slot_minutes // people_a_slot)


def new_code() -> str:
    """A code to check in with: short enough to be said on the phone, not to be guessed."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def clean_code(typed: str) -> str:
    """A code as it is stored, however it was typed."""
    letters = "".join(char for char in typed.upper() if char in CODE_LETTERS)
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == CODE_LENGTH else ""
