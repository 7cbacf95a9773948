"""Signing in through the pages: passwords, codes, second factors, devices, limits."""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from tests.conftest import AT
from tongban.base.clocks import utc_now
from tongban.directory import security_log
from tongban.directory.models import AccountPhone, Attempts, KnownDevice, SecurityEvent
from tongban.directory.sign_in import devices, limits
from tongban.directory.sign_in.adapter import checked_phone, find_by_phone
from tongban.directory.sign_in.passwords import is_listed

GOOD = "a-long-password"
PHONE = "13812345678"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def home(tmp_path, settings, monkeypatch):
    from dataclasses import replace

    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=tmp_path)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return tmp_path


def sign_in(client: Client, name: str = "li", password: str = GOOD, **extra) -> bool:
    client.post("/sign-in/", {"login": name, "password": password}, **extra)
    return client.get("/me/").status_code == 200


def sent(home: Path) -> list[str]:
    return [path.read_text() for path in sorted((home / "outbox").glob("sms-*.txt"))]


def kinds() -> list[str]:
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


# Guessing


def test_guessing_is_stopped_and_the_owner_still_gets_in_from_a_known_device(world):
    owner, guesser = Client(), Client()
    assert sign_in(owner)
    owner.post("/sign-out/")
    for number in range(limits.STRANGERS.most):
        assert not sign_in(guesser, password=f"wrong-{number}")
    # Stopped: not even the right password helps a stranger now.
    answer = guesser.post("/sign-in/", {"login": "li", "password": GOOD})
    assert "尝试次数过多" in answer.content.decode()
    assert guesser.get("/me/").status_code == 302
    assert security_log.SIGN_IN_STOPPED in kinds()
    # The owner's device is known, and not shut out by what others do.
    assert sign_in(owner)
    # Others are not shut out either.
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9"), name="wang")


def test_a_known_device_that_guesses_is_stopped_as_well(world):
    thief = Client()
    assert sign_in(thief)
    thief.post("/sign-out/")
    for number in range(limits.DEVICE.most):
        sign_in(thief, password=f"wrong-{number}")
    assert not sign_in(thief)


def test_one_client_that_tries_many_accounts_is_stopped(world):
    guesser = Client(REMOTE_ADDR="10.0.0.7")
    for number in range(limits.CLIENT.most):
        sign_in(guesser, name=f"somebody-{number}", password="x" * 12)
    answer = guesser.post("/sign-in/", {"login": "wang", "password": GOOD})
    assert "尝试次数过多" in answer.content.decode()
    assert sign_in(Client(REMOTE_ADDR="10.0.0.8"), name="wang")


def test_a_right_password_is_not_counted(world):
    client = Client()
    for _ in range(limits.STRANGERS.most + 2):
        KnownDevice.objects.all().delete()
        client.cookies.clear()
        assert sign_in(client)


def test_after_its_time_a_limit_is_open_again(db):
    limit = limits.Limit("test", 2, 60)
    assert [limits.take(limit, "x", at=AT) for _ in range(3)] == [True, True, False]
    assert limits.take(limit, "y", at=AT)
    assert limits.take(limit, "x", at=AT + timedelta(seconds=60))
    limits.give_back(limit, "x")
    assert Attempts.objects.filter(count=0).exists()


def test_counts_say_nothing_of_people(world):
    sign_in(Client(), password="wrong-password")
    buckets = " ".join(Attempts.objects.values_list("bucket", flat=True))
    assert re.fullmatch(r"([0-9a-f]{64} ?)+", buckets)


def test_an_unknown_account_and_a_wrong_password_look_the_same(world):
    pages = []
    for name in ("li", "nobody-there"):
        answer = Client().post("/sign-in/", {"login": name, "password": "wrong-password"})
        page = re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.content.decode())
        pages.append(page)
    assert pages[0] == pages[1]
    assert "账号和密码不符" in pages[0]


# Devices


def test_a_new_device_is_told_to_the_owner(world, home):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=True)
    assert sign_in(Client())
    assert sent(home) == []
    assert sign_in(Client(), HTTP_USER_AGENT=FIREFOX)
    (message,) = sent(home)
    assert "Firefox · Linux" in message
    assert kinds().count(security_log.NEW_DEVICE) == 1


def test_a_device_can_be_forgotten_and_only_by_its_owner(world):
    client = Client()
    sign_in(client)
    device = KnownDevice.objects.get(account=world.resident)
    stranger = Client()
    sign_in(stranger, "wang")
    stranger.post(f"/me/security/devices/{device.pk}/forget/")
    assert KnownDevice.objects.filter(pk=device.pk).exists()
    client.post(f"/me/security/devices/{device.pk}/forget/")
    assert not KnownDevice.objects.filter(pk=device.pk).exists()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox · Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone) AppleWebKit Version/18.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Windows"),
        ("curl/8", "? · ?"),
    ],
)
def test_devices_have_names(agent, name):
    assert devices.device_name(agent) == name


def test_all_other_sessions_are_ended_at_once(world):
    here, elsewhere = Client(), Client()
    sign_in(here)
    sign_in(elsewhere)
    page = here.get("/account/sessions/").content.decode()
    assert page.count("127.0.0.1") == 2
    here.post("/account/sessions/")
    assert here.get("/me/").status_code == 200
    assert elsewhere.get("/me/").status_code == 302


# Codes


def test_a_code_by_text_message_signs_in(world, home):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=True)
    client = Client()
    client.post("/sign-in/code/", {"phone": "138 1234 5678"})
    (message,) = sent(home)
    code = re.search(r"[0-9]{6}", message.split("\n")[1])[0]
    client.post("/sign-in/code/confirm/", {"code": code})
    assert client.get("/me/").status_code == 200


def test_guessing_a_code_is_stopped_and_messages_have_a_limit(world, home):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=True)
    owner = Client()
    assert sign_in(owner)
    owner.post("/sign-out/")
    for _ in range(limits.MESSAGES_STRANGERS.most + 3):
        guesser = Client(REMOTE_ADDR="10.0.0.7")
        guesser.post("/sign-in/code/", {"phone": PHONE})
        for _ in range(5):
            guesser.post("/sign-in/code/confirm/", {"code": "000000"})
        assert guesser.get("/me/").status_code == 302
    assert len(sent(home)) <= limits.MESSAGES_STRANGERS.most
    assert sign_in(owner), "the owner still gets in from a known device"


def test_an_unknown_number_is_not_given_away(world, home):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=True)
    answers = [
        Client().post("/sign-in/code/", {"phone": number}).headers.get("Location")
        for number in (PHONE, "13900000000")
    ]
    assert answers[0] == answers[1] is not None


@pytest.mark.parametrize("typed", [PHONE, "+86 138-1234-5678", "0086 13812345678"])
def test_a_mobile_number_is_taken_in_every_form(typed):
    assert checked_phone(typed) == "+8613812345678"


@pytest.mark.parametrize("typed", ["", "12345", "12812345678", "138123456789", "0826-2000101"])
def test_what_is_no_mobile_number_is_refused(typed):
    with pytest.raises(ValidationError):
        checked_phone(typed)


def test_a_phone_is_sealed_and_found(world):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, phone_index FROM directory_accountphone")
        assert PHONE not in repr(cursor.fetchall())
    assert find_by_phone(PHONE) == world.resident
    assert find_by_phone("13900000000") is None


# Opening an account


def test_an_account_is_opened_and_its_phone_confirmed(world, home):
    client = Client()
    form = {"username": "zhou", "phone": PHONE, "password1": GOOD + "x", "password2": GOOD + "x"}
    client.post("/sign-up/", form)
    (message,) = sent(home)
    assert client.get("/me/").status_code == 302
    code = re.search(r"[0-9]{6}", message.split("\n")[1])[0]
    client.post("/sign-up/phone/", {"code": code})
    assert client.get("/me/").status_code == 200
    assert AccountPhone.objects.get(account__username="zhou").verified


@pytest.mark.parametrize("name", ["13812345678", "a@b.cn", "1abc", "ab", "管理员", "a b"])
def test_a_name_is_never_a_number_or_an_address(world, name):
    form = {"username": name, "password1": GOOD + "x", "password2": GOOD + "x"}
    answer = Client().post("/sign-up/", form)
    assert answer.status_code == 200
    assert "id_username-error" in answer.content.decode()


@pytest.mark.parametrize("password", ["short", "password123", "zhouzhouzhou"])
def test_weak_passwords_are_refused(world, password):
    form = {"username": "zhouzhou", "password1": password, "password2": password}
    answer = Client().post("/sign-up/", form)
    assert answer.status_code == 200
    assert "error-summary" in answer.content.decode()


def test_a_password_of_the_list_of_breaches_is_refused(world, home):
    hashes = sorted(
        hashlib.sha1(word.encode()).hexdigest().upper()
        for word in ("correct horse battery staple", *(f"word{n}" for n in range(500)))
    )
    path = home / "breached-passwords.txt"
    path.write_text("".join(f"{one}:7\r\n" for one in hashes))
    for word in ("correct horse battery staple", "word0", "word499"):
        assert is_listed(path, word)
    assert not is_listed(path, "not in it")
    listed = "correct horse battery staple"
    form = {"username": "zhou", "password1": listed, "password2": listed}
    answer = Client().post("/sign-up/", form)
    assert "曾在泄露事件中出现" in answer.content.decode()


# Second factors


def totp(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_an_authenticator_app_is_set_up_and_asked_for(world):
    client = Client()
    sign_in(client)
    client.post("/account/again/", {"password": GOOD})
    page = client.get("/account/second-step/app/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)[1]
    answer = client.post("/account/second-step/app/", {"code": totp(secret)})
    assert answer.status_code == 302
    stored = Authenticator.objects.get(user=world.resident, type="totp").data["secret"]
    assert secret not in stored
    assert stored.startswith("k")
    fresh = Client()
    assert not sign_in(fresh)
    from django.core.cache import cache

    cache.clear()  # A code works once: as if half a minute had passed.
    fresh.post("/sign-in/second-step/", {"code": totp(secret)})
    assert fresh.get("/me/").status_code == 200


def test_guessing_the_second_factor_is_stopped(world):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(world.resident, secret)
    client = Client()
    sign_in(client)
    for _ in range(8):
        answer = client.post("/sign-in/second-step/", {"code": "000000"})
    answer = client.post("/sign-in/second-step/", {"code": totp(secret)})
    assert answer.status_code in (200, 429)
    assert client.get("/me/").status_code == 302


# The log


def test_the_log_holds_references_only(world, caplog):
    client = Client(REMOTE_ADDR="203.0.113.9")
    sign_in(client, password="wrong-password")
    sign_in(client)
    client.post("/sign-out/")
    assert kinds() == ["sign_in_failed", "signed_in", "signed_out"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM directory_securityevent")
        stored = repr(cursor.fetchall())
    for secret in ("203.0.113.9", "wrong-password", "li(示例)", "'li'"):
        assert secret not in stored
    assert len({event.client for event in SecurityEvent.objects.all()}) == 1


@pytest.mark.django_db(transaction=True)
def test_the_log_is_also_lines_of_json(world, monkeypatch):
    lines = []
    monkeypatch.setattr(security_log.logger, "info", lines.append)
    security_log.note(None, security_log.REVEALED, account=world.clerk, subject="case 1", how="x")
    said = json.loads(lines[0])
    assert said["kind"] == "revealed"
    assert said["account"] == world.clerk.pk
    assert said["how"] == "x"


def test_unusual_things_raise_an_alert(world):
    now = utc_now()
    for number in range(16):
        security_log.note(
            None,
            security_log.SIGN_IN_FAILED,
            account=world.resident,
            at=now - timedelta(minutes=number),
        )
    (alert,) = security_log.alerts(now)
    assert (alert.who, alert.count) == (str(world.resident.pk), 16)
    assert security_log.alerts(now + timedelta(hours=2)) == []


def test_a_kind_that_is_not_listed_is_an_error(db):
    with pytest.raises(KeyError):
        security_log.note(None, "something")


def test_sign_in_takes_no_longer_for_who_is_not_there(world, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    world.resident.set_password(GOOD)
    world.resident.save()

    def seconds(name: str) -> float:
        begun = time.perf_counter()
        Client().post("/sign-in/", {"login": name, "password": "wrong-password"})
        return time.perf_counter() - begun

    seconds("li")
    there, away = seconds("li"), seconds("nobody-there")
    assert away > there / 3, "the password is hashed all the same"


def test_a_session_ends_twelve_hours_after_its_sign_in(world, settings):
    client = Client()
    sign_in(client)
    session = client.session
    session["signed_in_at"] -= settings.SESSION_COOKIE_AGE + 1
    session.save()
    assert client.get("/me/").status_code == 302


def test_an_unconfirmed_number_gets_no_codes(world, home):
    AccountPhone.objects.create(account=world.resident, phone="+86" + PHONE, verified=False)
    Client().post("/sign-in/code/", {"phone": PHONE})
    assert not any("验证码" in message for message in sent(home))


def test_a_forgotten_password_is_set_anew_by_the_mailed_link(world):
    from allauth.account.models import EmailAddress
    from django.core import mail

    EmailAddress.objects.create(
        user=world.resident, email="li@example.cn", verified=True, primary=True
    )
    client = Client()
    client.post("/account/password/forgotten/", {"email": "li@example.cn"})
    link = re.search(r"http://testserver(/account/password/new/\S+)", mail.outbox[-1].body)[1]
    page = client.get(link, follow=True)
    assert page.status_code == 200
    address = page.request["PATH_INFO"]
    fresh = "another long password"
    client.post(address, {"password1": fresh, "password2": fresh})
    assert sign_in(Client(), password=fresh)
    assert security_log.SECRETS_CHANGED in kinds()


def test_asking_for_what_is_not_ones_own_is_noted(world, calendar, tmp_path, settings):
    settings.TONGBAN_FILES = tmp_path / "files"
    case = world.make_case()
    client = Client()
    sign_in(client, "wang")
    assert client.get(f"/cases/{case.number}/").status_code == 404
    event = SecurityEvent.objects.get(kind=security_log.OUT_OF_REACH)
    assert event.account == world.neighbour
    assert case.number not in event.subject
