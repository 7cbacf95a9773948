"""一件事: one form, several cases in their order, one day, one notice; partial failure is explained."""

from __future__ import annotations

import itertools
import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.bundles import Town
from tests.conftest import AT, png
from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.base.worktime import Calendar
from tongban.cases.bundles import filing, sending
from tongban.cases.bundles.rules import (
    ENDED,
    LOST,
    PartNow,
    PartState,
    Span,
    is_finished,
    last_days,
    next_steps,
    one_day,
    state_of_case,
)
from tongban.cases.bundles.selectors import beside, filings_of, seen
from tongban.cases.models import BundleFiling, BundlePart, Case, Draft, MaterialFile
from tongban.cases.rules import Limit, State
from tongban.cases.selectors import my_drafts
from tongban.cases.services import drafting, following, submitting
from tongban.catalogue.search.index import rebuild
from tongban.ledger import acts
from tongban.ledger.models import Entry

pytestmark = pytest.mark.usefixtures("calendar")
P = PartState


@pytest.fixture
def town(db):
    return Town()


def case_of(sent: BundleFiling, part: str) -> Case:
    return Case.objects.get(draft_key=sent.parts.get(key=part).draft_key)


def states(sent: BundleFiling) -> dict[str, str]:
    sent.refresh_from_db()
    return {part.row.key: part.state.value for part in seen(sent).parts}


# Rules


@pytest.mark.parametrize(
    ("parts", "send", "stop"),
    [
        ([("a", (), P.GOING), ("b", ("a",), P.WAITING)], (), ()),
        ([("a", (), P.APPROVED), ("b", ("a",), P.WAITING)], ("b",), ()),
        ([("a", (), P.FAILED), ("b", ("a",), P.WAITING)], (), ("b",)),
        (
            [("a", (), P.STOPPED), ("b", ("a",), P.WAITING), ("c", ("b",), P.WAITING)],
            (),
            ("b", "c"),
        ),
        (
            [("a", (), P.APPROVED), ("b", (), P.GOING), ("c", ("a", "b"), P.WAITING)],
            (),
            (),
        ),
        (
            [("a", (), P.APPROVED), ("b", (), P.FAILED), ("c", ("a",), P.WAITING)],
            ("c",),
            (),
        ),
        ([("a", (), P.APPROVED), ("b", ("a",), P.ASKED)], (), ()),
    ],
)
def test_what_follows_from_how_the_parts_stand(parts, send, stop):
    assert next_steps([PartNow(*part) for part in parts]) == (send, stop)


@given(st.data())
def test_nothing_is_sent_before_its_turn_and_nothing_waits_for_ever(data):
    keys = "abcdef"[: data.draw(st.integers(2, 6))]
    parts = [
        PartNow(
            key,
            tuple(data.draw(st.lists(st.sampled_from(keys[:place]), unique=True)) if place else ()),
            data.draw(st.sampled_from([P.WAITING, P.GOING, P.APPROVED, P.FAILED, P.STOPPED])),
        )
        for place, key in enumerate(keys)
    ]
    while True:
        send, stop = next_steps(parts)
        by_key = {part.key: part for part in parts}
        for key in send:
            assert all(by_key[one].state is P.APPROVED for one in by_key[key].after)
        if not send and not stop:
            break
        parts = [
            PartNow(
                part.key,
                part.after,
                P.GOING if part.key in send else P.STOPPED if part.key in stop else part.state,
            )
            for part in parts
        ]
    by_key = {part.key: part for part in parts}
    for part in parts:
        if part.state is P.WAITING:
            # Somebody it waits for is still at work, or waits for one who is.
            assert any(by_key[one].state not in ENDED for one in part.after)
            assert not any(by_key[one].state in LOST for one in part.after)
    assert is_finished(parts) == all(part.state in ENDED for part in parts)


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_case_is_one_of_a_part(state):
    assert state_of_case(state) in (P.GOING, P.APPROVED, P.FAILED)


WORKING = Calendar(frozenset(range(2020, 2040)), {})
MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        # 5 working days for the answer, then 10 of promise.
        ([Span("a", (), P.GOING, Limit(10, "working_day"))], date(2026, 3, 23)),
        # Accepted: the last day of its promise.
        (
            [Span("a", (), P.GOING, Limit(10, "working_day"), ends_on=date(2026, 3, 16))],
            date(2026, 3, 16),
        ),
        # One after the other adds up.
        (
            [
                Span("a", (), P.GOING, Limit(10, "working_day"), ends_on=date(2026, 3, 16)),
                Span("b", ("a",), P.WAITING, Limit(20, "working_day")),
            ],
            date(2026, 4, 20),
        ),
        # Side by side does not.
        (
            [
                Span("a", (), P.GOING, Limit(10, "working_day"), ends_on=date(2026, 3, 16)),
                Span("b", (), P.GOING, Limit(3, "working_day"), ends_on=date(2026, 3, 5)),
            ],
            date(2026, 3, 16),
        ),
        # What stopped takes no time.
        (
            [
                Span("a", (), P.FAILED, Limit(10, "working_day"), ends_on=date(2026, 3, 9)),
                Span("b", ("a",), P.STOPPED, Limit(20, "working_day")),
            ],
            date(2026, 3, 9),
        ),
    ],
)
def test_the_one_day_is_that_of_the_longest_way(spans, expected):
    assert max(last_days(spans, MONDAY, WORKING).values()) == expected


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.integers(0, 5),
)
def test_a_longer_promise_of_a_part_never_brings_the_day_forward(lengths, which):
    def day(held):
        spans = [
            Span(
                str(place),
                (str(place - 1),) if place % 2 else (),
                P.WAITING,
                Limit(n, "working_day"),
            )
            for place, n in enumerate(held)
        ]
        return one_day(spans, None, MONDAY, WORKING).told

    longer = [n + (place == which) for place, n in enumerate(lengths)]
    assert day(longer) >= day(lengths)


def test_a_promise_that_cannot_be_kept_is_not_told():
    spans = [Span("a", (), P.GOING, Limit(10, "working_day"), ends_on=date(2026, 3, 20))]
    kept = one_day(spans, Limit(20, "working_day"), MONDAY, WORKING)
    assert (kept.told, kept.late) == (date(2026, 3, 30), False)
    missed = one_day(spans, Limit(5, "working_day"), MONDAY, WORKING)
    assert (missed.told, missed.late) == (date(2026, 3, 20), True)


# Filling in


def test_nothing_is_asked_twice(town):
    now = filing.opened(town.begin("moving-in", card="yes"))
    fields = [field for page in now.form.pages for field in page.fields]
    alone = [f for guide in now.guides.values() for p in guide.form_pages for f in p.fields]
    assert (len(fields), len(alone)) == (11, 19)
    labels = [field.label.zh for field in fields]
    assert len(set(labels)) == len(labels)
    prefills = [field.prefill for field in fields if field.prefill]
    assert len(set(prefills)) == len(prefills)
    uploads = [material for material in now.form.materials if material.how == "upload"]
    assert [material.name.zh for material in uploads].count("近期正面免冠照片") == 1
    # Every field of every part is asked somewhere.
    asked = {target for targets in now.form.fields.values() for target in targets}
    for key, guide in now.guides.items():
        assert {(key, f.key) for p in guide.form_pages for f in p.fields} <= asked


def test_an_answer_and_a_file_reach_every_part_that_asks(town):
    begun = town.begin("moving-in", card="yes")
    town.fill(begun)
    drafts = filing.opened(begun).drafts
    assert drafts["idcard"].answers["delivery"] == drafts["socialcard"].answers["delivery"]
    assert {draft.answers["name"] for draft in drafts.values()} == {town.resident.person.name}
    files = MaterialFile.objects.filter(material="photo", draft__in=drafts.values())
    assert files.count() == 2
    assert len(set(files.values_list("sha256", flat=True))) == 1
    shown = filing.files_of(filing.opened(begun))
    assert [len(held) for held in shown.values()] == [1, 1]  # Home, and one photo for both.
    photo = next(held[0] for key, held in shown.items() if key.endswith("photo"))
    filing.remove_file(town.resident, begun.key, photo.key)
    assert not files.all().exists()


def test_a_part_that_is_not_wanted_is_not_asked_for(town):
    with pytest.raises(InvalidInput):
        town.begin("moving-in")
    now = filing.opened(town.begin("moving-in", card="no"))
    assert set(now.drafts) == {"move", "idcard"}
    again = filing.opened(town.begin("moving-in", card="yes"))
    assert again.filing.pk == now.filing.pk
    assert set(again.drafts) == {"move", "idcard", "socialcard"}


def test_a_form_that_is_open_already_joins_with_what_was_typed(town):
    held = town.make_draft()
    now = filing.opened(town.begin("moving-in", card="no"))
    assert now.drafts["idcard"].key == held.key
    assert now.answers["idcard__reason"] == "lost"
    assert my_drafts(town.resident) == []  # They stand with the bundle.


def test_wrong_answers_are_kept_and_named(town):
    begun = town.begin("moving-in", card="no")
    page = filing.opened(begun).form.pages[0]
    typed = {field.key: "x" for field in page.fields}
    errors = filing.save_page(town.resident, begun.key, page, typed)
    assert errors
    assert filing.opened(begun).answers[page.fields[0].key] == "x"


def test_a_number_of_another_person_is_told_at_the_one_question(town):
    begun = town.begin("moving-in", card="no")
    town.fill(begun)
    key = next(key for key in filing.opened(begun).form.fields if key.endswith("__id_number"))
    page = next(p for p in filing.opened(begun).form.pages if key in {f.key for f in p.fields})
    typed = filing.opened(begun).answers | {key: town.neighbour.person.id_number}
    filing.save_page(town.resident, begun.key, page, typed)
    with pytest.raises(InvalidInput) as told:
        sending.send(town.resident, begun.key, at=AT)
    assert [fault.pointer for fault in told.value.errors] == [f"/{key}"]
    assert not Case.objects.exists()


def test_what_is_missing_is_told_once_for_all_parts(town):
    begun = town.begin("small-restaurant")
    with pytest.raises(InvalidInput) as told:
        sending.send(town.resident, begun.key, at=AT)
    pointers = [fault.pointer for fault in told.value.errors]
    assert len(pointers) == len(set(pointers))
    assert "/food__uscc" not in pointers  # Filled in with the number of the registration.
    form = filing.opened(begun).form
    assert all(
        form.fields.get(one.lstrip("/")) or form.papers.get(one.lstrip("/")) for one in pointers
    )


# Sending and what follows


def test_side_by_side_at_once_and_the_rest_in_its_turn(town):
    sent = town.sent("moving-in", card="yes")
    assert states(sent) == {"move": "going", "idcard": "waiting", "socialcard": "going"}
    assert Case.objects.count() == 2
    town.decide("household-move", case_of(sent, "move").number, at=AT + timedelta(days=1))
    assert states(sent) == {"move": "approved", "idcard": "going", "socialcard": "going"}
    card = case_of(sent, "idcard")
    assert card.submitted_at == AT + timedelta(days=1)  # Its clock begins when it is handed in.
    assert card.applicant.account_id == town.resident.pk
    assert card.files.count() == 1
    town.decide("social-security-card", case_of(sent, "socialcard").number)
    assert sent.finished_at is None
    town.decide("resident-id-card", card.number, at=AT + timedelta(days=2))
    assert set(states(sent).values()) == {"approved"}
    assert sent.finished_at == AT + timedelta(days=2)
    assert Entry.objects.filter(case_ref=sent.ledger_ref).count() == 2  # Sent, finished.


def test_sending_twice_is_sending_once(town):
    sent = town.sent("moving-in", card="no")
    again = sending.send(town.resident, sent.key, at=AT)
    assert again.pk == sent.pk
    assert Case.objects.count() == 1


def test_what_failed_stops_what_waits_and_says_why(town):
    sent = town.sent("moving-in", card="yes")
    town.decide("household-move", case_of(sent, "move").number, approve=False)
    assert states(sent) == {"move": "failed", "idcard": "stopped", "socialcard": "going"}
    assert sent.finished_at is None
    town.decide("social-security-card", case_of(sent, "socialcard").number)
    assert states(sent)["socialcard"] == "approved"
    assert sent.finished_at is not None
    whole = seen(sent)
    assert whole.approved == 1
    assert next(part.reasons for part in whole.parts) == "不符合落户条件"
    # What was filled in is kept: the stopped part can be sent alone.
    key = sent.parts.get(key="idcard").draft_key
    assert [draft.key for draft in my_drafts(town.resident)] == [key]
    assert submitting.submit(town.resident, key, at=AT).state == State.SUBMITTED


def test_the_number_of_a_result_answers_the_next_part(town):
    sent = town.sent("small-restaurant")
    assert states(sent) == {"register": "going", "food": "waiting"}
    number = case_of(sent, "register").number
    town.decide("self-employed-registration", number, result="91511602MA62T01A08")
    food = case_of(sent, "food")
    assert food.answers["uscc"] == "91511602MA62T01A08"
    assert food.answers["premises_address"] == case_of(sent, "register").answers["premises_address"]


@pytest.mark.parametrize("result", ["", "没有号码", "91511602MA62T01A0X"])
def test_a_part_that_lacks_an_answer_is_asked_for_and_goes_on_when_completed(town, result):
    sent = town.sent("small-restaurant")
    town.decide("self-employed-registration", case_of(sent, "register").number, result=result)
    assert states(sent) == {"register": "approved", "food": "asked"}
    row = sent.parts.get(key="food")
    assert row.asks
    draft = Draft.objects.get(key=row.draft_key)
    assert [one.key for one in my_drafts(town.resident)] == [draft.key]
    draft.answers["uscc"] = "91511602MA62T01A08"
    draft.save(update_fields=["answers"])
    case = submitting.submit(town.resident, draft.key, at=AT)
    assert states(sent) == {"register": "approved", "food": "going"}
    town.decide("food-business-licence", case.number)
    assert states(sent)["food"] == "approved"
    assert sent.finished_at is not None


def test_withdrawing_a_case_stops_what_waits_for_it(town):
    sent = town.sent("small-restaurant")
    following.withdraw(town.resident, case_of(sent, "register").number, at=AT)
    assert states(sent) == {"register": "failed", "food": "stopped"}
    assert sent.finished_at is not None


def test_a_part_that_waits_can_be_given_up_and_a_case_cannot(town):
    sent = town.sent("moving-in", card="no")
    with pytest.raises(Conflict):
        sending.give_up(town.resident, sent.number, "move", at=AT)
    with pytest.raises(NotFound):
        sending.give_up(town.neighbour, sent.number, "idcard", at=AT)
    with pytest.raises(NotFound):
        sending.give_up(town.resident, sent.number, "nothing", at=AT)
    sending.give_up(town.resident, sent.number, "idcard", at=AT)
    assert states(sent) == {"move": "going", "idcard": "stopped"}
    town.decide("household-move", case_of(sent, "move").number)
    assert states(sent) == {"move": "approved", "idcard": "stopped"}
    assert sent.finished_at is not None
    assert [
        entry.leaf.count(acts.BUNDLE_PART_DROPPED)
        for entry in Entry.objects.filter(case_ref=sent.ledger_ref).order_by("id")
    ] == [0, 1, 0]


def test_each_case_keeps_its_own_clock_and_the_whole_has_one_day(town):
    sent = town.sent("moving-in", card="yes")
    whole = seen(sent)
    assert whole.day.promised == whole.day.told
    move = case_of(sent, "move")
    town.decide("social-security-card", case_of(sent, "socialcard").number)
    move.refresh_from_db()
    assert move.due_on is None  # Not accepted yet: another part's acceptance is not its own.


def test_a_case_of_no_bundle_costs_one_query_more_at_its_end(town, django_assert_num_queries):
    case = town.make_case("approved")
    with transaction.atomic(), django_assert_num_queries(1):
        sending.go_on(case, AT)


def test_the_page_of_a_bundle_takes_as_many_queries_for_two_parts_as_for_three(
    town, django_assert_max_num_queries
):
    sent = town.sent("moving-in", card="yes")
    with django_assert_max_num_queries(5):
        seen(sent)
    other = town.sent("small-restaurant")
    with django_assert_max_num_queries(5):
        seen(other)


def test_a_form_sent_alone_or_thrown_away_is_told_and_begun_anew(town):
    begun = town.begin("moving-in", card="no")
    drafting.discard_draft(town.resident, filing.opened(begun).drafts["idcard"].key)
    with pytest.raises(Conflict):
        filing.opened(begun)
    with pytest.raises(Conflict):
        sending.send(town.resident, begun.key, at=AT)
    again = town.begin("moving-in", card="no")
    assert set(filing.opened(again).drafts) == {"move", "idcard"}


def test_throwing_away_takes_the_forms_with_it(town):
    begun = town.begin("moving-in", card="no")
    town.fill(begun)
    with pytest.raises(NotFound):
        filing.discard(town.neighbour, begun.key)
    filing.discard(town.resident, begun.key)
    assert not Draft.objects.exists()
    assert not BundleFiling.objects.exists()
    assert not MaterialFile.objects.exists()


def test_what_is_another_persons_does_not_exist(town):
    sent = town.sent("moving-in", card="no")
    client = Client()
    client.force_login(town.neighbour)
    assert client.get(f"/me/bundles/{sent.number}/").status_code == 404
    assert client.post(f"/me/bundles/{sent.number}/idcard/give-up/").status_code == 404
    with pytest.raises(NotFound):
        sending.send(town.neighbour, sent.key, at=AT)
    assert filings_of(town.neighbour) == []


def test_staff_see_names_and_states_of_the_other_parts_only(town):
    sent = town.sent("moving-in", card="yes")
    found = beside(case_of(sent, "socialcard"))
    assert [own for _name, _organ, _state, own in found.parts] == [False, False, True]
    assert beside(town_case_without_bundle(town)) is None


def town_case_without_bundle(town):
    town.staff["resident-id-card"] = (town.clerk, town.reviewer)
    return town.make_case(account=town.neighbour)


# Pages


@pytest.fixture
def site(town, own_home):
    rebuild()
    return town


def test_from_the_search_to_the_notice(site):
    client = Client()
    client.force_login(site.resident)
    found = client.get("/search?q=搬家&region=511602000000").content.decode()
    assert "/bundles/moving-in/" in found
    page = client.get("/bundles/moving-in/").content.decode()
    assert "11" in page
    start = "/bundles/moving-in/apply/"
    assert client.post(start, {}).status_code == 200  # The question is open.
    answer = client.post(start, {"card": "no"})
    now = filing.opened(BundleFiling.objects.get())
    assert answer["Location"] == f"{start}{now.form.pages[0].key}/"
    site.fill(now.filing, at=utc_now())
    for step in [*(page.key for page in now.form.pages), "materials", "check"]:
        assert client.get(f"{start}{step}/").status_code == 200
    assert client.get(f"{start}nothing/").status_code == 404
    sent = client.post(f"{start}check/", {"draft": str(now.filing.key)})
    number = BundleFiling.objects.get().number
    assert sent["Location"] == f"/me/bundles/{number}/?sent=1"
    again = client.post(f"{start}check/", {"draft": str(now.filing.key)})
    assert again["Location"] == f"/me/bundles/{number}/"
    whole = client.get(f"/me/bundles/{number}/").content.decode()
    assert "户口迁移" in whole
    assert f"/me/bundles/{number}/" in client.get("/me/").content.decode()
    case = Case.objects.get()
    assert f"/me/bundles/{number}/" in client.get(f"/cases/{case.number}/").content.decode()
    asked = client.post(f"/me/bundles/{number}/idcard/give-up/")
    assert asked.status_code == 200
    assert client.post(f"/me/bundles/{number}/idcard/give-up/", {"confirmed": "yes"})
    assert BundlePart.objects.get(key="idcard").stopped == "given_up"
    staff = Client()
    staff.force_login(site.staff["household-move"][0])
    assert number in staff.get(f"/work/cases/{case.number}/").content.decode()


def test_a_missing_paper_is_asked_for_once_and_a_wrong_one_refused(site):
    client = Client()
    client.force_login(site.resident)
    begun = site.begin("moving-in", card="yes")
    address = "/bundles/moving-in/apply/materials/"
    missing = client.post(address, {"action": "next"}).content.decode()
    assert missing.count("Upload this document.") + missing.count("请上传") >= 1
    key = next(k for k in filing.opened(begun).form.papers if k.endswith("__photo"))
    assert client.post(address, {"action": "upload", f"file-{key}": png()}).status_code == 302
    assert client.post(address, {"action": "next"})["Location"].endswith("/check/")
    file = filing.files_of(filing.opened(begun))[key][0]
    assert client.post(address, {"action": f"remove:{file.key}"}).status_code == 302
    assert client.post(address, {"action": "remove:nothing"}).status_code == 404
    assert filing.files_of(filing.opened(begun)) == {}


# Two at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_two_parts_that_end_at_once_bring_the_last_one_once(turn):
    """Whichever decision commits last hands in what waited; none is lost, none doubled."""
    town = Town()
    document, _guides = town.documents("moving-in")
    parts = [part.model_dump(mode="json", exclude_defaults=True) for part in document.parts]
    move, idcard, social = parts
    changed = document.model_validate(
        document.model_dump(mode="json", exclude_defaults=True)
        | {"parts": [move, social, idcard | {"after": ["move", "socialcard"]}]}
        | {"slug": "both-first"}
    )
    from tongban.catalogue.bundles.publishing import publish_bundle

    assert publish_bundle(changed, is_sample=True)
    sent = town.sent("both-first", card="yes")
    barrier, faults = threading.Barrier(2), []

    def decide(slug: str, part: str) -> None:
        try:
            barrier.wait(timeout=20)
            town.decide(slug, case_of(sent, part).number)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=pair)
        for pair in (("household-move", "move"), ("social-security-card", "socialcard"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert states(sent) == {"move": "approved", "socialcard": "approved", "idcard": "going"}
    assert Case.objects.count() == 3


def test_every_order_of_results_ends_with_one_notice(town):
    for order in itertools.permutations(["move", "socialcard"]):
        sent = town.sent("moving-in", card="yes")
        for part in order:
            slug = {"move": "household-move", "socialcard": "social-security-card"}[part]
            town.decide(slug, case_of(sent, part).number)
        town.decide("resident-id-card", case_of(sent, "idcard").number)
        assert set(states(sent).values()) == {"approved"}
        assert sent.finished_at is not None
