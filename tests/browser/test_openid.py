"""A second process, a department's system, signs people in through us, in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COMMAND, free_port
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser
PROGRAM = Path(__file__).with_name("department_system.py")


@pytest.fixture
def department(server, surroundings, tmp_path) -> str:
    """Address of a department's system that is registered and runs."""
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    words = ["openid", "register", "--json", "--name", "区人社局考勤系统"]
    words += ["--redirect-uri", f"{home}/back", "--logout-uri", f"{home}/left"]
    words += ["--scope", "profile", "--scope", "posts", "--purpose", "记录上下班时间"]
    done = subprocess.run(
        [*COMMAND, *words], env=surroundings, capture_output=True, text=True, check=True
    )
    system = json.loads(done.stdout)
    credentials = (system["client_id"], system["client_secret"])
    log = tmp_path / "department.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, PROGRAM, server, *credentials, str(port)],
            stdout=out,
            stderr=out,
        )
    try:
        for _ in range(50):
            try:
                urllib.request.urlopen(home, timeout=2)
                break
            except urllib.error.URLError:
                time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield home
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def visitor(browser, server):
    visitor = Visitor(browser, server, "desktop", "openid")
    visitor.server = "http://127.0.0.1:"  # Two servers of this machine are at work here.
    yield visitor
    visitor.close()


def sign_in_here(visitor: Visitor, username: str = "social-clerk") -> None:
    visitor.page.get_by_label("账号", exact=True).fill(username)
    visitor.page.get_by_label("密码", exact=True).fill("tongban-demo")
    visitor.button("登录")


def sign_in_there(visitor: Visitor, department: str, fault: str = "") -> None:
    """For the first time: sign in, agree."""
    visitor.page.goto(f"{department}/sign-in?fault={fault}")
    sign_in_here(visitor)
    visitor.button("同意")


@pytest.mark.parametrize("width", ["desktop", "phone", "narrow"])
def test_signing_in_agreeing_and_being_known_there(browser, server, department, width):
    visitor = Visitor(browser, server, width, "openid")
    visitor.server = "http://127.0.0.1:"
    page = visitor.page
    page.goto(f"{department}/sign-in")
    expect(page.locator("h1")).to_have_text("登录")
    visitor.sees("01-sign-in")
    sign_in_here(visitor)
    expect(page.locator("h1")).to_contain_text("区人社局考勤系统")
    expect(page.locator("main")).to_contain_text("记录上下班时间")
    visitor.sees("02-consent")
    visitor.button("同意")
    expect(page.locator("p")).to_have_text("signed in: 区人社局窗口(示例) (区人社局 clerk)")
    page.goto(f"{server}/me/connected/")
    expect(page.locator("main")).to_contain_text("区人社局考勤系统")
    visitor.sees("03-connected")
    assert visitor.complaints == []
    visitor.close()


def test_a_remembered_yes_leads_from_the_sign_in_form_straight_back(visitor, department):
    """Chromium holds the form's redirects to `form-action`; the way is open to this system alone."""
    sign_in_there(visitor, department)
    visitor.page.goto(f"{department}/sign-in")
    expect(visitor.page.locator("p")).to_contain_text("signed in")
    visitor.context.clear_cookies()
    visitor.page.goto(f"{department}/sign-in")
    sign_in_here(visitor)
    expect(visitor.page.locator("p")).to_contain_text("signed in")
    assert visitor.complaints == []


def test_proving_it_again_when_the_system_asks(visitor, department):
    sign_in_there(visitor, department)
    visitor.page.goto(f"{department}/sign-in?prompt=login")
    expect(visitor.page.locator("h1")).to_have_text("登录")
    sign_in_here(visitor)
    expect(visitor.page.locator("p")).to_contain_text("signed in")


def test_not_agreeing(visitor, department):
    visitor.page.goto(f"{department}/sign-in")
    sign_in_here(visitor)
    visitor.button("不同意")
    expect(visitor.page.locator("p")).to_have_text("refused: the provider refused: access_denied")


def test_a_tampered_state_is_refused(visitor, department):
    sign_in_there(visitor, department)
    ask = visitor.context.request
    question = ask.get(f"{department}/sign-in", max_redirects=0).headers["location"]
    answer = ask.get(question, max_redirects=0).headers["location"]
    assert answer.startswith(f"{department}/back?code=")
    for brought in (answer.replace("state=", "state=x"), answer):  # Even the true one, then.
        visitor.page.goto(brought)
        expect(visitor.page.locator("p")).to_contain_text("refused")
        expect(visitor.page.locator("p")).to_contain_text("wrong state")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("nonce", "the ID token is not good: invalid_claim: Invalid claim: 'nonce'"),
        ("expired", "the ID token is not good: expired_token"),
        ("signature", "the ID token is not good: bad_signature"),
        ("replay", "the code is not good: invalid_grant"),
    ],
)
def test_what_was_tampered_with_signs_nobody_in(visitor, department, fault, said):
    sign_in_there(visitor, department, fault)
    expect(visitor.page.locator("p")).to_contain_text(f"refused: {said}")
    visitor.page.goto(department)
    expect(visitor.page.locator("p")).to_have_text("nobody is signed in")


def test_an_answer_brought_a_second_time_is_refused(visitor, department):
    sign_in_there(visitor, department)
    expect(visitor.page.locator("p")).to_contain_text("signed in")
    visitor.page.goto(visitor.page.url)
    expect(visitor.page.locator("p")).to_contain_text("refused: the answer does not belong")


def test_signing_out_there_signs_out_here(visitor, department, server):
    sign_in_there(visitor, department)
    visitor.page.goto(f"{department}/out")
    expect(visitor.page.locator("p")).to_have_text("nobody is signed in")
    assert visitor.page.url == f"{department}/left?state=out"
    visitor.page.goto(f"{server}/me/connected/")
    expect(visitor.page.locator("h1")).to_have_text("登录")


def test_disconnecting_asks_again_the_next_time(visitor, department, server):
    sign_in_there(visitor, department)
    visitor.page.goto(f"{server}/me/connected/")
    card = visitor.page.locator(".card").first
    card.get_by_role("button", name="断开").click()
    expect(visitor.page.get_by_role("status")).to_contain_text("已断开")
    visitor.page.goto(f"{department}/sign-in")
    expect(visitor.page.get_by_role("button", name="同意", exact=True)).to_be_visible()
