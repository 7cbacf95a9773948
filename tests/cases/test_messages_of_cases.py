"""Whoever applies hears of every act: the right message, in the act's transaction, to the right people."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import translation

from tests.cases.offices import make_booking, make_office
from tests.conftest import AT, ID_NUMBERS, png
from tongban.base.clocks import local_date
from tongban.cases.appointments import booking
from tongban.cases.appointments.rules import reminder_due
from tongban.cases.appointments.telling import remind
from tongban.cases.models import Booking, Case
from tongban.cases.rules import STAFF_ACTS, STEPS, SYSTEM_ACTS, Act, Ground
from tongban.cases.services import clockwork, drafting, following, handling, reading, submitting
from tongban.cases.services.telling import KIND_OF
from tongban.directory.messages.kinds import KINDS
from tongban.directory.messages.rendering import render
from tongban.directory.models import Delegation, Message
from tongban.ledger.models import Entry
from tongban.ledger.rules import split_opening

WHY = "有理由的"
# 行政许可法: what must be told in writing, with its article.
MUST_BE_LEGAL = {
    Act.SUBMIT: "32",
    Act.REQUEST_CORRECTION: "32(4)",
    Act.ACCEPT: "32(5)",
    Act.ACCEPT_TOLERANTLY: "32(5)",
    Act.ACCEPT_BY_SILENCE: "32(4)",
    Act.REFUSE: "32(1)-(2)",
    Act.EXTEND: "42",
    Act.START_SPECIAL: "45",
    Act.APPROVE: "38(1)",
    Act.DENY: "38(2)",
    Act.DELIVER: "44",
    Act.TERMINATE: "70",
    Act.REVOKE: "69",
    Act.LAPSE: "安阳市政务服务条例 36",
}


@pytest.mark.parametrize("act", list(dict.fromkeys(step.act for step in STEPS)))
def test_every_act_of_the_table_has_its_message(act):
    kind = KINDS[KIND_OF[act]]
    assert kind.legal or act not in MUST_BE_LEGAL
    if any(name.value == "reasons" for step in STEPS if step.act is act for name in step.inputs):
        assert any("%(reasons)s" in str(line) for line in kind.lines), "reasons are told"


def kinds_of(account) -> list[str]:
    return list(
        Message.objects.filter(account=account).order_by("pk").values_list("kind", flat=True)
    )


def last(account) -> Message:
    return Message.objects.filter(account=account).latest("pk")


def text_of(message: Message) -> str:
    with translation.override("zh-hans"):
        said = render(message.kind, message.facts)
    return "\n".join((said.title, *said.lines))


def test_handing_in_is_answered_with_a_receipt_in_the_account(world):
    case = world.make_case()
    message = last(world.resident)
    assert (message.kind, message.available_at) == ("case.received", AT)
    assert message.link == f"/cases/{case.number}/"
    assert case.number in text_of(message)
    assert "2026年3月9日" in text_of(message)  # Five working days.


def test_a_whole_life_is_told(world):
    world.change_guide(photo="to_follow")
    case = submitting.submit(world.resident, world.make_draft(photo=False).key, at=AT)
    handling.accept_tolerantly(world.clerk, case.number, at=AT)
    assert "照片" in text_of(last(world.resident))
    following.supply(world.resident, case.number, "photo", [png()], at=AT)
    until = local_date(AT) + timedelta(days=30)
    handling.start_special(
        world.reviewer, case.number, kind="testing", until=until, reasons=WHY, at=AT
    )
    assert "2026年4月1日" in text_of(last(world.resident))
    handling.end_special(world.reviewer, case.number, kind="testing", reasons="合格", at=AT)
    handling.start_wait(
        world.reviewer, case.number, kind="publicity", until=until, reasons=WHY, at=AT
    )
    handling.end_wait(world.reviewer, case.number, kind="publicity", reasons="无异议", at=AT)
    handling.extend(world.head, case.number, days=5, reasons=WHY, at=AT)
    handling.decide(world.reviewer, case.number, approve=False, reasons=WHY, at=AT)
    denied = text_of(last(world.resident))
    assert "2026年5月6日" in denied or "2026年5月1日" in denied  # 60 days, and after the holiday.
    assert WHY in denied
    handling.deliver(world.clerk, case.number, how="post", at=AT)
    assert kinds_of(world.resident) == [
        "case.received",
        "case.accepted",
        "case.supplied",
        "case.paused",
        "case.resumed",
        "case.wait_begun",
        "case.wait_ended",
        "case.extended",
        "case.denied",
        "case.delivered",
    ]


def test_refusal_correction_withdrawal_and_revocation_are_told(world):
    case = world.make_case("correction")
    drafting.start_correction(world.resident, case.number, at=AT)
    submitting.hand_in_correction(world.resident, case.number, at=AT)
    handling.refuse(
        world.clerk,
        case.number,
        ground=Ground.NOT_OUR_POWER,
        competent="区民政局",
        reasons=WHY,
        at=AT,
    )
    assert "区民政局" in text_of(last(world.resident))
    world.make_case("withdrawn")
    world.make_case("revoked")
    assert kinds_of(world.resident)[:4] == [
        "case.received",
        "case.correction_requested",
        "case.corrected",
        "case.refused",
    ]
    assert {"case.withdrawn", "case.approved", "case.revoked"} <= set(kinds_of(world.resident))


def test_what_time_does_is_told(world, calendar):
    world.make_case()
    assert clockwork.run_due(at=AT + timedelta(days=20)).accepted == 1
    assert last(world.resident).kind == "case.accepted_by_silence"


def test_who_acts_for_somebody_hears_it_while_they_may(world, django_assert_num_queries):
    helper = world.make_resident("helper", ID_NUMBERS[2])
    delegation = Delegation.objects.create(
        key=uuid.uuid4(),
        kind="helper",
        person=world.resident.person,
        agent=helper.person,
        valid_from=AT.date(),
        valid_to=AT.date() + timedelta(days=30),
        consent="in_person",
        recorded_by=world.clerk,
        recorded_at=AT,
    )
    case = world.make_case()
    Case.objects.filter(pk=case.pk).update(delegation=delegation)
    handling.accept(world.clerk, case.number, at=AT)
    assert last(helper).kind == last(world.resident).kind == "case.accepted"
    Delegation.objects.update(revoked_at=AT)
    handling.decide(world.reviewer, case.number, approve=True, reasons=WHY, at=AT)
    assert last(world.resident).kind == "case.approved"
    assert last(helper).kind == "case.accepted"


def test_a_person_without_an_account_is_told_by_the_counter(world):
    case = world.make_case()
    person = world.resident.person
    person.account = None
    person.save()
    before = Message.objects.count()
    handling.accept(world.clerk, case.number, at=AT)
    assert Message.objects.count() == before


def test_an_act_that_fails_tells_nobody(world, monkeypatch):
    draft = world.make_draft()

    def broken(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(submitting, "record", broken)
    with pytest.raises(RuntimeError):
        submitting.submit(world.resident, draft.key, at=AT)
    assert not Message.objects.exists()


def test_the_ledger_entry_names_the_notice(world):
    case = world.make_case("correction")
    entry = Entry.objects.filter(case_ref=case.ledger_ref).latest("pk")
    assert json.loads(split_opening(entry.opening)[1])["notices"] == [str(last(world.resident).key)]


def test_a_look_at_full_numbers_is_told(world):
    case = world.make_case()
    reading.reveal(world.clerk, case.number, reason="核对号码", at=AT)
    assert last(world.resident).kind == "case.data_revealed"
    assert "核对号码" in text_of(last(world.resident))


def test_all_acts_of_staff_and_system_have_been_thought_of():
    assert KIND_OF.keys() >= STAFF_ACTS | SYSTEM_ACTS


# Appointments


@pytest.fixture
def hall(world, calendar):
    return make_office(world)


def test_booking_moving_and_cancelling_are_told(world, hall):
    tenth = AT + timedelta(days=1)
    made = booking.book(world.resident, hall, world.item.code, tenth, at=AT)
    assert made.code in text_of(last(world.resident))
    moved = booking.move(world.resident, made.code, tenth + timedelta(minutes=30), at=AT)
    told = text_of(last(world.resident))
    assert "09:30" in told
    assert "09:00" in told
    booking.cancel(world.resident, moved.code, at=AT)
    assert kinds_of(world.resident) == [
        "appointment.booked",
        "appointment.moved",
        "appointment.cancelled",
    ]


NINE = AT - timedelta(days=1)  # Nine o'clock in China, the day before.


@pytest.mark.parametrize(
    ("made", "now", "due"),
    [
        (NINE - timedelta(days=2), NINE, True),
        (NINE - timedelta(days=2), NINE - timedelta(minutes=1), False),
        (NINE - timedelta(days=2), NINE + timedelta(hours=14), True),
        (NINE - timedelta(days=2), NINE + timedelta(hours=16), False),
        (NINE + timedelta(hours=1), NINE + timedelta(hours=2), False),
    ],
    ids=["at nine", "not before nine", "late in the evening", "not on the day", "just booked"],
)
def test_who_is_reminded_when(made, now, due):
    assert reminder_due(local_date(AT), made, now) is due


def test_a_reminder_comes_once_and_not_after_cancelling(world, hall):
    stays = make_booking(world, AT)
    gone = make_booking(world, AT + timedelta(hours=1), account=world.neighbour)
    Booking.objects.update(made_at=AT - timedelta(days=3))
    Booking.objects.filter(pk=gone.pk).update(state="cancelled")
    assert remind(at=NINE) == 1
    assert remind(at=NINE + timedelta(minutes=1)) == 0
    assert kinds_of(world.resident) == ["appointment.reminder"]
    assert stays.code in text_of(last(world.resident))
    assert kinds_of(world.neighbour) == []


def test_what_was_missed_is_told(world, hall):
    make_booking(world, AT)
    assert booking.mark_missed(at=AT + timedelta(hours=1)) == 1
    assert kinds_of(world.resident) == ["appointment.missed"]


def test_reminding_asks_one_question_when_there_is_nothing_to_do(
    world, hall, django_assert_num_queries
):
    with django_assert_num_queries(1):
        remind(at=NINE)
