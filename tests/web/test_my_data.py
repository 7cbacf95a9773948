"""What a person takes along: all of theirs, nothing of others, in words."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests.cases.bundles import sent_rows
from tests.cases.offices import make_booking
from tests.cases.reported import make_system, row
from tests.conftest import AT, ID_NUMBERS
from tongban.cases.models import Assistance, Case, Draft, Office
from tongban.cases.reporting.taking import take
from tongban.cases.services.submitting import submit
from tongban.directory.models import (
    ConnectedSystem,
    CorrectionRequest,
    DataConsent,
    DelegatedItem,
    Delegation,
    KnownDevice,
    Post,
    SecurityEvent,
)
from tongban.web.my_data import everything_about
from tongban.web.my_data_words import LABELS, VALUES, label, shown

NEIGHBOURS = (ID_NUMBERS[1], "0826-2000102", "邻居的门牌", "邻居的设备")


@pytest.fixture(autouse=True)
def home(own_home, calendar):
    return own_home


@pytest.fixture
def full(world):
    """A resident with one of everything, and a neighbour who has it too."""
    for account, device in ((world.resident, "自己的设备"), (world.neighbour, "邻居的设备")):
        fill(world, account, device)
    neighbour = world.neighbour.person
    neighbour.address = "邻居的门牌"
    neighbour.save()
    sent_rows(world, Case.objects.get(applicant=world.resident.person), world.make_draft())
    # A form that the resident has begun for the neighbour.
    other = world.make_item("511602-other", "别的事项", world.organ)
    Draft.objects.create(
        account=world.resident,
        item=other,
        guide=world.guide,
        principal=neighbour,
        key=uuid.uuid4(),
        answers={"id_number": ID_NUMBERS[1], "address": "邻居的门牌"},
        updated_at=AT,
    )
    return world


def fill(world, account, device: str) -> None:
    make_booking(world, AT + timedelta(days=9), account=account)
    world.make_case("approved", account)
    case = Case.objects.get(applicant__account=account)
    case.files.get().annotations.create(
        key=uuid.uuid4(),
        page=1,
        text="看不清",
        for_applicant=True,
        author=world.clerk,
        at=AT,
        told_at=AT,
    )
    case.events.create(
        seq=90, act="revealed", at=AT, actor=world.clerk, organ=world.organ, text="核"
    )
    person = account.person
    CorrectionRequest.objects.create(person=person, field="address", wanted="改", asked_at=AT)
    Assistance.objects.create(
        key=uuid.uuid4(),
        office=Office.objects.get(),
        clerk=world.clerk,
        person=person,
        item=world.item,
        draft_key=uuid.uuid4(),
        consent="spoken",
        begun_at=AT,
    )
    number = {"applicant_document_number": person.id_number}
    take(make_system(world, f"系统{account}"), [(1, row(application=number))], at=AT)
    others = {world.resident: world.neighbour, world.neighbour: world.resident}
    delegation = Delegation.objects.create(
        key=uuid.uuid4(),
        kind="helper",
        person=person,
        agent=others[account].person,
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
        consent="online",
        recorded_by=account,
        recorded_at=AT,
    )
    DelegatedItem.objects.create(delegation=delegation, item_code=world.item.code)
    KnownDevice.objects.create(
        account=account, secret_hash="x" * 64, name=device, first_seen_at=AT, last_seen_at=AT
    )
    SecurityEvent.objects.create(account=account, at=AT, kind="signed_in")
    Post.objects.create(account=account, organ=world.make_organ(f"机构{account}"), role="clerk")
    EmailAddress.objects.create(user=account, email=f"{account.username}@example.cn")
    Authenticator.objects.create(user=account, type="totp", data={})
    SocialAccount.objects.create(user=account, provider="national", uid=account.username)
    UserSession.objects.create(user=account, session_key=account.username, ip="192.0.2.1")
    system, _new = ConnectedSystem.objects.get_or_create(
        name="考勤",
        client_type="confidential",
        authorization_grant_type="authorization-code",
        algorithm="RS256",
        scopes="openid",
    )
    DataConsent.objects.create(account=account, system=system, scopes="openid phone", given_at=AT)


def keys_of(value) -> set[str]:
    if isinstance(value, list):
        return set().union(*(keys_of(one) for one in value), set())
    if not isinstance(value, dict):
        return set()
    found = set(value)
    return found.union(
        *(keys_of(one) for key, one in value.items() if key not in ("answers", "choices"))
    )


def test_every_key_has_a_label(full):
    document = everything_about(full.resident, AT)
    assert all(document[part] for part in document), "something of everything"
    assert keys_of(document) == {key for key in LABELS if "." not in key}
    assert set(VALUES) <= set(LABELS)


def test_nothing_of_another_person_is_in_it(full):
    for readable in (False, True):
        text = json.dumps(
            everything_about(full.resident, AT, readable=readable), ensure_ascii=False
        )
        assert ID_NUMBERS[0] in text
        assert "自己的设备" in text
        for secret in NEIGHBOURS:
            assert secret not in text
        assert Case.objects.get(applicant__account=full.neighbour).number not in text


def test_an_enterprise_is_no_person(full):
    from tongban.directory.models import Enterprise

    case = Case.objects.get(applicant__account=full.resident)
    case.enterprise = Enterprise.objects.create(
        uscc="91350100M000100Y43", name="示例公司", legal_representative=full.resident.person
    )
    case.save()
    assert everything_about(full.resident, AT)["cases"] == []


def queries(world, readable: bool) -> int:
    with CaptureQueriesContext(connection) as seen:
        everything_about(world.resident, AT, readable=readable)
    return len(seen)


@pytest.mark.parametrize("readable", [False, True])
def test_queries_do_not_grow_with_cases(world, readable):
    world.make_case("approved")
    queries(world, readable)  # The guide is read once a process.
    few = queries(world, readable)
    for _count in range(4):
        submit(world.resident, world.make_draft().key, at=AT + timedelta(days=1))
    assert len(everything_about(world.resident, AT)["cases"]) == 5
    assert queries(world, readable) == few


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("submitted_at", "2026-03-02T01:00:00+00:00", "2026年3月2日 (周一) 09:00"),
        ("last_used", "2026-03-02T23:30:00+00:00", "2026年3月3日 (周二) 07:30"),
        ("due_on", "2026-03-06", "2026年3月6日 (周五)"),
        ("act", "accept", "已受理"),
        ("how", "revealed", "查看了您的完整号码"),
        ("kind", "helper", None),
        ("what", "signed_in", "登录"),
        ("name", None, "—"),
        ("size", 70, "70"),
        ("text", "signed_in", "signed_in"),
    ],
)
def test_values_are_shown_in_words(key, value, words):
    with translation.override("zh-hans"):
        assert shown(value, key) == words if words else shown(value, key) != value


def test_a_key_without_a_label_is_shown_as_it_is():
    assert label("住址") == "住址"


def test_a_name_is_called_by_what_it_names():
    with translation.override("en"):
        assert [label("name", part) for part in ("account", "person", "devices")] == [
            "User name",
            "Name",
            "Called",
        ]


def page(client, account, form: str = "html") -> str:
    client.force_login(account)
    return client.get(f"/me/data/export/{form}/").content.decode()


def test_the_page_to_take_along_speaks_words(full, client):
    text = page(client, full.resident)
    body = text.partition("<body>")[2]
    for key in ("id_number", "submitted_at", "ledger_reference", "delegations_given", "signed_in"):
        assert key not in body
    for words in ("提交时间", "2026年3月2日 (周一) 09:00", "身份证号", full.item.code):
        assert words in body
    assert "+00:00" not in body
    assert "style=" not in text


def test_the_document_for_programs_keeps_its_keys(full, client):
    document = json.loads(page(client, full.resident, "json"))
    assert document["cases"][0]["answers"]["id_number"] == ID_NUMBERS[0]
    assert document["cases"][0]["submitted_at"] == "2026-03-02T01:00:00+00:00"


def test_who_has_looked_is_told_in_local_time(full, client):
    client.force_login(full.resident)
    text = client.get("/me/data/").content.decode()
    assert "2026年3月2日 (周一) 09:00" in text
    assert "T01:00:00" not in text
