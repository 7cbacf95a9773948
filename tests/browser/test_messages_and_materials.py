"""In a real browser: an upload whose line breaks, a note on a page that reaches the applicant, one
file corrected and looked at as a picture, the message that says so, and what goes out of messages.
"""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.test_case_handling import fill_act, number_of
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser
APPLY = "/items/{item}/apply/"


def photo(size: tuple[int, int] = (1_200, 1_500)) -> bytes:
    """A picture of some megabytes, so that it arrives in several pieces."""
    out = io.BytesIO()
    picture = Image.effect_noise(size, 90).convert("RGB")
    picture.save(out, "PNG")
    return out.getvalue()


def test_a_note_on_a_page_reaches_the_applicant_who_corrects_that_file(
    browser, server, surroundings, tmp_path
):
    number = number_of(surroundings, "submitted", "resident-id-card")
    clerk = Visitor(browser, server, "desktop", "clerk")
    clerk.sign_in("police-clerk", f"/work/cases/{number}/")
    clerk.page.get_by_role("link", name="查看").first.click()
    clerk.sees("70-file")
    box = clerk.page.locator(".viewer__marks").bounding_box()
    assert box
    clerk.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    clerk.page.mouse.down()
    clerk.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    clerk.page.mouse.up()
    clerk.page.get_by_label("对本页的批注").fill("面部看不清,请重新拍。")
    clerk.page.get_by_text("用于补正通知:届时申请人可以看到").click()
    clerk.button("保存批注")
    expect(clerk.page.locator("main")).to_contain_text("随补正通知发出")
    expect(clerk.page.locator(".viewer__marks rect:not([data-new])")).to_have_attribute(
        "width", "400"
    )
    clerk.sees("71-noted")
    clerk.page.goto(f"/work/cases/{number}/")
    fill_act(clerk.page, "要求补正", reasons="请按照片上的批注补正。")
    clerk.button("要求补正")
    clerk.close()

    resident = Visitor(browser, server, "phone", "resident")
    resident.sign_in("resident-li", "/me/messages/")
    page = resident.page
    expect(page.locator(".badge--count")).to_be_visible()
    resident.sees("72-messages")
    page.get_by_role("link", name="请补正申请").first.click()
    expect(page.locator("main")).to_contain_text("到达账号时间")
    resident.sees("73-notice")
    page.get_by_role("link", name="打开查看").click()
    expect(page.locator(".next")).to_contain_text("面部看不清,请重新拍。")
    resident.sees("74-case")
    page.locator(".next .list a").first.click()
    expect(page.locator(".viewer__marks rect")).to_have_count(1)
    resident.sees("75-page")
    page.goto(f"/cases/{number}/")
    resident.button("去补正")
    page.goto(f"/cases/{number}/correct/materials/")
    new = tmp_path / "新照片.png"
    new.write_bytes(photo((300, 400)))
    page.locator(".upload__replace summary").click()
    page.locator("input[name^=replace-photo]").set_input_files(new)
    resident.sees("76-replace")
    page.locator("button[value=upload]").click()
    expect(page.locator("main")).to_contain_text("第 2 版")
    resident.sees("77-version")
    page.locator("button[value=next]").click()
    resident.button("提交补正")
    resident.sees("78-corrected")
    resident.close()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_an_upload_goes_on_after_the_line_broke(browser, server, surroundings, tmp_path, width):
    who = "resident-wang" if width == "desktop" else "owner-zhao"
    visitor = Visitor(browser, server, width, "uploader")
    page = visitor.page
    visitor.sign_in(who, "/")
    page.goto("/search?q=身份证")
    page.get_by_role("link", name="居民身份证办理（包括临时）", exact=True).click()
    page.get_by_role("link", name="在线办理").click()
    start = page.url
    page.locator("main form button.button--primary").first.click()
    page.goto(start + "materials/")
    expect(page.locator(".upload__offered")).to_contain_text("以前提交过")
    visitor.sees("80-offered")
    big = tmp_path / "大照片.png"
    big.write_bytes(photo())
    assert 2 * 1024 * 1024 < big.stat().st_size < 5 * 1024 * 1024
    pieces: list[str] = []

    def watch(route) -> None:
        """Break the line at the second piece, once."""
        if route.request.method != "PATCH":
            return route.fallback()
        pieces.append(route.request.headers["upload-offset"])
        return route.abort("connectionreset") if len(pieces) == 2 else route.fallback()

    page.route("**/me/uploads/*/", watch)
    page.locator("input[type=file][name=file-photo]").set_input_files(big)
    expect(page.locator(".upload__name", has_text="大照片.png")).to_be_visible(timeout=60_000)
    assert pieces[1] == pieces[2], "it went on where it stopped"
    visitor.complaints.clear()  # The browser notes that a request was broken.
    visitor.sees("81-uploaded")
    page.locator("button[value^='remove:']").first.click()
    page.locator(".upload__offered button").first.click()
    expect(page.locator("main")).to_contain_text("取自以前的办件")
    visitor.sees("82-taken-again")
    visitor.close()


def test_without_javascript_the_form_sends_files_at_once(browser, server, surroundings, tmp_path):
    visitor = Visitor(browser, server, "phone", "plain", java_script_enabled=False)
    page = visitor.page
    visitor.sign_in("helper-chen", "/")
    page.goto("/search?q=身份证")
    page.get_by_role("link", name="居民身份证办理（包括临时）", exact=True).click()
    page.get_by_role("link", name="在线办理").click()
    start = page.url
    page.locator("main form button.button--primary").first.click()
    page.goto(start + "materials/")
    small = tmp_path / "照片.png"
    small.write_bytes(photo((200, 300)))
    page.locator("input[type=file][name=file-photo]").set_input_files(small)
    page.locator("button[value=upload]").click()
    expect(page.locator(".upload__name")).to_have_text("照片.png")
    bad = tmp_path / "坏.png"
    bad.write_bytes(small.read_bytes()[:-400])
    page.locator("input[type=file][name=file-photo]").set_input_files(bad)
    page.locator("button[value=upload]").click()
    expect(page.locator(".field__error")).to_contain_text("无法打开")
    visitor.close()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_what_goes_out_is_chosen(browser, server, surroundings, width):
    visitor = Visitor(browser, server, width, "chooser")
    visitor.sign_in("resident-wang", "/me/messages/")
    visitor.sees("85-messages")
    visitor.page.get_by_role("link", name="外发设置").click()
    visitor.sees("86-preferences")
    visitor.page.locator("#appointment-text").uncheck()
    visitor.button("保存")
    expect(visitor.page.get_by_role("status").first).to_contain_text("已保存")
    expect(visitor.page.locator("#appointment-text")).not_to_be_checked()
    visitor.button("English")
    visitor.sees("87-english")
    visitor.page.goto("/me/messages/?show=notices")
    visitor.sees("88-notices-english")
    visitor.button("中文")
    visitor.close()
