"""From a draft to a decision: what each act does, who may do it, and the trace it leaves."""

from __future__ import annotations

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from tests.conftest import AT, ID_NUMBERS, png
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases import storage
from tongban.cases.models import Case, CaseEvent, Draft, MaterialFile
from tongban.cases.services import clockwork, drafting, handling, submitting, writing
from tongban.directory.selectors import working_calendar
from tongban.ledger.models import Entry
from tongban.ledger.rules import commitment, split_opening


def acts_in_ledger(case: Case) -> list[str]:
    entries = Entry.objects.filter(case_ref=case.ledger_ref).order_by("id")
    return [json.loads(entry.leaf)["act"] for entry in entries]


# Drafts


def test_a_draft_begins_with_what_is_known_of_the_person(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    assert draft.answers["id_number"] == ID_NUMBERS[0]
    assert draft.answers["name"] == "li(示例)"


def test_starting_twice_goes_on_with_the_same_draft(world):
    first = drafting.start_draft(world.resident, world.item, at=AT)
    assert drafting.start_draft(world.resident, world.item, at=AT).key == first.key
    assert Draft.objects.count() == 1


def test_wrong_answers_are_kept_as_typed_and_named(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    page = world.document.form_pages[0]
    errors = drafting.save_page(
        world.resident,
        draft.key,
        page,
        {"name": "李", "id_number": "511602188002290019", "phone": "1"},
    )
    assert {(error.pointer, error.code) for error in errors} == {
        ("/id_number", "check_digit"),
        ("/phone", "not_a_phone"),
    }
    draft.refresh_from_db()
    assert draft.answers["id_number"] == "511602188002290019"


def test_an_answer_to_a_question_that_the_guide_does_not_ask_is_dropped(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    drafting.save_page(
        world.resident, draft.key, world.document.form_pages[0], {"state": "approved"}
    )
    draft.refresh_from_db()
    assert "state" not in draft.answers


def test_staff_without_a_person_cannot_apply(world):
    with pytest.raises(NotPermitted, match="no_person"):
        drafting.start_draft(world.clerk, world.item)


def test_an_item_without_a_guide_cannot_be_applied_for(world):
    bare = world.make_item("bare", "别的事项", world.organ)
    with pytest.raises(Conflict, match="not_online"):
        drafting.start_draft(world.resident, bare)


# Files


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"", "file_empty"),
        ("a.png", b"MZ not a picture at all", "file_type"),
        ("a.png", b"%PDF-1.7 a pdf that calls itself a picture", "file_type"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(5 * 1024 * 1024), "file_too_large"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_a_reason(world, name, content, code):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    with pytest.raises(InvalidInput) as refusal:
        drafting.attach_file(
            world.resident, draft.key, "photo", SimpleUploadedFile(name, content, "image/png")
        )
    assert refusal.value.code == code
    assert refusal.value.field == "photo"
    assert not MaterialFile.objects.exists()


def test_a_file_for_something_that_is_not_asked_for_is_refused(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    for key in ("nonsense", "household_register"):
        with pytest.raises(InvalidInput, match="no_such_material"):
            drafting.attach_file(world.resident, draft.key, key, png())


def test_a_file_keeps_its_content_and_loses_its_path(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    file = drafting.attach_file(world.resident, draft.key, "photo", png("..\\..\\etc/照片\n.png"))
    assert file.name == "照片.png"
    assert storage.open_file(file.sha256).read() == png().read()


def test_nobody_touches_the_draft_of_another(world):
    draft = world.make_draft()
    file = draft.files.get()
    for act in (
        lambda: drafting.attach_file(world.neighbour, draft.key, "photo", png()),
        lambda: drafting.remove_file(world.neighbour, draft.key, file.key),
        lambda: drafting.save_page(world.neighbour, draft.key, world.document.form_pages[0], {}),
        lambda: drafting.discard_draft(world.neighbour, draft.key),
        lambda: submitting.submit(world.neighbour, draft.key),
    ):
        with pytest.raises(NotFound):
            act()
    assert draft.files.count() == 1


def test_a_draft_is_thrown_away_with_its_files(world):
    draft = world.make_draft()
    drafting.discard_draft(world.resident, draft.key)
    assert not Draft.objects.exists()
    assert not MaterialFile.objects.exists()


# Submitting


def test_submitting_makes_a_case_with_number_event_file_and_trace(world):
    draft = world.make_draft()
    case = submitting.submit(world.resident, draft.key, at=AT)
    assert case.number.startswith("511602-260302-")
    assert case.state == "submitted"
    assert case.files.get().name == "照片.png"
    assert [event.act for event in case.events.all()] == ["submit"]
    assert not Draft.objects.exists()
    assert acts_in_ledger(case) == ["case.submitted"]


def test_the_trace_opens_to_what_was_handed_in_and_shows_no_person(world):
    case = world.make_case()
    entry = Entry.objects.get(case_ref=case.ledger_ref)
    leaf, (salt, payload) = json.loads(entry.leaf), split_opening(entry.opening)
    assert leaf["commitment"] == commitment(salt, payload.encode())
    assert json.loads(payload)["answers"]["reason"] == "lost"
    for private in (ID_NUMBERS[0], "李晓明", "li(示例)", "0826-2000101", case.number):
        assert private not in entry.leaf


def test_sent_twice_it_is_one_case(world):
    draft = world.make_draft()
    first = submitting.submit(world.resident, draft.key, at=AT)
    assert submitting.submit(world.resident, draft.key, at=AT) == first
    assert Case.objects.count() == 1
    assert acts_in_ledger(first) == ["case.submitted"]


def test_an_incomplete_application_lists_everything_and_stays_a_draft(world):
    draft = drafting.start_draft(world.resident, world.item, at=AT)
    with pytest.raises(InvalidInput) as refusal:
        submitting.submit(world.resident, draft.key)
    assert {error.pointer for error in refusal.value.errors} == {"/reason", "/delivery", "/photo"}
    assert Draft.objects.count() == 1
    assert not Case.objects.exists()
    assert not Entry.objects.exclude(case_ref="").exists()


def test_submitting_takes_eight_queries_in_one_savepoint(world, django_assert_num_queries):
    draft = world.make_draft()
    working_calendar()  # Read once a minute in each process.
    # savepoint 2 · draft, files, case, event, files over, draft away, message, entry
    with django_assert_num_queries(10):
        submitting.submit(world.resident, draft.key, at=AT)


# Handling


def test_acceptance_starts_the_clock(world, calendar):
    case = handling.accept(world.clerk, world.make_case().number, at=AT)
    # 20 working days after 2 March 2026 (行政许可法 82), no holiday between.
    assert case.due_on.isoformat() == "2026-03-30"
    assert not case.due_provisional
    assert acts_in_ledger(case) == ["case.submitted", "case.accepted"]


def test_a_correction_is_asked_for_once(world):
    case = world.make_case("correction")
    draft = drafting.start_correction(world.resident, case.number, at=AT)
    page = world.document.form_pages[1]
    drafting.save_page(
        world.resident, draft.key, page, {"reason": "expired", "delivery": "collect", "address": ""}
    )
    case = submitting.hand_in_correction(world.resident, case.number, at=AT)
    assert case.state == "submitted"
    assert case.answers["reason"] == "expired"
    with pytest.raises(Conflict, match="not_possible_now"):
        handling.request_correction(world.clerk, case.number, reasons="再补一次")
    assert acts_in_ledger(case) == [
        "case.submitted",
        "case.correction_requested",
        "case.corrected",
    ]


def test_the_database_itself_refuses_a_second_correction_notice(world):
    case = world.make_case("correction")
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseEvent.objects.create(case=case, seq=99, act="request_correction", at=AT)


def test_files_before_the_correction_stay_with_the_case(world):
    case = world.make_case("correction")
    draft = drafting.start_correction(world.resident, case.number, at=AT)
    drafting.remove_file(world.resident, draft.key, draft.files.get().key)
    drafting.attach_file(world.resident, draft.key, "photo", png(), at=AT)
    submitting.hand_in_correction(world.resident, case.number, at=AT)
    assert [file.superseded for file in case.files.order_by("id")] == [True, False]


def test_a_file_that_was_not_changed_stays_as_it_is(world):
    case = world.make_case("correction")
    before = case.files.get()
    drafting.start_correction(world.resident, case.number, at=AT)
    submitting.hand_in_correction(world.resident, case.number, at=AT)
    assert case.files.get() == before
    assert not case.files.get().superseded


def test_a_decision_needs_reasons(world):
    case = world.make_case("accepted")
    for reasons in ("", "  ", "好"):
        with pytest.raises(InvalidInput, match="reasons_missing"):
            handling.decide(world.reviewer, case.number, approve=True, reasons=reasons)
    case.refresh_from_db()
    assert case.state == "accepted"


@pytest.mark.parametrize(("approve", "state"), [(True, "approved"), (False, "denied")])
def test_a_decision_is_written_with_its_reasons(world, approve, state):
    case = world.make_case("accepted")
    case = handling.decide(world.reviewer, case.number, approve=approve, reasons="材料齐全", at=AT)
    assert case.state == state
    assert case.events.last().text == "材料齐全"
    assert acts_in_ledger(case)[-1] == "case.decided"


def test_clerks_do_not_decide_and_reviewers_do_not_accept(world):
    case = world.make_case("accepted")
    with pytest.raises(NotPermitted):
        handling.decide(world.clerk, case.number, approve=True, reasons="材料齐全")
    other = world.make_case(account=world.neighbour)
    with pytest.raises(NotPermitted):
        handling.accept(world.reviewer, other.number)


def test_nobody_handles_their_own_application(world):
    from tongban.directory.models import Post

    Post.objects.create(account=world.resident, organ=world.organ, role="clerk")
    case = world.make_case()
    with pytest.raises(NotPermitted):
        handling.accept(world.resident, case.number)


def test_an_act_that_fails_leaves_no_trace(world, monkeypatch):
    case = world.make_case()
    before = Entry.objects.count()

    def broken(*args, **kwargs):
        raise RuntimeError("the power is cut here")

    monkeypatch.setattr(writing, "record", broken)
    with pytest.raises(RuntimeError):
        handling.accept(world.clerk, case.number, at=AT)
    case.refresh_from_db()
    assert (case.state, case.events.count(), Entry.objects.count()) == ("submitted", 1, before)


# Objects of others


def test_another_organ_or_region_does_not_see_the_case(world):
    from tongban.directory.models import Region

    case = world.make_case()
    elsewhere = Region.objects.create(
        code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
    )
    for organ in (world.make_organ("区人社局"), world.make_organ("区公安分局", elsewhere)):
        outsider = world.make_staff(f"out-{organ.pk}", organ, "clerk", "reviewer", "head")
        for act in (handling.accept, handling.open_case):
            with pytest.raises(NotFound):
                act(outsider, case.number)


def test_another_resident_does_not_see_the_case(world):
    from tongban.cases.permissions import applicant_case

    case = world.make_case("correction")
    with pytest.raises(NotFound):
        applicant_case(world.neighbour, case.number)
    with pytest.raises(NotFound):
        drafting.start_correction(world.neighbour, case.number)


@pytest.mark.parametrize(
    "number", ["", "1", "511602-260302-AAAAAAAA-A", "511602-260302-' OR 1=1", "x" * 500, "\x00"]
)
def test_a_forged_number_finds_nothing(world, number):
    world.make_case()
    with pytest.raises(NotFound):
        handling.accept(world.clerk, number)


def test_who_opened_the_case_is_told_once_a_day(world):
    case = world.make_case()
    for _ in range(3):
        handling.open_case(world.clerk, case.number, at=AT)
    handling.open_case(world.reviewer, case.number, at=AT)
    assert case.events.filter(act="viewed").count() == 2
    assert acts_in_ledger(case).count("case.viewed") == 2


# Deadlines into a year whose notice is not out


def test_a_provisional_deadline_is_counted_anew_when_the_notice_is_loaded(
    world, calendar, tmp_path
):
    from datetime import UTC, datetime

    from tongban.directory.selectors import forget_calendar
    from tongban.directory.services.calendar import load_calendar

    december = datetime(2026, 12, 21, 2, 0, tzinfo=UTC)
    case = handling.accept(world.clerk, world.make_case(at=december).number, at=december)
    assert (case.due_on.isoformat(), case.due_provisional) == ("2027-01-18", True)
    notice = tmp_path / "2027.csv"
    notice.write_text("date,kind,name_zh\n2027-01-01,holiday,元旦\n", encoding="utf-8")
    load_calendar(notice, source="test notice")
    forget_calendar()
    assert clockwork.recompute_deadlines(at=december) == 1
    case.refresh_from_db()
    assert (case.due_on.isoformat(), case.due_provisional) == ("2027-01-19", False)
    assert acts_in_ledger(case)[-1] == "case.due_recomputed"


def test_a_forged_draft_key_is_refused(world):
    with pytest.raises(NotFound):
        submitting.submit(world.resident, uuid.uuid4())
