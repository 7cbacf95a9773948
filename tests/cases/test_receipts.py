"""The acts about oneself, and their receipts: who gets which, and that they prove what they say."""

from __future__ import annotations

import json
import re
import uuid
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import translation

from tests.conftest import AT, ID_NUMBERS
from tongban.base.fonts import chinese_font
from tongban.base.notes import open_note
from tongban.cases import own_acts, receipt_views
from tongban.cases.services import handling
from tongban.directory.models import Delegation
from tongban.directory.services import delegations, identity, own_data, systems
from tongban.ledger import acts
from tongban.ledger.integrating import integrate
from tongban.ledger.keys import verifiers
from tongban.ledger.listing import PAGE
from tongban.ledger.models import Entry, Place
from tongban.ledger.receipts import check_receipt, parse_receipt
from tongban.ledger.rules import read_leaf


@pytest.fixture(autouse=True)
def home(own_home, calendar):
    return own_home


# What acts are called: a delegation granted, a case decided, an application handed in.
NAMES = ("授予代办", "作出决定", "提交申请")


def place_of(act: str, reference: str) -> int:
    entry = Entry.objects.get(case_ref=reference, leaf__contains=f'"act":"{act}"')
    return Place.objects.get(entry=entry).seq


def signed_in(account) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(account)
    return client


def text_of(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def decided(world):
    """A case with a few acts, all in the signed log."""
    world.case = world.make_case("approved")
    handling.open_case(world.clerk, world.case.number, at=AT)
    integrate()
    return world


@pytest.fixture
def delegated(decided):
    """The resident lets the neighbour act, and a guardian is recorded at a counter."""
    decided.given = delegations.grant(
        decided.resident,
        agent_name="wang(示例)",
        agent_id_number=ID_NUMBERS[1],
        items=[decided.item.code],
        valid_to=AT.date() + timedelta(days=100),
        at=AT,
    )
    integrate()
    return decided


# What stands under the reference of an account


def test_acts_about_a_person_carry_the_reference_of_their_account(delegated):
    resident = delegated.resident
    delegations.revoke(resident, delegated.given.key, at=AT)
    own_data.ask_correction(resident, field="address", wanted="新地址", at=AT)
    fresh = delegated.make_account("fresh")
    system, _secret = systems.register_system(
        name="考勤", redirect_uris=["https://a.example/"], at=AT
    )
    systems.give_consent(resident, system, ["openid"], at=AT)
    from django.db import transaction

    with transaction.atomic():
        systems.note_token_issued(resident, system, ["openid"], at=AT)
        systems.note_data_handed_out(resident, system, ["openid"], at=AT)
    systems.withdraw_consent(resident, system.client_id, at=AT)
    identity.verify_in_person(
        delegated.clerk, name=resident.person.name, id_number=ID_NUMBERS[0], at=AT
    )
    Client().logout()
    signed_in(resident).get("/me/data/export/json/")
    said = {
        read_leaf(leaf).act
        for leaf in Entry.objects.filter(case_ref=resident.ledger_ref).values_list(
            "leaf", flat=True
        )
    }
    assert said == {
        acts.DELEGATION_GRANTED,
        acts.DELEGATION_REVOKED,
        acts.CORRECTION_ASKED,
        acts.DATA_CONSENTED,
        acts.TOKEN_ISSUED,
        acts.DATA_HANDED_OUT,
        acts.CONSENT_WITHDRAWN,
        acts.IDENTITY_VERIFIED,
        acts.DATA_EXPORTED,
    }
    assert not Entry.objects.filter(case_ref=fresh.ledger_ref).exists()


def test_an_answered_correction_is_found_by_the_person_not_by_the_official(decided):
    person = decided.resident.person
    person.region = decided.region
    person.save()
    asked = own_data.ask_correction(decided.resident, field="address", wanted="新地址", at=AT)
    own_data.answer_correction(decided.reviewer, asked.pk, grant=True, answer="", at=AT)
    entry = Entry.objects.get(leaf__contains=acts.CORRECTION_ANSWERED)
    assert entry.case_ref == decided.resident.ledger_ref


def test_who_has_no_account_has_no_reference(decided):
    person = decided.neighbour.person
    person.account = None
    person.save()
    identity.verify_in_person(decided.clerk, name=person.name, id_number=ID_NUMBERS[1], at=AT)
    assert Entry.objects.get(leaf__contains=acts.IDENTITY_VERIFIED).case_ref == ""


# The list


def test_the_list_has_own_cases_and_own_account_newest_first(delegated):
    page = text_of(signed_in(delegated.resident).get("/me/acts/"))
    assert page.index(NAMES[0]) < page.index(NAMES[1]) < page.index(NAMES[2])
    assert page.count("/json/") == 5
    other = text_of(signed_in(delegated.neighbour).get("/me/acts/"))
    assert NAMES[1] not in other


def test_an_act_without_a_place_says_so_and_has_no_receipt(world):
    world.make_case()
    page = text_of(signed_in(world.resident).get("/me/acts/"))
    assert "尚未编号" in page
    assert "/json/" not in page


def test_long_lists_come_in_pages(decided, django_assert_num_queries):
    for number in range(PAGE):
        handling.open_case(decided.clerk, decided.case.number, at=AT + timedelta(days=1 + number))
    integrate()
    # Delegations 2, cases, those of other systems 2, bundles; the acts.
    with django_assert_num_queries(7):
        first = own_acts.own_acts(decided.resident)
    second = own_acts.own_acts(decided.resident, before=first.before)
    seen = [trace.seq for trace in (*first.rows, *second.rows)]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == PAGE + 4
    assert second.before is None
    client = signed_in(decided.resident)
    assert f"?before={first.before}" in text_of(client.get("/me/acts/"))
    assert client.get(f"/me/acts/?before={first.before}").status_code == 200
    for nonsense in ("x", "-1", "9" * 40, "٣"):
        assert client.get("/me/acts/", {"before": nonsense}).status_code == 200


def test_the_case_page_lists_the_acts_of_the_case(decided):
    page = text_of(signed_in(decided.resident).get(f"/cases/{decided.case.number}/"))
    for place in Place.objects.filter(entry__case_ref=decided.case.ledger_ref):
        assert f"/me/acts/{place.seq}/json/" in page
        assert f"/me/acts/{place.seq}/pdf/" in page


def test_the_list_and_the_case_page_do_not_ask_more_for_more_acts(
    decided, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(decided.resident)
    for path in ("/me/acts/", f"/cases/{decided.case.number}/"):
        client.get(path)
        with CaptureQueriesContext(connection) as few:
            client.get(path)
        for day in range(10, 25):
            handling.open_case(decided.clerk, decided.case.number, at=AT + timedelta(days=day))
        integrate()
        with CaptureQueriesContext(connection) as many:
            client.get(path)
        assert len(many) == len(few), path
        Entry.objects.filter(case_ref="nothing")


# Who gets which


def test_a_receipt_is_for_whose_act_it_is(delegated):
    seq = place_of(acts.CASE_DECIDED, delegated.case.ledger_ref)
    own = place_of(acts.DELEGATION_GRANTED, delegated.resident.ledger_ref)
    strangers = [delegated.neighbour, delegated.clerk, delegated.reviewer]
    for place in (seq, own):
        for path in (f"/me/acts/{place}/", f"/me/acts/{place}/json/", f"/me/acts/{place}/pdf/"):
            assert signed_in(delegated.resident).get(path).status_code == 200, path
            assert Client().get(path).status_code == 302
            for stranger in strangers:
                assert signed_in(stranger).get(path).status_code == 404, (path, stranger)


def test_acts_of_nobody_and_places_that_there_are_not_are_nobodys(delegated):
    client = signed_in(delegated.resident)
    announced = Place.objects.get(entry__leaf__contains=acts.LEDGER_KEY_ANNOUNCED).seq
    for place in (announced, 10**6, 10**30):
        for rest in ("", "json/", "pdf/"):
            assert client.get(f"/me/acts/{place}/{rest}").status_code == 404
    own = place_of(acts.CASE_DECIDED, delegated.case.ledger_ref)
    assert client.get(f"/me/acts/{own}/exe/").status_code == 404


def guardian_of(world, agent, until: date) -> Delegation:
    return Delegation.objects.create(
        key=uuid.uuid4(),
        kind="guardian",
        person=world.resident.person,
        agent=agent.person,
        valid_from=AT.date(),
        valid_to=until,
        consent="in_person",
        recorded_by=world.clerk,
        recorded_at=AT,
    )


def test_a_guardian_gets_receipts_of_the_wards_cases_and_not_of_the_wards_account(delegated):
    guardian = delegated.make_resident("guardian", ID_NUMBERS[2])
    seq = place_of(acts.CASE_SUBMITTED, delegated.case.ledger_ref)
    own = place_of(acts.DELEGATION_GRANTED, delegated.resident.ledger_ref)
    assert signed_in(guardian).get(f"/me/acts/{seq}/json/").status_code == 404
    held = guardian_of(delegated, guardian, date.today() + timedelta(days=300))
    assert signed_in(guardian).get(f"/me/acts/{seq}/json/").status_code == 200
    assert signed_in(guardian).get(f"/me/acts/{own}/json/").status_code == 404
    held.revoked_at = AT
    held.save()
    assert signed_in(guardian).get(f"/me/acts/{seq}/json/").status_code == 404


# What a receipt holds


def receipt_of(account, seq: int) -> dict:
    return parse_receipt(signed_in(account).get(f"/me/acts/{seq}/json/").content)


def test_every_receipt_proves_its_act_by_the_keys_of_the_log(delegated):
    mine = own_acts.references(delegated.resident)
    for place in Place.objects.filter(entry__case_ref__in=mine).select_related("entry"):
        document = receipt_of(delegated.resident, place.seq)
        checked = check_receipt(document, keys=verifiers())
        assert checked.trusted
        assert checked.index == place.seq
        assert document["leaf"] == place.entry.leaf
        assert checked.payload is not None


def test_the_payload_of_the_application_is_what_was_handed_in(decided):
    seq = place_of(acts.CASE_SUBMITTED, decided.case.ledger_ref)
    payload = check_receipt(receipt_of(decided.resident, seq)).payload
    assert payload["applicant"] == ID_NUMBERS[0]
    assert payload["answers"] == decided.case.answers


def test_the_number_of_a_delegate_recorded_by_somebody_else_is_left_out(decided):
    clerk = decided.make_staff("window", decided.organ, "clerk")
    given = delegations.record_at_counter(
        clerk,
        kind="guardian",
        person_name="li(示例)",
        person_id_number=ID_NUMBERS[0],
        agent_name="wang(示例)",
        agent_id_number=ID_NUMBERS[1],
        items=[],
        valid_to=AT.date() + timedelta(days=100),
        note="两人到场,出示户口簿",
        at=AT,
    )
    delegations.revoke(decided.neighbour, given.key, at=AT)
    integrate()
    for act in (acts.DELEGATION_GRANTED, acts.DELEGATION_REVOKED):
        seq = place_of(act, decided.resident.ledger_ref)
        document = receipt_of(decided.resident, seq)
        assert document["salt"] is None
        assert document["payload"] is None
        assert check_receipt(document, keys=verifiers()).payload is None
        page = text_of(signed_in(decided.resident).get(f"/me/acts/{seq}/"))
        assert "内容涉及他人" in page
        assert ID_NUMBERS[1] not in page


def test_whom_one_named_oneself_is_in_the_receipt(delegated):
    seq = place_of(acts.DELEGATION_GRANTED, delegated.resident.ledger_ref)
    payload = check_receipt(receipt_of(delegated.resident, seq)).payload
    assert payload["agent"] == ID_NUMBERS[1]


def test_a_number_that_the_case_does_not_show_stays_hidden_from_who_acts_for_others(decided):
    guardian = decided.make_resident("guardian", ID_NUMBERS[2])
    guardian_of(decided, guardian, date.today() + timedelta(days=300))
    seq = place_of(acts.CASE_SUBMITTED, decided.case.ledger_ref)
    assert receipt_of(guardian, seq)["payload"] is not None, "the case shows the number too"
    decided.case.answers = {"phone": "0826-2000101"}
    decided.case.save()
    assert receipt_of(guardian, seq)["payload"] is None
    assert receipt_of(decided.resident, seq)["payload"] is not None


def test_an_erased_content_is_told_as_such(decided):
    seq = place_of(acts.CASE_ACCEPTED, decided.case.ledger_ref)
    Entry.objects.filter(place__seq=seq).update(opening=None)
    assert receipt_of(decided.resident, seq)["payload"] is None
    page = text_of(signed_in(decided.resident).get(f"/me/acts/{seq}/"))
    assert "依法删除" in page
    assert signed_in(decided.resident).get(f"/me/acts/{seq}/pdf/").status_code == 200


def test_the_page_of_an_act_shows_the_payload_unchanged_in_both_languages(decided):
    seq = place_of(acts.CASE_DECIDED, decided.case.ledger_ref)
    client = signed_in(decided.resident)
    page = text_of(client.get(f"/me/acts/{seq}/"))
    assert "操作人账号" in page
    assert "材料齐全" in page
    assert "按原样显示" in page
    client.post("/language/", {"language": "en"})
    page = text_of(client.get(f"/me/acts/{seq}/"))
    assert "account of who did it" in page
    assert "not a letter changed" in page


# All at once


def test_all_receipts_come_in_one_document_with_the_persons_own_references(delegated):
    document = json.loads(signed_in(delegated.resident).get("/me/acts/all/").content)
    assert document["format"] == "tongban-receipts/1"
    assert document["references"] == [delegated.resident.ledger_ref, delegated.case.ledger_ref]
    assert len(document["receipts"]) == 5
    for receipt in document["receipts"]:
        checked = check_receipt(parse_receipt(json.dumps(receipt).encode()), keys=verifiers())
        assert checked.leaf.case in document["references"]


def test_a_guardians_document_holds_nothing_of_the_ward(delegated):
    guardian = delegated.make_resident("guardian", ID_NUMBERS[2])
    guardian_of(delegated, guardian, date.today() + timedelta(days=300))
    document = json.loads(signed_in(guardian).get("/me/acts/all/").content)
    assert document["references"] == [guardian.ledger_ref]
    assert document["receipts"] == []


def test_all_receipts_take_as_many_queries_as_one(decided, django_assert_num_queries):
    with django_assert_num_queries(9):
        assert len(own_acts.all_receipts(decided.resident)["receipts"]) == 4
    for day in range(1, 60):
        handling.open_case(decided.clerk, decided.case.number, at=AT + timedelta(days=day))
    integrate()
    with django_assert_num_queries(9):
        assert len(own_acts.all_receipts(decided.resident)["receipts"]) == 63


# On paper


def attached(pdf: bytes) -> dict:
    """The embedded file (ISO 32000 7.11.4), which our writer does not compress."""
    found = re.search(rb"/Length (\d+)\n(?:/[^\n]*\n)*/Type /EmbeddedFile\n>>\nstream\n", pdf)
    assert found
    return json.loads(pdf[found.end() :][: int(found[1])])


needs_font = pytest.mark.skipif(chinese_font() is None, reason="no Chinese font on this machine")


@needs_font
def test_the_pdf_is_one_page_with_the_same_receipt_inside_and_no_empty_boxes(decided):
    for act in (acts.CASE_SUBMITTED, acts.CASE_DECIDED):
        seq = place_of(act, decided.case.ledger_ref)
        answer = signed_in(decided.resident).get(f"/me/acts/{seq}/pdf/")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert f"tongban-receipt-{seq}.pdf" in answer.headers["Content-Disposition"]
        pdf = answer.content
        assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
        assert attached(pdf) == receipt_of(decided.resident, seq)
        assert b"/FontFile" in pdf


@needs_font
def test_a_character_that_the_font_lacks_is_named(decided):
    from tongban.cases.receipt_paper import _Page

    page = _Page(chinese_font())
    assert page.fit("张\U0002ffff三\t🜲") == "张[U+2FFFF]三 [U+1F732]"


def test_without_a_font_the_page_says_so_and_json_works(decided, monkeypatch):
    monkeypatch.setattr(receipt_views, "chinese_font", lambda: None)
    monkeypatch.setattr("tongban.cases.case_views.chinese_font", lambda: None)
    seq = place_of(acts.CASE_DECIDED, decided.case.ledger_ref)
    client = signed_in(decided.resident)
    answer = client.get(f"/me/acts/{seq}/pdf/")
    assert answer.status_code == 409
    assert "没有中文字体" in text_of(answer)
    for path in ("/me/acts/", f"/me/acts/{seq}/", f"/cases/{decided.case.number}/"):
        page = text_of(client.get(path))
        assert "暂不能提供 PDF" in page
        assert "/pdf/" not in page
    assert client.get(f"/me/acts/{seq}/json/").status_code == 200


def test_the_receipt_of_a_foreign_machine_opens_with_the_checkpoint_alone(decided):
    seq = place_of(acts.CASE_DECIDED, decided.case.ledger_ref)
    note = str(receipt_of(decided.resident, seq)["proof"]).partition("\n\n")[2]
    text, _signatures = open_note(note, verifiers())
    assert text.startswith("tongban.example/ledger\n")
    with translation.override("en"):
        assert own_acts.own_act(decided.resident, seq).case == decided.case
