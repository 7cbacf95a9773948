"""A second Tongban is the national identity of the first one, in a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COMMAND, free_port, mainly
from tests.browser.test_openid import sign_in_here
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def local(server, surroundings, migrated_home, tmp_path) -> str:
    """Address of a second Tongban, with nothing loaded, whose upstream is `server`."""
    port = free_port()
    # A cookie does not know ports: under one name the sessions of the two would mix.
    home = f"http://localhost:{port}"
    words = ["openid", "register", "--json", "--name", "广安区一体化平台", "--full-id-number"]
    words += ["--redirect-uri", f"{home}/sign-in/upstream/back/"]
    words += ["--scope", "profile", "--scope", "identity", "--purpose", "登录"]
    done = subprocess.run(
        [*COMMAND, *words], env=surroundings, capture_output=True, text=True, check=True
    )
    system = json.loads(done.stdout)
    own = tmp_path / "home"
    shutil.copytree(migrated_home, own)
    keys = own / "keys"
    (keys / "upstream-secret").write_text(system["client_secret"])
    (keys / "upstream-secret").chmod(0o600)
    said = {
        "TONGBAN_HOME": str(own),
        "TONGBAN_UPSTREAM_ISSUER": server,
        "TONGBAN_UPSTREAM_CLIENT_ID": system["client_id"],
        "TONGBAN_UPSTREAM_SCOPE": "profile identity",
        "TONGBAN_UPSTREAM_ID_CLAIM": "resident_id_number",
        "TONGBAN_UPSTREAM_NAME_CLAIM": "resident_name",
    }
    log = tmp_path / "serve.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), "--workers", "1"],
            env=surroundings | said,
            stdout=out,
            stderr=out,
        )
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{home}/health/live", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield home
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(params=mainly("desktop", "narrow"))
def visitor(browser, local, request):
    visitor = Visitor(browser, local, request.param, "upstream")
    visitor.server = "http://"  # Two servers of this machine are at work here.
    yield visitor
    visitor.close()


def test_signing_in_here_through_the_one_above(visitor, server, local):
    page = visitor.page
    page.goto("/sign-in/?next=/me/security/")
    visitor.sees("01-sign-in")
    visitor.button("用国家政务服务平台登录")
    expect(page).to_have_url(re.compile(f"^{server}/sign-in/"))
    sign_in_here(visitor, "helper-chen")
    expect(page.locator("h1")).to_contain_text("广安区一体化平台")
    visitor.button("同意")
    expect(page).to_have_url(f"{local}/me/security/")
    expect(page.locator("main")).to_contain_text("关联于")
    visitor.sees("02-security")
    page.goto("/me/identity/")
    expect(page.locator("main")).to_contain_text("国家政务服务平台")
    # Its only way to sign in stays.
    page.goto("/me/security/")
    page.get_by_role("button", name="断开").click()
    expect(page.locator("main")).to_contain_text("您将无法再登录")
    visitor.complaints.clear()  # Chromium says that the answer was 409.
    visitor.sees("03-last-way")
    # The next time the one above knows the person, who goes through without a question.
    visitor.context.clear_cookies(domain="localhost")
    page.goto("/sign-in/?next=/me/security/")
    visitor.button("用国家政务服务平台登录")
    expect(page).to_have_url(f"{local}/me/security/")
    assert visitor.complaints == []


def test_not_agreeing_there(visitor, local):
    visitor.page.goto("/sign-in/")
    visitor.button("用国家政务服务平台登录")
    sign_in_here(visitor, "helper-chen")
    visitor.button("不同意")
    expect(visitor.page.locator("h1")).to_have_text("已取消")
    visitor.sees("04-cancelled")


def test_an_answer_that_belongs_to_no_question(visitor):
    visitor.page.goto("/sign-in/upstream/back/?code=x&state=y")
    expect(visitor.page.locator("h1")).to_have_text("未能登录")
    visitor.complaints.clear()  # Chromium says that the answer was 401.
    visitor.sees("05-refused")
