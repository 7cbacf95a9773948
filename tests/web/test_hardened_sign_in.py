"""What must hold of sessions, passwords and second factors."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.conf import settings as django_settings
from django.contrib.auth.hashers import get_hasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.shortcuts import resolve_url
from django.test import Client, override_settings
from django.urls import reverse

from tests.web.visits import PASSWORD, sign_in, signed_in
from tongban.cases.forms import KEPT_FORM
from tongban.directory.models import AccountPhone
from tongban.directory.sign_in import devices
from tongban.web import settings as product

# Signing in


def test_a_session_is_new_after_sign_in_and_dead_after_sign_out(site):
    client = Client()
    client.post("/me/", {"kept": "before signing in"})
    before = client.session.session_key
    assert before
    assert sign_in(client, "a-long-password")
    inside = client.cookies["tongban_session"].value
    assert inside != before
    out = re.search(r'action="([^"]*out[^"]*)"', client.get("/me/").content.decode())
    assert out
    client.post(out[1])
    client.cookies["tongban_session"] = inside
    assert client.get("/me/").status_code == 302
    assert not Session.objects.filter(session_key__in=[before, inside]).exists()


def test_a_made_up_session_opens_nothing_and_a_real_one_cannot_be_guessed(site):
    keys = {signed_in(site.resident).cookies["tongban_session"].value for _ in range(20)}
    assert len(keys) == 20
    assert all(re.fullmatch(r"[a-z0-9]{32,}", key) for key in keys)  # 36**32 is 165 bits
    client = Client()
    client.cookies["tongban_session"] = "a" * 32
    assert client.get("/me/").status_code == 302


def test_a_disabled_account_is_out_at_once(site):
    client = signed_in(site.resident)
    assert client.get("/me/").status_code == 200
    site.resident.is_active = False
    site.resident.save()
    assert client.get("/me/").status_code == 302


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
def test_a_password_is_taken_exactly_as_typed(site):
    site.resident.set_password(PASSWORD)
    site.resident.save()
    for wrong in (PASSWORD.strip(), PASSWORD.lower(), PASSWORD[:72], PASSWORD[:-1]):
        assert not sign_in(Client(), wrong)
    assert sign_in(Client(), PASSWORD)


def test_the_password_field_hides_and_lets_password_managers_in(client, db):
    page = client.get(resolve_url(django_settings.LOGIN_URL)).content.decode()
    field = re.search(r'<input[^>]*name="password"[^>]*>', page)
    assert field
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "onpaste" not in page


def test_passwords_are_kept_by_a_slow_hash():
    """OWASP's least: PBKDF2-SHA256 with 600,000 rounds; Argon2 and scrypt are slow by design."""
    from django.conf import global_settings

    hashers = getattr(product, "PASSWORD_HASHERS", global_settings.PASSWORD_HASHERS)
    with override_settings(PASSWORD_HASHERS=hashers):
        first = get_hasher("default")
    assert first.algorithm in ("argon2", "scrypt", "pbkdf2_sha256")
    assert first.algorithm != "pbkdf2_sha256" or first.iterations >= 600_000


# Sessions, passwords, second factors


def test_a_kept_form_is_not_handed_to_another_account(site):
    path = f"/items/{site.item.code}/apply/request/"
    for owner, gets in (("li", True), ("wang", False)):
        site.make_draft(site.resident if owner == "li" else site.neighbour)
        client = Client()
        assert sign_in(client, "a-long-password")
        Session.objects.all().delete()
        client.post(path, {"reason": "lost", "address": "secret street 9"})
        client.post("/sign-in/", {"login": owner, "password": "a-long-password"})
        assert ("secret street 9" in client.get(path).content.decode()) is gets


def test_a_form_of_nobody_is_not_kept(site):
    client = Client()
    client.post(f"/items/{site.item.code}/apply/request/", {"address": "secret street 9"})
    assert KEPT_FORM not in client.session


def test_a_session_is_not_kept_when_the_browser_closes_and_ends_by_itself(site):
    client = Client()
    assert sign_in(client, "a-long-password")
    cookie = client.cookies["tongban_session"]
    assert cookie["max-age"] == ""
    assert cookie["expires"] == ""
    stored = Session.objects.get(session_key=cookie.value)
    stored.expire_date -= timedelta(seconds=product.SESSION_COOKIE_AGE)
    stored.save()
    assert product.SESSION_COOKIE_AGE == 12 * 3600
    assert client.get("/me/").status_code == 302


def test_passwords_of_any_kind_are_taken_and_poor_ones_are_not(db):
    for good in (
        "8402759163720459",
        "zhonghuaxiyuexiaoxi",
        "!!§§%%&&//(())",
        "密码很长很长很长很长",
    ):
        validate_password(good)
    for poor in ("short", "1234567890", "password123"):
        with pytest.raises(ValidationError):
            validate_password(poor)


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(site):
    here, elsewhere = Client(), Client()
    assert sign_in(here, "a-long-password")
    assert sign_in(elsewhere, "a-long-password")
    new = "another-long-password"
    form = {"password1": new, "password2": new}
    here.post("/account/password/", {"oldpassword": "wrong-password", **form})
    assert elsewhere.get("/me/").status_code == 200
    here.post("/account/password/", {"oldpassword": "a-long-password", **form})
    assert here.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302
    assert sign_in(Client(), new)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/account/email/", {"action_add": "", "email": "x@example.cn"}),
        ("/account/phone/", {"phone": "13812345678"}),
        ("/account/second-step/app/", {"code": "000000"}),
        ("/account/second-step/app/off/", {}),
        ("/account/passkeys/add/", {"name": "x"}),
        ("/account/recovery-codes/new/", {}),
    ],
)
def test_ways_to_sign_in_are_changed_only_after_proving_oneself_again(site, path, form):
    TOTP.activate(site.resident, generate_totp_secret())
    answer = signed_in(site.resident).post(path, form)
    assert answer.status_code in (200, 302), path
    assert answer.status_code == 200 or "again" in answer.headers["Location"], path
    assert not EmailAddress.objects.exists()
    assert not AccountPhone.objects.exists()
    assert set(Authenticator.objects.values_list("type", flat=True)) == {"totp"}


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_forgotten_password_does_not_open_the_second_step(site):
    TOTP.activate(site.resident, generate_totp_secret())
    client, new = Client(), "another-long-password"
    key = default_token_generator.make_token(site.resident)
    link = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(site.resident), key])
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": new, "password2": new})
    assert client.get("/me/").status_code == 302
    site.resident.refresh_from_db()
    assert site.resident.check_password(new)
    answer = client.post("/sign-in/", {"login": "li", "password": new})
    assert answer.headers["Location"].startswith("/sign-in/second-step/")
    assert client.get("/me/").status_code == 302
    again = Client().get(link, follow=True)
    assert 'name="password1"' not in again.content.decode(), "the link works once"


def test_a_code_of_any_kind_works_once(site):
    secret = generate_totp_secret()
    TOTP.activate(site.resident, secret)
    recovery = RecoveryCodes.activate(site.resident).get_unused_codes()[0]
    app = code_now(secret)
    for code in (app, recovery):
        for works in (True, False):
            client = Client()
            assert not sign_in(client, "a-long-password")
            client.post("/sign-in/second-step/", {"code": code})
            assert (client.get("/me/").status_code == 200) is works


def test_codes_are_long_enough_and_their_seeds_are_sealed(site):
    secret = generate_totp_secret()
    TOTP.activate(site.resident, secret)
    codes = RecoveryCodes.activate(site.resident).get_unused_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9]{8,}", code) for code in codes)
    assert len(secret) >= 32  # 160 bits
    for kept in Authenticator.objects.filter(user=site.resident):
        assert all(str(value).startswith("k") for value in kept.data.values() if value)


def test_a_code_by_text_message_belongs_to_the_browser_that_asked(site, settings, own_home):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=own_home)
    AccountPhone.objects.create(account=site.resident, phone="+8613812345678", verified=True)
    asked, other = Client(), Client()
    asked.post("/sign-in/code/", {"phone": "13812345678"})
    (message,) = (own_home / "outbox").glob("sms-*.txt")
    code = re.search(r"\b[0-9]{6}\b", message.read_text().split("\n")[1])
    assert code
    other.post("/sign-in/code/confirm/", {"code": code[0]})
    assert other.get("/me/").status_code == 302
    asked.post("/sign-in/code/confirm/", {"code": code[0]})
    assert asked.get("/me/").status_code == 200
    asked.post("/sign-out/")
    asked.post("/sign-in/code/confirm/", {"code": code[0]})
    assert asked.get("/me/").status_code == 302


def test_opening_an_account_asks_no_secret_questions(db):
    page = Client().get("/sign-up/").content.decode()
    names = set(re.findall(r'<(?:input|select|textarea)[^>]*name="([^"]+)"', page))
    assert names <= {
        "csrfmiddlewaretoken",
        "q",
        "next",
        "username",
        "phone",
        "password1",
        "password2",
        "language",
    }


def test_the_cookie_of_a_device_is_a_secret_that_is_kept_as_a_hash(site):
    client = Client()
    assert sign_in(client, "a-long-password")
    secret = client.cookies[devices.COOKIE].value
    assert len(secret) >= 43
    assert secret not in str(list(site.resident.devices.values()))
