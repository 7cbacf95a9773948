"""The working calendar of mainland China from the State Council's yearly notices.

The package chinesecalendar keeps the notices; this module gives them our form.
"""

from __future__ import annotations

from chinese_calendar import constants

from tongban.base.worktime import Calendar, DayKind


def statutory_calendar() -> Calendar:
    """Holidays, days off in lieu and adjusted working days of every year that the package covers."""
    exceptions = dict.fromkeys(constants.holidays, DayKind.HOLIDAY)
    exceptions |= dict.fromkeys(constants.in_lieu_days, DayKind.IN_LIEU)
    exceptions |= dict.fromkeys(constants.workdays, DayKind.ADJUSTED_WORKDAY)
    # A day off in the last week of December can belong to the next year's notice alone.
    years = {day.year for day in constants.holidays if (day.month, day.day) == (10, 1)}
    return Calendar(years=frozenset(years), exceptions=exceptions)
