"""The life of a case in a real browser: correction, a hearing that stops the clock, an extension by
the head, a denial with its remedies, delivery, withdrawal; each page photographed and checked.
"""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser


def number_of(surroundings, state: str, slug: str) -> str:
    """The demonstration case of a guide that is in a state."""
    store = next(Path(surroundings["TONGBAN_HOME"]).glob("*.sqlite3"))
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        row = database.execute(
            "SELECT c.number FROM cases_case c JOIN catalogue_guide g ON g.id = c.guide_id"
            " WHERE c.state = ? AND g.slug = ? ORDER BY c.id LIMIT 1",
            (state, slug),
        ).fetchone()
    assert row, (state, slug)
    return row[0]


def fill_act(page: Page, button: str, **typed: str) -> None:
    """Open an act, fill it in, send it and say yes on the page that asks once more."""
    form = page.locator("form.act").filter(has=page.get_by_text(button, exact=True)).first
    form.locator("summary").click()
    for name, value in typed.items():
        field = form.locator(f"[name={name}]")
        if field.first.get_attribute("type") == "radio":
            form.locator(f"[name={name}][value={value}]").check()
        elif field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    form.get_by_role("button").click()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_a_hearing_stops_the_clock_and_a_denial_names_the_remedies(
    browser, server, surroundings, width
):
    slug = "residence-permit" if width == "desktop" else "resident-id-card"
    number = number_of(surroundings, "accepted", slug)
    reviewer = Visitor(browser, server, width, "reviewer")
    reviewer.sign_in("police-reviewer", f"/work/cases/{number}/")
    reviewer.sees("20-accepted-acts")
    in_four_weeks = (date.today() + timedelta(days=21)).isoformat()
    fill_act(
        reviewer.page, "启动特别程序", kind="hearing", until="2020-01-01", reasons="依申请听证"
    )
    expect(reviewer.page.locator(".field__error").first).to_contain_text("今天之后")
    reviewer.sees("21-hearing-mistake")
    form = reviewer.page.locator("form.act", has_text="启动特别程序").first
    form.locator("[name=until]").fill(in_four_weeks)
    form.get_by_role("button").click()
    reviewer.sees("22-hearing-confirm")
    reviewer.button("启动特别程序")
    expect(reviewer.page.locator(".time")).to_contain_text("暂停计时中")
    reviewer.sees("23-paused")
    expect(reviewer.page.get_by_text("不予许可", exact=True)).to_have_count(0)
    fill_act(reviewer.page, "结束特别程序", running="hearing", reasons="听证笔录已形成")
    reviewer.button("结束特别程序")
    fill_act(reviewer.page, "不予许可", reasons="听证查明不符合法定条件。")
    reviewer.button("不予许可")
    expect(reviewer.page.get_by_role("status").first).to_be_visible()
    reviewer.sees("24-denied")
    reviewer.close()

    owner = Visitor(browser, server, width, "resident")
    owner.sign_in("resident-li" if width == "desktop" else "resident-wang", "/me/")
    page = owner.page
    page.goto(f"/cases/{number}/")
    expect(page.locator(".next")).to_contain_text("行政复议")
    expect(page.locator(".next")).to_contain_text("行政诉讼")
    expect(page.locator(".next")).to_contain_text("听证查明不符合法定条件。")
    owner.sees("25-denied")
    owner.close()


def test_what_the_demonstration_shows_of_every_state(browser, server, surroundings):
    resident = Visitor(browser, server, "phone", "resident")
    resident.sign_in("resident-wang", "/me/")
    for state, slug, says in (
        ("correction", "household-move", "补"),
        ("approved", "self-employed-registration", "告知承诺"),
        ("withdrawn", "social-security-card", "已撤回"),
    ):
        resident.page.goto(f"/cases/{number_of(surroundings, state, slug)}/")
        expect(resident.page.locator("main")).to_contain_text(says)
        resident.sees(f"30-{state}")
    resident.close()
    owner = Visitor(browser, server, "desktop", "owner")
    owner.sign_in("owner-zhao", "/me/")
    for state, slug, says in (
        ("accepted", "food-business-licence", "还缺材料"),
        ("paused", "road-freight-licence", "暂停计时"),
        ("approved", "resident-id-card", "送达"),
    ):
        owner.page.goto(f"/cases/{number_of(surroundings, state, slug)}/")
        expect(owner.page.locator("main")).to_contain_text(says)
        owner.sees(f"31-{state}")
    owner.close()


def test_the_applicant_withdraws_and_the_clerk_delivers(browser, server, surroundings):
    number = number_of(surroundings, "paused", "road-freight-licence")
    owner = Visitor(browser, server, "phone", "owner")
    owner.sign_in("owner-zhao", "/me/")
    owner.page.goto(f"/cases/{number}/")
    owner.page.get_by_text("改变主意", exact=True).click()
    owner.button("撤回申请…")
    owner.sees("40-withdraw-confirm")
    owner.button("撤回申请")
    expect(owner.page.locator("main")).to_contain_text("申请已撤回")
    owner.sees("41-withdrawn")
    owner.close()
    clerk = Visitor(browser, server, "desktop", "clerk")
    clerk.sign_in("approvals-clerk", "/work/?show=deliver")
    clerk.sees("42-to-deliver")
    clerk.page.locator("table a").first.click()
    fill_act(clerk.page, "送达决定", how="online")
    clerk.button("送达决定")
    expect(clerk.page.locator(".timeline")).to_contain_text("网上送达")
    clerk.sees("43-delivered")
    clerk.close()


def test_an_appointment_from_the_free_time_to_the_counter(browser, server, surroundings):
    resident = Visitor(browser, server, "phone", "resident")
    resident.sign_in("resident-li", "/appointments/")
    page = resident.page
    resident.sees("50-offices")
    page.get_by_role("link", name="广安区政务服务中心(示例)", exact=True).click()
    resident.sees("51-services")
    page.get_by_role("link", name="居住证办理").click()
    resident.sees("52-times")
    page.locator(".slots button").first.click()
    expect(page.get_by_role("status").first).to_contain_text("预约成功")
    resident.sees("53-mine")
    page.goto("/appointments/guangan-hall/queue/")
    resident.sees("54-screen")
    resident.close()
    clerk = Visitor(browser, server, "desktop", "clerk")
    clerk.sign_in("police-clerk", "/work/counter/")
    clerk.sees("55-counter")
    clerk.button("居住证办理")
    expect(clerk.page.get_by_role("status").first).to_contain_text("1 号")
    clerk.page.get_by_role("button", name="叫下一位").first.click()
    expect(clerk.page.get_by_role("status").first).to_contain_text("居住证办理")
    clerk.sees("56-called")
    clerk.page.get_by_label("预约码").fill("AAAA-AAAA")
    clerk.button("签到")
    expect(clerk.page.get_by_role("alert")).to_contain_text("没有这个预约码")
    clerk.complaints.clear()  # The browser notes that the answer is a 404.
    clerk.sees("57-wrong-code")
    clerk.close()
