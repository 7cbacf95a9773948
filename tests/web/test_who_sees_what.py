"""Every address as every role against the objects of another: generated, so that new ones join.

A role that has nothing to do with an object gets no byte of it, and can change nothing.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django import forms
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.cases.bundles import sent_rows
from tests.cases.offices import make_booking
from tests.cases.reported import make_system, row
from tests.conftest import AT, ID_NUMBERS, World
from tests.web.asked_keys import EVERYTHING, noted_keys
from tongban.assessment.models import FrameworkDraft, Run
from tongban.assessment.sandbox import assess_texts
from tongban.assessment.services.keeping import keep_table
from tongban.assessment.views.frameworks import START
from tongban.base.clocks import utc_now
from tongban.base.permissions import RULES, Permission, permission_of
from tongban.cases.models import (
    Annotation,
    Assistance,
    Case,
    CaseEvent,
    CaseNote,
    Draft,
    EmergencyAccess,
    MaterialFile,
    Paper,
    PaperList,
    ReportedCase,
    Upload,
)
from tongban.cases.reporting.taking import take
from tongban.cases.services import uploading
from tongban.catalogue.models import GuideImport, Proposal
from tongban.catalogue.search.index import rebuild
from tongban.catalogue.services import proposals
from tongban.directory.models import (
    Account,
    CorrectionRequest,
    Delegation,
    KnownDevice,
    Message,
    Person,
    Post,
    Region,
    Substitution,
)
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Entry, Place
from tongban.web.api import api
from tongban.web.gatekeeping import OWN_GATES

SECRETS = (
    ID_NUMBERS[0],
    "0826-2000101",
    "请补照片",
    "照片.png",
    "补一张新地址",
    "Firefox · 秘密设备",
    "急事的理由",
    "只给同事看的批注",
    "没传完.png",
    "QRST-2345",
    "未公布的框架",
    "未公布的测评",
    "草稿里才有的话",
    "不给外人看的批注",
    "在途的秘密材料",
    "SYS-秘密-1",
)
# A table with which an assessment was made that nobody published.
RUN_TABLE = "code,name,online_share,days\na,甲,80,5\nb,乙,60,9\n"
# Who has to do with the objects of the town, by the beginning of the address; the first that fits.
INVOLVED = {
    "cases/": {"resident", "guardian"},
    "work/cases/": {"clerk", "reviewer", "head"},
    "work/batch/": {"clerk", "reviewer", "head"},
    "work/emergency/": {"reviewer", "head", "asker"},
    "work/corrections/": {"reviewer", "head", "other organ"},
    "work/posts/": {"administrator"},
    "work/items/": {"reviewer", "head", "administrator"},
    "work/counter/": {"clerk"},
    "work/papers/": {"clerk", "reviewer", "head"},
    "work/elsewhere/": {"clerk", "reviewer", "head"},
    "me/delegations/": {"guardian"},
    "me/bundles/": {"guardian"},
    "me/data/": {"guardian"},
    # The acts of a case are for who follows it; `seq` is one of the resident's case.
    "me/acts/": {"guardian"},
    "items/<str:code>/apply/": {"guardian"},
    # Runs and frameworks of the organ that nobody published.
    "assessment/": {"head", "administrator", "supervisor"},
}
# What a stranger may try on any form.
BODIES: tuple[dict[str, str], ...] = (
    {},
    {"act": "accept", "reasons": "有理由的", "confirmed": "yes"},
    {"act": "refuse", "reasons": "有理由的", "confirmed": "yes"},
    {"act": "reveal", "reason": "想看一看"},
    {"act": "take", "which": "{post}"},
    {"act": "end", "which": "{substitution}"},
    {"act": "grant", "request": "{correction}", "answer": "可以"},
    {"act": "refuse", "request": "{correction}", "answer": "不可以"},
    {"action": "discard", "name": "x", "code": "x"},
    {"principal": "{delegation}"},
    {"code": "QRST-2345"},
    {"act": "check_in", "code": "QRST-2345"},
    {"act": "call", "counter": "1"},
    {"act": "publish"},
    {"act": "save", "text": "x", "revision": "1"},
    {"act": "claim", "number": "{number}"},
    {"act": "accept", "number": "{number}", "confirmed": "yes"},
    {"act": "hand_over", "to": "other", "reason": "给我"},
    {"act": "note", "text": "外人的批注"},
    {"q": "{number}"},
    {"arrived": "1", "remark": "没有"},
    {"act": "note", "sheet": "1", "text": "我也写一条"},
    {"act": "erase", "note": "{note}"},
    {"act": "verify"},
)
REFUSALS = {302, 403, 404, 405}
FACTOR = {"method": "mfa", "type": "totp"}


def addresses(resolver: URLResolver, before: str = "", spaces: tuple = ()) -> Iterator[tuple]:
    """(route, pattern, namespaces) of every address of the site."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route, (*spaces, pattern.namespace))
        else:
            yield route, pattern, spaces


ALL = list(addresses(get_resolver()))


# What stands in addresses for no row of anybody's.
FIXED = {
    "page": "applicant",
    "sheet": "1",
    "form": "json",
    "level": "0",
    "place": "000.p/1",
    "pk": "1",
    "step": "1",
    "version": "1",
    "uidb36": "1",
    "part": "idcard",
    "indicator": "maturity_promise",
    "section": "basics",
    "basic": "511A0005200004",
    "family": "theme",
    "shelf": "health",
    "letter": "J",
    "imported": str(uuid.UUID(int=1)),
}


class Town(World):
    """The world of the tests, with one of every object that a stranger could reach for."""

    def __init__(self) -> None:
        super().__init__()
        elsewhere = Region.objects.create(
            code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
        )
        other = self.make_organ("区人社局")
        same_name = self.make_organ("区公安分局", elsewhere)
        self.roles = {
            "anonymous": None,
            "resident": self.resident,
            "neighbour": self.neighbour,
            "helper": self.make_resident("helper", ID_NUMBERS[2]),
            "guardian": self.make_resident("guardian", ID_NUMBERS[3]),
            "clerk": self.clerk,
            "reviewer": self.reviewer,
            "head": self.make_staff("head", self.organ, "head"),
            "supervisor": self.make_staff("supervisor", self.organ, "supervisor"),
            "administrator": self.make_staff("administrator", self.organ, "administrator"),
            "asker": self.make_staff("asker", other, "clerk"),
            "other organ": self.make_staff("other", other, "clerk", "reviewer", "head"),
            "other administrator": self.make_staff("otheradmin", other, "administrator"),
            "other region": self.make_staff(
                "far", same_name, "clerk", "reviewer", "head", "administrator", "supervisor"
            ),
            "former clerk": self.make_staff("former", other, "supervisor"),
        }
        self.make_objects()
        self.make_assessments()
        integrate()  # Nothing of those days waits for its place any more.

    def make_objects(self) -> None:
        person = self.resident.person
        person.region = self.region
        person.save()
        self.case = self.make_case("correction")
        self.filing = sent_rows(self, self.case, self.make_draft(self.resident))
        integrate()
        proposals.begin(self.reviewer, self.item.code, at=AT)
        draft = self.guide.document | {"remedies": {"zh": "草稿里才有的话", "en": "In a draft"}}
        proposals.save(self.reviewer, self.item.code, draft, revision=1, at=AT)
        self.booking = make_booking(self, AT + timedelta(days=4_000), "QRST-2345")
        self.delegation = self.delegate("guardian", "guardian", AT.date() + timedelta(days=4_000))
        # Over since yesterday: the helper is a stranger again.
        self.delegate("helper", "helper", date.today() - timedelta(days=1))
        self.correction = CorrectionRequest.objects.create(
            person=person, field="address", wanted="补一张新地址", asked_at=AT
        )
        self.message = Message.objects.filter(
            account=self.resident, kind="case.correction_requested"
        ).get()
        draft = Draft.objects.get(account=self.resident, case=None)
        self.upload = uploading.begin(
            self.resident, draft.key, "photo", name="没传完.png", length=100, at=AT
        )
        self.note = Annotation.objects.create(
            file=self.case.files.get(),
            key=uuid.uuid4(),
            page=1,
            text="只给同事看的批注",
            for_applicant=False,
            author=self.clerk,
            at=AT,
        )
        self.device = KnownDevice.objects.create(
            account=self.resident,
            secret_hash="x" * 64,
            name="Firefox · 秘密设备",
            first_seen_at=AT,
            last_seen_at=AT,
        )
        self.emergency = EmergencyAccess.objects.create(
            case=self.case, account=self.roles["asker"], reason="急事的理由", asked_at=AT
        )
        # An emergency that is over opens nothing any more.
        EmergencyAccess.objects.create(
            case=self.case,
            account=self.roles["former clerk"],
            reason="从前的急事",
            asked_at=AT,
            allowed_by=self.reviewer,
            allowed_at=AT,
            ends_at=AT + timedelta(days=1),
        )
        self.make_desk()
        # A substitution that is over gives no post any more.
        self.substitution = Substitution.objects.create(
            absent=self.clerk,
            substitute=self.roles["former clerk"],
            organ=self.organ,
            valid_from=AT.date(),
            valid_to=AT.date() + timedelta(days=1),
            reason="休假",
            granted_by=self.roles["administrator"],
            granted_at=AT,
        )

    def make_desk(self) -> None:
        """A note, a form opened at the counter, papers on their way, a case of another system."""
        CaseNote.objects.create(case=self.case, author=self.clerk, at=AT, text="不给外人看的批注")
        self.assistance = Assistance.objects.create(
            key=uuid.uuid4(),
            office=self.booking.office,
            clerk=self.clerk,
            person=self.resident.person,
            item=self.item,
            draft_key=Draft.objects.get(account=self.resident).key,
            consent="spoken",
            begun_at=utc_now(),
        )
        self.sheet = PaperList.objects.create(
            code="260302-ABCDEF",
            office=self.booking.office,
            to_organ=self.organ,
            made_by=self.clerk,
            made_at=AT,
        )
        Paper.objects.create(list=self.sheet, case=self.case, what="在途的秘密材料", copies=1)
        take(make_system(self), [(1, row("SYS-秘密-1", "accepted"))], at=AT)
        self.reported = ReportedCase.objects.get()

    def delegate(self, kind: str, agent: str, until: date) -> Delegation:
        account = self.roles[agent]
        return Delegation.objects.create(
            key=uuid.uuid4(),
            kind=kind,
            person=self.resident.person,
            agent=account.person,
            valid_from=AT.date(),
            valid_to=until,
            consent="in_person",
            recorded_by=self.clerk,
            recorded_at=AT,
        )

    def make_assessments(self) -> None:
        """A run and a framework of the organ, neither of them published."""
        self.framework = FrameworkDraft.objects.create(
            slug="secret-framework",
            title="未公布的框架",
            text='id = "x"',
            organ=self.organ,
            author=self.roles["administrator"],
            updated_at=AT,
        )
        self.run = keep_table(
            self.roles["administrator"],
            assess_texts(START, table=RUN_TABLE, draws=0),
            framework=START,
            table=RUN_TABLE,
            title="未公布的测评",
            at=AT,
        )

    def values(self) -> dict[str, str]:
        return FIXED | {
            "code": self.item.code,
            "organ": self.organ.code,
            "number": self.case.number,
            "key": str(self.case.files.get().key),
            "delegation": str(self.delegation.key),
            "device": str(self.device.pk),
            "message": str(self.message.key),
            "upload": str(self.upload.key),
            "note": str(self.note.key),
            "emergency": str(self.emergency.pk),
            "seq": str(Place.objects.filter(entry__case_ref=self.case.ledger_ref).latest("pk").pk),
            "office": self.booking.office.slug,
            "reference": self.reported.ledger_ref,
            "listed": self.sheet.code,
            "post": str(Post.objects.get(account=self.clerk).pk),
            "substitution": str(self.substitution.pk),
            "correction": str(self.correction.pk),
            "slug": self.filing.bundle.slug,
            "filing": str(self.filing.number),
            "region": self.region.code,
            "run": self.run.code,
            "draft": self.framework.slug,
        }

    def client(self, role: str, *, second_factor: bool = True) -> Client:
        """Signed in as the role, with a second factor shown: nothing hides behind its lack."""
        client = Client(raise_request_exception=False)
        account = self.roles[role]
        if account is not None:
            client.force_login(account)
            if second_factor:
                session = client.session
                session["account_authentication_methods"] = [FACTOR | {"at": time.time()}]
                session["account_authentication_methods_user"] = str(account.pk)
                session.save()
        return client

    def state(self) -> tuple:
        """All that a stranger could have changed."""
        self.case.refresh_from_db()
        return (
            self.case.state,
            self.case.answers,
            list(
                CaseEvent.objects.filter(case=self.case)
                .exclude(act="viewed")
                .values_list("act", flat=True)
            ),
            MaterialFile.objects.filter(case=self.case).count(),
            list(Draft.objects.filter(account=self.resident).values_list("answers", flat=True)),
            Entry.objects.filter(case_ref=self.case.ledger_ref)
            .exclude(leaf__contains="case.viewed")
            .count(),
            Case.objects.count(),
            list(Proposal.objects.values_list("state", "revision", "document")),
            GuideImport.objects.count(),
            Post.objects.count(),
            Substitution.objects.filter(revoked_at=None).count(),
            Delegation.objects.filter(revoked_at=None).count(),
            KnownDevice.objects.filter(pk=self.device.pk).count(),
            list(Upload.objects.values_list("offset", flat=True)),
            list(MaterialFile.objects.values_list("trust", "superseded")),
            list(Annotation.objects.values_list("text", "told_at")),
            list(Message.objects.filter(account=self.resident).values_list("read_at", flat=True)),
            EmergencyAccess.objects.get(pk=self.emergency.pk).allowed_at,
            CorrectionRequest.objects.get(pk=self.correction.pk).state,
            Run.objects.get(pk=self.run.pk).state,
            FrameworkDraft.objects.values_list("state", "text").get(pk=self.framework.pk),
            Account.objects.filter(is_active=True).count(),
            Case.objects.exclude(claimed_by=None).count(),
            CaseNote.objects.count(),
            PaperList.objects.filter(received_at=None).count(),
            list(ReportedCase.objects.values_list("state", flat=True)),
            [person.identity_level for person in Person.objects.order_by("pk")],
        )


@pytest.fixture
def town(db, calendar, own_home) -> Town:
    town = Town()
    rebuild()
    return town


def path_of(pattern: URLPattern, route: str, values: dict[str, str]) -> str:
    """The route with its parts filled in; a part that is not known here must be added there."""
    path = route
    for name in pattern.pattern.converters:
        assert name in values, f"{route}: say in this test what {name!r} is"
        value = values[named_by_route(route) or name]
        path = re.sub(rf"<(?:\w+:)?{name}>", lambda _found, said=value: said, path)
    assert "<" not in path, path
    return "/" + path


def named_by_route(route: str) -> str:
    """What a `key` is there, where it is not that of a file."""
    parts = {
        "delegations/<uuid": "delegation",
        "messages/<uuid": "message",
        "uploads/<uuid": "upload",
    }
    return next((name for part, name in parts.items() if part in route), "")


def involved(route: str) -> set[str]:
    return next((who for start, who in INVOLVED.items() if route.startswith(start)), set())


def body_of(answer) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode(errors="replace")


# Signing out or closing the account ends the session of the role that tries: last of all.
def order(entry: tuple) -> int:
    return int("sign-out" in entry[0] or "close" in entry[0])


@pytest.mark.once
def test_nobody_gets_a_byte_of_what_is_not_theirs_and_nothing_changes(
    town, record_property, monkeypatch
):
    with noted_keys(monkeypatch) as asked, noted_writes() as writes:
        tried, leaks = try_everything(town, asked, writes)
    assert leaks == []
    assert tried > 3_000
    record_property("combinations", tried)
    print(f"{tried} combinations of role, address and request; no leak")


READS = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@contextmanager
def noted_writes() -> Iterator[list[str]]:
    """What goes to the database and may change it."""
    writes: list[str] = []

    def note(execute, sql, *rest):
        if not str(sql).lstrip("( ").startswith(READS):
            writes.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield writes


def still_signed_in(town: Town, role: str, client: Client | None) -> Client:
    account = town.roles[role]
    if client and account and client.session.get(SESSION_KEY) == str(account.pk):
        return client
    return town.client(role)


def try_everything(town: Town, asked: set[str], writes: list[str]) -> tuple[int, list[tuple]]:
    """How many requests were tried, and what they should not have brought.

    After the empty body only those are tried that hold a key for which the page asked.
    """
    values = town.values()
    before = town.state()
    tried, leaks, clients = 0, [], {}
    for route, pattern, _spaces in sorted(ALL, key=order):
        if "close" in route:
            continue  # One's own account, tried with one's own account below.
        path = path_of(pattern, route, values)
        integrate()  # As beside a server: nothing waits for minutes.
        strangers = [
            role for role in town.roles if role != "resident" and role not in involved(route)
        ]
        for role in strangers:
            clients[role] = client = still_signed_in(town, role, clients.get(role))
            asked.clear()
            writes.clear()
            for body in (None, *BODIES):
                if body and not asked & {EVERYTHING, *body}:
                    continue
                filled = body and {name: text.format(**values) for name, text in body.items()}
                answer = client.get(path) if body is None else client.post(path, filled)
                tried += 1
                if answer.headers.get("Location", "").startswith("/sign-in/?next="):
                    break  # Nothing else is read of who has not signed in.
                text = body_of(answer)
                seen = [secret for secret in SECRETS if secret in text]
                if answer.status_code >= 500 or seen:
                    leaks.append((role, path, body, answer.status_code, seen))
                if (
                    "<str:number>" in route or "<int:seq>" in route
                ) and answer.status_code not in REFUSALS:
                    leaks.append((role, path, body, answer.status_code, "let in"))
            if writes and (after := town.state()) != before:
                leaks.append((role, path, "changed"))
                before = after
    return tried, leaks


@pytest.mark.parametrize(
    ("read", "asked"),
    [
        (lambda request: request.POST.get("act"), {"act"}),
        (lambda request: "act" in request.POST, {"act"}),
        (lambda request: forms.Form(request.POST), set()),
        (lambda request: dict(request.POST), {EVERYTHING}),
        (lambda request: {**request.POST}, {EVERYTHING}),
        (lambda request: request.POST.dict(), {EVERYTHING}),
        (lambda request: request.POST.copy()["act"], {EVERYTHING}),
        (lambda request: bool(request.POST), {EVERYTHING}),
        (lambda request: request.body, {EVERYTHING}),
        (lambda request: request.read(), {EVERYTHING}),
        (lambda request: None, set()),
    ],
)
def test_what_a_page_asks_of_a_form_is_noticed(rf, monkeypatch, read, asked):
    with noted_keys(monkeypatch) as noticed:
        read(rf.post("/", {"act": "accept"}))
    assert ({EVERYTHING} if EVERYTHING in noticed else noticed) == asked


@pytest.mark.parametrize("role", ["anonymous", "resident", "guardian", "clerk", "head"])
def test_no_page_breaks_for_anybody(town, role):
    client = town.client(role)
    for route, pattern, _spaces in sorted(ALL, key=order):
        path = path_of(pattern, route, town.values())
        assert client.get(path).status_code < 500, route


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("resident", "/me/data/"),
        ("resident", "/me/security/"),
        ("guardian", "/me/delegations/"),
        ("clerk", "/work/people/"),
        ("reviewer", "/work/corrections/"),
        ("administrator", "/work/posts/"),
        ("supervisor", "/work/security/"),
        ("head", "/work/emergency/"),
    ],
)
def test_those_for_whom_a_page_is_get_in(town, role, path):
    assert town.client(role).get(path).status_code == 200


@pytest.mark.parametrize(
    ("role", "path"), [("administrator", "/work/posts/"), ("supervisor", "/work/security/")]
)
def test_strong_pages_ask_for_a_second_factor(town, role, path):
    answer = town.client(role, second_factor=False).get(path)
    assert answer.status_code == 403
    assert "需要两步验证" in answer.content.decode()


def test_every_address_says_which_permission_it_needs():
    silent = [
        route
        for route, pattern, spaces in ALL
        if not set(spaces) & set(OWN_GATES) and permission_of(pattern.callback) is None
    ]
    assert silent == []


def test_every_operation_of_the_api_says_which_permission_it_needs():
    operations = [
        operation
        for _prefix, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]
    assert operations
    for operation in operations:
        permission = permission_of(operation.view_func)
        # What is not for everybody asks who it is before anything else.
        asked = {Permission.REPORT_CASES} if operation.auth_callbacks else {Permission.VISIT}
        assert permission in asked, operation.view_func


def test_every_permission_has_a_rule_and_an_address_or_a_service():
    assert set(RULES) == set(Permission)


def test_a_view_that_says_nothing_is_closed(rf, town):
    from tongban.web.gatekeeping import GateMiddleware

    def forgotten(request):
        raise AssertionError("let in")

    request = rf.get("/forgotten/")
    request.user, request.resolver_match = town.clerk, None
    answer = GateMiddleware(forgotten).process_view(request, forgotten, (), {})
    assert answer is not None
    assert answer.status_code == 403
