from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.base.calendar_cn import statutory_calendar
from tongban.base.worktime import (
    DayKind,
    Pause,
    deadline_in_calendar_days,
    deadline_in_months,
    deadline_in_working_days,
    is_working_day,
    merged,
    working_days_between,
)

CALENDAR = statutory_calendar()
DATA = Path(__file__).parent / "data"
DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 6, 30))
PAUSES = st.lists(
    st.builds(
        lambda begin, length: Pause(begin, begin + timedelta(days=length)),
        DAYS,
        st.integers(min_value=0, max_value=40),
    ),
    max_size=4,
)


def test_the_calendar_is_that_of_the_notices_2004_to_2026():
    with (DATA / "workdays.csv").open(encoding="utf-8") as table:
        published = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(table)}
    ours = {day: kind for day, kind in CALENDAR.exceptions.items() if day.year in range(2004, 2027)}
    assert set(ours) == set(published)
    worked = {day for day, kind in ours.items() if kind is DayKind.ADJUSTED_WORKDAY}
    assert worked == {day for day, kind in published.items() if kind == "adjusted_workday"}


def test_the_number_of_working_days_of_each_year_is_the_published_one():
    with (DATA / "workdays_per_year.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            year = int(row["year"])
            first, last = date(year - 1, 12, 31), date(year, 12, 31)
            assert working_days_between(first, last, CALENDAR) == int(row["workdays"]), year


@pytest.mark.parametrize(
    ("start", "days", "due", "why"),
    [
        # 行政许可法 art. 42, 82: twenty working days, the day of acceptance not counted
        ("2026-03-02", 20, "2026-03-30", "four plain weeks"),
        ("2026-03-02", 0, "2026-03-02", "on the spot"),
        ("2025-09-30", 1, "2025-10-09", "National Day and Mid-Autumn 2025: 1 to 8 October"),
        ("2024-02-09", 1, "2024-02-18", "Spring Festival 2024; Sunday 18 February is worked"),
        ("2024-02-09", 2, "2024-02-19", "and the Monday after it"),
        ("2026-03-06", 1, "2026-03-09", "Friday to Monday"),
        ("2026-03-07", 5, "2026-03-13", "received on a Saturday"),
    ],
)
def test_working_day_deadlines(start, days, due, why):
    found = deadline_in_working_days(date.fromisoformat(start), days, CALENDAR)
    assert found.on.isoformat() == due, why
    assert not found.provisional


@pytest.mark.parametrize(
    ("start", "days", "due", "why"),
    [
        # 民法典 art. 201: the day itself is not counted; art. 203: a day off moves the end
        ("2026-03-02", 15, "2026-03-17", "a Tuesday"),
        ("2026-03-02", 12, "2026-03-16", "Saturday 14 March moves to Monday"),
        ("2025-09-26", 7, "2025-10-09", "3 October 2025 lies in the holiday"),
        ("2024-02-09", 9, "2024-02-18", "a worked Sunday stays"),
    ],
)
def test_calendar_day_deadlines_move_off_a_holiday(start, days, due, why):
    assert (
        deadline_in_calendar_days(date.fromisoformat(start), days, CALENDAR).on.isoformat() == due
    ), why


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        # 民法典 art. 202: the corresponding day, else the last of the month
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-11-13", 3, "2026-02-13"),
        ("2025-08-31", 6, "2026-02-28"),
    ],
)
def test_month_deadlines(start, months, due):
    assert deadline_in_months(date.fromisoformat(start), months, CALENDAR).on.isoformat() == due


def test_a_deadline_beyond_the_known_years_is_provisional_and_says_which_year():
    due = deadline_in_working_days(date(2026, 12, 21), 20, CALENDAR)
    assert due.on == date(2027, 1, 18)
    assert due.provisional
    assert due.unknown_years == (2027,)
    assert not deadline_in_working_days(date(2026, 12, 1), 5, CALENDAR).provisional


def test_a_pause_takes_its_days_out():
    # 行政许可法 art. 45: hearing, testing … do not count; begin < day <= end
    pause = Pause(date(2026, 3, 4), date(2026, 3, 11))
    assert deadline_in_working_days(date(2026, 3, 2), 5, CALENDAR, [pause]).on == date(2026, 3, 16)


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="before"):
        Pause(date(2026, 1, 2), date(2026, 1, 1))


@pytest.mark.parametrize(
    "count", [deadline_in_working_days, deadline_in_calendar_days, deadline_in_months]
)
def test_a_negative_limit_is_refused(count):
    with pytest.raises(ValueError, match="negative"):
        count(date(2026, 1, 1), -1, CALENDAR)


@given(DAYS, st.integers(0, 60), PAUSES)
def test_between_start_and_deadline_lie_exactly_the_days_of_the_limit(start, days, pauses):
    due = deadline_in_working_days(start, days, CALENDAR, pauses)
    assert working_days_between(start, due.on, CALENDAR, pauses) == days
    if days:
        assert is_working_day(due.on, CALENDAR)


@given(DAYS, st.integers(0, 60), PAUSES, st.randoms())
def test_pauses_only_ever_move_a_deadline_later_and_their_order_does_not_matter(
    start, days, pauses, rnd
):
    plain = deadline_in_working_days(start, days, CALENDAR).on
    paused = deadline_in_working_days(start, days, CALENDAR, pauses).on
    assert paused >= plain
    shuffled = list(pauses)
    rnd.shuffle(shuffled)
    assert deadline_in_working_days(start, days, CALENDAR, shuffled).on == paused


@given(PAUSES)
def test_merging_keeps_the_days_and_is_done_once(pauses):
    once = merged(pauses)
    assert merged(once) == once

    def days(some):
        return {
            pause.begin + timedelta(days=n)
            for pause in some
            for n in range(1, (pause.end - pause.begin).days + 1)
        }

    assert days(once) == days(pauses)


@pytest.mark.parametrize("deadline", [deadline_in_working_days, deadline_in_calendar_days])
def test_only_the_days_after_the_event_need_a_notice(deadline):
    assert not deadline(date(2030, 5, 7), 0, CALENDAR).provisional
    assert deadline(date(2026, 12, 31), 2, CALENDAR).unknown_years == (2027,)
