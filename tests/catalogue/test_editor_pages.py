"""The editor's pages: who gets in, what a form keeps, preview, merging, undo and publishing."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.catalogue.builders import save, signed_in
from tests.conftest import AT
from tongban.base.problems import NotFound
from tongban.catalogue.editor.sections import SECTIONS
from tongban.catalogue.models import Guide, Proposal
from tongban.catalogue.services import (
    proposals,
)
from tongban.ledger.models import Entry


def form_of(client: Client, path: str) -> dict[str, list[str]]:
    """What the form of a page would send, read from its HTML."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, list[str]] = {}
            self.here, self.area, self.text = False, "", ""
            self.select = ""

        def handle_starttag(self, tag, pairs):
            given = dict(pairs)
            if tag == "form":
                self.here = "editor__form" in given.get("class", "")
            if not self.here:
                return
            if tag == "input" and given.get("type") in ("checkbox", "radio"):
                if "checked" in given and "disabled" not in given:
                    self.found.setdefault(given["name"], []).append(given["value"])
            elif tag == "input":
                self.found.setdefault(given["name"], []).append(given.get("value", ""))
            elif tag == "textarea":
                self.area, self.text = given["name"], ""
            elif tag == "select":
                self.select = given["name"]
                self.found.setdefault(self.select, [""])
            elif tag == "option" and "selected" in given:
                self.found[self.select] = [given["value"]]

        def handle_data(self, data):
            self.text += data if self.area else ""

        def handle_endtag(self, tag):
            if tag == "textarea" and self.area:
                self.found.setdefault(self.area, []).append(self.text)
                self.area = ""
            self.here = self.here and tag != "form"

    reader = Reader()
    answer = client.get(path)
    assert answer.status_code == 200, path
    reader.feed(answer.content.decode())
    return reader.found


def edit_path(office, section: str) -> str:
    return f"/work/items/{office.item.code}/edit/{section}/"


def test_opening_and_saving_every_section_changes_nothing(office):
    client = signed_in(office.administrator)
    client.post(f"/work/items/{office.item.code}/begin/")
    for section in SECTIONS:
        path = edit_path(office, section.key)
        answer = client.post(path, form_of(client, path) | {"act": "save"})
        assert answer.status_code == 302, section.key
    proposal = Proposal.objects.get()
    assert proposal.document == office.guide.document
    assert proposal.revision == 1 + len(SECTIONS)


def test_from_the_list_to_a_published_page(office):
    writer, approver = signed_in(office.administrator), signed_in(office.approver)
    code = office.item.code
    assert office.item.name in writer.get("/work/items/").content.decode()
    assert writer.post(f"/work/items/{code}/begin/")["Location"] == edit_path(office, "basics")
    path = edit_path(office, "contact")
    typed = form_of(writer, path) | {"enquiry_phone": "0826-2007777", "act": "next"}
    assert writer.post(path, typed)["Location"] == edit_path(office, "questions")
    desk = writer.get(f"/work/items/{code}/").content.decode()
    assert "送审" in desk
    changes = writer.get(f"/work/items/{code}/changes/?from=1&to=draft").content.decode()
    assert "<ins>0826-2007777</ins>" in changes
    writer.post(f"/work/items/{code}/send/")
    # The author may not approve; the page says why and has no button for it.
    own = writer.get(f"/work/items/{code}/review/").content.decode()
    assert "这个版本是您自己写的" in own
    assert 'value="approve"' not in own
    assert writer.post(f"/work/items/{code}/review/", {"act": "approve"}).status_code == 403
    seen = approver.get(f"/work/items/{code}/review/").content.decode()
    assert "<ins>0826-2007777</ins>" in seen
    assert approver.post(f"/work/items/{code}/review/", {"act": "approve"}).status_code == 302
    assert "0826-2007777" in Client().get(f"/items/{code}/").content.decode()
    assert Guide.objects.get(effective_to=None).version == 2


def test_a_mistake_is_shown_at_the_field_and_what_was_typed_stays(office):
    client = signed_in(office.administrator)
    client.post(f"/work/items/{office.item.code}/begin/")
    path = edit_path(office, "access")
    typed = form_of(client, path) | {"on_site_visits": "两次", "act": "save"}
    answer = client.post(path, typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "请写整数" in text
    assert 'href="#id_on_site_visits"' in text
    assert 'value="两次"' in text
    assert Proposal.objects.get().revision == 1


def test_lint_speaks_at_the_field(office):
    client = signed_in(office.administrator)
    client.post(f"/work/items/{office.item.code}/begin/")
    path = edit_path(office, "materials")
    count = len(office.guide.document["materials"])
    typed = form_of(client, path)
    added = form_with_entry(typed, "materials", count, {"name-zh": "其他材料"})
    assert client.post(path, added | {"act": "save"}).status_code == 302
    text = client.get(path).content.decode()
    slot = re.search(rf'id="lint-materials-{count}-name">(.*?)</div>', text, re.S)
    assert slot
    assert "V01" in slot[1]
    live = client.post(
        path, added | {"act": "live"}, headers={"hx-request": "true"}
    ).content.decode()
    assert f'id="lint-materials-{count}-name" hx-swap-oob="true"' in live
    assert "其他材料" in live
    assert 'lang="en"' in live


def form_with_entry(typed: dict, name: str, place: int, parts: dict) -> dict:
    return (
        typed
        | {f"{name}-count": str(place + 1)}
        | {f"{name}-{place}-{part}": value for part, value in parts.items()}
    )


def test_preview_shows_both_languages_and_saves_nothing(office):
    client = signed_in(office.administrator)
    client.post(f"/work/items/{office.item.code}/begin/")
    path = edit_path(office, "basics")
    typed = form_of(client, path) | {
        "name-zh": "办身份证啦", "name-en": "Getting an ID card", "act": "preview",
    }  # fmt: skip
    text = client.post(path, typed).content.decode()
    assert text.count("办身份证啦") >= 2
    assert "Getting an ID card" in text
    assert "What you need" in text
    assert Proposal.objects.get().revision == 1


def test_what_is_fixed_is_shown_and_is_no_input(fixed):
    client = signed_in(fixed.administrator)
    client.post(f"/work/items/{fixed.item.code}/begin/")
    limits = client.get(edit_path(fixed, "limits")).content.decode()
    assert "基本目录已定" in limits
    assert 'name="statutory_limit-value"' not in limits
    assert 'name="promised_limit-value"' in limits
    materials = client.get(edit_path(fixed, "materials")).content.decode()
    assert 'value="add:materials"' not in materials


def test_the_second_to_save_sees_both_and_chooses(office):
    one, two = signed_in(office.administrator), signed_in(office.editor)
    one.post(f"/work/items/{office.item.code}/begin/")
    path = edit_path(office, "contact")
    first, second = form_of(one, path), form_of(two, path)
    one.post(path, first | {"enquiry_phone": "0826-2001111", "complaint_phone": "0826-2002222"})
    answer = two.post(
        path,
        second | {"enquiry_phone": "0826-2003333", "opening_hours-zh": "周一至周五 9:00-17:00"},
    )
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in ("0826-2001111", "0826-2002222", "0826-2003333", "9:00-17:00", "administrator"):
        assert words in text
    held = Proposal.objects.get()
    assert held.document["enquiry_phone"] == "0826-2001111"
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    import html

    form = {name: html.unescape(value) for name, value in hidden.items()}
    names = re.findall(r'name="(choice-\w+)" value="mine"', text)
    chosen = dict(re.findall(r'name="(choice-\w+)" value="(\w+)" checked', text))
    assert len(names) == 3
    assert len(chosen) == 2  # What both changed is not chosen for anybody.
    merge_path = f"{path}merge/"
    unfinished = two.post(merge_path, form | chosen)
    assert unfinished.status_code == 409
    assert "请在两者中选一个" in unfinished.content.decode()
    left = next(name for name in names if name not in chosen)
    assert two.post(merge_path, form | chosen | {left: "mine"}).status_code == 302
    done = Proposal.objects.get()
    assert done.document["enquiry_phone"] == "0826-2003333"
    assert done.document["complaint_phone"] == "0826-2002222"
    assert done.document["opening_hours"]["zh"] == "周一至周五 9:00-17:00"
    assert (done.revision, done.author) == (3, office.editor)


def test_a_third_saving_while_somebody_chooses_is_told_again(office):
    one, two = signed_in(office.administrator), signed_in(office.editor)
    one.post(f"/work/items/{office.item.code}/begin/")
    path = edit_path(office, "contact")
    second = form_of(two, path)
    one.post(path, form_of(one, path) | {"enquiry_phone": "0826-2001111"})
    text = two.post(path, second | {"enquiry_phone": "0826-2003333"}).content.decode()
    import html

    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
    form = {name: html.unescape(value) for name, value in hidden.items()}
    one.post(path, form_of(one, path) | {"enquiry_phone": "0826-2004444"})
    chosen = dict.fromkeys(re.findall(r'name="(choice-\w+)"', text), "mine")
    assert chosen
    answer = two.post(f"{path}merge/", form | chosen)
    assert answer.status_code == 409
    assert "0826-2004444" in answer.content.decode()
    assert Proposal.objects.get().document["enquiry_phone"] == "0826-2004444"


def test_undo_discard_and_withdraw_have_their_pages(office):
    client, head = signed_in(office.administrator), signed_in(office.approver)
    desk = f"/work/items/{office.item.code}/"
    client.post(f"{desk}begin/")
    path = edit_path(office, "contact")
    client.post(path, form_of(client, path) | {"enquiry_phone": "0826-2001111"})
    assert f"{desk}undo/" in client.get(desk).content.decode()
    client.post(f"{desk}undo/", {"revision": "2"})
    assert Proposal.objects.get().document == office.guide.document
    assert f"{desk}undo/" not in client.get(desk).content.decode()
    assert "作废" in client.get(f"{desk}discard/").content.decode()
    assert Proposal.objects.get().state == "draft"
    client.post(f"{desk}discard/")
    assert Proposal.objects.get().state == "discarded"
    assert "不能反悔" in head.get(f"{desk}withdraw/").content.decode()
    assert head.post(f"{desk}withdraw/", {"reasons": ""}).status_code == 422
    assert head.post(f"{desk}withdraw/", {"reasons": "事项已取消"}).status_code == 302
    office.guide.refresh_from_db()
    assert office.guide.state == "withdrawn"
    rows = client.get("/work/items/?state=withdrawn").content.decode()
    assert office.item.name in rows


def test_errors_need_a_reason_by_name_on_the_page_too(office):
    client, head = signed_in(office.administrator), signed_in(office.approver)
    desk = f"/work/items/{office.item.code}/"
    save(office, "materials", {"materials": [{"name": {"zh": "其他材料", "en": "Others"}}]})
    client.post(f"{desk}send/")
    assert head.post(f"{desk}review/", {"act": "approve"}).status_code == 422
    assert (
        head.post(
            f"{desk}review/", {"act": "approve", "override_reason": "上级系统暂时只收这一项,月底改"}
        ).status_code
        == 302
    )
    assert any("lint_overridden" in entry.leaf for entry in Entry.objects.all())


def test_a_version_sent_back_says_why(office):
    client, head = signed_in(office.administrator), signed_in(office.approver)
    desk = f"/work/items/{office.item.code}/"
    save(office, "contact", {"enquiry_phone": "0826-2001111"})
    client.post(f"{desk}send/")
    head.post(f"{desk}review/", {"act": "send_back", "reasons": "电话写错了"})
    assert "电话写错了" in client.get(desk).content.decode()


PAGES = ("", "edit/basics/", "changes/", "review/", "withdraw/", "discard/")


@pytest.mark.parametrize("page", PAGES)
def test_the_items_of_another_organ_are_not_there(office, page):
    save(office, "contact", {"enquiry_phone": "0826-2001111"})
    other = office.make_staff("other", office.make_organ("区人社局"), "administrator", "head")
    client = signed_in(other)
    path = f"/work/items/{office.item.code}/{page}"
    assert client.get(path).status_code == 404
    assert client.post(path, {"act": "save"}).status_code in (404, 405)
    for act in ("begin", "send", "undo", "edit/contact/merge"):
        assert client.post(f"/work/items/{office.item.code}/{act}/").status_code == 404
    assert office.item.name not in client.get("/work/items/").content.decode()
    assert Proposal.objects.get().revision == 2


def test_publishing_needs_the_second_factor(office):
    client = signed_in(office.approver, factor=False)
    for page in ("review/", "withdraw/"):
        assert client.get(f"/work/items/{office.item.code}/{page}").status_code == 403


def test_clerks_see_the_list_and_cannot_write(office):
    client = signed_in(office.clerk)
    assert office.item.name in client.get("/work/items/").content.decode()
    assert client.get(f"/work/items/{office.item.code}/").status_code == 404
    assert client.get(edit_path(office, "basics")).status_code == 403
    with pytest.raises(NotFound):
        proposals.begin(office.clerk, office.item.code)


def test_the_list_asks_the_database_a_few_times_however_long_it_is(
    office, django_assert_max_num_queries
):
    for place in range(40):
        office.make_item(f"T-{place:03}", f"事项{place}", office.organ)
    client = signed_in(office.administrator)
    client.get("/work/items/")
    with django_assert_max_num_queries(20):
        text = client.get("/work/items/").content.decode()
    assert text.count("<tr>") == 42
    assert "事项7" in client.get("/work/items/?q=事项7").content.decode()
    assert client.get("/work/items/?state=review&after=x&q=%00").status_code == 200


def test_a_day_to_come_lets_the_version_wait(office):
    day = (AT + timedelta(days=30)).date().isoformat()
    assert save(office, "basics", {"effective_from": day}).effective_from.isoformat() == day
