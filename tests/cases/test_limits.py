"""Every limit of the law that a case has, with the article beside each row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.cases.law import naive_working_days
from tongban.base.calendar_cn import statutory_calendar
from tongban.cases.rules import (
    Act,
    Happened,
    Limit,
    Terms,
    advance,
    clock,
    columns,
    deadline,
    dues,
    hearing_span,
    remedies,
    replay,
)
from tongban.cases.rules.limits import due

CALENDAR = statutory_calendar()
MONDAY = date(2026, 3, 2)  # no holiday until the Qingming days, 4 to 6 April 2026


def at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def accepted(terms: Terms | None = None, *, received: date = MONDAY, by: int = 1):
    return replay(
        [
            Happened(Act.SUBMIT, at(received), 9),
            Happened(Act.ACCEPT, at(received), by, {"terms": (terms or Terms()).as_data()}),
        ]
    )


@pytest.mark.parametrize(
    ("what", "terms", "extension", "expected"),
    [
        ("行政许可法 42(1): twenty days", Terms(), None, "2026-03-30"),
        ("42(1): ten more", Terms(), 10, "2026-04-14"),
        ("42(2): forty-five", Terms(legal=Limit(45, "working_day")), None, "2026-05-08"),
        (
            "42(2): fifteen more",
            Terms(legal=Limit(45, "working_day"), extension=Limit(15, "working_day")),
            15,
            "2026-05-28",
        ),
        # 60 d from 2 March is 1 May, a holiday until the 5th: 民法典 203.
        ("居民身份证法 12: sixty days", Terms(legal=Limit(60, "day")), None, "2026-05-06"),
        ("a month: 民法典 202", Terms(legal=Limit(1, "month")), None, "2026-04-02"),
    ],
)
def test_the_legal_limit(what, terms, extension, expected):
    held = accepted(terms)
    if extension:
        data = {"days": extension, "unit": "working_day"}
        held = advance(held, Happened(Act.EXTEND, at(MONDAY), 3, data))
    assert dues(held, CALENDAR).legal.on.isoformat() == expected, what


def test_the_expected_days_are_those_of_a_count_by_hand():
    for days, last in (
        (20, "2026-03-30"),
        (30, "2026-04-14"),
        (45, "2026-05-08"),
        (60, "2026-05-28"),
    ):
        assert naive_working_days(MONDAY, date.fromisoformat(last), CALENDAR) == days


@pytest.mark.parametrize(
    ("received", "last"),
    [
        ("2026-03-02", "2026-03-09"),  # Monday to Monday
        ("2026-03-06", "2026-03-13"),  # Friday
        ("2026-04-03", "2026-04-13"),  # 4 to 6 April are Qingming
        ("2026-02-13", "2026-02-27"),  # Spring Festival; 14 and 28 February are worked
        ("2026-09-30", "2026-10-13"),  # 1 to 7 October off, 10 October worked
    ],
)
def test_an_answer_is_due_within_five_working_days(received, last):
    # 行政许可法 32(4), 82
    held = replay([Happened(Act.SUBMIT, at(date.fromisoformat(received)), 9)])
    found = dues(held, CALENDAR).answer
    assert naive_working_days(date.fromisoformat(received), found.on, CALENDAR) == 5
    assert found.on.isoformat() == last


def test_silence_accepts_as_of_the_day_of_receipt():
    # 32(4): 逾期不告知的,自收到申请材料之日起即为受理
    held = replay(
        [
            Happened(Act.SUBMIT, at(MONDAY), 9),
            Happened(
                Act.ACCEPT_BY_SILENCE,
                at(MONDAY + timedelta(days=8)),
                None,
                {"terms": Terms().as_data()},
            ),
        ]
    )
    assert held.accepted_at == at(MONDAY)
    assert dues(held, CALENDAR).legal.on.isoformat() == "2026-03-30"


def test_after_a_correction_silence_counts_from_the_correction():
    # 32(4)-(5): received is what is complete
    later = MONDAY + timedelta(days=3)
    held = replay(
        [
            Happened(Act.SUBMIT, at(MONDAY), 9),
            Happened(Act.REQUEST_CORRECTION, at(MONDAY), 1, {}),
            Happened(Act.CORRECT, at(later), 9, {}),
        ]
    )
    assert dues(held, CALENDAR).answer.on == date(2026, 3, 12)


def test_a_decision_is_delivered_within_ten_working_days():
    held = advance(accepted(), Happened(Act.APPROVE, at(date(2026, 3, 20)), 2))
    assert dues(held, CALENDAR).delivery.on.isoformat() == "2026-04-03"  # 行政许可法 44
    held = advance(held, Happened(Act.DELIVER, at(date(2026, 3, 23)), 1, {"how": "post"}))
    assert dues(held, CALENDAR).delivery is None
    assert columns(held, CALENDAR)["next_due_on"] is None


def test_remedies_are_sixty_days_and_six_months():
    # 行政复议法 20, 行政诉讼法 46, 民法典 202-203: 2 September 2026 is a Wednesday
    found = remedies(MONDAY, CALENDAR)
    assert found.review_until.on == date(2026, 5, 6)  # 1 May is a holiday, until the 5th
    assert found.suit_until.on == date(2026, 9, 2)


def test_a_hearing_is_announced_seven_days_before_and_held_within_twenty():
    assert hearing_span(MONDAY, CALENDAR) == (date(2026, 3, 11), date(2026, 3, 30))  # 48, 47


def test_on_a_commitment_the_promise_is_the_same_day_and_ordinary_when_it_is_taken_back():
    terms = Terms(promise=Limit(10, "working_day"))
    held = replay(
        [
            Happened(Act.SUBMIT, at(MONDAY), 9, {"commitment": "…"}),
            Happened(Act.ACCEPT, at(MONDAY), 1, {"terms": terms.as_data()}),
        ]
    )
    assert dues(held, CALENDAR).told.on == MONDAY
    held = advance(held, Happened(Act.RETRACT_COMMITMENT, at(MONDAY), 9))
    assert dues(held, CALENDAR).told.on == date(2026, 3, 16)
    assert dues(held, CALENDAR).legal.on == date(2026, 3, 30)


def test_an_extension_moves_the_legal_day_and_not_the_promise():
    held = accepted(Terms(promise=Limit(5, "working_day")))
    before = dues(held, CALENDAR)
    assert before.told == before.promise
    data = {"days": 5, "unit": "working_day"}
    after = dues(advance(held, Happened(Act.EXTEND, at(MONDAY), 3, data)), CALENDAR)
    assert after.promise == before.promise
    assert after.told == after.legal
    assert naive_working_days(before.legal.on, after.legal.on, CALENDAR) == 5


def test_an_extension_in_another_unit_is_counted_from_the_last_day():
    found = due(Limit(30, "day"), MONDAY, CALENDAR, (), Limit(3, "working_day"))
    assert found.on == deadline(3, "working_day", date(2026, 4, 1), CALENDAR).on


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (False, "2026-04-07"),  # 45: five working days of testing are not counted
        (True, "2026-03-30"),  # a wait outside the list of 45 is
    ],
)
def test_only_special_procedures_stop_the_clock(counts, expected):
    begin, end = (Act.START_WAIT, Act.END_WAIT) if counts else (Act.START_SPECIAL, Act.END_SPECIAL)
    kind = "publicity" if counts else "testing"
    held = accepted()
    held = advance(held, Happened(begin, at(date(2026, 3, 4)), 2, {"kind": kind}))
    held = advance(held, Happened(end, at(date(2026, 3, 11)), 2, {"kind": kind}))
    assert dues(held, CALENDAR).legal.on.isoformat() == expected


def test_the_clock_shows_used_left_paused_and_late():
    held = accepted(Terms(promise=Limit(5, "working_day")))
    held = advance(held, Happened(Act.START_SPECIAL, at(date(2026, 3, 4)), 2, {"kind": "testing"}))

    def shown(today: date):
        found = clock(held.promise, MONDAY, today, CALENDAR, held.pauses(today))
        return found.total, found.used, found.left, found.paused, found.late

    assert shown(date(2026, 3, 4)) == (5, 2, 3, 0, 0)
    assert shown(date(2026, 3, 31)) == (5, 2, 3, 19, 0)  # it goes on: nothing is used
    held = advance(held, Happened(Act.END_SPECIAL, at(date(2026, 3, 11)), 2, {"kind": "testing"}))
    assert shown(date(2026, 3, 16)) == (5, 5, 0, 5, 0)
    assert shown(date(2026, 3, 18)) == (5, 5, 0, 5, 2)


def test_terms_come_back_from_an_event_as_they_went_in():
    terms = Terms(Limit(60, "day"), Limit(0, "on_the_spot"), excluded={"publicity": "某法 9"})
    assert Terms.from_data(terms.as_data()) == terms
    assert Terms.from_data(Terms().as_data()) == replace(Terms(), excluded={})
