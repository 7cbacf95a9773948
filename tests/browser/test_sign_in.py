"""Passkeys, codes, second steps and guessing in a real browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser


PASSWORD = "tongban-demo"


def virtual_authenticator(visitor: Visitor) -> None:
    """Chromium's own stand-in for a phone's or laptop's authenticator."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def totp(secret: str, at: float) -> str:
    """RFC 6238 from its text, not from the library that checks it."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_a_passkey_is_added_and_signs_in_without_a_password(browser, server, width):
    who = {"desktop": "tax-clerk", "phone": "land-clerk"}[width]
    # A passkey belongs to a name, and an address of numbers is none.
    visitor = Visitor(browser, server.replace("127.0.0.1", "localhost"), width, f"passkey-{who}")
    page = visitor.page
    virtual_authenticator(visitor)
    page.goto("/sign-in/?next=/me/security/")
    visitor.sees("01-sign-in")
    page.get_by_label("账号", exact=True).fill(who)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    visitor.sees("02-security")
    page.get_by_role("link", name="通行密钥").click()
    if page.url.count("/again/"):
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").first.click()
    page.get_by_role("link", name="添加").click()
    if page.url.count("/again/"):
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").first.click()
    visitor.sees("03-add-passkey")
    page.get_by_label("怎么称呼它").fill("我的电脑")
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.locator("#mfa_webauthn_add").click()
    expect(page).to_have_url(re.compile("recovery-codes|passkeys/$"))
    visitor.sees("04-after-passkey")
    page.get_by_role("button", name="退出").click()
    page.goto(f"{visitor.server}/sign-in/?next=/me/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page).to_have_url(re.compile("/me/$"))
    visitor.sees("05-signed-in")
    visitor.close()


def test_an_administrator_needs_a_second_step(browser, server):
    visitor = Visitor(browser, server, "desktop", "administrator")
    page = visitor.page
    visitor.sign_in("police-admin", "/work/posts/")
    expect(page.locator("h1")).to_have_text("需要两步验证")
    visitor.complaints.clear()  # The refusal itself is a 403.
    visitor.sees("01-second-step")
    page.goto("/account/second-step/app/")
    if "/again/" in page.url:
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").first.click()
    visitor.sees("02-authenticator")
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("#id_code").fill(totp(secret, time.time()))
    page.get_by_role("main").get_by_role("button").first.click()
    visitor.sees("03-recovery-codes")
    page.goto("/work/posts/")
    visitor.complaints.clear()
    page.get_by_role("link", name="现在确认").click()
    visitor.sees("04-confirm")
    # A code works once: the next one is half a minute away, and within tolerance it is early.
    page.locator("#id_code").fill(totp(secret, time.time() + 30))
    page.get_by_role("main").get_by_role("button").first.click()
    if "/work/posts/" not in page.url:
        time.sleep(31 - time.time() % 30)
        page.locator("#id_code").fill(totp(secret, time.time()))
        page.get_by_role("main").get_by_role("button").first.click()
    expect(page.locator("h1")).to_have_text("岗位与代岗")
    visitor.sees("05-posts")
    visitor.close()


def test_guessing_is_stopped_and_the_owner_gets_in(browser, server):
    owner = Visitor(browser, server, "desktop", "owner")
    owner.sign_in("transport-clerk", "/me/")
    expect(owner.page).to_have_url(re.compile("/me/$"))
    owner.page.get_by_role("button", name="退出").click()
    guesser = Visitor(browser, server, "phone", "guesser")
    for number in range(11):
        guesser.page.goto("/sign-in/")
        guesser.page.get_by_label("账号", exact=True).fill("transport-clerk")
        guesser.page.get_by_label("密码", exact=True).fill(f"wrong-{number}")
        guesser.page.get_by_role("button", name="登录", exact=True).click()
    expect(guesser.page.locator(".error-summary")).to_contain_text("尝试次数过多")
    guesser.sees("01-stopped")
    owner.sign_in("transport-clerk", "/me/")
    expect(owner.page).to_have_url(re.compile("/me/$"))
    for one in (owner, guesser):
        one.close()


def test_an_account_is_opened_verified_and_used(browser, server, surroundings):
    visitor = Visitor(browser, server, "phone", "newcomer")
    page = visitor.page
    page.goto("/sign-up/")
    visitor.sees("01-sign-up")
    page.locator("#id_username").fill("zhou-xiaochuan")
    page.locator("#id_phone").fill("13812345678")
    page.locator("#id_password1").fill("a very long password")
    page.locator("#id_password2").fill("a very long password")
    page.get_by_role("main").get_by_role("button").first.click()
    visitor.sees("02-code")
    outbox = Path(surroundings["TONGBAN_HOME"]) / "outbox"
    text = max(outbox.glob("sms-*.txt")).read_text()
    page.locator("#id_code").fill(re.search(r"[0-9]{6}", text.split("\n")[1])[0])
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto("/me/identity/")
    visitor.sees("03-identity")
    page.get_by_label("姓名").fill("周小川(示例)")
    page.get_by_label("身份证号").fill("51160218900303001X")
    visitor.button("开始认证")
    expect(page.get_by_text("5116**********001X")).to_be_visible()
    visitor.sees("04-verified")
    page.goto("/me/data/")
    visitor.sees("05-data")
    page.goto("/me/delegations/")
    visitor.sees("06-delegations")
    page.goto("/me/security/")
    visitor.sees("07-security")
    visitor.close()


def test_a_helper_applies_for_an_elder(browser, server):
    visitor = Visitor(browser, server, "phone", "helper")
    page = visitor.page
    visitor.sign_in("helper-chen", "/me/delegations/")
    visitor.sees("01-delegations")
    page.get_by_label("搜索").first.fill("居民身份证")
    page.get_by_role("button", name="搜索").first.click()
    page.locator(".result__apply a").first.click()
    visitor.sees("02-for-whom")
    page.get_by_label("王桂兰(示例)").check()
    page.get_by_role("main").get_by_role("button", name="开始").click()
    expect(page.get_by_label("身份证号")).to_have_value("511602189912310131")
    visitor.sees("03-form")
    visitor.close()


@pytest.mark.parametrize(
    ("who", "path", "name"),
    [
        ("police-clerk", "/work/people/", "people"),
        ("police-clerk", "/work/delegations/", "counter"),
        ("police-reviewer", "/work/corrections/", "corrections"),
        ("police-head", "/work/emergency/", "emergency"),
        ("resident-li", "/me/data/", "data"),
    ],
)
@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_pages_of_people_and_posts_are_sound(browser, server, who, path, name, width):
    visitor = Visitor(browser, server, width, f"page-{name}")
    visitor.sign_in(who, path)
    visitor.sees(name)
    visitor.close()
