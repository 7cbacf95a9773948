"""Dates and moments as people read them."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import get_language

from tongban.base.clocks import LOCAL

WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def day_words(day: date | None) -> str:
    """`2026年11月21日 (周六)` or `Sat 21 November 2026`; "" for none."""
    if day is None:
        return ""
    if (get_language() or "").startswith("en"):
        return f"{WEEKDAYS_EN[day.weekday()]} {day.day} {MONTHS_EN[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日 (周{WEEKDAYS_ZH[day.weekday()]})"


def moment_words(moment: datetime | None) -> str:
    """The local day and minute of a moment; "" for none."""
    if moment is None:
        return ""
    local = moment.astimezone(LOCAL)
    return f"{day_words(local.date())} {local:%H:%M}"
