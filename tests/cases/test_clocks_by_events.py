"""Any pattern of pauses on any calendar: the days of a case are those of a count day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tongban.base.worktime import Calendar, DayKind, is_working_day
from tongban.cases.rules import (
    SPECIAL,
    Act,
    Happened,
    Limit,
    State,
    Terms,
    clock,
    columns,
    dues,
    replay,
)

START = date(2026, 1, 5)
DAY = timedelta(days=1)
CALENDARS = st.dictionaries(
    st.integers(0, 500).map(lambda n: START + n * DAY), st.sampled_from(list(DayKind)), max_size=80
).map(lambda days: Calendar(years=frozenset({2026, 2027, 2028}), exceptions=days))
KINDS = sorted(SPECIAL)
# (days since the last event, kind): begins the kind when it does not run, else ends it.
SWITCHES = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(KINDS[:3])), max_size=14)
TERMS = st.builds(
    Terms,
    legal=st.builds(Limit, st.integers(1, 60), st.sampled_from(["working_day", "day"])),
    promise=st.builds(Limit, st.integers(0, 30), st.just("working_day")),
    excluded=st.just({}),
)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def history(terms: Terms, switches, extension: int | None) -> list[Happened]:
    events = [
        Happened(Act.SUBMIT, at(START), 9),
        Happened(Act.ACCEPT, at(START), 1, {"terms": terms.as_data()}),
    ]
    day, running = START, set()
    for place, (gap, kind) in enumerate(switches):
        day += gap * DAY
        act = Act.END_SPECIAL if kind in running else Act.START_SPECIAL
        events.append(Happened(act, at(day), 2, {"kind": kind}))
        running ^= {kind}
        if extension and place == len(switches) // 2:
            data = {"days": extension, "unit": "working_day"}
            events.append(Happened(Act.EXTEND, at(day), 3, data))
    return events


def paused_days(events: list[Happened], until: date) -> set[date]:
    """Days on which some procedure ran: after the day it began, up to the day it ended."""
    found: set[date] = set()
    begun: dict[str, date] = {}
    for event in events:
        day = event.at.date()
        if event.act is Act.START_SPECIAL:
            begun[event.data["kind"]] = day
        elif event.act is Act.END_SPECIAL:
            begin = begun.pop(event.data["kind"])
            found |= {begin + n * DAY for n in range(1, (day - begin).days + 1)}
    for begin in begun.values():
        found |= {begin + n * DAY for n in range(1, (until - begin).days + 1)}
    return found


def counted_by_hand(limit: int, in_working_days: bool, paused: set[date], calendar) -> date:
    day, left = START, limit
    while left:
        day += DAY
        if day not in paused and (not in_working_days or is_working_day(day, calendar)):
            left -= 1
    while not in_working_days and not is_working_day(day, calendar):
        day += DAY
    return day


@given(CALENDARS, TERMS, SWITCHES, st.none() | st.integers(1, 10))
def test_the_days_are_those_of_a_count_by_hand(calendar, terms, switches, extension):
    terms = Terms(
        legal=Limit(terms.legal.value, "working_day") if extension else terms.legal,
        promise=terms.promise,
        excluded={},
    )
    events = history(terms, switches, extension)
    held = replay(events)
    extended = held.extension.value if held.extension else 0
    last = events[-1].at.date()
    # What is stored knows nothing of today: a procedure that goes on is not yet taken out.
    closed = paused_days(events, date.min)
    found = dues(held, calendar)
    by_hand = counted_by_hand(
        terms.legal.value + extended, terms.legal.unit == "working_day", closed, calendar
    )
    assert found.legal.on == by_hand
    assert found.promise.on == counted_by_hand(terms.promise.value, True, closed, calendar)
    assert found.told == (found.legal if extended else found.promise)
    stored = columns(held, calendar)
    assert (stored["state"] == State.PAUSED) == bool(held.running)
    assert stored["open_procedures"] == len(held.running)
    assert (stored["next_due_on"] is None) == bool(held.running)
    # What is shown today: used and left make the limit, whatever was paused.
    today = last + 3 * DAY
    paused = paused_days(events, today)
    shown = clock(held.promise, START, today, calendar, held.pauses(today))
    used = sum(
        is_working_day(START + n * DAY, calendar) and START + n * DAY not in paused
        for n in range(1, (today - START).days + 1)
    )
    assert shown.used == min(used, terms.promise.value)
    assert shown.used + shown.left == shown.total == terms.promise.value
    assert shown.paused == sum(
        is_working_day(day, calendar) for day in paused if START < day <= today
    )


@given(CALENDARS, TERMS, SWITCHES)
def test_a_replay_of_a_replay_is_the_same_and_a_prefix_is_the_past(calendar, terms, switches):
    events = history(terms, switches, None)
    assert replay(events) == replay(list(events))
    for end in range(2, len(events) + 1):
        held = replay(events[:end])
        running = [one.kind for one in held.running]
        assert len(running) == len(set(running))
        assert held.state in (State.ACCEPTED, State.PAUSED)
