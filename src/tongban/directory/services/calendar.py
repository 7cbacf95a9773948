"""The working calendar: statutory holidays and adjusted working days, year by year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.db import transaction

from tongban.base.calendar_cn import statutory_calendar
from tongban.base.clocks import utc_now
from tongban.base.tables import LoadReport, read_table
from tongban.base.worktime import DayKind
from tongban.directory.models import CalendarDay, CalendarYear
from tongban.directory.selectors import forget_calendar
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace


@leaves_trace(acts.CALENDAR_LOADED)
@transaction.atomic
def seed_calendar() -> int:
    """Fill an empty calendar with the years that the chinesecalendar package knows."""
    if CalendarYear.objects.exists():
        return 0
    known = statutory_calendar()
    source = "State Council notices, by chinesecalendar"
    CalendarYear.objects.bulk_create(
        [CalendarYear(year=year, source=source) for year in sorted(known.years)]
    )
    CalendarDay.objects.bulk_create(
        [CalendarDay(day=day, kind=kind.value) for day, kind in sorted(known.exceptions.items())],
        batch_size=500,
    )
    record(
        acts.CALENDAR_LOADED,
        at=utc_now(),
        payload={"source": source, "years": sorted(known.years)},
    )
    transaction.on_commit(forget_calendar)
    return len(known.years)


@leaves_trace(acts.CALENDAR_LOADED)
@transaction.atomic
def load_calendar(path: Path, *, source: str) -> LoadReport:
    """Load a year's holiday notice: columns date (YYYY-MM-DD) and kind, optional name_zh.

    A year that the file speaks of is taken as known and replaced as a whole; a file with a row
    that can't be read changes nothing. Kinds: holiday, in_lieu, adjusted_workday.
    """
    report = LoadReport()
    days: dict[date, CalendarDay] = {}
    for row in read_table(path, ["date", "kind"], report):
        try:
            day = date.fromisoformat(row.cells["date"])
            kind = DayKind(row.cells["kind"])
        except ValueError as problem:
            report.note(row.number, "date", "bad_row", str(problem))
            continue
        days[day] = CalendarDay(day=day, kind=kind.value, name=row.cells.get("name_zh", ""))
    if report.problems or not days:
        return report
    years = sorted({day.year for day in days})
    before = {day.day: day.kind for day in CalendarDay.objects.filter(day__year__in=years)}
    CalendarDay.objects.filter(day__year__in=years).delete()
    CalendarDay.objects.bulk_create(days.values(), batch_size=500)
    for year in years:
        CalendarYear.objects.update_or_create(year=year, defaults={"source": source})
    for day, row_day in days.items():
        if day not in before:
            report.created += 1
        elif before[day] != row_day.kind:
            report.updated += 1
        else:
            report.unchanged += 1
    record(acts.CALENDAR_LOADED, at=utc_now(), payload={"source": source, "years": years})
    transaction.on_commit(forget_calendar)
    return report
