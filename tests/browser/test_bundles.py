"""一件事 in a real browser: found, filled in once, one part approved, one denied, one notice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_case_handling import fill_act
from tests.browser.test_whole_path import Visitor
from tests.conftest import PNG

pytestmark = pytest.mark.browser
UNANSWERED = {"现在的户口地址": "前锋区新桥街道 9 号", "要迁到哪里": "城南街道 8 号"}


def fill_page(page) -> None:
    """Answer what is still open on a page of the form."""
    for label, value in UNANSWERED.items():
        field = page.get_by_label(label, exact=True)
        if field.count() and not field.input_value():
            field.fill(value)
    number = page.locator("input[name$=people]")
    if number.count():
        number.fill("2")
    for group in page.locator("fieldset").all():
        if group.locator("input[type=radio]").count() and not group.locator(":checked").count():
            group.locator("input[type=radio]").first.check()


def act(browser, server, width, who, number, button, **typed) -> None:
    staff = Visitor(browser, server, width, who)
    staff.sign_in(who, f"/work/cases/{number}/")
    expect(staff.page.get_by_text("“迁入落户一件事”中的一项")).to_be_visible()
    if typed:
        fill_act(staff.page, button, **typed)
    staff.button(button)
    expect(staff.page.get_by_role("status").first).to_be_visible()
    staff.sees(f"bundle-{button}")
    staff.close()


@pytest.mark.parametrize(("width", "who"), [("desktop", "resident-li"), ("phone", "helper-chen")])
def test_moving_in_in_one_go(browser, server, tmp_path, width, who):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    person = Visitor(browser, server, width, "bundle")
    page = person.page
    page.goto("/search?q=搬家")
    person.sees("01-found")
    page.get_by_role("link", name="迁入落户一件事").click()
    person.sees("02-bundle")
    page.get_by_role("link", name="一次办", exact=True).click()
    page.get_by_label("账号", exact=True).fill(who)
    page.get_by_label("密码", exact=True).fill("tongban-demo")
    person.button("登录")
    person.button("开始办理")
    person.sees("03-question-open")
    page.get_by_label("一起办").check()
    person.button("开始办理")
    for _page in range(8):
        if "/materials/" in page.url:
            break
        fill_page(page)
        person.sees(f"04-{page.url.rstrip('/').rpartition('/')[2]}")
        person.button("保存,下一步")
    photos = page.get_by_label("近期正面免冠照片")
    expect(photos).to_have_count(1)
    photos.set_input_files(photo)
    person.sees("05-documents")
    person.button("上传,下一步")
    person.sees("06-check")
    person.button("提交申请")
    expect(page.get_by_role("status").first).to_contain_text("已提交")
    person.sees("07-sent")
    numbers = dict(
        zip(
            page.locator(".bundle-part__name").all_inner_texts(),
            [
                (re.findall(r"\d{6}-\d{6}-\w{8}-\w", text) or [""])[0]
                for text in page.locator(".bundle-part").all_inner_texts()
            ],
            strict=True,
        )
    )
    move = next(number for name, number in numbers.items() if "户口" in name)
    card = next(number for name, number in numbers.items() if "社会保障卡" in name)
    whole = page.url.partition("?")[0]
    expect(page.locator(".bundle-part", has_text="等待轮到")).to_have_count(1)

    act(browser, server, width, "social-clerk", card, "受理")
    act(browser, server, width, "police-clerk", move, "受理")
    staff = Visitor(browser, server, width, "bundle-reviewer")
    staff.sign_in("social-reviewer", f"/work/cases/{card}/")
    fill_act(staff.page, "准予", reasons="符合条件,准予制卡。", result_number="川S0001")
    staff.button("准予")
    staff.close()
    page.goto(whole)
    person.sees("08-one-approved")
    staff = Visitor(browser, server, width, "bundle-reviewer")
    staff.sign_in("police-reviewer", f"/work/cases/{move}/")
    fill_act(staff.page, "不予许可", reasons="住所证明与登记不符,不符合落户条件。")
    staff.button("不予许可")
    staff.close()

    page.goto(whole)
    expect(page.locator(".next")).to_contain_text("办成了 1 项")
    expect(page.locator(".bundle-part", has_text="没有提交")).to_contain_text("没有办成")
    expect(page.locator("main")).to_contain_text("住所证明与登记不符")
    person.sees("09-notice")
    page.emulate_media(media="print")
    person.sees("10-notice-print")
    page.emulate_media(media="screen")
    person.button("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(whole)
    person.sees("11-notice-english")
    page.goto("/me/")
    person.sees("12-my-cases")
    person.close()


def test_a_part_that_waits_is_given_up(browser, server, tmp_path):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    person = Visitor(browser, server, "phone", "give-up")
    page = person.page
    person.sign_in("resident-wang", "/bundles/moving-in/apply/")
    page.get_by_label("不用").check()
    person.button("开始办理")
    for _page in range(8):
        if "/materials/" in page.url:
            break
        fill_page(page)
        person.button("保存,下一步")
    page.get_by_label("近期正面免冠照片").set_input_files(photo)
    person.button("上传,下一步")
    person.button("提交申请")
    page.locator(".bundle-part", has_text="等待轮到").get_by_text("改变主意").click()
    page.get_by_role("button", name="放弃这一项").click()
    person.sees("01-confirm")
    person.button("放弃这一项")
    expect(page.locator(".bundle-part", has_text="没有提交")).to_contain_text("您放弃了这一项")
    person.sees("02-given-up")
    person.close()
