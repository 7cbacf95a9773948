"""The editor of guides: inputs, inheritance, two people at once, undo, pages and who gets in."""

from __future__ import annotations

import copy
import json
import re
import time
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import AT
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.catalogue import merging
from tongban.catalogue.editor.changing import changed_by
from tongban.catalogue.editor.inputs import Input, input_of, read_fields, shape_of
from tongban.catalogue.editor.labels import LABELS, VALUES, WITHIN, values_of
from tongban.catalogue.editor.sections import BY_KEY, SECTIONS
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.models import Guide, Proposal
from tongban.catalogue.services import (
    editing,
    packaged_basics,
    packaged_guides,
    proposals,
    publish_basic,
)
from tongban.ledger.models import Entry

GUIDES = packaged_guides()
RICH = {
    "special_procedures": [{"name": {"zh": "听证"}, "basis": "行政许可法第四十五条"}],
    "joint_organs": [{"name": "区消防救援大队", "part": "现场勘验"}],
    "further_results": [{"name": {"zh": "副本"}, "kind": "certificate"}],
    "handling": {
        "joint": True,
        "commitment": {"text": {"zh": "我承诺属实"}, "replaces": ["photo"]},
        "excluded_waits": [{"kind": "site_inspection", "basis": "食品经营许可管理办法"}],
    },
    "conditions": [{"zh": "年满十六周岁", "question": {"zh": "您满十六周岁了吗?"}}],
    "materials": [{"name": {"zh": "照片"}, "accept": ["jpg"], "max_mb": 3, "originals": 1}],
    "needs_materials": True,
    "charges_fee": False,
    "supports_delivery": False,
    "effective_from": "2026-05-01",
}


def sent(inputs: list[Input]) -> QueryDict:
    """What a browser sends for inputs as the page shows them."""
    post = QueryDict(mutable=True)

    def send(one: Input) -> None:
        if one.kind in ("choices", "flag"):
            post.appendlist(f"{one.name}-shown", "1")
        if one.kind in ("choices", "choice"):
            for choice in one.choices:
                if choice.chosen and not choice.fixed:
                    post.appendlist(one.name, choice.value)
        elif one.kind == "flag":
            if one.value:
                post.appendlist(one.name, "yes")
        elif one.kind == "yes_no":
            post.appendlist(one.name, {True: "true", False: "false"}.get(one.value, ""))
        elif one.kind == "text":
            for language in ("zh", "en"):
                post.appendlist(f"{one.name}-{language}", (one.value or {}).get(language, ""))
        elif one.kind == "list":
            post.appendlist(f"{one.name}-count", str(len(one.entries)))
            for entry in one.entries:
                send(entry)
        elif one.kind in ("group", "entry"):
            for part in (*one.inputs, *one.seldom):
                send(part)
        elif one.kind != "fixed":
            post.appendlist(one.name, str(one.value))

    for one in inputs:
        send(one)
    return post


# Inputs


def test_every_part_of_a_guide_stands_in_one_section_and_has_an_input():
    fields = [name for section in SECTIONS for name in section.fields]
    assert len(fields) == len(set(fields))
    assert set(fields) == set(GuideRecord.model_fields) - {"item_code"}
    for one in GuideRecord.model_fields.values():
        shape_of(one.annotation)


@pytest.mark.parametrize("content", [*map(content_of, GUIDES), RICH, {}])
def test_what_the_inputs_show_comes_back_as_it_was(content):
    back = {}
    for section in SECTIONS:
        post = sent([input_of(GuideRecord, name, content) for name in section.fields])
        back |= read_fields(post, post.getlist, section.fields)
    whole = GuideRecord.model_validate(back | {"item_code": content.get("item_code", "")})
    assert content_of(whole) == content_of(GuideRecord.model_validate(content))


def test_every_part_and_every_value_has_a_name_of_its_own():
    def walk(one: Input) -> None:
        part = one.name.split("-")[-1]
        assert one.kind == "entry" or part.isdigit() or part in {*LABELS, *WITHIN}, one.name
        for inner in (*one.inputs, *one.seldom, *one.entries):
            walk(inner)

    for guide in (*map(content_of, GUIDES), RICH):
        for name in BY_KEY["materials"].fields + BY_KEY["form"].fields + BY_KEY["limits"].fields:
            walk(input_of(GuideRecord, name, guide))
    for of, values in VALUES.items():
        area, _dot, part = of.rpartition(".")
        assert values_of(area, part or of) == values


def test_an_entry_left_empty_is_no_entry():
    post = QueryDict(
        "faq-count=3&faq-0-question-zh=要多久?&faq-0-answer-zh=五天"
        "&faq-1-question-zh=&faq-1-answer-zh= &faq-2-question-zh=贵吗?&faq-2-answer-zh=不"
    )
    assert [one["question"]["zh"] for one in read_fields(post, post.getlist, ("faq",))["faq"]] == [
        "要多久?",
        "贵吗?",
    ]


@pytest.mark.parametrize(
    ("act", "names"),
    [
        ("add:faq", ["甲", "乙", None]),
        ("drop:faq:0", ["乙"]),
        ("up:faq:1", ["乙", "甲"]),
        ("down:faq:0", ["乙", "甲"]),
        ("up:faq:0", ["甲", "乙"]),
        ("drop:faq:7", ["甲", "乙"]),
        ("drop:faq:x", ["甲", "乙"]),
        ("add:nothing", ["甲", "乙"]),
        ("add:place", ["甲", "乙"]),
        ("", ["甲", "乙"]),
    ],
)
def test_buttons_change_what_is_typed_and_nothing_else(act, names):
    before = {"faq": [{"question": {"zh": "甲"}}, {"question": {"zh": "乙"}}]}
    after = changed_by(act, before, {})
    assert [one.get("question", {}).get("zh") for one in after["faq"]] == names
    assert before["faq"][0]["question"]["zh"] == "甲"
    assert set(after) == {"faq"}


def test_a_list_in_a_list_gets_an_entry_too():
    after = changed_by(
        "add:form_pages-0-fields", {"form_pages": [{"key": "one", "fields": []}]}, {}
    )
    assert after["form_pages"][0]["fields"] == [{}]


# Two people at once

PLACE, OTHER_PLACE = {"zh": "大厅1号"}, {"zh": "大厅2号"}


def test_only_what_both_changed_has_to_be_chosen():
    base = {"place": PLACE, "enquiry_phone": "12345", "aliases": ["甲"]}
    theirs = base | {"place": OTHER_PLACE, "enquiry_phone": "0826-2000001"}
    mine = base | {"place": {"zh": "大厅3号"}, "aliases": ["乙"]}
    found = {unit.key: unit.suggested for unit in merging.units(base, theirs, mine)}
    names = {unit.key: unit.path[0] for unit in merging.units(base, theirs, mine)}
    assert {names[key]: chosen for key, chosen in found.items()} == {
        "place": "",
        "enquiry_phone": "theirs",
        "aliases": "mine",
    }
    done = merging.merged(base, theirs, mine, {key: found[key] or "mine" for key in found})
    assert done == mine | {"enquiry_phone": "0826-2000001"}


def test_two_materials_changed_by_two_people_are_both_kept():
    base = {"materials": [{"name": {"zh": name}} for name in "甲乙丙"]}
    theirs, mine = copy.deepcopy(base), copy.deepcopy(base)
    theirs["materials"][0]["originals"] = 1
    theirs["materials"].pop(1)
    mine["materials"][2]["originals"] = 2
    mine["materials"].insert(1, {"name": {"zh": "丁"}})
    found = {unit.key: unit.suggested for unit in merging.units(base, theirs, mine)}
    assert all(found.values())
    done = merging.merged(base, theirs, mine, found)
    assert done["materials"] == [
        {"name": {"zh": "甲"}, "originals": 1},
        {"name": {"zh": "丁"}},
        {"name": {"zh": "丙"}, "originals": 2},
    ]


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "place": st.sampled_from([PLACE, OTHER_PLACE]),
        "enquiry_phone": st.sampled_from(["1", "2"]),
        "materials": st.lists(
            st.fixed_dictionaries(
                {"name": st.fixed_dictionaries({"zh": st.sampled_from("甲乙丙")})},
                optional={"originals": st.integers(1, 2)},
            ),
            max_size=4,
        ),
    },
)


def without_empty(content: dict) -> dict:
    return {name: value for name, value in content.items() if value != []}


def told(value: dict) -> str:
    """In whatever order its keys came: a row that both sides have is taken from either."""
    return json.dumps(value, sort_keys=True)


@settings(max_examples=400)
@given(base=DOCUMENTS, theirs=DOCUMENTS, mine=DOCUMENTS)
def test_choosing_all_of_one_side_gives_that_side_and_nothing_is_silent(base, theirs, mine):
    base, theirs, mine = map(without_empty, (base, theirs, mine))
    units = merging.units(base, theirs, mine)
    assert bool(units) == (theirs != mine)
    all_theirs = merging.merged(base, theirs, mine, {unit.key: "theirs" for unit in units})
    all_mine = merging.merged(base, theirs, mine, {unit.key: "mine" for unit in units})
    assert all_theirs == theirs
    assert all_mine.keys() == mine.keys()
    for name, value in mine.items():
        if isinstance(value, list):
            assert sorted(map(told, all_mine[name])) == sorted(map(told, value))
        else:
            assert all_mine[name] == value


# Services


@pytest.fixture
def office(world):
    world.administrator = world.make_staff("administrator", world.organ, "administrator")
    world.editor = world.make_staff("editor", world.organ, "administrator")
    world.approver = world.make_staff("head", world.organ, "head")
    return world


@pytest.fixture
def fixed(office):
    """The item below a basic item that fixes limit, fee, audience, materials and visits."""
    office.item.basic_code = "511A0005200004"
    office.item.save()
    content = packaged_basics()[0].model_dump() | {
        "kind": "public_service",
        "result": None,
        "audience": ("natural_person",),
        "conditions": (),
        "statutory_limit": {"value": 20, "unit": "working_day"},
        "materials": [one.model_dump() for one in office.document.materials],
        "charges_fee": False,
        "on_site_visits": 1,
        "handling_forms": ("counter",),
    }
    from tongban.catalogue.rules import BasicDocument

    publish_basic(BasicDocument.model_validate(content))
    office.item.refresh_from_db()
    return office


def save(office, section: str, typed: dict, *, who=None, revision: int = 0) -> Proposal:
    proposal = proposals.begin(who or office.administrator, office.item.code, at=AT)
    fields = BY_KEY[section].fields
    held = {name: value for name, value in proposal.document.items() if name in fields}
    return editing.save_section(
        who or office.administrator,
        office.item,
        proposal.document,
        held | typed,
        fields,
        revision=revision or proposal.revision,
        at=AT,
    )


def test_a_section_is_saved_and_the_others_stay(office):
    before = proposals.begin(office.administrator, office.item.code, at=AT).document
    saved = save(office, "contact", {"enquiry_phone": "0826-2007777"})
    assert saved.document["enquiry_phone"] == "0826-2007777"
    assert {**saved.document, "enquiry_phone": before["enquiry_phone"]} == before
    assert saved.revision == 2


def test_what_is_no_guide_is_refused_with_the_place(office):
    with pytest.raises(InvalidInput, match="bad_guide") as refused:
        save(office, "access", {"on_site_visits": "two", "place": {"en": "Hall"}})
    assert "/on_site_visits" in {one.pointer for one in refused.value.errors}
    assert Proposal.objects.get().revision == 1


@pytest.mark.parametrize(
    ("section", "typed", "rule"),
    [
        ("limits", {"promised_limit": {"value": 30, "unit": "working_day"}}, "B01"),
        ("access", {"on_site_visits": 2, "on_site_reason": {"zh": "拍照"}}, "B07"),
        ("materials", {"materials": [{"name": {"zh": "介绍信"}}]}, "B04"),
    ],
)
def test_what_the_basic_item_fixes_cannot_be_loosened(fixed, section, typed, rule):
    with pytest.raises(InvalidInput, match="loosened") as refused:
        save(fixed, section, typed)
    assert rule in {one.code for one in refused.value.errors}


def test_what_is_fixed_stays_whatever_a_form_sends(fixed):
    saved = save(
        fixed,
        "limits",
        {
            "statutory_limit": {"value": 90, "unit": "working_day"},
            "promised_limit": {"value": 3, "unit": "working_day"},
        },
    )
    whole = content_of(editing.whole_record(saved.document, editing.basic_content(fixed.item)))
    assert whole["statutory_limit"] == {"value": 20, "unit": "working_day"}
    assert whole["promised_limit"]["value"] == 3
    saved = save(fixed, "basics", {"audience": ["enterprise"]})
    assert saved.document["audience"] == ["natural_person", "enterprise"]
    with pytest.raises(InvalidInput, match="loosened"):  # The guide has a fee.
        save(fixed, "fees", {"charges_fee": True})
    saved = save(fixed, "fees", {"charges_fee": True, "fees": []})
    assert saved.document.get("charges_fee") is not True


def test_undo_walks_back_saving_by_saving_and_no_further(office):
    first = proposals.begin(office.administrator, office.item.code, at=AT).document
    one = save(office, "contact", {"enquiry_phone": "0826-2007771"})
    two = save(office, "contact", {"enquiry_phone": "0826-2007772"})
    back = proposals.undo(office.editor, office.item.code, revision=two.revision, at=AT)
    assert back.document == one.document
    assert (back.revision, back.author) == (4, office.editor)
    again = proposals.undo(office.administrator, office.item.code, revision=4, at=AT)
    assert again.document == first
    with pytest.raises(Conflict, match="nothing_to_undo"):
        proposals.undo(office.administrator, office.item.code, revision=5, at=AT)
    with pytest.raises(Conflict, match="saved_by_another"):
        proposals.undo(office.administrator, office.item.code, revision=4, at=AT)
    assert [one.number for one in back.revisions.order_by("number")] == [1, 2, 3, 4, 5]


# Pages


def signed_in(account, *, factor: bool = True) -> Client:
    client = Client()
    client.force_login(account)
    if factor:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "type": "totp", "at": time.time()}
        ]
        session["account_authentication_methods_user"] = str(account.pk)
        session.save()
    return client


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
