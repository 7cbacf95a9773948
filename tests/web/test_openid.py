"""Department systems sign people in through us, checked with Authlib as an independent client.

The negative cases follow the test plan of the OpenID Connect basic profile.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.test import Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken

from tests.conftest import ID_NUMBERS
from tests.web.openid_client import (
    ALL_SCOPES,
    BACK,
    ISSUER,
    LEFT,
    System,
    challenge_of,
    make_system,
    query_of,
    sign_in,
)
from tongban.base.clocks import utc_now
from tongban.base.problems import InvalidInput
from tongban.directory.models import ConnectedSystem, DataConsent, Enterprise, SystemSignIn
from tongban.directory.openid import SCOPES, masked
from tongban.directory.openid_keys import pairwise_subject, rotate_key, signing_keys
from tongban.directory.services.systems import register_system
from tongban.ledger.models import Entry
from tongban.web.openid import validator
from tongban.web.openid.asking import ASKED_AT_SALT
from tongban.web.openid.commands import clean_command

DOCS = Path(__file__).parents[2] / "docs" / "openid.md"
OTHER = "http://127.0.0.1:9001/back"


@pytest.fixture
def keys(tmp_path, settings) -> Path:
    settings.TONGBAN_KEYS = tmp_path / "keys"
    return settings.TONGBAN_KEYS


@pytest.fixture
def browser(world) -> Client:
    browser = Client()
    sign_in(browser, "li")
    return browser


@pytest.fixture
def system(browser) -> System:
    return make_system(browser)


def acts() -> list[str]:
    return [json.loads(entry.leaf)["act"] for entry in Entry.objects.order_by("id")]


def told(answer) -> dict[str, str]:
    """What a redirect to the system says; it goes nowhere else."""
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"].startswith(f"{BACK}?"), answer["Location"]
    return query_of(answer["Location"])


# What is published


def test_discovery_is_valid_and_names_only_what_we_do(system):
    document = Client().get("/.well-known/openid-configuration").json()
    # Authlib asks for https, which the test client has not.
    OpenIDProviderMetadata(
        json.loads(json.dumps(document).replace("http://", "https://"))
    ).validate()
    assert document["issuer"] == ISSUER
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert document["subject_types_supported"] == ["pairwise"]
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    for name, address in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert address.startswith(f"{ISSUER}/openid/"), name


def test_the_issuer_is_the_configured_one_when_there_is_one(system, settings):
    provider = settings.OAUTH2_PROVIDER
    settings.OAUTH2_PROVIDER = {**provider, "OIDC_ISS_ENDPOINT": "https://ban.example.gov.cn"}
    document = Client().get("/.well-known/openid-configuration").json()
    assert document["issuer"] == "https://ban.example.gov.cn"
    assert document["token_endpoint"] == "https://ban.example.gov.cn/openid/token/"
    assert query_of(system.agree()["Location"])["iss"] == "https://ban.example.gov.cn"


def test_keys_are_files_that_only_we_read_and_show_nothing_private(keys, db):
    published = Client().get("/openid/jwks/").json()["keys"]
    assert [key["alg"] for key in published] == ["RS256"]
    assert set(published[0]) == {"kty", "n", "e", "alg", "use", "kid"}
    pairwise_subject("1", "x")
    files = sorted(keys.iterdir())
    assert [file.name for file in files] == ["openid-pairwise", "openid-rsa-0001.pem"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_checks(system, keys):
    before = system.tokens()["id_token"]
    active, older = rotate_key()
    after = system.tokens(prompt="consent")["id_token"]
    published = [key["kid"] for key in Client().get("/openid/jwks/").json()["keys"]]
    assert published == [active, *older]
    assert len(published) == 2
    assert system.check(before).header["kid"] == older[0]
    assert system.check(after).header["kid"] == active


def test_the_page_for_developers_lists_the_table_of_scopes():
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \| (.*) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert [(name, re.findall(r"`(\w+)`", claims), where) for name, claims, where in rows] == [
        (
            scope.name,
            list(scope.claims),
            "ID token, userinfo" if scope.in_id_token else "userinfo",
        )
        for scope in SCOPES
    ]


def test_the_page_for_developers_names_the_real_addresses(system):
    text = DOCS.read_text("utf-8")
    for address in Client().get("/.well-known/openid-configuration").json().values():
        if str(address).startswith(f"{ISSUER}/openid/"):
            assert f"`{address.removeprefix(ISSUER)}`" in text


# The way through


def test_a_person_signs_in_and_the_system_learns_what_was_agreed(system, world):
    page = system.ask()
    assert page.status_code == 200
    assert "区人社局考勤系统" in page.content.decode()
    tokens = system.tokens()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    claims = system.check(tokens["id_token"], tokens["access_token"], nonce="nonce-1")
    assert claims["name"] == "li"
    assert claims["nonce"] == "nonce-1"
    assert claims["at_hash"]
    assert claims["exp"] - claims["iat"] <= 600
    assert abs(claims["auth_time"] - claims["iat"]) < 60
    assert str(world.resident.pk) != claims["sub"]
    info = system.userinfo(tokens["access_token"]).json()
    assert info == {"sub": claims["sub"], "name": "li"}


def test_the_secret_may_come_in_the_body_too(system):
    assert system.redeem(system.code(), basic=False).status_code == 200


def test_every_scope_gives_the_claims_of_its_row_and_no_others(system, world):
    Enterprise.objects.create(
        uscc="91511602MA0000000L",
        name="示例餐饮",
        legal_representative=world.resident.person,
    )
    world.resident.person.address = "示例路 1 号"
    world.resident.person.save()
    for scope in SCOPES:
        wanted = " ".join(dict.fromkeys(("openid", scope.name)))
        tokens = system.tokens(scope=wanted, prompt="consent")
        info = system.userinfo(tokens["access_token"]).json()
        assert set(info) == {"sub", *scope.claims}
        in_token = set(system.check(tokens["id_token"])) & {
            claim for one in SCOPES for claim in one.claims
        }
        assert in_token == {"sub"} | (set(scope.claims) if scope.in_id_token else set())
    everything = system.tokens(scope=" ".join(("openid", *ALL_SCOPES)))
    info = system.userinfo(everything["access_token"]).json()
    assert info["resident_id_number"] == "5116**********0018"
    assert info["address"] == {"formatted": "示例路 1 号"}
    assert info["enterprises"] == [{"name": "示例餐饮", "credit_code": "91511602MA0000000L"}]
    assert info["posts"] == []


def test_the_id_number_is_masked_unless_the_system_is_registered_for_it(browser):
    assert masked("110101199001011234") == "1101**********1234"
    whole = make_system(browser, full_id_number=True)
    assert "完整的身份证号" in whole.ask(scope="openid identity").content.decode()
    tokens = whole.tokens(scope="openid identity")
    info = whole.userinfo(tokens["access_token"]).json()
    assert info["resident_id_number"] == ID_NUMBERS[0]


def test_staff_tell_their_posts(world):
    browser = Client()
    sign_in(browser, "clerk")
    system = make_system(browser, staff_only=True)
    tokens = system.tokens(scope="openid posts")
    assert system.userinfo(tokens["access_token"]).json()["posts"] == [
        {
            "organ_code": world.organ.code,
            "organ_name": "区公安分局",
            "role": "clerk",
            "region": "511602000000",
        }
    ]


def test_a_system_for_staff_refuses_others(browser):
    answer = told(make_system(browser, staff_only=True).ask())
    assert (answer["error"], answer["state"]) == ("access_denied", "state-1")


def test_a_person_is_somebody_else_in_each_system(system, browser):
    other = make_system(browser)
    one, two = (who.check(who.tokens()["id_token"])["sub"] for who in (system, other))
    assert one != two
    assert system.check(system.tokens()["id_token"])["sub"] == one


def test_signing_in_leads_back_to_the_request(system):
    system.browser.logout()
    away = system.ask()
    assert away.status_code == 302
    assert away["Location"].startswith("/sign-in/?next=%2Fopenid%2Fauthorize%2F")
    page = system.browser.get(away["Location"])
    assert "form-action 'self' http://127.0.0.1:9000;" in page["Content-Security-Policy"]
    done = system.browser.post(away["Location"], {"login": "li", "password": "a-long-password"})
    assert done["Location"].startswith("/openid/authorize/?")
    assert "区人社局考勤系统" in system.browser.get(done["Location"]).content.decode()


def test_a_request_by_post_is_asked_again_by_get(system):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/openid/authorize/", system.question())
    assert answer.status_code == 303
    assert answer["Location"].startswith("/openid/authorize/?client_id=")


# Consent


def test_consent_says_who_asks_what_they_get_and_what_not(system):
    page = system.ask(scope="openid phone").content.decode()
    gets, rest = page.split("它得不到")
    assert "您的手机号" in gets
    assert "您的住址" not in gets
    assert "您的住址" in rest
    assert "您的密码" in rest
    assert "您的姓名和身份证号<" in rest
    assert "隐去" not in rest
    assert "10 分钟" in rest
    assert ">同意<" in rest
    assert ">不同意<" in rest


def test_the_consent_form_alone_may_lead_to_the_system(system):
    policy = system.ask()["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9000;" in policy
    assert "9000" not in system.browser.get("/me/connected/")["Content-Security-Policy"]
    assert "9000" not in system.ask(redirect_uri=OTHER)["Content-Security-Policy"]


def test_consent_is_remembered_until_withdrawn_and_asked_again_for_more(system):
    system.code()
    assert "code" in told(system.ask())
    assert system.ask(prompt="consent").status_code == 200
    assert system.ask(scope="openid profile phone").status_code == 200
    system.browser.post("/me/connected/", {"system": system.record.client_id})
    assert system.ask().status_code == 200


def test_refusing_tells_the_system_and_keeps_nothing(system):
    answer = told(system.agree("refuse"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "state-1", ISSUER)
    assert not DataConsent.objects.exists()
    assert "directory.data_consented" not in acts()


def test_a_consent_can_not_be_forged_from_another_site(system):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = system.browser.cookies
    assert strict.post("/openid/consent/", {"decision": "agree"}).status_code == 403
    assert not DataConsent.objects.exists()


def test_disconnecting_ends_every_token(system):
    tokens = system.tokens()
    waiting = system.code()
    page = system.browser.get("/me/connected/").content.decode()
    assert "区人社局考勤系统" in page
    done = system.browser.post("/me/connected/", {"system": system.record.client_id}, follow=True)
    assert "已断开" in done.content.decode()
    assert system.userinfo(tokens["access_token"]).status_code == 401
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.redeem(waiting).json()["error"] == "invalid_grant"


def test_a_code_from_before_is_not_worth_more_after_a_new_consent(system):
    waiting = system.code()
    system.browser.post("/me/connected/", {"system": system.record.client_id})
    system.code()
    assert system.redeem(waiting).json()["error"] == "invalid_grant"


def test_without_consent_nothing_is_handed_out_however_it_ended(system):
    tokens, waiting = system.tokens(), system.code()
    DataConsent.objects.update(withdrawn_at=utc_now())
    assert system.redeem(waiting).json()["error"] == "invalid_grant"
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.userinfo(tokens["access_token"]).status_code == 401


def test_one_does_not_disconnect_for_another(system, world):
    tokens = system.tokens()
    neighbour = Client()
    neighbour.force_login(world.neighbour)
    answer = neighbour.post("/me/connected/", {"system": system.record.client_id})
    assert answer.status_code == 404
    assert system.userinfo(tokens["access_token"]).status_code == 200


def test_every_step_about_a_person_leaves_a_trace_without_personal_data(system, world):
    tokens = system.tokens(scope="openid identity")
    system.userinfo(tokens["access_token"])
    system.renew(tokens["refresh_token"])
    system.browser.post("/me/connected/", {"system": system.record.client_id})
    assert [act.removeprefix("directory.") for act in acts() if act.startswith("directory.")] == [
        "system_registered",
        "data_consented",
        "token_issued",
        "data_handed_out",
        "token_issued",
        "consent_withdrawn",
    ]
    for entry in Entry.objects.all():
        for personal in (ID_NUMBERS[0], "0826-2000101", "li(示例)"):
            assert personal not in entry.leaf + entry.opening
        assert system.record.client_id not in entry.leaf


def test_a_failed_act_leaves_no_trace(system, monkeypatch):
    code = system.code()
    before = acts()

    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(validator, "note_token_issued", broken)
    with pytest.raises(RuntimeError):
        system.redeem(code)
    assert acts() == before
    for table in (AccessToken, RefreshToken, IDToken):
        assert not table.objects.exists()


# What lies in the database


def test_who_reads_the_database_can_use_nothing(system):
    code = system.code()
    tokens = system.tokens()
    secrets = [code, tokens["access_token"], tokens["refresh_token"], system.secret]
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            kept = repr(cursor.fetchall())
            assert not any(secret in kept for secret in secrets), table


def test_a_system_that_signs_in_another_way_can_not_be_stored(system):
    for change in (
        {"client_type": "public"},
        {"authorization_grant_type": "implicit"},
        {"algorithm": "HS256"},
        {"skip_authorization": True},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ConnectedSystem.objects.filter(pk=system.record.pk).update(**change)


@pytest.mark.parametrize(
    "address",
    [
        "http://hr.example.gov.cn/back",
        "https://hr.example.gov.cn/back#x",
        "https://*.example.gov.cn/back",
        "https://user@hr.example.gov.cn/back",
        "https://hr.example.gov.cn/a b",
        "https://hr.example.gov.cn/;script-src",
        "javascript:alert(1)",
        "//hr.example.gov.cn/back",
        "https:///back",
        "https://区.example.gov.cn/back",
    ],
)
def test_an_unsafe_address_is_not_registered(db, address):
    with pytest.raises(InvalidInput):
        register_system(name="x", redirect_uris=[address], at=utc_now())
    with pytest.raises(InvalidInput):
        register_system(name="x", redirect_uris=[BACK], logout_uris=[address], at=utc_now())


def test_production_registers_https_alone(db, settings):
    provider = settings.OAUTH2_PROVIDER
    settings.OAUTH2_PROVIDER = {**provider, "ALLOWED_REDIRECT_URI_SCHEMES": ["https"]}
    register_system(name="x", redirect_uris=["https://a.example/back"], at=utc_now())
    with pytest.raises(InvalidInput):
        register_system(name="x", redirect_uris=[BACK], at=utc_now())


# Wrong requests: no redirect when system or address are wrong (Core 3.1.2.6, RFC 9700 4.11)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "unknown"},
        {"client_id": "nul\x00"},
        {"redirect_uri": None},
        {"redirect_uri": OTHER},
        {"redirect_uri": f"{BACK}/more"},
        {"redirect_uri": f"{BACK}?more=1"},
        {"redirect_uri": f"{BACK}?"},
        {"redirect_uri": f"{BACK}#more"},
        {"redirect_uri": "http://127.0.0.1:9009/back"},
        {"redirect_uri": "http://localhost:9000/back"},
        {"redirect_uri": "https://127.0.0.1:9000/back"},
        {"redirect_uri": "http://127.0.0.1:9000/BACK"},
        {"redirect_uri": "http://127.0.0.1:9000/x/../back"},
        {"redirect_uri": "http://127.0.0.1:9000@evil.example/back"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": OTHER, "prompt": "none"},
    ],
)
def test_a_wrong_system_or_address_gets_a_page_and_no_redirect(system, changes):
    for answer in (system.ask(**changes), system.agree(**changes)):
        assert answer.status_code == 400
        assert "Location" not in answer
        assert "这个登录链接有误" in answer.content.decode()
        assert "evil.example" not in answer["Content-Security-Policy"]
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": "x" * 43}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
        ({"code_challenge": "x" * 300}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://a.example/r"}, "request_uri_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
    ],
)
def test_a_request_that_can_not_be_granted_goes_back_with_its_state(system, changes, error):
    for answer in (told(system.ask(**changes)), told(system.agree(**changes))):
        assert (answer["error"], answer["state"]) == (error, "state-1")
        assert answer["iss"] == ISSUER
        assert "code" not in answer
    assert not Grant.objects.exists()


def test_a_scope_that_was_not_registered_is_refused(browser):
    narrow = make_system(browser, scopes=["profile"])
    assert told(narrow.ask(scope="openid identity"))["error"] == "invalid_scope"
    assert told(narrow.ask(scope="openid profile phone"))["error"] == "invalid_scope"


def test_a_doubled_parameter_gets_a_page(system):
    doubled = {**system.question(), "client_id": [system.record.client_id, "other"]}
    assert system.browser.get("/openid/authorize/", doubled).status_code == 400


@pytest.mark.parametrize("query", ["%zz", "client_id=%ff%00", "a=b&&&=;", "x" * 5000])
def test_a_garbled_query_gets_a_page(system, query):
    assert system.browser.get(f"/openid/authorize/?{query}").status_code == 400


# prompt, max_age, id_token_hint


def test_prompt_none_without_a_session_answers_login_required(system):
    system.browser.logout()
    answer = told(system.ask(prompt="none"))
    assert (answer["error"], answer["state"]) == ("login_required", "state-1")


def test_prompt_none_without_consent_answers_consent_required(system):
    answer = told(system.ask(prompt="none"))
    assert (answer["error"], answer["state"]) == ("consent_required", "state-1")


def test_prompt_none_with_session_and_consent_answers_a_code(system):
    system.code()
    assert "code" in told(system.ask(prompt="none"))


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_login_asks_for_a_new_sign_in(system, prompt):
    system.code()
    first = system.ask(prompt=prompt)
    assert first["Location"].startswith("/sign-in/")
    assert system.browser.get(first["Location"]).status_code == 200, "the form, though signed in"
    # Going on without signing in leads to the sign-in again.
    onward = query_of(first["Location"])["next"]
    assert system.browser.get(onward)["Location"].startswith("/sign-in/")
    done = system.browser.post(first["Location"], {"login": "li", "password": "a-long-password"})
    answer = system.browser.get(done["Location"])
    if "consent" in prompt:
        assert answer.status_code == 200
    else:
        assert "code" in told(answer)


def test_prompt_login_can_not_be_answered_on_the_consent_address(system):
    assert system.agree(prompt="login")["Location"].startswith("/sign-in/")
    assert not Grant.objects.exists()


def test_a_made_up_time_of_asking_counts_for_nothing(system):
    answer = system.ask(prompt="login", asked_at="1")
    assert answer["Location"].startswith("/sign-in/")


def test_a_sign_in_answers_a_request_for_a_quarter_of_an_hour(system, monkeypatch):
    system.code()
    session = system.browser.session
    session["signed_in_at"] -= 960
    session.save()
    then = time.time() - 970
    with monkeypatch.context() as earlier:
        earlier.setattr(signing.time, "time", lambda: then)
        asked_at = signing.dumps(then, salt=ASKED_AT_SALT)
    assert system.ask(prompt="login", asked_at=asked_at)["Location"].startswith("/sign-in/")


def test_max_age_asks_again_after_that_time_and_auth_time_tells(system):
    system.code()
    assert "code" in told(system.ask(max_age="10000"))
    session = system.browser.session
    session["signed_in_at"] -= 3600
    session.save()
    assert system.ask(max_age="1800")["Location"].startswith("/sign-in/")
    assert told(system.ask(max_age="1800", prompt="none"))["error"] == "login_required"
    claims = system.check(system.tokens(max_age="10000")["id_token"])
    assert 3500 < claims["iat"] - claims["auth_time"] < 3700
    sign_in(system.browser, "li")
    claims = system.check(system.tokens(max_age="1800")["id_token"])
    assert claims["iat"] - claims["auth_time"] < 60


def test_max_age_zero_is_a_new_sign_in_and_no_loop(system):
    system.code()
    first = system.ask(max_age="0")
    done = system.browser.post(first["Location"], {"login": "li", "password": "a-long-password"})
    assert "code" in told(system.browser.get(done["Location"]))


def test_a_session_of_unknown_age_is_never_recent(system, world):
    system.code()
    system.browser.logout()
    system.browser.force_login(world.resident)
    assert system.ask(max_age="10000")["Location"].startswith("/sign-in/")
    assert "auth_time" not in system.check(system.tokens()["id_token"])


def test_an_id_token_hint_of_somebody_else_answers_login_required(system, world):
    mine = system.tokens()["id_token"]
    assert "code" in told(system.ask(id_token_hint=mine, prompt="none"))
    other = Client()
    sign_in(other, "wang")
    system.browser = other
    system.code()
    assert told(system.ask(id_token_hint=mine, prompt="none"))["error"] == "login_required"
    assert told(system.ask(id_token_hint="garbage"))["error"] == "login_required"


# Codes


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "made-up"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "nul\x00"}, "invalid_request"),
        ({"code_verifier": "wrong" * 10}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": OTHER}, "invalid_grant"),
        ({"redirect_uri": f"{BACK}?x=1"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"grant_type": "openid"}, "unauthorized_client"),
        ({"grant_type": "password", "username": "li"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"},
            "unsupported_grant_type",
        ),
    ],
)
def test_a_code_is_worth_nothing_without_all_that_belongs_to_it(system, changes, error):
    answer = system.redeem(system.code(), **changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer["Cache-Control"] == "no-store"
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("basic", [True, False])
def test_a_wrong_secret_is_refused(system, basic):
    code = system.code()
    system.secret = "wrong"
    answer = system.redeem(code, basic=basic)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("body", [{}, {"client_id": "unknown"}])
def test_a_missing_or_unknown_system_is_refused(system, body):
    usual = {"grant_type": "authorization_code", "code": system.code(), "redirect_uri": BACK}
    answer = Client().post("/openid/token/", usual | body)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_a_system_without_its_secret_is_refused(system):
    usual = {"grant_type": "authorization_code", "code": system.code(), "redirect_uri": BACK}
    answer = Client().post("/openid/token/", usual | {"client_id": system.record.client_id})
    assert answer.json()["error"] == "invalid_client"


def test_a_code_used_twice_ends_what_came_of_the_first_use(system):
    code = system.code()
    tokens = system.redeem(code).json()
    renewed = system.renew(tokens["refresh_token"]).json()
    assert system.userinfo(renewed["access_token"]).status_code == 200
    again = system.redeem(code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert system.userinfo(renewed["access_token"]).status_code == 401
    assert system.renew(renewed["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_used_twice_leaves_other_sign_ins_alone(system):
    other = system.tokens()
    code = system.code()
    system.redeem(code)
    system.redeem(code)
    assert system.userinfo(other["access_token"]).status_code == 200


def test_the_code_of_another_system_is_refused_and_stays_good(system, browser):
    code = system.code()
    thief = make_system(browser)
    thief.verifier = system.verifier
    assert thief.redeem(code).json()["error"] == "invalid_grant"
    tokens = system.redeem(code).json()
    assert thief.redeem(code).json()["error"] == "invalid_grant"
    assert system.userinfo(tokens["access_token"]).status_code == 200


def test_an_expired_code_is_refused(system):
    code = system.code()
    grant = Grant.objects.get()
    assert timedelta(seconds=55) < grant.expires - utc_now() <= timedelta(seconds=60)
    Grant.objects.update(expires=utc_now() - timedelta(seconds=1))
    assert system.redeem(code).json()["error"] == "invalid_grant"


def test_parameters_in_the_address_of_the_token_endpoint_are_refused(system):
    answer = system.server.post("/openid/token/?code=x", {})
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


def test_an_account_that_was_closed_gets_nothing_more(system, world):
    tokens, waiting = system.tokens(), system.code()
    world.resident.is_active = False
    world.resident.save()
    assert system.redeem(waiting).json()["error"] == "invalid_grant"
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.userinfo(tokens["access_token"]).status_code == 401


def test_who_loses_their_post_loses_a_system_for_staff(world):
    browser = Client()
    sign_in(browser, "clerk")
    system = make_system(browser, staff_only=True)
    tokens = system.tokens()
    world.clerk.posts.all().delete()
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.userinfo(tokens["access_token"]).status_code == 401


# Renewal


def test_a_renewal_keeps_who_and_when_and_brings_new_tokens(system):
    first = system.tokens()
    second = system.renew(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    old, new = system.check(first["id_token"]), system.check(second["id_token"])
    for claim in ("iss", "sub", "aud", "auth_time"):  # Core 12.2
        assert new[claim] == old[claim]
    assert "nonce" not in new
    assert system.userinfo(first["access_token"]).status_code == 401
    assert system.userinfo(second["access_token"]).status_code == 200


def test_a_renewal_can_ask_for_less_and_never_for_more(system):
    tokens = system.tokens(scope="openid profile phone")
    more = system.renew(tokens["refresh_token"], scope="openid profile address")
    assert more.json()["error"] == "invalid_scope"
    less = system.renew(tokens["refresh_token"], scope="openid").json()
    assert set(system.userinfo(less["access_token"]).json()) == {"sub"}


def test_a_refresh_token_used_twice_ends_its_whole_family(system):
    other = system.tokens()
    first = system.tokens()
    second = system.renew(first["refresh_token"]).json()
    third = system.renew(second["refresh_token"]).json()
    assert system.userinfo(third["access_token"]).status_code == 200
    assert system.renew(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.userinfo(third["access_token"]).status_code == 401
    assert system.renew(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.userinfo(other["access_token"]).status_code == 200
    assert system.renew(other["refresh_token"]).status_code == 200


def test_the_refresh_token_of_another_system_is_refused(system, browser):
    tokens = system.tokens()
    answer = make_system(browser).renew(tokens["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"
    assert system.renew(tokens["refresh_token"]).status_code == 200


def test_an_idle_sign_in_ends_after_twelve_hours(system):
    tokens = system.tokens()
    AccessToken.objects.update(expires=utc_now() - timedelta(hours=12, seconds=1))
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_system_revokes_its_own_tokens_alone(system, browser):
    tokens = system.tokens()
    thief = make_system(browser)
    body = {"token": tokens["refresh_token"]}
    assert thief.post("/openid/revoke/", body).status_code == 200
    assert system.userinfo(tokens["access_token"]).status_code == 200
    assert system.post("/openid/revoke/", body).status_code == 200
    assert system.userinfo(tokens["access_token"]).status_code == 401
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"


# Userinfo


def test_userinfo_refuses_what_is_no_living_access_token(system):
    tokens = system.tokens()
    for wrong in ("", "made-up", tokens["refresh_token"], tokens["id_token"]):
        answer = system.userinfo(wrong)
        assert answer.status_code == 401, wrong
        assert "invalid_token" in answer["WWW-Authenticate"]
    in_address = system.server.get("/openid/userinfo/", {"access_token": tokens["access_token"]})
    assert in_address.status_code == 400
    AccessToken.objects.update(expires=utc_now() - timedelta(seconds=1))
    assert system.userinfo(tokens["access_token"]).status_code == 401


# ID tokens of others


def forged(id_token: str, **changes: object) -> dict[str, str]:
    """Tokens with the claims of a true one, not signed by us."""
    published = Client().get("/openid/jwks/").json()
    true = jwt.decode(id_token, KeySet.import_key_set(published), algorithms=["RS256"])
    header, claims = dict(true.header), {**true.claims, **changes}
    stranger = RSAKey.generate_key(2048, private=True, parameters={"kid": header["kid"]})
    public = RSAKey.import_key(published["keys"][0]).as_pem(private=False)
    unsigned = id_token.rsplit(".", 1)[0]
    payload = unsigned.split(".")[1]
    shared = f"{_part({**header, 'alg': 'HS256'})}.{payload}"
    return {
        "signed by another key": jwt.encode(header, claims, stranger),
        "alg none": f"{_part({**header, 'alg': 'none'})}.{payload}.",
        "public key as shared secret": f"{shared}.{_mac(public, shared)}",
        "no signature": f"{unsigned}.",
    }


def _part(part: dict[str, str]) -> str:
    return _base64url(json.dumps(part).encode())


def _mac(key: bytes, text: str) -> str:
    return _base64url(hmac.digest(key, text.encode(), "sha256"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


KINDS = ["signed by another key", "alg none", "public key as shared secret", "no signature"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_independent_client_refuses_a_forged_id_token(system, kind):
    true = system.tokens()["id_token"]
    assert system.check(true)["iss"] == ISSUER
    with pytest.raises(JoseError):
        system.check(forged(true)[kind])


def test_an_independent_client_refuses_another_nonce_and_another_audience(system, browser):
    tokens = system.tokens()
    with pytest.raises(JoseError):
        system.check(tokens["id_token"], nonce="another")
    with pytest.raises(JoseError):
        system.check(tokens["id_token"], access_token="another")
    with pytest.raises(JoseError):
        make_system(browser).check(tokens["id_token"])


# Signing out


def leave(system: System, **query: str):
    return system.browser.get("/openid/logout/", query)


def signed_in(browser: Client) -> bool:
    return browser.get("/me/connected/").status_code == 200


def test_a_proven_sign_out_ends_session_and_tokens_and_leads_back(system):
    tokens = system.tokens()
    answer = leave(
        system,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=LEFT,
        state="state-2",
    )
    assert answer["Location"] == f"{LEFT}?state=state-2"
    assert not signed_in(system.browser)
    assert system.userinfo(tokens["access_token"]).status_code == 401
    assert system.renew(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_expired_id_token_is_still_a_hint(system):
    claims = dict(system.check(system.tokens()["id_token"])) | {"exp": int(time.time()) - 3600}
    key = signing_keys()[0].export_to_pem(private_key=True, password=None)
    late = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(key))
    with pytest.raises(JoseError):
        system.check(late)
    assert leave(system, id_token_hint=late, post_logout_redirect_uri=LEFT)["Location"] == LEFT


def test_a_hint_of_another_provider_that_shares_our_key_is_not_ours(system):
    claims = dict(system.check(system.tokens()["id_token"])) | {"iss": "https://other.example"}
    key = signing_keys()[0].export_to_pem(private_key=True, password=None)
    other = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(key))
    assert leave(system, id_token_hint=other).status_code == 400


def test_without_a_proof_the_person_is_asked_first(system):
    answer = leave(
        system, client_id=system.record.client_id, post_logout_redirect_uri=LEFT, state="s"
    )
    assert answer.status_code == 200
    assert "form-action 'self' http://127.0.0.1:9000;" in answer["Content-Security-Policy"]
    assert signed_in(system.browser)
    query = f"client_id={system.record.client_id}&post_logout_redirect_uri={LEFT}&state=s"
    done = system.browser.post(f"/openid/logout/confirm/?{query}")
    assert done["Location"] == f"{LEFT}?state=s"
    assert not signed_in(system.browser)


def test_the_hint_of_somebody_else_signs_nobody_out_unasked(system, world):
    mine = system.tokens()["id_token"]
    sign_in(system.browser, "wang")
    assert leave(system, id_token_hint=mine).status_code == 200
    assert signed_in(system.browser)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_hint_gets_a_page_and_signs_nobody_out(system, kind):
    hint = forged(system.tokens()["id_token"])[kind]
    answer = leave(system, id_token_hint=hint, post_logout_redirect_uri=LEFT)
    assert answer.status_code == 400
    assert "Location" not in answer
    assert signed_in(system.browser)


@pytest.mark.parametrize(
    "address", [OTHER, f"{LEFT}/more", f"{LEFT}?x=1", BACK, "javascript:alert(1)", "//evil.example"]
)
def test_an_unregistered_address_after_sign_out_gets_a_page(system, address):
    hint = system.tokens()["id_token"]
    answer = leave(system, id_token_hint=hint, post_logout_redirect_uri=address)
    assert answer.status_code == 400
    assert "Location" not in answer
    assert "这个退出链接有误" in answer.content.decode()
    assert signed_in(system.browser)


@pytest.mark.parametrize("query", [{"client_id": "unknown"}, {"client_id": "nul\x00"}, {}])
def test_an_address_without_a_known_system_gets_a_page(system, query):
    answer = leave(system, post_logout_redirect_uri=LEFT, **query)
    assert answer.status_code == 400


def test_a_hint_and_another_system_contradict_each_other(system, browser):
    hint = system.tokens()["id_token"]
    other = make_system(browser).record.client_id
    assert leave(system, id_token_hint=hint, client_id=other).status_code == 400


def test_sign_out_by_post_is_asked_again_by_get(system):
    answer = Client(enforce_csrf_checks=True).post("/openid/logout/", {"state": "x"})
    assert answer.status_code == 303
    assert answer["Location"] == "/openid/logout/?state=x"


# Housekeeping


def test_cleaning_keeps_what_is_alive(system):
    old, alive = system.tokens(), system.tokens()
    long_ago = utc_now() - timedelta(days=2)
    family = SystemSignIn.objects.order_by("begun_at").first().family
    of_old = AccessToken.objects.filter(refresh_token__token_family=family)
    of_old.update(expires=long_ago)
    SystemSignIn.objects.update(begun_at=long_ago)
    IDToken.objects.update(expires=long_ago)
    clean_command()
    assert SystemSignIn.objects.count() == 1
    assert system.renew(old["refresh_token"]).json()["error"] == "invalid_grant"
    assert system.renew(alive["refresh_token"]).status_code == 200


def test_a_challenge_is_what_rfc_7636_appendix_b_says():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
