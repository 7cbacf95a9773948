"""The main job of the platform in a real browser: search, guide, apply, accept, decide, see it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import COMMAND, SCREENSHOTS, crossed, findings, mainly
from tests.conftest import PNG

pytestmark = pytest.mark.browser
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844), "narrow": (320, 640)}


class Visitor:
    """Somebody at a browser: every page they see is photographed and checked."""

    def __init__(self, browser: Browser, server: str, width: str, who: str, **options) -> None:
        wide, high = WIDTHS[width]
        self.context = browser.new_context(
            viewport={"width": wide, "height": high}, base_url=server, locale="zh-CN", **options
        )
        self.page: Page = self.context.new_page()
        self.width, self.who = width, who
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._watch)
        self.server = server

    def _listen(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _watch(self, request) -> None:
        if not request.url.startswith((self.server, "data:")):
            self.complaints.append(f"a request leaves the machine: {request.url}")

    def sees(self, name: str) -> None:
        """Photograph the page and check it: no axe finding of level A or AA, nothing sticks out."""
        path = SCREENSHOTS / f"{self.width}-{self.who}-{name}.png"
        try:
            self._photograph(path)
            found = findings(self.page)
        except PlaywrightError as problem:
            if "navigation" not in problem.message:
                raise
            # The press before was still leading on: look at the page to which it led.
            self.page.wait_for_load_state()
            self._photograph(path)
            found = findings(self.page)
        assert found == [], f"{name}: {json.dumps(found, ensure_ascii=False)[:2000]}"
        overflow = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} is {overflow} px wider than the screen"
        assert self.complaints == [], (name, self.complaints)

    def _photograph(self, path: Path) -> None:
        # Chromium now and then never hands over the picture of a page that is there: once more.
        try:
            self.page.screenshot(path=path, full_page=True, timeout=10_000)
        except PlaywrightTimeout:
            self.page.bring_to_front()
            self.page.screenshot(path=path, full_page=True)

    def sign_in(self, username: str, path: str) -> None:
        self.page.goto(f"/sign-in/?next={path}")
        self.page.get_by_label("账号", exact=True).fill(username)
        self.page.get_by_label("密码", exact=True).fill("tongban-demo")
        self.page.get_by_role("button", name="登录", exact=True).click()

    def gives(self, label: str, path: Path) -> None:
        """Choose a file; it is sent at once, and the page shows that it is there."""
        self.page.get_by_label(label).first.set_input_files(path)
        taken = self.page.locator("button[value^='remove:']").first
        expect(taken).to_be_visible(timeout=30_000)

    def begins(self) -> None:
        """Begin an application; what another test left of it is thrown away."""
        self.page.wait_for_url("**/apply/")
        address = self.page.url
        if self.page.locator("details.discard").count():
            self.page.locator("details.discard summary").click()
            self.page.locator("details.discard button").click()
            self.page.goto(address)
        self.button("开始办理")

    def button(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def close(self) -> None:
        self.context.close()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_from_search_to_a_decided_case(browser, server, surroundings, tmp_path, width):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    resident = Visitor(browser, server, width, "resident")
    page = resident.page

    page.goto("/")
    resident.sees("01-home")
    page.locator("#q").fill("sfz")
    resident.button("搜索")
    resident.sees("02-results")
    page.get_by_role("link", name="居民身份证办理（包括临时）", exact=True).click()
    resident.sees("03-guide")
    page.get_by_role("link", name="在线办理").click()
    resident.sees("04-sign-in")
    page.get_by_label("账号", exact=True).fill(
        "resident-li" if width == "desktop" else "resident-wang"
    )
    page.get_by_label("密码", exact=True).fill("tongban-demo")
    resident.button("登录")
    resident.sees("05-start")
    resident.begins()
    own = page.get_by_label("身份证号").input_value()
    page.get_by_label("身份证号").fill("511602188002290019")  # one digit wrong
    resident.button("保存,下一步")
    expect(page.get_by_role("alert")).to_contain_text("身份证号第 18 位不对,请核对")
    resident.sees("06-mistake")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("身份证号")).to_be_focused()
    page.get_by_label("身份证号").fill(own)
    resident.button("保存,下一步")
    page.get_by_label("丢失补证").check()
    page.get_by_label("到窗口领取").check()
    resident.sees("07-request")
    resident.button("保存,下一步")
    resident.button("上传,下一步")
    resident.sees("08-document-missing")
    resident.gives("近期正面免冠照片", photo)
    resident.button("上传,下一步")
    resident.sees("09-check")
    resident.button("提交申请")
    expect(page.get_by_role("status").first).to_contain_text("提交成功")
    resident.sees("10-sent")
    number = page.locator(".case__line .code").inner_text()

    clerk = Visitor(browser, server, width, "clerk")
    clerk.sign_in("police-clerk", "/work/")
    clerk.sees("11-workbench")
    clerk.page.get_by_role("link", name=number).click()
    clerk.sees("12-case")
    clerk.button("受理")
    expect(clerk.page.get_by_role("status").first).to_contain_text("已受理")
    clerk.sees("13-accepted")
    clerk.close()

    page.reload()
    expect(page.locator(".time")).to_contain_text("最晚办结")
    resident.sees("14-accepted")

    reviewer = Visitor(browser, server, width, "reviewer")
    reviewer.sign_in("police-reviewer", f"/work/cases/{number}/")
    reviewer.page.get_by_text("准予", exact=True).first.click()
    reviewer.page.locator("#reasons-approve").fill("材料齐全,身份核对无误,准予补领。")
    reviewer.sees("15-deciding")
    reviewer.button("准予…")
    reviewer.sees("16-confirm")
    reviewer.button("准予")
    reviewer.sees("17-decided")
    reviewer.close()

    page.goto(f"/cases/{number}/")
    expect(page.locator("main")).to_contain_text("材料齐全,身份核对无误,准予补领。")
    resident.sees("18-result")
    page.goto("/me/")
    expect(page.locator("main")).to_contain_text("已准予")
    resident.sees("19-my-cases")
    resident.close()

    verdict = subprocess.run(
        [*COMMAND, "ledger", "verify", "--json"], env=surroundings, capture_output=True, text=True
    )
    assert json.loads(verdict.stdout)["ok"] is True, verdict.stdout + verdict.stderr


@pytest.mark.parametrize("width", mainly("phone", "desktop"))
def test_a_correction_is_asked_for_and_handed_in(browser, server, tmp_path, width):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    code = "512B0070200003-511602000000-000-1151130108778239R-1-00"
    resident = Visitor(browser, server, width, "correction")
    page = resident.page
    resident.sign_in("owner-zhao", f"/items/{code}/apply/")
    resident.begins()
    resident.button("保存,下一步")
    page.get_by_label("农业银行").check()
    page.get_by_label("到网点领取").check()
    resident.button("保存,下一步")
    resident.gives("近期正面免冠照片", photo)
    resident.button("上传,下一步")
    resident.button("提交申请")
    number = page.locator(".case__line .code").inner_text()

    clerk = Visitor(browser, server, width, "correction-clerk")
    clerk.sign_in("social-clerk", f"/work/cases/{number}/")
    clerk.page.get_by_text("要求补正", exact=True).first.click()
    clerk.page.get_by_label("理由").first.fill("照片不清楚,请换一张白底照片。")
    clerk.button("要求补正…")
    clerk.button("要求补正")
    clerk.sees("01-asked")

    page.reload()
    resident.sees("02-asked")
    resident.button("去补正")
    resident.button("保存,下一步")
    resident.button("保存,下一步")
    page.get_by_role("button", name="删除").click()
    expect(page.locator("button[value^='remove:']")).to_have_count(0)
    resident.gives("近期正面免冠照片", photo)
    resident.sees("03-documents")
    resident.button("上传,下一步")
    resident.button("提交补正")
    resident.sees("04-handed-in")
    clerk.page.reload()
    expect(clerk.page.get_by_text("要求补正…")).to_have_count(0)
    clerk.sees("05-again")
    clerk.close()
    resident.close()


PAGES = {
    "home": "/",
    "results": "/search?q=%E8%AE%B8%E5%8F%AF",
    "guide": "/items/511A0005200004-511602000000-000-115113016823646795-1-00/",
    "bare": "/items/511A0064100093-511602000000-000-115113016823646795-1-00/",
    "region": "/region/?in=511602000000",
    "help": "/help/",
    "about": "/about/",
    "accessibility": "/accessibility/",
    "sign-in": "/sign-in/",
}


@pytest.mark.parametrize(
    ("width", "dress"), crossed(["desktop", "phone", "narrow"], ["dark", "elder", "english"])
)
def test_pages_hold_in_every_dress(browser, server, width, dress):
    options = {"color_scheme": "dark"} if dress == "dark" else {}
    visitor = Visitor(browser, server, width, dress, **options)
    visitor.page.goto("/help/")
    if dress == "english":
        visitor.button("English")
        expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    if dress == "elder":
        visitor.button("长辈版")
    for name, path in PAGES.items():
        visitor.page.goto(path)
        visitor.sees(name)
    visitor.close()


def test_an_empty_result_helps_on(browser, server):
    visitor = Visitor(browser, server, "phone", "empty")
    visitor.page.goto("/search?q=qqqqxyz")
    expect(visitor.page.locator(".empty")).to_contain_text("12345")
    visitor.sees("results")
    visitor.close()


def test_the_keyboard_alone_reaches_the_content_and_searches(browser, server):
    visitor = Visitor(browser, server, "desktop", "keyboard")
    page = visitor.page
    page.goto("/help/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto("/")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "search":
            break
    page.keyboard.type("身份证")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("身份证")
    visitor.close()


def test_everything_works_without_javascript(browser, server):
    visitor = Visitor(browser, server, "phone", "no-javascript", java_script_enabled=False)
    page = visitor.page
    page.goto("/")
    page.locator("input[type=search]").first.fill("个税")
    visitor.button("搜索")
    page.get_by_role("link", name="开具个人所得税纳税记录", exact=False).first.click()
    expect(page.locator("h1")).to_contain_text("纳税记录")
    visitor.close()
