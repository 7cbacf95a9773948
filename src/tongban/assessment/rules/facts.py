"""What an event of a case counts for: measures with a value, on the day of the event.

A fact depends on the events up to its own and on nothing that comes later: counted in one go or day
by day, the sums are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from tongban.base.worktime import (
    DAY,
    Calendar,
    Pause,
    is_working_day,
    working_days_between,
)
from tongban.cases.rules.limits import ON_THE_SPOT, Limit, Terms, due


class Measure(StrEnum):
    """What is counted; the value says of which kind or how much."""

    RECEIVED = "received"  # 0 online, 1 at the counter
    ASKED = "asked"  # materials that the guide asked for
    ANSWERED = "answered"  # working days from receipt to the first answer (art. 32)
    SILENT = "silent"  # 0: nobody answered in time, accepted by law
    CORRECTED = "corrected"  # 0: sent back for correction
    DECIDED = "decided"  # working days from acceptance to decision, without special procedures
    LATE = "late"  # working days after the promised day
    IN_TIME = "in_time"  # 0
    WHOLE = "whole"  # working days from receipt to decision, with all waits: as people live it
    VISITS = "visits"  # times that somebody had to come, known at delivery
    DROPPED = "dropped"  # 0: withdrawn, lapsed or ended without a decision


ANSWERS: Final = frozenset(
    {"accept", "accept_tolerantly", "accept_by_silence", "refuse", "request_correction"}
)
ACCEPTANCES: Final = frozenset({"accept", "accept_tolerantly", "accept_by_silence"})
DECISIONS: Final = frozenset({"approve", "deny"})
DROPS: Final = frozenset({"withdraw", "lapse", "terminate"})
COUNTED: Final = ANSWERS | DECISIONS | DROPS | {"submit", "deliver"}
# What the rules are called: another word here has all counted anew.
RULES_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Line:
    """An event: what, on which day (in China), what it said."""

    seq: int
    act: str
    day: date
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is, from its first event on."""

    at_counter: bool
    materials: int | None


Fact = tuple[Measure, int]


def facts_of(
    history: Sequence[Line], place: int, subject: Subject, days: WorkingDays
) -> list[Fact]:
    """What the event at `place` of a history counts for.

    `history` is all events of the case in their order; those behind `place` are not looked at.
    """
    line = history[place]
    before = history[:place]
    found: list[Fact] = []
    if line.act == "submit":
        found.append((Measure.RECEIVED, int(subject.at_counter)))
        if subject.materials is not None:
            found.append((Measure.ASKED, subject.materials))
    if line.act in ANSWERS:
        if not any(one.act in ANSWERS for one in before):
            found.append((Measure.ANSWERED, days.between(history[0].day, line.day)))
        if line.act == "accept_by_silence":
            found.append((Measure.SILENT, 0))
        if line.act == "request_correction":
            found.append((Measure.CORRECTED, 0))
    if line.act in DECISIONS:
        found += _decided(history, place, days)
    if line.act == "deliver":
        collected = line.data.get("how") == "collected"
        found.append((Measure.VISITS, int(subject.at_counter) + int(collected)))
    if line.act in DROPS:
        found.append((Measure.DROPPED, 0))
    return found


def _decided(history: Sequence[Line], place: int, days: WorkingDays) -> list[Fact]:
    line, received = history[place], history[0].day
    accepted: date | None = None
    promise: Limit | None = None
    last_received = received
    committed = bool(history[0].data.get("commitment"))
    pauses: list[Pause] = []
    begun: dict[str, date] = {}
    for one in history[:place]:
        if one.act == "correct":
            last_received = one.day
        elif one.act == "start_special":
            begun[one.data.get("kind", "")] = one.day
        elif one.act == "end_special":
            start = begun.pop(one.data.get("kind", ""), None)
            if start is not None:
                pauses.append(Pause(start, max(start, one.day)))
        elif one.act == "retract_commitment":
            committed = False
        elif one.act in ACCEPTANCES:
            # art. 32(4): silence is acceptance as of the day of receipt.
            accepted = last_received if one.act == "accept_by_silence" else one.day
            if "terms" in one.data:
                promise = Terms.from_data(one.data["terms"]).promise
    found: list[Fact] = [(Measure.WHOLE, days.between(received, line.day))]
    if accepted is None:
        return found
    found.append((Measure.DECIDED, days.between(accepted, line.day, tuple(pauses))))
    if promise is not None:
        # The promise, which no extension moves.
        limit = ON_THE_SPOT if committed else promise
        last = days.promised(limit, accepted, tuple(pauses))
        if line.day > last:
            # On a day off after the last day it is late by less than a day: that counts as one.
            found.append((Measure.LATE, max(1, days.between(last, line.day))))
        else:
            found.append((Measure.IN_TIME, 0))
    return found


class WorkingDays:
    """Working days between two days, by a running count a year, so that a million are quick."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._upto = lru_cache(maxsize=64)(self._year)
        self._due = lru_cache(maxsize=65_536)(self._last_day)

    def _last_day(self, limit: Limit, start: date, pauses: tuple[Pause, ...]) -> date:
        return due(limit, start, self._calendar, pauses).on

    def promised(self, limit: Limit, start: date, pauses: tuple[Pause, ...] = ()) -> date:
        """The last day of a limit (`cases.rules.due`)."""
        return self._due(limit, start, pauses)

    def _year(self, year: int) -> tuple[int, ...]:
        """Working days from 1 January up to each day of the year."""
        counts, total, day = [], 0, date(year, 1, 1)
        while day.year == year:
            total += is_working_day(day, self._calendar)
            counts.append(total)
            if day == date.max:
                break
            day += DAY
        return tuple(counts)

    def between(self, start: date, end: date, pauses: Sequence[Pause] = ()) -> int:
        """Working days d with start < d <= end outside pauses; 0 when end is not after start."""
        if end <= start:
            return 0
        if pauses:
            return working_days_between(start, end, self._calendar, pauses)
        upto = self._upto
        last, first = upto(end.year), upto(start.year)
        total = last[end.timetuple().tm_yday - 1] - first[start.timetuple().tm_yday - 1]
        for year in range(start.year, end.year):
            total += upto(year)[-1]
        return total
