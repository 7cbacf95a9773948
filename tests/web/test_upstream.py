"""Signing in with a national identity: who gets in, who does not, and whose account it is."""

from __future__ import annotations

import json
from dataclasses import replace
from time import time

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.test import Client
from joserfc.jwk import RSAKey

from tests.conftest import ID_NUMBERS
from tests.web.openid_client import make_system, query_of
from tests.web.openid_client import sign_in as by_password
from tests.web.upstream_provider import (
    ACCESS,
    CLIENT_ID,
    ISSUER,
    SECRET,
    Platform,
    Visitor,
    leads_to,
)
from tongban.base.upstream import Upstream
from tongban.directory.models import Account, IdentityLevel, KnownDevice, Person, SecurityEvent
from tongban.directory.sign_in import limits
from tongban.directory.sign_in.upstream import discovery
from tongban.ledger.models import Entry
from tongban.web.environment import EnvironmentProblem, read_environment
from tongban.web.my_data import close_account, everything_about
from tongban.web.reporting import doctor_command


@pytest.fixture
def platform(monkeypatch) -> Platform:
    platform = Platform()
    monkeypatch.setattr(
        requests.Session,
        "request",
        lambda session, method, url, **options: platform.answer(session, method, url, **options),
    )
    discovery.forget()
    yield platform
    discovery.forget()


@pytest.fixture
def upstream(settings) -> Upstream:
    upstream = Upstream(issuer=ISSUER, client_id=CLIENT_ID, name="国家政务服务平台")
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, upstream=upstream)
    path = settings.TONGBAN_KEYS / "upstream-secret"
    path.write_text(f"{SECRET}\n")
    yield upstream
    path.unlink()


@pytest.fixture
def visitor(world, platform, upstream) -> Visitor:
    return Visitor(platform)


def use(settings, **changes) -> None:
    known = settings.ENVIRONMENT.upstream
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, upstream=replace(known, **changes))


def number_of(visitor: Visitor, number: str, name: str = "赵新(示例)") -> None:
    visitor.platform.claims |= {"id_number": number, "name": name}


def counts() -> tuple[int, int, int]:
    return Account.objects.count(), SocialAccount.objects.count(), Person.objects.count()


# The good way


def test_the_first_sign_in_opens_an_account_and_joins_the_person(visitor):
    number_of(visitor, ID_NUMBERS[2])
    assert leads_to(visitor.sign_in()) == "/"
    account = Account.objects.get(pk=visitor.account_id())
    person = account.person
    assert (person.name, person.id_number) == ("赵新(示例)", ID_NUMBERS[2])
    assert person.identity_level == IdentityLevel.VERIFIED
    assert person.identity_source == "国家政务服务平台"
    assert Entry.objects.filter(leaf__contains="directory.identity_verified").count() == 1
    assert not account.has_usable_password()
    identity = SocialAccount.objects.get(user=account)
    assert (identity.provider, identity.uid) == (ISSUER, "person-1")


def test_nothing_of_the_claims_and_no_token_stays_in_the_clear(visitor):
    number_of(visitor, ID_NUMBERS[2])
    visitor.platform.claims |= {"email": "zhao@example.com", "phone_number": "13800000000"}
    visitor.sign_in()
    assert SocialAccount.objects.get().extra_data == {}
    assert not SocialToken.objects.exists()
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(ID_NUMBERS[2] in text or ACCESS in text for text in kept)
    assert not EmailAddress.objects.exists()


def test_the_second_sign_in_is_the_same_account(visitor):
    number_of(visitor, ID_NUMBERS[2])
    visitor.sign_in()
    first, before = visitor.account_id(), counts()
    again = Visitor(visitor.platform)
    assert leads_to(again.sign_in()) == "/"
    assert again.account_id() == first
    assert counts() == before


def test_without_a_valid_number_there_is_an_account_and_no_person(visitor):
    number_of(visitor, "1101**********1234")
    people = Person.objects.count()
    visitor.sign_in()
    assert visitor.account_id()
    assert Person.objects.count() == people
    # The number comes later: the account is joined then.
    number_of(visitor, ID_NUMBERS[2])
    again = Visitor(visitor.platform)
    again.sign_in()
    assert Person.objects.get(account=again.account_id()).id_number == ID_NUMBERS[2]


def test_somebody_registered_at_a_counter_gets_an_account(visitor):
    person = Person.objects.create(name="赵新(示例)", id_number=ID_NUMBERS[2])
    number_of(visitor, ID_NUMBERS[2])
    visitor.sign_in()
    person.refresh_from_db()
    assert person.account_id == visitor.account_id()


def test_userinfo_fills_what_the_id_token_leaves_out(visitor, settings):
    use(settings, id_claim="resident_id_number", name_claim="resident_name")
    visitor.platform.more = {
        "sub": "person-1",
        "resident_name": "赵新(示例)",
        "resident_id_number": ID_NUMBERS[2],
    }
    visitor.sign_in()
    assert Person.objects.get(account=visitor.account_id()).id_number == ID_NUMBERS[2]


def test_the_way_leads_back_to_where_the_person_wanted_to_go(visitor):
    page = visitor.browser.get("/sign-in/?next=/me/data/").content.decode()
    assert "用国家政务服务平台登录" in page
    assert 'value="/me/data/"' in page
    assert leads_to(visitor.sign_in(next="/me/data/")) == "/me/data/"


def test_nobody_is_sent_to_another_site(visitor):
    assert leads_to(visitor.sign_in(next="https://evil.example/")) == "/"


def test_the_address_of_our_page_adds_nothing_to_the_question(visitor):
    path = "/sign-in/upstream/?scope=phone&auth_params=nonce%3Dknown%26x%3D1&process=connect"
    question = query_of(visitor.begin(path))
    assert question["nonce"] != "known"
    assert question["scope"].split() in (["openid", "profile"], ["profile", "openid"])
    assert "x" not in question


def test_the_hooks_of_a_sign_in_are_kept(visitor):
    visitor.sign_in()
    account = Account.objects.get(pk=visitor.account_id())
    assert KnownDevice.objects.filter(account=account).count() == 1
    assert "tongban_device" in visitor.browser.cookies
    assert SecurityEvent.objects.filter(kind="signed_in", account=account).count() == 1
    assert visitor.browser.session["signed_in_at"] >= time() - 60


def test_a_department_that_asks_to_prove_it_again_gets_a_fresh_sign_in(visitor):
    number_of(visitor, ID_NUMBERS[2])
    visitor.sign_in()
    system = make_system(visitor.browser)
    answer = system.ask(prompt="login")
    assert answer["Location"].startswith("/sign-in/")
    wanted = query_of(answer["Location"])["next"]
    address = visitor.begin(next=wanted)
    assert query_of(address)["prompt"] == "login"
    answer = visitor.browser.get(leads_to(visitor.back(**visitor.platform.agree(address))))
    assert answer.status_code == 200  # The question to agree, not the sign-in page once more.
    assert "区人社局考勤系统" in answer.content.decode()
    assert not SecurityEvent.objects.filter(kind="signed_out").exists()


# What was tampered with


def refused(visitor: Visitor, answer, why: str) -> None:
    assert answer.status_code == 401
    assert "未能登录" in answer.content.decode()
    assert visitor.account_id() is None
    assert SocialAccount.objects.count() == 0
    event = SecurityEvent.objects.filter(kind="sign_in_failed").latest("at")
    assert event.data["why"] == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-system"}, "InvalidAudienceError"),
        ({"aud": [CLIENT_ID, "another-system"]}, "azp"),
        ({"azp": "another-system"}, "azp"),
        ({"iss": "https://evil.example"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"exp": int(time()) - 3600}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": int(time()) + 3600}, "ImmatureSignatureError"),
        ({"sub": None}, "MissingRequiredClaimError"),
        ({"sub": ""}, "sub"),
        ({"sub": "x" * 192}, "sub"),
        ({"at_hash": "x" * 22}, "at_hash"),
    ],
)
def test_a_token_that_does_not_fit_signs_nobody_in(visitor, changes, why):
    visitor.platform.changes = changes
    refused(visitor, visitor.sign_in(), why)


def test_a_forged_signature(visitor):
    visitor.platform.signs = RSAKey.generate_key(2048)
    refused(visitor, visitor.sign_in(), "InvalidSignatureError")


@pytest.mark.parametrize(
    ("header", "why"), [({"alg": "none"}, "algorithm"), ({"kid": "another"}, "key")]
)
def test_a_header_that_we_do_not_take(visitor, header, why):
    visitor.platform.header = header
    refused(visitor, visitor.sign_in(), why)


def test_a_signature_with_the_secret_or_with_the_public_key_as_secret(visitor):
    visitor.platform.header = {"alg": "HS256"}
    for secret in (SECRET.encode(), visitor.platform.key.as_pem(private=False)):
        visitor.platform.signs = secret
        refused(visitor, visitor.sign_in(), "algorithm")


def test_no_id_token_is_no_sign_in_even_when_userinfo_answers(visitor, monkeypatch):
    visitor.platform.more = {"sub": "person-1"}
    monkeypatch.setattr(visitor.platform, "id_token", lambda nonce: "")
    refused(visitor, visitor.sign_in(), "no_id_token")


def test_userinfo_of_somebody_else(visitor):
    visitor.platform.more = {"sub": "person-2", "id_number": ID_NUMBERS[2], "name": "赵新"}
    refused(visitor, visitor.sign_in(), "userinfo_sub")


def test_a_wrong_state_and_a_state_of_another_browser(visitor):
    brought = visitor.platform.agree(visitor.begin())
    refused(visitor, visitor.back(**brought | {"state": "x" * 16}), "state_or_error")
    stranger = Visitor(visitor.platform)
    refused(stranger, stranger.back(**brought), "state_or_error")
    assert f"{ISSUER}/token" not in visitor.platform.asked


def test_an_answer_works_once(visitor):
    brought = visitor.platform.agree(visitor.begin())
    visitor.back(**brought)
    again = visitor.back(**brought)
    assert again.status_code == 401


def test_an_answer_that_names_another_issuer_is_not_redeemed(visitor):
    for change in ({"iss": "https://evil.example"}, {"iss": None}):
        brought = visitor.platform.agree(visitor.begin()) | change
        brought = {name: value for name, value in brought.items() if value}
        refused(visitor, visitor.back(**brought), "answer_issuer")
    assert f"{ISSUER}/token" not in visitor.platform.asked


def test_a_code_of_another_sign_in_fails_by_its_verifier(visitor):
    """Another person's code, brought with one's own state (RFC 9700 4.5)."""
    theirs = Visitor(visitor.platform)
    code = theirs.platform.agree(theirs.begin())["code"]
    brought = visitor.platform.agree(visitor.begin())
    refused(visitor, visitor.back(**brought | {"code": code}), "OAuth2Error")


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://evil.example"}, "discovery_issuer"),
        ({"jwks_uri": "file:///etc/passwd"}, "discovery_not_https"),
        ({"token_endpoint": ""}, "discovery_not_https"),
    ],
)
def test_a_discovery_document_that_does_not_fit(visitor, metadata, why):
    visitor.platform.metadata = metadata
    refused(visitor, visitor.browser.post("/sign-in/upstream/"), why)


def test_a_discovery_document_without_https_in_production(visitor, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, kind="production")
    visitor.platform.metadata = {"token_endpoint": "http://id.example.gov.cn/token"}
    refused(visitor, visitor.browser.post("/sign-in/upstream/"), "discovery_not_https")


def test_an_upstream_that_is_away(visitor, monkeypatch):
    def away(*args, **options):
        raise requests.ConnectTimeout

    monkeypatch.setattr(visitor.platform, "answer", away)
    refused(visitor, visitor.browser.post("/sign-in/upstream/"), "ConnectTimeout")


def test_without_the_secret_nobody_is_sent_away(visitor, settings):
    (settings.TONGBAN_KEYS / "upstream-secret").rename(settings.TONGBAN_KEYS / "elsewhere")
    try:
        refused(visitor, visitor.browser.post("/sign-in/upstream/"), "no_secret")
    finally:
        (settings.TONGBAN_KEYS / "elsewhere").rename(settings.TONGBAN_KEYS / "upstream-secret")


def test_cancelled_by_the_person(visitor):
    state = query_of(visitor.begin())["state"]
    answer = visitor.back(state=state, error="access_denied", iss=ISSUER)
    page = visitor.browser.get(leads_to(answer))
    assert "已取消" in page.content.decode()
    assert visitor.account_id() is None


def test_codes_that_are_no_good_count_and_are_stopped(visitor, monkeypatch):
    monkeypatch.setattr(limits, "UPSTREAM", limits.Limit("upstream", 3, 900))
    for _ in range(5):  # What answers no question of ours does not count: anybody can bring that.
        assert visitor.back(state="x", code="y").status_code == 401
        visitor.sign_in()
        visitor.browser.logout()
    visitor.platform.changes = {"nonce": "another"}
    for _ in range(3):
        assert visitor.sign_in().status_code == 401
    visitor.platform.changes = {}
    assert visitor.sign_in().status_code == 403
    assert visitor.account_id() is None
    assert SecurityEvent.objects.filter(kind="sign_in_stopped").count() == 1


def test_an_upstream_that_is_away_is_not_asked_by_everybody(visitor):
    visitor.platform.metadata = {"issuer": "https://evil.example"}
    for _ in range(3):
        assert visitor.browser.post("/sign-in/upstream/").status_code == 401
    assert len(visitor.platform.asked) == 1


def test_two_at_one_moment(visitor, monkeypatch):
    """Both see that there is no account yet; the database lets one in."""
    visitor.sign_in()
    monkeypatch.setattr("allauth.socialaccount.models.SocialLogin.lookup", lambda login: None)
    again = Visitor(visitor.platform)
    before = counts()
    answer = again.sign_in()
    assert answer.status_code == 409
    assert again.account_id() is None
    assert counts() == before


def test_an_old_proof_does_not_do_for_who_wants_to_prove_it_again(visitor):
    visitor.sign_in()
    for seconds, status in ((7200, 401), (0, 200)):
        address = visitor.begin()
        visitor.platform.claims["auth_time"] = int(time()) - seconds
        assert visitor.back(**visitor.platform.agree(address)).status_code == status


# Whose account it is


def test_the_email_and_name_of_an_existing_account_take_nothing_over(visitor, world):
    EmailAddress.objects.create(
        user=world.resident, email="li@example.com", verified=True, primary=True
    )
    world.resident.email = "li@example.com"
    world.resident.save()
    visitor.platform.claims |= {
        "email": "li@example.com",
        "email_verified": True,
        "preferred_username": "li",
        "name": "li(示例)",
    }
    visitor.sign_in()
    assert visitor.account_id() not in (None, world.resident.pk)
    assert SocialAccount.objects.get().user_id == visitor.account_id()
    assert world.resident.has_usable_password()


def test_the_number_of_somebody_with_another_account_joins_nothing(visitor):
    number_of(visitor, ID_NUMBERS[0])
    before = counts()
    answer = visitor.sign_in()
    assert answer.status_code == 409
    assert "此人已有其他账号" in answer.content.decode()
    assert visitor.account_id() is None
    assert counts() == before


def test_an_identity_that_becomes_somebody_else_is_refused(visitor):
    number_of(visitor, ID_NUMBERS[2])
    visitor.sign_in()
    number_of(visitor, ID_NUMBERS[3])
    again = Visitor(visitor.platform)
    assert again.sign_in().status_code == 409
    assert again.account_id() is None
    assert not any(person.id_number == ID_NUMBERS[3] for person in Person.objects.all())


def test_the_same_subject_of_another_issuer_is_another_account(visitor):
    visitor.sign_in()
    SocialAccount.objects.update(provider="https://elsewhere.example")
    again = Visitor(visitor.platform)
    again.sign_in()
    assert again.account_id() not in (None, visitor.account_id())


def test_subjects_are_compared_letter_by_letter(visitor):
    visitor.sign_in()
    visitor.platform.claims["sub"] = "PERSON-1"
    again = Visitor(visitor.platform)
    again.sign_in()
    assert again.account_id() != visitor.account_id()


def test_a_demonstration_account_stays_out_in_production(visitor, settings):
    visitor.sign_in()
    Account.objects.filter(pk=visitor.account_id()).update(demonstration=True)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, kind="production")
    number_of(visitor, ID_NUMBERS[2])
    again = Visitor(visitor.platform)
    again.sign_in()
    assert again.account_id() is None
    assert not Person.objects.filter(account__demonstration=True).exists()


def test_a_closed_account_is_not_opened_again(visitor):
    visitor.sign_in()
    closed = Account.objects.get(pk=visitor.account_id())
    assert (
        everything_about(closed, closed.date_joined)["upstream_identities"][0]["issuer"] == ISSUER
    )
    close_account(closed)
    again = Visitor(visitor.platform)
    again.sign_in()
    assert again.account_id() not in (None, closed.pk)


# The second factor


@pytest.mark.parametrize(
    ("strong", "claims", "opens"),
    [
        ((), {"acr": "2", "amr": ["mfa"]}, False),
        (("3",), {"acr": "2"}, False),
        (("3",), {"acr": "3"}, True),
        (("mfa",), {"amr": ["pwd", "mfa"]}, True),
        (("mfa",), {"amr": "mfa"}, False),
        (("3",), {}, False),
        (("3",), {"acr": "3", "auth_time": int(time()) - 5 * 3600}, False),
    ],
)
def test_two_factors_there_count_when_the_installation_trusts_the_word(
    visitor, world, settings, strong, claims, opens
):
    use(settings, strong=frozenset(strong))
    visitor.platform.claims |= claims
    administrator = world.make_staff("administrator", world.organ, "administrator")
    SocialAccount.objects.create(user=administrator, provider=ISSUER, uid="person-1")
    visitor.sign_in()
    assert visitor.account_id() == administrator.pk
    assert visitor.browser.get("/work/posts/").status_code == (200 if opens else 403)


def test_who_has_a_second_step_here_takes_it_here(visitor, world):
    TOTP.activate(world.resident, "JBSWY3DPEHPK3PXP")
    SocialAccount.objects.create(user=world.resident, provider=ISSUER, uid="person-1")
    number_of(visitor, ID_NUMBERS[0])
    assert leads_to(visitor.sign_in()) == "/sign-in/second-step/"
    assert visitor.account_id() is None
    kept = str(visitor.browser.session.items())
    assert ID_NUMBERS[0] not in kept
    assert "赵新" not in kept
    assert ACCESS not in kept
    counter = next(yield_hotp_counters_from_time())
    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", counter))
    visitor.browser.post("/sign-in/second-step/", {"code": code})
    assert visitor.account_id() == world.resident.pk


# Connecting and disconnecting


def proven(visitor: Visitor, account: Account) -> None:
    """Signed in by password, and asked for it once more just now."""
    by_password(visitor.browser, account.username)
    visitor.browser.post("/account/again/", {"password": "a-long-password"})


def connect(visitor: Visitor):
    return visitor.back(**visitor.platform.agree(visitor.begin("/me/security/upstream/connect/")))


def test_connecting_and_signing_in_with_it(visitor, world):
    proven(visitor, world.resident)
    number_of(visitor, ID_NUMBERS[0])
    assert leads_to(connect(visitor)) == "/me/security/"
    page = visitor.browser.get("/me/security/").content.decode()
    assert "已关联国家政务服务平台" in page
    assert "已关联国家身份" in page
    other = Visitor(visitor.platform)
    other.sign_in()
    assert other.account_id() == world.resident.pk


def test_connecting_asks_for_the_password_once_more(visitor, world):
    by_password(visitor.browser, world.resident.username)
    answer = visitor.browser.post("/me/security/upstream/connect/")
    assert answer["Location"].startswith("/account/again/")
    answer = visitor.browser.post(answer["Location"], {"password": "a-long-password"})
    assert leads_to(answer).startswith(f"{ISSUER}/authorize?")


def test_connecting_too_late_connects_nothing(visitor, world):
    proven(visitor, world.resident)
    address = visitor.begin("/me/security/upstream/connect/")
    session = visitor.browser.session
    session["account_authentication_methods"] = []
    session.save()
    visitor.back(**visitor.platform.agree(address))
    assert "间隔时间过长" in visitor.browser.get("/me/security/").content.decode()
    assert not SocialAccount.objects.exists()


def test_the_identity_of_another_person_is_not_connected(visitor, world):
    proven(visitor, world.resident)
    number_of(visitor, ID_NUMBERS[2])
    assert connect(visitor).status_code == 409
    assert not SocialAccount.objects.exists()


def test_an_identity_belongs_to_one_account(visitor, world):
    SocialAccount.objects.create(user=world.neighbour, provider=ISSUER, uid="person-1")
    proven(visitor, world.resident)
    assert connect(visitor).status_code == 409
    assert SocialAccount.objects.get().user == world.neighbour


def test_connecting_joins_an_account_that_is_nobody_yet(visitor, world):
    account = world.make_account("nobody")
    proven(visitor, account)
    number_of(visitor, ID_NUMBERS[2])
    connect(visitor)
    assert Person.objects.get(account=account).identity_source == "国家政务服务平台"


def test_disconnecting_while_another_way_is_left(visitor, world):
    proven(visitor, world.resident)
    connect(visitor)
    identity = SocialAccount.objects.get()
    path = f"/me/security/upstream/{identity.pk}/disconnect/"
    stranger = Visitor(visitor.platform)
    proven(stranger, world.neighbour)
    assert stranger.browser.post(path).status_code == 404
    assert visitor.browser.post(path).status_code == 302
    assert not SocialAccount.objects.exists()
    assert SecurityEvent.objects.filter(kind="upstream_disconnected").count() == 1


def test_the_last_way_to_sign_in_is_not_taken_away(visitor):
    visitor.sign_in()
    identity = SocialAccount.objects.get()
    path = f"/me/security/upstream/{identity.pk}/disconnect/"
    assert visitor.browser.post(path).status_code == 409
    assert SocialAccount.objects.filter(pk=identity.pk).exists()
    EmailAddress.objects.create(user=identity.user, email="z@example.com", verified=True)
    assert visitor.browser.post(path).status_code == 302


# Off


ADDRESSES = (
    ("post", "/sign-in/upstream/"),
    ("get", "/sign-in/upstream/back/?code=x&state=y"),
    ("get", "/sign-in/upstream/cancelled/"),
    ("post", "/me/security/upstream/connect/"),
    ("post", "/me/security/upstream/1/disconnect/"),
)


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_without_an_issuer_nothing_is_there(world, method, path):
    browser = Client()
    browser.force_login(world.resident)
    assert getattr(browser, method)(path).status_code == 404


def test_without_an_issuer_nothing_is_seen(world):
    browser = Client()
    assert "upstream" not in browser.get("/sign-in/").content.decode()
    browser.force_login(world.resident)
    assert "upstream" not in browser.get("/me/security/").content.decode()


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-up/", "/sign-in/upstream/cancelled/"])
def test_with_an_issuer_the_pages_of_signing_in_work(visitor, path):
    assert visitor.browser.get(path).status_code == 200


def test_leaving_for_the_upstream_is_by_a_form_alone(visitor):
    assert visitor.browser.get("/sign-in/upstream/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/sign-in/upstream/").status_code == 403


# Variables


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"ISSUER": "http://id.example.gov.cn"}, "TONGBAN_UPSTREAM_ISSUER"),
        ({"ISSUER": "https://id.example.gov.cn?x=1"}, "TONGBAN_UPSTREAM_ISSUER"),
        ({"ISSUER": f"https://{'x' * 200}"}, "TONGBAN_UPSTREAM_ISSUER"),
        ({"ISSUER": "http://127.0.0.1:9", "ENV": "production"}, "TONGBAN_UPSTREAM_ISSUER"),
        ({"CLIENT_ID": ""}, "TONGBAN_UPSTREAM_CLIENT_ID"),
        ({"NAME": "名" * 41}, "TONGBAN_UPSTREAM_NAME"),
    ],
)
def test_variables_that_make_no_sense(monkeypatch, variables, complaint):
    for name, value in ({"ISSUER": ISSUER, "CLIENT_ID": CLIENT_ID} | variables).items():
        monkeypatch.setenv(f"TONGBAN_{'' if name == 'ENV' else 'UPSTREAM_'}{name}", value)
    with pytest.raises(EnvironmentProblem, match=complaint):
        read_environment()


def test_what_the_variables_say(monkeypatch):
    assert read_environment().upstream is None
    monkeypatch.setenv("TONGBAN_UPSTREAM_ISSUER", ISSUER)
    monkeypatch.setenv("TONGBAN_UPSTREAM_CLIENT_ID", CLIENT_ID)
    assert read_environment().upstream == Upstream(ISSUER, CLIENT_ID, "国家政务服务平台")
    monkeypatch.setenv("TONGBAN_UPSTREAM_SCOPE", "identity profile")
    monkeypatch.setenv("TONGBAN_UPSTREAM_STRONG_ACR", "2 mfa")
    found = read_environment().upstream
    assert found.scope == ("openid", "identity", "profile")
    assert found.strong == {"2", "mfa"}


def test_doctor_misses_the_secret(upstream, settings, db, capsys):
    doctor_command(as_json=True, security=False)
    assert json.loads(capsys.readouterr().out)["upstream"] == ISSUER
    path = settings.TONGBAN_KEYS / "upstream-secret"
    path.rename(settings.TONGBAN_KEYS / "elsewhere")
    try:
        with pytest.raises(SystemExit):
            doctor_command(as_json=True, security=False)
    finally:
        (settings.TONGBAN_KEYS / "elsewhere").rename(path)
    assert "upstream-secret is missing" in capsys.readouterr().out
