"""At the desk: claiming, handing over, batches, notes, texts, saved lists, the load of colleagues."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from tests.conftest import AT, World
from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import Case, CaseNote, SavedView
from tongban.cases.services import handling
from tongban.cases.workbench import batch, claims, notes
from tongban.cases.workbench.lists import Filters, desk_of, team_load
from tongban.ledger import acts
from tongban.ledger.models import Entry

pytestmark = pytest.mark.django_db


def entries(act: str) -> list[str]:
    return list(Entry.objects.filter(leaf__contains=f'"{act}"').values_list("leaf", flat=True))


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def colleague(world: World):
    return world.make_staff("colleague", world.organ, "clerk", "reviewer")


def test_a_case_is_claimed_once_and_let_go(world, colleague):
    case = world.make_case()
    assert claims.claim(world.clerk, case.number).claimed_by == world.clerk
    assert claims.claim(world.clerk, case.number).claimed_by == world.clerk
    with pytest.raises(Conflict, match="claimed_by_colleague"):
        claims.claim(colleague, case.number)
    with pytest.raises(Conflict, match="not_claimed"):
        claims.release(colleague, case.number)
    claims.release(world.clerk, case.number)
    assert claims.claim(colleague, case.number).claimed_by == colleague


def test_a_claim_takes_no_power_away(world, colleague):
    case = world.make_case()
    claims.claim(world.clerk, case.number)
    assert handling.accept(colleague, case.number, at=AT).state == "accepted"


@pytest.mark.parametrize("state", ["refused", "withdrawn", "terminated", "revoked"])
def test_what_has_ended_is_claimed_by_nobody(world, state):
    case = world.make_case(state)
    with pytest.raises(Conflict, match="case_ended"):
        claims.claim(world.clerk, case.number)


def test_what_is_to_deliver_can_be_claimed(world):
    assert claims.claim(world.clerk, world.make_case("approved").number).claimed_by == world.clerk


def test_nobody_claims_their_own_affair_or_a_case_of_others(world):
    case = world.make_case(account=world.resident)
    both = world.make_staff("x", world.organ, "clerk")
    person = world.resident.person
    person.account = None
    person.save()
    person.account = both
    person.save()
    with pytest.raises(NotPermitted):
        claims.claim(both, case.number)
    other = world.make_staff("other", world.make_organ("区人社局"), "clerk")
    with pytest.raises(NotFound):
        claims.claim(other, case.number)
    with pytest.raises(NotFound):
        claims.claim(world.resident, case.number)


def test_handing_over_stands_in_the_ledger_with_its_reason(world, colleague):
    case = world.make_case()
    claims.claim(world.clerk, case.number)
    with pytest.raises(NotPermitted, match="not_yours"):
        claims.hand_over(colleague, case.number, to="colleague", reason="我来", at=AT)
    for to, reason in (
        ("colleague", " "),
        ("nobody", "休假"),
        ("li", "休假"),
        ("colleague", "长" * 301),
    ):
        with pytest.raises(InvalidInput):
            claims.hand_over(world.clerk, case.number, to=to, reason=reason, at=AT)
    assert entries(acts.CASE_HANDED_OVER) == []
    done = claims.hand_over(world.clerk, case.number, to="colleague", reason="休假", at=AT)
    assert done.claimed_by == colleague
    # A head may, whoever has it.
    claims.hand_over(world.head, case.number, to="clerk", reason="工作调整", at=AT)
    leaves = entries(acts.CASE_HANDED_OVER)
    assert len(leaves) == 2
    assert all(json.loads(leaf)["case"] == case.ledger_ref for leaf in leaves)


def test_a_batch_does_what_it_can_and_says_what_it_could_not(world):
    good = [world.make_case(account=one) for one in (world.resident, world.neighbour)]
    decided = world.make_case("approved")
    forged = "511602-260302-AAAAAAAA-0"
    numbers = [good[0].number, decided.number, forged, good[1].number, good[0].number]
    found = batch.accept_all(world.clerk, numbers, at=AT)
    assert [one.done for one in found] == [True, False, False, True]
    assert all(one.problem for one in found if not one.done)
    assert set(Case.objects.filter(pk__in=[one.pk for one in good]).values_list("state", flat=True)) == {
        "accepted"
    }  # fmt: skip
    assert len(entries(acts.CASE_ACCEPTED)) == 3
    for wanted in ([], ["x"] * 0, [str(place) for place in range(101)]):
        with pytest.raises(InvalidInput):
            batch.accept_all(world.clerk, wanted, at=AT)


def test_a_reviewer_accepts_nothing_in_a_batch(world):
    case = world.make_case()
    assert not batch.accept_all(world.reviewer, [case.number], at=AT)[0].done
    case.refresh_from_db()
    assert case.state == "submitted"


def test_the_applicant_sees_no_note_anywhere(world):
    from tongban.web.my_data import everything_about

    case = world.make_case()
    secret = "此件存疑请核"
    notes.add_note(world.clerk, case.number, secret, at=AT)
    staff = signed_in(world.reviewer)
    assert secret in staff.get(f"/work/cases/{case.number}/").content.decode()
    mine = signed_in(world.resident)
    for path in (f"/cases/{case.number}/", "/me/", "/me/data/", "/me/acts/"):
        assert secret not in mine.get(path).content.decode(), path
    about = everything_about(world.resident, AT)
    assert secret not in json.dumps(about, ensure_ascii=False)
    assert about["cases"][0]["internal_notes"]["count"] == 1
    assert "政府信息公开条例" in about["cases"][0]["internal_notes"]["withheld_under"]
    # In the database it is sealed.
    assert secret not in str(CaseNote.objects.values_list("text").query)


def test_who_is_applicant_and_colleague_at_once_sees_no_note(world):
    case = world.make_case()
    notes.add_note(world.clerk, case.number, "不给他看", at=AT)
    both = world.make_staff("both", world.organ, "reviewer")
    world.resident.person.__class__.objects.filter(pk=world.resident.person.pk).update(account=both)
    page = signed_in(both).get(f"/work/cases/{case.number}/").content.decode()
    assert "不给他看" not in page
    with pytest.raises(NotPermitted):
        notes.add_note(both, case.number, "我自己的")


@pytest.mark.parametrize("text", ["", "  ", "\x00", "长" * 2_001])
def test_a_note_has_something_in_it(world, text):
    with pytest.raises(InvalidInput):
        notes.add_note(world.clerk, world.make_case().number, text)


def test_a_text_for_reasons_begins_the_reasons_of_its_organ_only(world):
    said = {
        "organ": world.organ.code,
        "act": "deny",
        "title": "材料不实",
        "text": "经查,材料不实。",
    }
    notes.save_reason_text(world.reviewer, **said)
    notes.save_reason_text(world.reviewer, **said | {"text": "经查,材料与事实不符。"})
    case = world.make_case("accepted")
    path = f"/work/cases/{case.number}/"
    reviewer = signed_in(world.reviewer)
    assert "材料不实" in reviewer.get(path).content.decode()
    begun = reviewer.get(path, {"begin": "deny", "text": "材料不实"}).content.decode()
    assert "经查,材料与事实不符。</textarea>" in begun
    assert (
        "经查" not in reviewer.get(path, {"begin": "approve", "text": "材料不实"}).content.decode()
    )
    other = world.make_staff("other", world.make_organ("区人社局"), "reviewer")
    with pytest.raises(NotFound):
        notes.save_reason_text(other, **said)
    with pytest.raises(NotFound):
        notes.save_reason_text(world.clerk, **said)
    with pytest.raises(InvalidInput):
        notes.save_reason_text(world.reviewer, **said | {"act": "deliver"})
    del said["text"]
    notes.forget_reason_text(world.reviewer, **said)
    with pytest.raises(NotFound):
        notes.forget_reason_text(world.reviewer, **said)


def test_lists_are_saved_under_a_name_for_oneself(world):
    filters = Filters.of({"show": "new", "due": "late", "whose": "mine", "item": world.item.code})
    view = notes.save_view(world.clerk, "急件", filters)
    page = signed_in(world.clerk).get("/work/" + view.query).content.decode()
    assert "急件" in page
    assert "急件" not in signed_in(world.reviewer).get("/work/").content.decode()
    notes.save_view(world.clerk, "急件", Filters())
    assert SavedView.objects.get().query == "?show=open"
    for place in range(notes.VIEWS_MOST - 1):
        notes.save_view(world.clerk, f"列表 {place}", filters)
    with pytest.raises(InvalidInput):
        notes.save_view(world.clerk, "太多了", filters)
    notes.forget_view(world.clerk, "急件")
    with pytest.raises(NotFound):
        notes.forget_view(world.reviewer, "列表 1")


def test_filters_that_make_no_sense_are_left_out():
    said = {"show": "'; DROP", "due": "never", "whose": "everybody", "item": "x" * 500}
    filters = Filters.of(said)
    assert (filters.show, filters.due, filters.whose) == ("open", "", "")
    assert len(filters.query()) < 300


def test_a_head_sees_what_each_colleague_has(world, colleague):
    now = utc_now()
    cases = [world.make_case(account=one, at=now) for one in (world.resident, world.neighbour)]
    claims.claim(colleague, cases[0].number)
    today = local_date(now)
    Case.objects.filter(pk=cases[0].pk).update(next_due_on=today - timedelta(days=1))
    loads, unclaimed = team_load(desk_of(world.head, today))
    found = {load.account.username: (load.open, load.today, load.late) for load in loads}
    assert found["colleague"] == (1, 0, 1)
    assert found["clerk"] == (0, 0, 0)
    assert unclaimed == 1
    assert team_load(desk_of(world.clerk, today)) == ([], 0)
    assert "colleague" in signed_in(world.head).get("/work/team/").content.decode()
    assert signed_in(world.clerk).get("/work/team/").status_code == 403


# Pages


def test_the_pages_of_the_desk_lead_through_a_batch(world):
    cases = [
        world.make_case(account=one, at=utc_now()) for one in (world.resident, world.neighbour)
    ]
    numbers = [case.number for case in cases]
    clerk = signed_in(world.clerk)
    page = clerk.get("/work/?show=new").content.decode()
    assert all(number in page for number in numbers)
    asked = clerk.post("/work/batch/", {"act": "accept", "number": numbers}).content.decode()
    assert Case.objects.filter(state="accepted").count() == 0
    assert "confirmed" in asked
    sent = {"act": "accept", "number": [*numbers, "x"], "confirmed": "yes"}
    done = clerk.post("/work/batch/", sent).content.decode()
    assert Case.objects.filter(state="accepted").count() == 2
    assert all(number in done for number in numbers)
    for number in numbers:
        clerk.post(f"/work/cases/{number}/desk/", {"act": "claim"})
    assert Case.objects.filter(claimed_by=world.clerk).count() == 2
    mine = clerk.get("/work/?whose=mine").content.decode()
    assert all(number in mine for number in numbers)
    assert clerk.post("/work/batch/", {"act": "approve"}).status_code == 422


def test_a_name_is_searched_for_by_a_form_that_is_sent(world):
    case = world.make_case()
    clerk = signed_in(world.clerk)
    assert clerk.get("/work/find/").status_code == 302
    answer = clerk.post("/work/find/", {"q": world.resident.person.name})
    assert case.number in answer.content.decode()
    straight = clerk.post("/work/find/", {"q": case.number})
    assert straight.headers["Location"].endswith(f"/work/cases/{case.number}/")
    nothing = clerk.post("/work/find/", {"q": "无此人"}).content.decode()
    assert case.number not in nothing
    other = signed_in(world.make_staff("other", world.make_organ("区人社局"), "clerk"))
    assert case.number not in other.post("/work/find/", {"q": case.number}).content.decode().replace(
        f'value="{case.number}"', "")  # fmt: skip
