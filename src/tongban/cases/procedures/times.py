"""When the time of a step, a timer or a limit runs out. Pure: the moment it began is given."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from tongban.base.clocks import LOCAL, local_date
from tongban.base.worktime import Calendar, Deadline, deadline_in_working_days
from tongban.cases.procedures.model import Wait

PARTS = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
# The furthest day that anything is put off to.
LAST = date(9999, 12, 31)


def step_due(begun: datetime, limit_days: int, calendar: Calendar) -> Deadline | None:
    """Last day of a step's sub-limit 分时限 in working days, the first day not counted."""
    if not limit_days:
        return None
    return deadline_in_working_days(local_date(begun), limit_days, calendar)


def runs_out(wait: Wait, begun: datetime, calendar: Calendar) -> datetime:
    """The moment at which a wait that began then is over.

    Working days end with the last of them; a calendar duration (ISO 8601) ends to the second, a
    month on the same day of the month or the last that it has (民法典 203). Expects a wait without
    `model.duration_problem`.
    """
    if wait.unit == "working-days":
        days = int(wait.duration.removeprefix("P").removesuffix("D"))
        last = deadline_in_working_days(local_date(begun), days, calendar).on
        return _end_of(last)
    found = PARTS.fullmatch(wait.duration)
    assert found is not None, wait.duration
    years, months, weeks, days, hours, minutes = (int(one or 0) for one in found.groups()[:6])
    local = begun.astimezone(LOCAL)
    day = _months_later(local.date(), 12 * years + months)
    moment = datetime.combine(day, local.timetz())
    span = timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=float(found[7] or 0)
    )
    try:
        return (moment + span).astimezone(begun.tzinfo)
    except OverflowError:
        return _end_of(LAST - timedelta(days=1))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), LOCAL)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= LAST.year:
        return LAST - timedelta(days=1)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)
