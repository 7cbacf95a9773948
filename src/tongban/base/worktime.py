"""Legal time: working days, pauses, deadlines.

The day of the event is not counted (民法典 art. 201, by analogy for working days); limits of the
Licensing Law are working days without statutory holidays (行政许可法 art. 82).

The holiday notice of a year comes out in the autumn before it. A deadline that runs into a year
whose notice is not loaded is computed with Monday-to-Friday work there, and marked provisional
with the years that are missing; it is recomputed when the notice is loaded.
"""

from __future__ import annotations

import calendar as month_calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """How a day differs from Monday-to-Friday work."""

    HOLIDAY = "holiday"
    IN_LIEU = "in_lieu"
    ADJUSTED_WORKDAY = "adjusted_workday"


@dataclass(frozen=True)
class Calendar:
    """Known years (their State Council notice is loaded) and the days that differ in them."""

    years: frozenset[int]
    exceptions: Mapping[date, DayKind]


@dataclass(frozen=True)
class Pause:
    """Time that does not count: days d with begin < d <= end."""

    begin: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.begin:
            raise ValueError("a pause ends before it begins")


@dataclass(frozen=True)
class Deadline:
    """Last day that is in time. `unknown_years`: those whose holiday notice it would need."""

    on: date
    unknown_years: tuple[int, ...] = ()

    @property
    def provisional(self) -> bool:
        return bool(self.unknown_years)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the day is worked: the notice decides, else Monday to Friday."""
    kind = calendar.exceptions.get(day)
    if kind is not None:
        return kind is DayKind.ADJUSTED_WORKDAY
    return day.weekday() < SATURDAY


def merged(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """The same days as pauses that neither overlap nor touch, in order."""
    result: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: (one.begin, one.end)):
        if result and pause.begin <= result[-1].end:
            result[-1] = Pause(result[-1].begin, max(result[-1].end, pause.end))
        else:
            result.append(pause)
    return tuple(result)


def _unknown(start: date, end: date, calendar: Calendar) -> tuple[int, ...]:
    """Years of the days after `start` up to `end` that have no notice; none on the same day."""
    first = (start + DAY).year if start < end else end.year + 1
    return tuple(year for year in range(first, end.year + 1) if year not in calendar.years)


def _is_paused(day: date, pauses: Sequence[Pause]) -> bool:
    return any(pause.begin < day <= pause.end for pause in pauses)


def deadline_in_working_days(
    start: date, days: int, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> Deadline:
    """The `days`-th working day after `start` outside pauses (行政许可法 art. 82, 45).

    Raises ValueError for a negative number of days.
    """
    if days < 0:
        raise ValueError("a limit can't be negative")
    stopped = merged(pauses)
    day, left = start, days
    while left:
        day += DAY
        if is_working_day(day, calendar) and not (stopped and _is_paused(day, stopped)):
            left -= 1
    return Deadline(day, _unknown(start, day, calendar))


def _next_working_day(start: date, end: date, calendar: Calendar) -> Deadline:
    while not is_working_day(end, calendar):
        end += DAY
    return Deadline(end, _unknown(start, end, calendar))


def deadline_in_calendar_days(
    start: date, days: int, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> Deadline:
    """The `days`-th day after `start` outside pauses; a day off moves to the next working day
    (民法典 art. 201, 203).

    Raises ValueError for a negative number of days.
    """
    if days < 0:
        raise ValueError("a limit can't be negative")
    stopped = merged(pauses)
    day, left = start, days
    while left:
        day += DAY
        if not (stopped and _is_paused(day, stopped)):
            left -= 1
    return _next_working_day(start, day, calendar)


def deadline_in_months(
    start: date, months: int, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> Deadline:
    """The same day `months` later, or the month's last day (民法典 art. 202, 203).

    A pause moves the day by as many days. Raises ValueError for a negative number of months.
    """
    if months < 0:
        raise ValueError("a limit can't be negative")
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = month_calendar.monthrange(year, month + 1)[1]
    plain = date(year, month + 1, min(start.day, last))
    return deadline_in_calendar_days(start, (plain - start).days, calendar, pauses)


def calendar_days_between(start: date, end: date, pauses: Iterable[Pause] = ()) -> int:
    """Days d with start < d <= end outside pauses; 0 when end is not after start."""
    stopped = merged(pauses)
    taken = sum(max(0, (min(pause.end, end) - max(pause.begin, start)).days) for pause in stopped)
    return max(0, (end - start).days) - taken


def working_days_between(
    start: date, end: date, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> int:
    """Working days d with start < d <= end outside pauses; 0 when end is not after start."""
    stopped = merged(pauses)
    day, count = start, 0
    while day < end:
        day += DAY
        if is_working_day(day, calendar) and not (stopped and _is_paused(day, stopped)):
            count += 1
    return count
