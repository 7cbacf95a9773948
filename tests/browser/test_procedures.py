"""A procedure in a real browser: drawn and named by an administrator, then a case through it, in two
organs at once with a hearing that stops the clock, to the decision; on desktop and on a phone.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COMMAND, mainly
from tests.browser.test_whole_path import Visitor
from tests.cases.drawings import joint
from tests.conftest import PNG
from tongban.cases.procedures.exporting import export_bpmn

pytestmark = pytest.mark.browser
ITEM = "513A0011200068-511602000000-000-1151130000877869M-1-00"
# What the file calls the lanes of the other organ.
LANES = {"there": "人社审查", "visit": "人社窗口"}


def drawing(folder: Path) -> Path:
    drawn = joint("")
    nodes = tuple(replace(one, role=LANES.get(one.id, one.role)) for one in drawn.nodes)
    path = folder / "joint.bpmn"
    path.write_bytes(export_bpmn(replace(drawn, nodes=nodes)))
    return path


@pytest.fixture(scope="module")
def in_force(browser, server, surroundings, tmp_path_factory) -> None:
    """The procedure of the item, imported and planned on its page by the organ's administrator."""
    folder = tmp_path_factory.mktemp("bpmn")
    refused = folder / "refused.bpmn"
    refused.write_bytes((Path(__file__).parents[1] / "cases/data/bpmn/B.1.0.bpmn").read_bytes())
    admin = Visitor(browser, server, "desktop", "administrator")
    admin.sign_in("police-admin", "/work/procedures/?q=身份证")
    admin.sees("60-procedures")
    admin.page.goto(f"/work/procedures/{ITEM}/")
    admin.page.get_by_label("BPMN 文件").set_input_files(refused)
    admin.button("导入")
    expect(admin.page.locator("main")).to_contain_text("dataStore")
    admin.complaints.clear()  # The refusal is an answer of 422, which Chromium writes down.
    admin.sees("61-refused")
    admin.page.get_by_label("BPMN 文件").set_input_files(drawing(folder))
    admin.button("导入")
    expect(admin.page.get_by_text("还不能生效")).to_be_visible()
    admin.sees("62-draft")
    for place, post in ((2, "reviewer"), (3, "clerk")):
        admin.page.locator(f"#organ-{place}").select_option(label="区人社局")
        admin.page.locator(f"#role-{place}").select_option(post)
    admin.button("保存分工")
    expect(admin.page.get_by_text("还不能生效")).to_have_count(0)
    admin.sees("63-planned")
    # Nobody puts in force what they drew; the head does it with a second factor, here at the shell.
    subprocess.run(
        [*COMMAND, "procedures", "publish", "--item", ITEM, "--by", "police-head"],
        env=surroundings,
        check=True,
    )
    admin.page.reload()
    admin.sees("64-in-force")
    admin.close()


def hand_in(resident: Visitor, photo: Path) -> str:
    page = resident.page
    resident.begins()
    resident.button("保存,下一步")
    page.get_by_label("丢失补证").check()
    page.get_by_label("到窗口领取").check()
    resident.button("保存,下一步")
    resident.gives("近期正面免冠照片", photo)
    resident.button("上传,下一步")
    resident.button("提交申请")
    expect(page.get_by_role("status").first).to_contain_text("提交成功")
    return page.locator(".case__line .code").inner_text()


@pytest.mark.parametrize("width", mainly("desktop", "phone"))
def test_two_organs_at_once_with_a_hearing_to_the_decision(
    browser, server, in_force, tmp_path, width
):
    photo = tmp_path / "照片.png"
    photo.write_bytes(PNG)
    resident = Visitor(browser, server, width, "resident")
    who = "resident-li" if width == "desktop" else "resident-wang"
    resident.sign_in(who, f"/items/{ITEM}/apply/")
    number = hand_in(resident, photo)

    def step(account: str, name: str, **typed: str) -> Visitor:
        """Open a step from the list of what waits, and fill its form in."""
        staff = Visitor(browser, server, width, account)
        staff.sign_in(account, "/work/steps/")
        row = staff.page.locator("tr").filter(has_text=number).filter(has_text=name)
        row.get_by_role("link").click()
        for field, value in typed.items():
            staff.page.locator(f"[name={field}]").first.fill(value)
        return staff

    clerk = Visitor(browser, server, width, "clerk")
    clerk.sign_in("police-clerk", f"/work/cases/{number}/")
    clerk.button("受理")
    expect(clerk.page.get_by_role("link", name="环节: 初审")).to_be_visible()
    clerk.sees("65-accepted")
    clerk.page.get_by_role("link", name="环节: 初审").click()
    clerk.button("认领此环节")
    clerk.page.locator("#text-complete").fill("材料与原件一致。")
    clerk.sees("66-step")
    clerk.page.locator("form.act .button--primary").click()
    expect(clerk.page.get_by_role("status").first).to_contain_text("下一环节已开始")
    clerk.close()

    in_weeks = (date.today() + timedelta(days=21)).isoformat()
    reviewer = step("police-reviewer", "听证", until=in_weeks, reasons="依申请举行听证。")
    reviewer.sees("67-hearing")
    reviewer.button("启动:听证")
    expect(reviewer.page.get_by_role("status").first).to_contain_text("暂停计时")

    there = step("social-reviewer", "会审", text="参保信息一致。")
    there.sees("68-other-organ")
    there.page.locator("form.act .button--primary").click()
    there.close()
    # The other organ's people see their step and not the case.
    visit = step("social-clerk", "现场核查", text="现场情况属实。")
    answer = visit.page.request.get(f"/work/cases/{number}/")
    assert answer.status == 404
    visit.page.locator("form.act .button--primary").click()
    visit.sees("69-steps")
    visit.close()

    resident.page.goto(f"/cases/{number}/")
    expect(resident.page.locator("main")).to_contain_text("联合审查")
    expect(resident.page.locator("main")).to_contain_text("共 3 个环节,已完成 2 个")
    expect(resident.page.locator(".time")).to_contain_text("暂停计时中")
    resident.sees("70-progress")

    reviewer.page.goto("/work/steps/?show=mine")
    reviewer.sees("71-mine")
    reviewer.page.get_by_role("link", name="听证").first.click()
    reviewer.page.locator("[name=text]").first.fill("听证笔录已形成。")
    reviewer.page.locator("form.act .button--primary").click()
    reviewer.page.goto(f"/work/cases/{number}/")
    expect(reviewer.page.get_by_text("准予", exact=True)).to_have_count(0)
    reviewer.page.get_by_role("link", name="环节: 拟办意见").click()
    reviewer.page.locator("[name=text]").first.fill("建议准予。")
    reviewer.page.locator("form.act .button--primary").click()
    head = step("police-head", "拟办意见")
    head.sees("72-sign")
    head.button("签批")
    head.close()
    last = step("police-clerk", "归档", text="已归档。")
    last.page.locator("form.act .button--primary").click()
    last.close()

    reviewer.page.goto(f"/work/cases/{number}/")
    expect(reviewer.page.locator("main")).to_contain_text("全部环节已办结")
    reviewer.sees("73-over")
    reviewer.page.get_by_text("准予", exact=True).first.click()
    reviewer.page.locator("#reasons-approve").fill("各环节意见一致,准予补领。")
    reviewer.button("准予…")
    reviewer.button("准予")
    expect(reviewer.page.locator(".case__line").first).to_contain_text("准予")
    reviewer.close()
    resident.page.reload()
    expect(resident.page.locator("main")).to_contain_text("各环节意见一致,准予补领。")
    resident.sees("74-decided")
    resident.close()
