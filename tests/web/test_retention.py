"""Retention: each rule takes what is old, keeps what is young, and says what it did."""

from __future__ import annotations

import itertools
import os
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken

from tests.cases.offices import make_booking, make_office
from tests.cases.reported import make_system
from tongban.base.clocks import LOCAL
from tongban.cases import storage
from tongban.cases.models import (
    Assistance,
    Case,
    CaseEvent,
    Draft,
    EmergencyAccess,
    MaterialFile,
    Office,
    ReportedCase,
    Upload,
)
from tongban.directory.models import (
    AccountPhone,
    Attempts,
    ConnectedSystem,
    CorrectionRequest,
    DataConsent,
    Delegation,
    KnownDevice,
    Message,
    MessagePreferences,
    SecurityEvent,
    SystemSignIn,
)
from tongban.ledger import acts
from tongban.ledger.models import Entry
from tongban.web import my_data, retention_files, retention_records
from tongban.web.retention import RULES, Deed, beginning, boundary
from tongban.web.retention_records import RECORDS
from tongban.web.retention_run import apply, run, survey

NOW = datetime(2031, 11, 21, 4, 0, tzinfo=UTC)
TODAY = date(2031, 11, 21)
BY_KIND = {rule.kind: rule for rule in RULES}
PRIVATE = "a-kind-of-secret"


@pytest.fixture(autouse=True)
def home(own_home, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=own_home)
    return own_home


@dataclass(frozen=True)
class Cached:
    """A row of the cache, which has no model."""

    key: str

    def expire(self, at: datetime) -> None:
        sql = "UPDATE tongban_cache SET expires = %s WHERE cache_key LIKE %s"
        moment = connection.ops.adapt_datetimefield_value(at)
        with connection.cursor() as cursor:
            cursor.execute(sql, [moment, f"%:{self.key}"])
            assert cursor.rowcount == 1

    def is_there(self) -> bool:
        sql = "SELECT COUNT(*) FROM tongban_cache WHERE cache_key LIKE %s"
        with connection.cursor() as cursor:
            cursor.execute(sql, [f"%:{self.key}"])
            return cursor.fetchone()[0] == 1


class Maker:
    """Makes a record whose time counts from `at`, for an account of its own."""

    numbers = itertools.count(1)

    def __init__(self, world) -> None:
        self.world = world

    def fresh(self) -> str:
        return f"{next(self.numbers):06d}"

    def account(self, closed: bool = False):
        account = self.world.make_account(f"somebody{self.fresh()}")
        if closed:
            my_data.close_account(account, at=NOW)
        return account

    def draft(self, at, account=None):
        draft = Draft.objects.create(
            account=account or self.account(),
            item=self.world.item,
            guide=self.world.guide,
            principal=self.world.resident.person,
            key=uuid.uuid4(),
            answers={"phone": PRIVATE},
            updated_at=at,
        )
        digest, size = storage.keep(iter([draft.key.bytes]))
        MaterialFile.objects.create(
            draft=draft,
            key=uuid.uuid4(),
            material="photo",
            name="x.png",
            media_type="image/png",
            size=size,
            sha256=digest,
            uploaded_at=at,
        )
        return draft

    def event(self, at):
        return SecurityEvent.objects.create(at=at, kind="signed_in", account=self.world.resident)

    def attempts(self, at):
        return Attempts.objects.create(bucket=self.fresh(), count=1, ends_at=at)

    def cached(self, at):
        row = Cached(f"ip:192.0.2.{self.fresh()}")
        cache.set(row.key, 1, timeout=None)
        row.expire(at)
        return row

    def session(self, at):
        return Session.objects.create(session_key=self.fresh(), session_data="", expire_date=at)

    def listing(self, at, account=None):
        return UserSession.objects.create(
            user=account or self.account(), session_key=self.fresh(), ip="192.0.2.1", created_at=at
        )

    def device(self, at, account=None):
        return KnownDevice.objects.create(
            account=account or self.account(),
            secret_hash=self.fresh(),
            name="Firefox",
            first_seen_at=at,
            last_seen_at=at,
        )

    def system(self):
        return ConnectedSystem.objects.get_or_create(
            name="考勤",
            client_type="confidential",
            authorization_grant_type="authorization-code",
            algorithm="RS256",
            redirect_uris="https://hr.example.gov.cn/back",
        )[0]

    def of_both(self, account) -> dict:
        return {"user": account or self.account(), "application": self.system()}

    def grant(self, at, account=None):
        return Grant.objects.create(
            **self.of_both(account), code=self.fresh(), expires=at, redirect_uri="https://x"
        )

    def access_token(self, at, account=None, **more):
        return AccessToken.objects.create(
            **self.of_both(account), token=self.fresh(), expires=at, **more
        )

    def refresh_token(self, at, account=None, **more):
        """One that was used."""
        more = {"revoked": at} | more
        return RefreshToken.objects.create(**self.of_both(account), token=self.fresh(), **more)

    def idle_token(self, at):
        return self.refresh_token(at, revoked=None, access_token=self.access_token(at))

    def orphan_token(self, at):
        token = self.refresh_token(at, revoked=None)
        RefreshToken.objects.filter(pk=token.pk).update(updated=at)
        return token

    def id_token(self, at, account=None):
        return IDToken.objects.create(**self.of_both(account), jti=uuid.uuid4(), expires=at)

    def device_grant(self, at):
        return DeviceGrant.objects.create(
            device_code=self.fresh(), user_code=self.fresh(), client_id="x", expires=at
        )

    def sign_in(self, at, account=None):
        return SystemSignIn.objects.create(
            family=uuid.uuid4(),
            account=account or self.account(),
            system=self.system(),
            begun_at=at,
        )

    def sign_in_of_used_token(self, at):
        signed_in = self.sign_in(at)
        self.refresh_token(at, token_family=signed_in.family)
        return signed_in

    def correction(self, at):
        return CorrectionRequest.objects.create(
            person=self.world.resident.person,
            field="phone",
            wanted=PRIVATE,
            state="done",
            asked_at=at,
            answered_at=at,
        )

    def delegation(self, at, **more):
        people = {"person": self.world.resident.person, "agent": self.world.neighbour.person}
        return Delegation.objects.create(
            key=uuid.uuid4(),
            kind="helper",
            consent="online",
            recorded_by=self.world.resident,
            recorded_at=at,
            valid_from=date(2020, 1, 1),
            **people,
            **({"valid_to": at.astimezone(LOCAL).date()} | more),
        )

    def revoked_delegation(self, at):
        return self.delegation(at, valid_to=date(2040, 1, 1), revoked_at=at)

    def booking(self, at):
        return make_booking(self.world, at, state="cancelled")

    def emergency(self, at):
        case = self.a_case(at)
        return EmergencyAccess.objects.create(
            case=case, account=self.world.clerk, reason="急", asked_at=at
        )

    def assistance(self, at):
        return Assistance.objects.create(
            key=uuid.uuid4(),
            office=Office.objects.first() or make_office(self.world),
            clerk=self.world.clerk,
            person=self.world.resident.person,
            item=self.world.item,
            draft_key=uuid.uuid4(),
            consent="spoken",
            begun_at=at,
            ended_at=at,
        )

    def reported_case(self, at):
        system = ConnectedSystem.objects.filter(name="审批").first()
        return ReportedCase.objects.create(
            system=system or make_system(self.world, "审批"),
            source_number=self.fresh(),
            organ=self.world.organ,
            item_name="事项",
            region_path="511602",
            ledger_ref=self.fresh(),
            applicant_number=PRIVATE,
            state="concluded",
            applied_at=at,
            concluded_at=at,
            record={},
            reported_at=at,
        )

    def a_case(self, at, **more):
        return Case.objects.create(
            number=self.fresh(),
            draft_key=uuid.uuid4(),
            ledger_ref=self.fresh(),
            item=self.world.item,
            guide=self.world.guide,
            organ=self.world.organ,
            region_path="511602",
            applicant=self.world.resident.person,
            channel="web",
            answers={},
            submitted_at=at,
            events_count=0,
            **(more or {"state": "refused", "closed_at": at}),
        )

    def decided_case(self, at):
        return self.a_case(
            at - timedelta(days=100),
            state="approved",
            accepted_at=at,
            decided_at=at,
            delivered_at=at,
            due_on=at.date(),
            legal_due_on=at.date(),
        )

    def file(self, at, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def message(self, at):
        return self.file(at, configured.ENVIRONMENT.outbox / f"sms-{self.fresh()}.txt")

    def upload(self, at):
        return self.file(at, storage.path_of(sha256(self.fresh().encode()).hexdigest()))

    def drawn_page(self, at):
        digest = sha256(self.fresh().encode()).hexdigest()
        return self.file(at, storage.pictures_of(digest) / "1-1200.webp")

    def broken_upload(self, at):
        return self.file(at, Path(configured.TONGBAN_FILES) / f"{self.fresh()}.part")

    def told(self, at, account=None):
        return Message.objects.create(
            account=account or self.account(),
            key=uuid.uuid4(),
            kind="appointment.booked",
            legal=False,
            facts={},
            available_at=at,
        )

    def begun_upload(self, at, account=None):
        return Upload.objects.create(
            account=account or self.account(),
            draft_key=uuid.uuid4(),
            key=uuid.uuid4(),
            material="photo",
            name="照片.png",
            length=10,
            touched_at=at,
        )

    def left_upload(self, at):
        return self.begun_upload(NOW, self._closed(at))

    def left_message(self, at):
        return self.told(NOW, self._closed(at))

    def left_preferences(self, at):
        return MessagePreferences.objects.create(
            account=self._closed(at), language="en", channels={}
        )

    # What closing forgot: of a closed account when `at` is old, else of one that is open.

    def _closed(self, at):
        return self.account(closed=at < beginning(TODAY))

    def left_draft(self, at):
        return self.draft(NOW, self._closed(at))

    def left_phone(self, at):
        return AccountPhone.objects.create(account=self._closed(at), phone=f"138{self.fresh()}")

    def left_device(self, at):
        return self.device(NOW, self._closed(at))

    def left_email(self, at):
        return EmailAddress.objects.create(user=self._closed(at), email=f"{self.fresh()}@a.cn")

    def left_factor(self, at):
        return Authenticator.objects.create(user=self._closed(at), type="totp", data={})

    def left_listing(self, at):
        return self.listing(NOW, self._closed(at))

    def left_grant(self, at):
        return self.grant(NOW, self._closed(at))

    def left_tokens(self, at):
        return self.access_token(NOW, self._closed(at))

    def left_refresh_token(self, at):
        return self.refresh_token(NOW, self._closed(at))

    def left_id_token(self, at):
        return self.id_token(NOW, self._closed(at))

    def left_sign_in(self, at):
        return self.sign_in(NOW, self._closed(at))

    def left_consent(self, at):
        return DataConsent.objects.create(
            account=self._closed(at), system=self.system(), scopes="openid", given_at=NOW
        )


MAKERS = [
    ("drafts", Maker.draft),
    ("security-log", Maker.event),
    ("attempts", Maker.attempts),
    ("cache", Maker.cached),
    ("sessions", Maker.session),
    ("sessions", Maker.listing),
    ("devices", Maker.device),
    ("openid-tokens", Maker.grant),
    ("openid-tokens", Maker.access_token),
    ("openid-tokens", Maker.refresh_token),
    ("openid-tokens", Maker.idle_token),
    ("openid-tokens", Maker.orphan_token),
    ("openid-tokens", Maker.id_token),
    ("openid-tokens", Maker.device_grant),
    ("openid-tokens", Maker.sign_in),
    ("openid-tokens", Maker.sign_in_of_used_token),
    ("closed-accounts", Maker.left_draft),
    ("closed-accounts", Maker.left_phone),
    ("closed-accounts", Maker.left_device),
    ("closed-accounts", Maker.left_email),
    ("closed-accounts", Maker.left_factor),
    ("closed-accounts", Maker.left_listing),
    ("closed-accounts", Maker.left_grant),
    ("closed-accounts", Maker.left_tokens),
    ("closed-accounts", Maker.left_refresh_token),
    ("closed-accounts", Maker.left_id_token),
    ("closed-accounts", Maker.left_sign_in),
    ("closed-consents", Maker.left_consent),
    ("corrections", Maker.correction),
    ("outbox", Maker.message),
    ("unused-files", Maker.upload),
    ("unused-files", Maker.broken_upload),
    ("unused-files", Maker.drawn_page),
    ("delegations", Maker.delegation),
    ("delegations", Maker.revoked_delegation),
    ("emergencies", Maker.emergency),
    ("appointments", Maker.booking),
    ("assistances", Maker.assistance),
    ("reported-cases", Maker.reported_case),
    ("uploads", Maker.begun_upload),
    ("closed-accounts", Maker.left_upload),
    ("messages", Maker.told),
    ("closed-accounts", Maker.left_message),
    ("closed-accounts", Maker.left_preferences),
    ("cases", Maker.a_case),
    ("cases", Maker.decided_case),
]
each_maker = pytest.mark.parametrize(
    ("kind", "make"), MAKERS, ids=[f"{kind}-{make.__name__}" for kind, make in MAKERS]
)


def is_there(made) -> bool:
    if isinstance(made, Path):
        return made.exists()
    if isinstance(made, Cached):
        return made.is_there()
    if isinstance(made, DataConsent):
        return DataConsent.objects.filter(pk=made.pk, withdrawn_at=None).exists()
    return type(made)._default_manager.filter(pk=made.pk).exists()


def around(kind: str) -> tuple[datetime, datetime]:
    """The last moment that is too old, and the first that is not."""
    edge = beginning(boundary(BY_KIND[kind], TODAY))
    return edge - timedelta(seconds=1), edge


def dump() -> str:
    texts = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += sorted(repr(row) for row in cursor.fetchall())
    home = configured.ENVIRONMENT.home
    return "\n".join([*texts, *sorted(str(path) for path in home.rglob("*"))])


def traces() -> int:
    return Entry.objects.filter(leaf__contains=f'"{acts.RETENTION_APPLIED}"').count()


# The rules as data


def test_every_rule_has_records_and_every_record_a_maker_here():
    kinds = [rule.kind for rule in RULES]
    assert list(RECORDS) == kinds
    assert {kind for kind, _make in MAKERS} == set(kinds)
    assert all(rule.basis and rule.records for rule in RULES)


def test_every_rule_counts_from_a_column_that_is_there():
    for rule in RULES:
        if rule.since in ("when the file was written", "tongban_cache.expires"):
            continue
        for column in rule.since.split(", "):
            label, _dot, field = column.rpartition(".")
            assert apps.get_model(label)._meta.get_field(field)


@pytest.mark.parametrize(
    ("kind", "day", "kept_from"),
    [
        ("attempts", date(2026, 11, 21), date(2026, 11, 21)),
        ("sessions", date(2026, 3, 1), date(2026, 2, 28)),
        ("outbox", date(2024, 3, 1), date(2024, 2, 23)),
        ("drafts", date(2026, 11, 21), date(2026, 5, 25)),
        ("security-log", date(2026, 11, 21), date(2025, 10, 17)),
    ],
)
def test_the_boundary_of_a_rule(kind, day, kept_from):
    assert boundary(BY_KIND[kind], day) == kept_from


def test_days_begin_at_midnight_in_china():
    assert beginning(date(2026, 11, 21)) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def test_the_law_is_kept():
    # 网络安全法 art. 21(3): logs at least six months.
    assert BY_KIND["security-log"].keep_days >= 184
    # What tells of a stolen refresh token stays as long as one lives.
    lives = configured.OAUTH2_PROVIDER["REFRESH_TOKEN_EXPIRE_SECONDS"]
    assert BY_KIND["openid-tokens"].keep_days * 86_400 >= lives
    # A listing must not go before its session.
    assert BY_KIND["sessions"].keep_days * 86_400 > configured.SESSION_COOKIE_AGE
    for kind in ("cases", "reported-cases", "delegations", "emergencies"):
        assert BY_KIND[kind].deed is Deed.REPORT


# What they do


@each_maker
def test_what_is_old_goes_and_what_is_young_stays(world, kind, make):
    maker, rule = Maker(world), BY_KIND[kind]
    too_old, young_enough = around(kind)
    old, young = make(maker, too_old), make(maker, young_enough)
    before = survey(rule, NOW).due
    assert before.count >= 1
    if before.oldest and not kind.startswith("closed"):
        assert before.oldest <= too_old.astimezone(LOCAL).date()
    outcome = apply(rule, NOW)
    assert is_there(young)
    assert is_there(old) is (rule.deed is Deed.REPORT)
    if rule.deed is Deed.REPORT:
        assert (outcome.done, traces()) == (0, 0)
        return
    assert (outcome.done, outcome.due.count) == (before.count, before.count)
    assert survey(rule, NOW).due.count == 0
    assert traces() == 1
    # Idempotent: nothing more to do, and no further trace.
    assert apply(rule, NOW).done == 0
    assert traces() == 1


def make_one_of_each(world, *, old: bool = True) -> list:
    maker = Maker(world)
    return [make(maker, around(kind)[0 if old else 1]) for kind, make in MAKERS]


def test_a_dry_run_changes_nothing(world):
    make_one_of_each(world)
    before = dump()
    outcomes = run(NOW, apply_it=False)
    assert dump() == before
    assert all(outcome.due.count and not outcome.done for outcome in outcomes)


def test_everything_at_once(transactional_db, world):
    old = make_one_of_each(world)
    young = make_one_of_each(world, old=False)
    due = {one.rule.kind: one.due.count for one in run(NOW, apply_it=False)}
    outcomes = run(NOW, apply_it=True)
    assert all(is_there(made) for made in young)
    reported = (Case, Delegation, EmergencyAccess, ReportedCase)
    assert all(is_there(made) is isinstance(made, reported) for made in old)
    assert {one.rule.kind: one.due.count for one in outcomes} == due
    assert traces() == sum(rule.deed is not Deed.REPORT for rule in RULES)
    assert CaseEvent.objects.count() == 0


def test_the_trace_holds_counts_only(world):
    Maker(world).draft(around("drafts")[0])
    apply(BY_KIND["drafts"], NOW)
    payload = Entry.objects.get(leaf__contains=acts.RETENTION_APPLIED).opening
    assert '"due":1' in payload.replace(" ", "")
    assert PRIVATE not in payload
    assert world.resident.username not in payload


def test_a_draft_goes_with_its_files_but_not_with_those_of_others(
    world, django_capture_on_commit_callbacks
):
    maker, (too_old, young_enough) = Maker(world), around("drafts")
    old, young = maker.draft(too_old), maker.draft(young_enough)
    shared = young.files.get()
    own = old.files.get().sha256
    MaterialFile.objects.create(
        draft=old,
        key=uuid.uuid4(),
        material="photo",
        name="same.png",
        media_type="image/png",
        size=1,
        sha256=shared.sha256,
        uploaded_at=too_old,
    )
    with django_capture_on_commit_callbacks(execute=True):
        apply(BY_KIND["drafts"], NOW)
    assert not storage.path_of(own).exists()
    assert storage.path_of(shared.sha256).exists()


def test_a_file_that_a_draft_names_stays_however_old(world):
    maker, (too_old, _young) = Maker(world), around("unused-files")
    used = storage.path_of(maker.draft(NOW).files.get().sha256)
    os.utime(used, (too_old.timestamp(), too_old.timestamp()))
    maker.upload(too_old)
    assert apply(BY_KIND["unused-files"], NOW).done == 1
    assert used.exists()


def test_a_session_that_lives_keeps_its_listing(world):
    maker, (too_old, _young) = Maker(world), around("sessions")
    listing = maker.listing(too_old)
    Session.objects.create(session_key=listing.session_key, session_data="", expire_date=NOW)
    assert apply(BY_KIND["sessions"], NOW).done == 0
    assert is_there(listing)


def test_a_sign_in_whose_tokens_live_stays(world):
    maker, (too_old, young_enough) = Maker(world), around("openid-tokens")
    signed_in = maker.sign_in(too_old)
    living = maker.access_token(young_enough, id_token=maker.id_token(too_old))
    maker.refresh_token(NOW, revoked=None, access_token=living, token_family=signed_in.family)
    assert apply(BY_KIND["openid-tokens"], NOW).done == 0
    assert is_there(signed_in)
    assert is_there(living)


def test_an_open_correction_request_waits_however_long(world):
    request = Maker(world).correction(around("corrections")[0])
    CorrectionRequest.objects.update(state="open")
    assert apply(BY_KIND["corrections"], NOW).done == 0
    assert is_there(request)


def test_an_account_that_is_only_called_closed_is_not(world):
    maker = Maker(world)
    account = world.make_account("closed-1000000")
    account.is_active = False
    account.save()
    device = maker.device(NOW, account)
    assert apply(BY_KIND["closed-accounts"], NOW).done == 0
    assert is_there(device)


def test_an_interrupted_run_goes_on(world, monkeypatch):
    monkeypatch.setattr(retention_records, "BATCH", 4)
    maker, (too_old, young_enough) = Maker(world), around("devices")
    for _count in range(10):
        maker.device(too_old)
    young = maker.device(young_enough)

    class Cut(Exception):
        pass

    def cut(done: int, what: str) -> None:
        raise Cut

    with pytest.raises(Cut):
        apply(BY_KIND["devices"], NOW, cut)
    assert (KnownDevice.objects.count(), traces()) == (7, 1)
    assert apply(BY_KIND["devices"], NOW).done == 6
    assert list(KnownDevice.objects.all()) == [young]
    assert traces() == 2


def queries(kind: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        apply(BY_KIND[kind], NOW)
    return len(seen)


@each_maker
def test_queries_do_not_grow_with_rows(world, kind, make):
    maker, (too_old, _young) = Maker(world), around(kind)
    make(maker, too_old)
    few = queries(kind)
    for _count in range(12):
        make(maker, too_old)
    assert queries(kind) <= few


def test_queries_grow_with_batches_alone(world, monkeypatch):
    monkeypatch.setattr(retention_records, "BATCH", 4)
    maker, (too_old, _young) = Maker(world), around("devices")
    counts = []
    for rows in (4, 8, 12):
        for _count in range(rows):
            maker.device(too_old)
        counts.append(queries("devices"))
    assert counts[1] - counts[0] == counts[2] - counts[1] <= 5


def test_files_are_looked_up_in_batches(world, monkeypatch):
    monkeypatch.setattr(retention_files, "BATCH", 4)
    maker, (too_old, _young) = Maker(world), around("unused-files")
    for _count in range(10):
        maker.upload(too_old)
    assert apply(BY_KIND["unused-files"], NOW).done == 10


def test_closing_an_account_leaves_nothing_to_the_rules(world, django_capture_on_commit_callbacks):
    maker, account = Maker(world), world.resident
    digest = maker.draft(NOW, account).files.get().sha256
    maker.device(NOW, account)
    system = maker.system()
    DataConsent.objects.create(account=account, system=system, scopes="openid", given_at=NOW)
    maker.sign_in(NOW, account)
    maker.grant(NOW, account)
    living = maker.access_token(NOW, account)
    token = maker.refresh_token(NOW, account, revoked=None, access_token=living)
    with django_capture_on_commit_callbacks(execute=True):
        my_data.close_account(account, at=NOW)
    assert not storage.path_of(digest).exists()
    assert not Grant.objects.exists()
    assert not AccessToken.objects.exists()
    assert not SystemSignIn.objects.exists()
    token.refresh_from_db()
    assert token.revoked  # It stays for a day, to tell of its reuse.
    assert DataConsent.objects.get().withdrawn_at == NOW
    assert apply(BY_KIND["closed-consents"], NOW).done == 0
    token.delete()
    assert apply(BY_KIND["closed-accounts"], NOW).done == 0
