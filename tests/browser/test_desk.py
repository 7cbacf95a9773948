"""At the counter and at the desk, in a real browser: filing for somebody, papers, list, keys, batch."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_whole_path import Visitor
from tests.conftest import PNG

pytestmark = pytest.mark.browser
CARD = "居民身份证办理（包括临时）"
PEOPLE = {
    "desktop": ("owner-zhao", "赵建国(示例)", "511602188101019987"),
    "phone": ("", "何新来", "511602189506150010"),
}


def id_number() -> str:
    """A number of valid form of who has never been here."""
    from stdnum.cn import ric

    body = "51160218950615001"
    return body + ric.calc_check_digit(body + "0")


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_counter_filing_from_the_card_to_the_papers(browser, server, tmp_path, width):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    username, name, number = PEOPLE[width]
    number = number if username else id_number()
    clerk = Visitor(browser, server, width, "clerk")
    clerk.sign_in("police-clerk", "/work/counter/guangan-hall/")
    page = clerk.page
    page.get_by_role("link", name="窗口代办申请").click()
    clerk.sees("60-file-here")
    page.get_by_label(CARD).check()
    page.get_by_label("姓名(与身份证一致)").fill(name)
    page.get_by_label("身份证号", exact=True).fill(number)
    clerk.button("打开表单")
    expect(page.get_by_role("alert")).to_contain_text("须先征得本人同意")
    clerk.sees("61-no-consent")
    page.get_by_label("本人当场口头同意").check()
    clerk.button("打开表单")
    expect(page.get_by_role("status").first).to_contain_text(name)
    if not username:
        page.get_by_label("联系电话").fill("0826-2000107")
    clerk.sees("62-form")
    clerk.button("保存,下一步")
    page.get_by_label("丢失补证").check()
    page.get_by_label("到窗口领取").check()
    clerk.button("保存,下一步")
    page.get_by_label("近期正面免冠照片").set_input_files(photo)
    clerk.button("上传,下一步")
    expect(page.get_by_role("button", name="提交申请")).to_be_visible()
    clerk.sees("63-check")
    clerk.button("提交申请")
    expect(page.get_by_role("heading", name="收件回执")).to_be_visible()
    case = page.locator("dd.code strong").inner_text()
    clerk.sees("64-receipt")
    page.get_by_role("link", name="移交材料", exact=True).click()
    page.locator(f"input[name='number'][value='{case}']").check()
    page.locator(f"[id='what-{case}']").fill("照片、旧身份证")
    clerk.sees("65-papers")
    clerk.button("生成交接单")
    expect(page.get_by_role("status").first).to_contain_text("已生成交接单")
    sheet = page.locator("a.code").first.inner_text()
    clerk.close()

    reviewer = Visitor(browser, server, width, "reviewer")
    reviewer.sign_in("police-reviewer", f"/work/papers/{sheet}/")
    reviewer.page.get_by_label("已收到").first.check()
    reviewer.sees("66-sign")
    reviewer.button("签收")
    expect(reviewer.page.get_by_role("status").first).to_contain_text("已签收")
    reviewer.close()
    if username:
        owner = Visitor(browser, server, width, "resident")
        owner.sign_in(username, "/me/")
        expect(owner.page.locator("main")).to_contain_text(case)
        owner.sees("67-mine")
        owner.close()


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_workbench_with_keys_filters_and_a_batch(browser, server, width):
    clerk = Visitor(browser, server, width, "clerk")
    clerk.sign_in("police-clerk", "/work/")
    page = clerk.page
    clerk.sees("70-list")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    clerk.sees("71-keys")
    clerk.button("关闭")
    page.keyboard.press("j")
    expect(page.locator("tr[data-here]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#desk")).to_contain_text("本件由您负责")
    page.get_by_label("新批注").fill("等档案馆回复。")
    clerk.button("记下")
    expect(page.locator(".notes")).to_contain_text("等档案馆回复。")
    clerk.sees("72-case")
    page.goto("/work/?show=new")
    boxes = page.locator("input[name=number]")
    if boxes.count():
        boxes.first.check()
        page.locator("button[value=accept]").click()
        clerk.sees("73-batch-confirm")
        clerk.button("全部受理")
        clerk.sees("74-batch")
    page.goto("/work/?whose=mine")
    clerk.sees("75-mine")
    clerk.close()
    head = Visitor(browser, server, width, "head")
    head.sign_in("police-head", "/work/team/")
    head.sees("76-team")
    head.page.goto("/work/texts/")
    head.page.locator("#text-title").fill("材料齐全")
    head.page.locator("#text-text").fill("材料齐全,符合法定形式。")
    head.button("保存")
    head.sees("77-texts")
    head.close()
