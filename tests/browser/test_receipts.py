"""A resident takes a receipt home, drops it on the page that checks it, and a changed one fails."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import crossed, mainly
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser


def leave_a_trace(resident: Visitor) -> None:
    """Taking one's data along is an act of its own: the quickest way to one about oneself."""
    resident.page.goto("/me/data/")
    with resident.page.expect_download():
        resident.page.get_by_role("link", name="JSON").click()


def until_numbered(resident: Visitor) -> None:
    for _ in range(40):
        resident.page.goto("/me/acts/")
        if (
            resident.page.get_by_text("尚未编号").count() == 0
            and resident.page.locator("table a").count()
        ):
            return
        time.sleep(0.25)
    pytest.fail("the act got no place in ten seconds")


@pytest.mark.parametrize("width", mainly("phone", "desktop"))
def test_a_receipt_is_taken_home_checked_and_refused_when_changed(browser, server, tmp_path, width):
    resident = Visitor(browser, server, width, "receipt", accept_downloads=True)
    page = resident.page
    resident.sign_in("resident-li", "/me/data/")
    leave_a_trace(resident)
    until_numbered(resident)
    resident.sees("01-own-acts")
    row = page.locator("tbody tr").first
    with page.expect_download() as taken:
        row.get_by_role("link", name="JSON").click()
    kept = tmp_path / "receipt.json"
    taken.value.save_as(kept)
    if row.get_by_role("link", name="PDF").count():
        with page.expect_download() as paper:
            row.get_by_role("link", name="PDF").click()
        paper.value.save_as(tmp_path / "receipt.pdf")
        assert (tmp_path / "receipt.pdf").read_bytes().startswith(b"%PDF")
    row.get_by_role("link").first.click()
    resident.sees("02-one-act")
    page.get_by_role("link", name="在公开日志中查看").click()
    expect(page.get_by_role("status").first).to_contain_text("这条记录在公开日志中")
    resident.sees("03-looked-up")
    resident.close()

    stranger = Visitor(browser, server, width, "stranger", java_script_enabled=False)
    page = stranger.page
    page.goto("/")
    page.get_by_role("contentinfo").get_by_role("link", name="核验回执").click()
    page.get_by_label("回执文件").set_input_files(kept)
    stranger.button("核验")
    expect(page.get_by_role("status").first).to_contain_text("回执通过核验")
    expect(page.locator(".checks__one--ok")).to_have_count(6)
    expect(page.locator("main")).to_contain_text("个人账号")

    document = json.loads(kept.read_text())
    document["payload"] = document["payload"].replace("resident-li", "resident-lo")
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document))
    page.get_by_label("回执文件").set_input_files(changed)
    stranger.button("核验")
    expect(page.get_by_role("alert").first).to_contain_text("回执未通过核验")
    expect(page.locator(".checks__one--failed")).to_contain_text("内容与封存时一致")
    expect(page.locator("main")).not_to_contain_text("resident-lo")
    stranger.close()

    # The same with the eyes of axe, which needs scripts.
    watcher = Visitor(browser, server, width, "verify")
    page = watcher.page
    page.goto("/verify/")
    watcher.sees("01-empty")
    for name, file in (("02-holds", kept), ("03-refused", changed)):
        page.get_by_label("回执文件").set_input_files(file)
        watcher.button("核验")
        watcher.sees(name)
    page.goto("/ledger/")
    watcher.sees("04-ledger")
    page.get_by_role("link", name="逐条查看记录").click()
    watcher.sees("05-entries")
    watcher.close()


@pytest.mark.parametrize(
    ("width", "dress"), crossed(["desktop", "narrow"], ["dark", "english", "elder"])
)
def test_the_pages_of_the_ledger_hold_in_every_dress(browser, server, dress, width):
    options = {"color_scheme": "dark"} if dress == "dark" else {}
    visitor = Visitor(browser, server, width, f"ledger-{dress}", **options)
    visitor.page.goto("/verify/")
    if dress == "english":
        visitor.button("English")
    if dress == "elder":
        visitor.button("长辈版")
    with urllib.request.urlopen(f"{server}/ledger/checkpoint") as answer:
        assert answer.status == 200
    for name, path in (
        ("verify", "/verify/"),
        ("lookup", "/verify/?entry=0"),
        ("wrong", f"/verify/?entry=0&leaf={'0' * 64}"),
        ("ledger", "/ledger/"),
        ("entries", "/ledger/acts/"),
        ("reference", "/ledger/acts/?case=x"),
    ):
        visitor.page.goto(path)
        visitor.sees(name)
    visitor.close()
