"""Time limits of the Licensing Law and how they stand (art. 32, 42, 44, 45, 82; 民法典 201-203)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tongban.base.worktime import (
    Calendar,
    Deadline,
    Pause,
    calendar_days_between,
    deadline_in_calendar_days,
    deadline_in_months,
    deadline_in_working_days,
    merged,
    working_days_between,
)

# art. 32(4): the notice of what to correct is given at once or within five days.
ANSWER_WORKING_DAYS: Final = 5
# art. 44: a licence is issued and delivered within ten days of the decision.
DELIVERY_WORKING_DAYS: Final = 10
# art. 42(1): twenty days from acceptance, at most ten more; art. 42(2): joint handling 45 and 15.
DECISION_WORKING_DAYS, EXTENSION_WORKING_DAYS = 20, 10
JOINT_WORKING_DAYS, JOINT_EXTENSION_WORKING_DAYS = 45, 15
# art. 48(1)(1): seven days before; art. 47(1): within twenty days.
HEARING_NOTICE_WORKING_DAYS, HEARING_WORKING_DAYS = 7, 20
# 行政复议法 (2023) art. 20: sixty days; 行政诉讼法 (2017) art. 46: six months.
REVIEW_DAYS, SUIT_MONTHS = 60, 6


@dataclass(frozen=True)
class Limit:
    """A length of time; units as in `guide_schema.TIME_UNITS`."""

    value: int
    unit: str


ON_THE_SPOT: Final = Limit(0, "on_the_spot")


@dataclass(frozen=True)
class Terms:
    """The limits under which a case was accepted; they stand in the event of acceptance.

    `excluded`: procedures beside those of art. 45 that don't count, each with its legal basis.
    `to_follow_days`: working days in which papers that may follow are handed in.
    """

    legal: Limit = Limit(DECISION_WORKING_DAYS, "working_day")
    promise: Limit = Limit(DECISION_WORKING_DAYS, "working_day")
    extension: Limit = Limit(EXTENSION_WORKING_DAYS, "working_day")
    excluded: Mapping[str, str] | None = None
    to_follow_days: int = 5

    def as_data(self) -> dict[str, Any]:
        """As it stands in an event."""
        return {
            "legal": [self.legal.value, self.legal.unit],
            "promise": [self.promise.value, self.promise.unit],
            "extension": [self.extension.value, self.extension.unit],
            "excluded": dict(self.excluded or {}),
            "to_follow_days": self.to_follow_days,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Terms:
        """Read back from an event."""
        return cls(
            legal=Limit(*data["legal"]),
            promise=Limit(*data["promise"]),
            extension=Limit(*data["extension"]),
            excluded=dict(data["excluded"]),
            to_follow_days=data["to_follow_days"],
        )


def deadline(
    value: int, unit: str, start: date, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> Deadline:
    """Last day of a limit that starts with the event on `start` (art. 42, 45, 82; 民法典 201-203).

    Units as in `guide_schema.TIME_UNITS`; hours are rounded up to days; "on_the_spot" is the
    same day. Raises ValueError for another unit.
    """
    if unit == "working_day":
        return deadline_in_working_days(start, value, calendar, pauses)
    if unit == "month":
        return deadline_in_months(start, value, calendar, pauses)
    if unit == "on_the_spot":
        return Deadline(start)
    if unit in ("day", "hour"):
        days = -(-value // 24) if unit == "hour" else value
        return deadline_in_calendar_days(start, days, calendar, pauses)
    raise ValueError(f"{unit!r} is no unit of time limits")


def due(
    limit: Limit,
    start: date,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extension: Limit | None = None,
) -> Deadline:
    """Last day of a limit with its extension (art. 42): its days are added to those of the limit.

    An extension in another unit is counted from the last day of the limit.
    """
    held = merged(pauses)
    if extension is None:
        return deadline(limit.value, limit.unit, start, calendar, held)
    if extension.unit == limit.unit:
        return deadline(limit.value + extension.value, limit.unit, start, calendar, held)
    first = deadline(limit.value, limit.unit, start, calendar, held)
    second = deadline(extension.value, extension.unit, first.on, calendar, held)
    years = sorted({*first.unknown_years, *second.unknown_years})
    return Deadline(second.on, tuple(years))


@dataclass(frozen=True)
class Clock:
    """How a limit stands on a day. Amounts are working or calendar days, as `in_working_days`.

    `total` = `used` + `left`; `paused` days lie between and are in neither; `late` come after.
    """

    total: int
    used: int
    left: int
    late: int
    paused: int
    in_working_days: bool
    due: Deadline


def clock(
    limit: Limit,
    start: date,
    today: date,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extension: Limit | None = None,
) -> Clock:
    """Days of a limit used, left, paused on `today`; `late` counts the days after the last one."""
    last = due(limit, start, calendar, pauses, extension)
    in_working_days = limit.unit == "working_day"

    def days(begin: date, end: date, without: Sequence[Pause]) -> int:
        if in_working_days:
            return working_days_between(begin, end, calendar, without)
        return calendar_days_between(begin, end, without)

    total = days(start, last.on, pauses)
    used = min(total, days(start, today, pauses))
    paused = days(start, today, ()) - days(start, today, pauses)
    return Clock(
        total, used, total - used, days(last.on, today, pauses), paused, in_working_days, last
    )


@dataclass(frozen=True)
class Remedies:
    """Until when somebody may turn against a decision that they learnt of on a day."""

    review_until: Deadline
    suit_until: Deadline


def remedies(told: date, calendar: Calendar) -> Remedies:
    """行政复议法 art. 20 (60 days of knowing), 行政诉讼法 art. 46 (six months); 民法典 201-203."""
    return Remedies(
        deadline_in_calendar_days(told, REVIEW_DAYS, calendar),
        deadline_in_months(told, SUIT_MONTHS, calendar),
    )


def hearing_span(told: date, calendar: Calendar) -> tuple[date, date]:
    """First and last day on which a hearing can be held that is announced on `told` (47, 48)."""
    first = deadline_in_working_days(told, HEARING_NOTICE_WORKING_DAYS, calendar).on
    return first, deadline_in_working_days(told, HEARING_WORKING_DAYS, calendar).on
