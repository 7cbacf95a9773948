"""The editor of guides: inputs, inheritance, two people at once, undo, pages and who gets in."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from tests.catalogue.builders import save
from tests.conftest import AT
from tongban.base.problems import Conflict, InvalidInput
from tongban.catalogue.editor.changing import changed_by
from tongban.catalogue.editor.inputs import Input, input_of, read_fields, shape_of
from tongban.catalogue.editor.labels import LABELS, VALUES, WITHIN, values_of
from tongban.catalogue.editor.sections import BY_KEY, SECTIONS
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.models import Proposal
from tongban.catalogue.services import (
    editing,
    packaged_guides,
    proposals,
)

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


# Services


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
