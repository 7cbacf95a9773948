"""Writing a guide in a real browser: edit, two at once, review, publish, visible; and looking around."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS, crossed, mainly
from tests.browser.test_sign_in import PASSWORD, totp
from tests.browser.test_whole_path import Visitor

pytestmark = pytest.mark.browser
ITEM = "513A0011200068-511602000000-000-1151130000877869M-1-00"
PHONES = {"desktop": "0826-2007001", "phone": "0826-2007002"}


def with_second_step(visitor: Visitor, username: str, secrets: dict[str, str]) -> None:
    """Sign in, and show the authenticator's code; set it up the first time."""
    page = visitor.page
    visitor.sign_in(username, "/work/items/")
    page.goto("/account/second-step/app/")
    if "/again/" in page.url:
        page.get_by_label("密码", exact=True).fill(PASSWORD)
        page.get_by_role("main").get_by_role("button").first.click()
    secrets[username] = page.locator("#authenticator_secret").input_value()
    page.locator("#id_code").fill(totp(secrets[username], time.time()))
    page.get_by_role("main").get_by_role("button").first.click()


def confirm(visitor: Visitor, secret: str, path: str) -> None:
    """The page asks for the second step again; a code works once."""
    page = visitor.page
    page.goto(path)
    if page.get_by_role("link", name="现在确认").count() == 0:
        return
    visitor.complaints.clear()  # The refusal itself is a 403.
    page.get_by_role("link", name="现在确认").click()
    page.locator("#id_code").fill(totp(secret, time.time() + 30))
    page.get_by_role("main").get_by_role("button").first.click()
    if path not in page.url:
        time.sleep(31 - time.time() % 30)
        page.locator("#id_code").fill(totp(secret, time.time()))
        page.get_by_role("main").get_by_role("button").first.click()


@pytest.fixture(scope="module")
def approver(browser, server):
    head = Visitor(browser, server, "desktop", "editor-head")
    secrets: dict[str, str] = {}
    with_second_step(head, "police-head", secrets)
    head.secret = secrets["police-head"]
    yield head
    head.close()


@pytest.mark.parametrize("width", mainly("desktop", "phone"))
def test_edit_review_publish_visible(browser, server, approver, width):
    writer = Visitor(browser, server, width, "editor")
    page = writer.page
    writer.sign_in("police-reviewer", "/work/items/")
    writer.sees("01-items")
    page.get_by_role("searchbox").last.fill("居民身份证办理")
    writer.button("查找")
    page.get_by_role("link", name="居民身份证办理（包括临时）", exact=True).click()
    writer.sees("02-item")
    writer.button("写新版本")
    expect(page.locator("h1")).to_have_text("基本信息")
    writer.sees("03-basics")
    # The page beside the form follows what is typed, and lint speaks, before anything is saved.
    page.get_by_label("中文").first.fill("居民身份证(预览试一试)")
    expect(page.locator("#preview")).to_contain_text("预览试一试")
    page.goto(f"/work/items/{ITEM}/edit/materials/")
    writer.sees("04-materials")
    page.get_by_role("button", name=re.compile("^添加")).click()
    entry = page.locator(".entry").last
    expect(entry).to_have_attribute("open", "")
    entry.get_by_label("中文").first.fill("其他材料")
    expect(entry.locator(".lint__one--error").first).to_contain_text("V01")
    writer.sees("05-lint")
    page.goto(f"/work/items/{ITEM}/edit/contact/")

    # A colleague saves the same section meanwhile.
    other = Visitor(browser, server, width, "editor-other")
    other.sign_in("police-admin", f"/work/items/{ITEM}/edit/contact/")
    other.page.get_by_label("监督电话").fill(
        "0826-2990000" if width == "desktop" else "0826-2990001"
    )
    other.page.get_by_label("咨询电话").fill("0826-2880000")
    other.page.get_by_role("button", name="保存", exact=True).last.click()
    expect(other.page.get_by_role("status").first).to_contain_text("已保存")
    other.close()

    page.get_by_label("咨询电话").fill(PHONES[width])
    expect(page.get_by_role("status").first).to_contain_text("刚才保存了这份指南")
    page.get_by_role("button", name="保存", exact=True).last.click()
    expect(page.locator("h1")).to_contain_text("有人保存过这份指南")
    writer.complaints.clear()  # The answer to the second saving is a 409.
    writer.sees("06-both")
    page.get_by_role("group", name="咨询电话").get_by_label("我的").check()
    writer.button("按选择保存")
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    page.goto(f"/work/items/{ITEM}/")
    writer.sees("07-before-review")
    page.get_by_role("link", name="改了什么").click()
    expect(page.locator("main")).to_contain_text(PHONES[width])
    writer.sees("08-changes")
    page.goto(f"/work/items/{ITEM}/")
    writer.button("送审")
    expect(page.get_by_role("status").first).to_contain_text("已送审")
    writer.close()

    confirm(approver, approver.secret, f"/work/items/{ITEM}/review/")
    approver.page.goto(f"/work/items/{ITEM}/review/")
    expect(approver.page.locator("main")).to_contain_text(PHONES[width])
    approver.sees(f"09-review-{width}")
    approver.page.get_by_role("button", name=re.compile("批准并发布")).click()
    expect(approver.page.get_by_role("status").first).to_contain_text("已发布")
    approver.page.goto(f"/work/items/{ITEM}/withdraw/")
    approver.sees("10-withdraw")

    resident = Visitor(browser, server, width, "editor-resident", java_script_enabled=False)
    resident.page.goto(f"/items/{ITEM}/")
    expect(resident.page.locator("main")).to_contain_text(PHONES[width])
    resident.close()


@pytest.mark.parametrize("width", mainly("desktop", "phone"))
def test_many_at_once_and_a_file(browser, server, tmp_path, width):
    writer = Visitor(browser, server, width, "many")
    page = writer.page
    writer.sign_in("police-admin", "/work/items/bulk/")
    writer.sees("01-choose")
    page.get_by_label("要改的内容").select_option("enquiry_phone")
    boxes = page.locator('input[name="code"]')
    for place in (0, 1, 2):
        boxes.nth(place).check()
    writer.button("下一步")
    page.get_by_label("咨询电话").fill("0826-2661234" if width == "desktop" else "0826-2661235")
    writer.sees("02-value")
    writer.button("看修改前后")
    writer.sees("03-before-after")
    page.get_by_role("button", name=re.compile("写成 3 份草稿")).click()
    expect(page.get_by_role("status").first).to_contain_text("3 份草稿")

    page.goto("/work/items/import/")
    writer.sees("04-import")
    code = page.evaluate(
        'fetch(\'/work/items/bulk/\').then(a => a.text()).then(t => t.match(/name="code" value="([^"]+)"/g)[4])'
    ).split('"')[3]
    table = tmp_path / "清单.csv"
    table.write_bytes(
        f"code,name,guide.place.zh,guide.place.en\n{code},事项,大厅{width}号,Hall {width}\n"
        f"NEW-{width}-1,新事项,大厅2号,Hall 2\n{code},事项,大厅9号,Hall 9\n".encode("gb18030")
    )
    page.get_by_label("文件", exact=True).set_input_files(table)
    writer.button("读取文件,看看会怎样")
    expect(page.locator("main")).to_contain_text("GB18030")
    expect(page.locator(".outcome--refused").last).to_be_visible()
    writer.sees("05-report")
    page.get_by_role("button", name=re.compile("份草稿")).click()
    expect(page.get_by_role("alert")).to_contain_text("有些行不能用")
    writer.complaints.clear()  # The refusal is a 422.
    page.get_by_label("不能用的行不导入").check()
    page.get_by_role("button", name=re.compile("份草稿")).click()
    expect(page.get_by_role("status").first).to_contain_text("2 份草稿")
    writer.sees("06-drafts")
    writer.close()


@pytest.mark.parametrize(
    ("language", "width"), crossed(["zh", "en"], ["desktop", "phone", "narrow"])
)
def test_looking_around(browser, server, width, language):
    visitor = Visitor(browser, server, width, f"browse-{language}", java_script_enabled=True)
    page = visitor.page
    page.goto("/browse/")
    if language == "en":
        visitor.button("English")
    visitor.sees("01-overview")
    for name, path in (
        ("02-theme", "/browse/theme/social-security/"),
        ("03-elderly", "/browse/for/elderly/"),
        ("04-letter", "/browse/letters/S/"),
        ("05-compare", f"/items/{ITEM}/compare/"),
        ("06-paper", f"/items/{ITEM}/print/"),
        ("07-guide", f"/items/{ITEM}/"),
    ):
        page.goto(path)
        if "guide" in name:
            page.locator(".guide__link summary").click()
        visitor.sees(name)
    if width == "desktop":
        page.goto(f"/items/{ITEM}/print/")
        pdf = page.pdf(prefer_css_page_size=True)
        (SCREENSHOTS / f"paper-{language}.pdf").write_bytes(pdf)
        assert pdf.startswith(b"%PDF")
    visitor.close()


@pytest.mark.parametrize(
    ("width", "dress"), crossed(["desktop", "narrow"], ["dark", "elder", "english"])
)
def test_the_editor_holds_in_every_dress(browser, server, dress, width):
    options = {"color_scheme": "dark"} if dress == "dark" else {}
    visitor = Visitor(browser, server, width, f"editor-{dress}", **options)
    page = visitor.page
    visitor.sign_in("health-reviewer", "/work/items/")
    if dress == "english":
        visitor.button("English")
    if dress == "elder":
        visitor.button("长辈版")
    visitor.sees("items")
    code = page.locator(".table .code").first.inner_text()
    page.goto(f"/work/items/{code}/")
    begin = page.locator('form[action$="/begin/"] button')
    if begin.count():
        begin.click()
    for section in ("basics", "law", "limits", "materials", "fees", "access", "form"):
        page.goto(f"/work/items/{code}/edit/{section}/")
        visitor.sees(section)
    page.goto(f"/work/items/{code}/")
    visitor.sees("item")
    visitor.close()
