from __future__ import annotations

import csv
import typing
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from tongban.base.problems import InvalidInput
from tongban.catalogue.guide_schema import GuideDocument, read_guide
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.services import (
    PACKAGED_GUIDES,
    PACKAGED_ITEMS,
    SAMPLE_ITEMS,
    packaged_guides,
    publish_guide,
    publish_guides,
)
from tongban.catalogue.standard_fields import WHERE
from tongban.ledger.models import Entry

GUIDES = packaged_guides()
CATCH_ALL = ("其他材料", "等材料", "相关材料", "有关材料", "相关证明")
IN_DAYS = {"hour": 1 / 8, "working_day": 1, "day": 5 / 7, "month": 21, "on_the_spot": 0}


def item_codes() -> set[str]:
    found = set()
    for path in (PACKAGED_ITEMS, SAMPLE_ITEMS):
        with path.open(encoding="utf-8") as source:
            found |= {row["item_code"] for row in csv.DictReader(source)}
    return found


def test_there_are_at_least_twelve_complete_guides_for_items_of_the_list():
    assert len(GUIDES) >= 12
    assert {guide.item_code for guide in GUIDES} <= item_codes()
    assert len({guide.slug for guide in GUIDES}) == len(GUIDES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.slug)
def test_a_packaged_guide_keeps_the_rules_that_checkers_apply(guide: GuideDocument):
    # domain: promised <= statutory; sum of steps <= promised
    promised = guide.promised_limit.value * IN_DAYS[guide.promised_limit.unit]
    statutory = guide.statutory_limit.value * IN_DAYS[guide.statutory_limit.unit]
    steps = sum(step.limit.value * IN_DAYS[step.limit.unit] for step in guide.steps)
    assert promised <= statutory
    assert steps <= promised
    # 优化营商环境条例 art. 43: no catch-all material
    for material in guide.materials:
        assert not any(words in material.name.zh for words in CATCH_ALL)
    assert guide.enquiry_phone != guide.complaint_phone
    assert any(form != "counter" for form in guide.handling_forms) or guide.on_site_visits


def test_a_guide_with_a_missing_element_is_refused_by_name():
    content = GUIDES[0].model_dump(mode="json")
    del content["legal_bases"]
    with pytest.raises(ValidationError, match="legal_bases"):
        GuideDocument.model_validate(content)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"on_site_visits": 2, "on_site_reason": None}, "reason"),
        ({"case_type": "instant"}, "instant"),
        ({"promised_limit": {"value": 0, "unit": "working_day"}}, "positive"),
        ({"enquiry_phone": "call me"}, "enquiry_phone"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_guide_that_contradicts_itself_is_refused(change, what):
    content = read_guide(PACKAGED_GUIDES / "pension-transfer.toml").model_dump(mode="json")
    with pytest.raises(ValidationError, match=what):
        GuideDocument.model_validate(content | change)


def test_a_changed_guide_is_a_new_version_and_the_old_one_stays(world):
    changed = world.document.model_copy(update={"enquiry_phone": "0826-2009999"})
    guide = publish_guide(changed, is_sample=True, on=date(2026, 5, 1))
    assert guide is not None
    assert guide.version == 2
    world.guide.refresh_from_db()
    assert world.guide.effective_to == date(2026, 4, 30)
    assert publish_guide(changed, is_sample=True) is None
    assert sum("guide_published" in entry.leaf for entry in Entry.objects.all()) == 2


def test_a_case_keeps_the_version_that_it_was_filed_under(world):
    case = world.make_case()
    changed = world.document.model_copy(update={"enquiry_phone": "0826-2009999"})
    publish_guide(changed, is_sample=True)
    case.refresh_from_db()
    assert case.guide == world.guide


def test_a_guide_for_an_unknown_item_is_reported_and_the_others_go_on(world):
    stray = world.document.model_copy(update={"item_code": "no-such-item-code"})
    with pytest.raises(InvalidInput, match="unknown_item"):
        publish_guide(stray, is_sample=True)
    changed = world.document.model_copy(update={"enquiry_phone": "0826-2009999"})
    report = publish_guides([stray, changed], is_sample=True)
    assert (report.read, report.updated, len(report.problems)) == (2, 1, 1)


def test_every_data_item_of_gbt_39046_table_4_has_its_place():
    with (Path(__file__).parent / "data" / "gbt39046_table4.csv").open(encoding="utf-8") as table:
        names = {row["name_en"] for row in csv.DictReader(table)}
    assert len(names) == 64
    assert set(WHERE) == names
    for path in filter(None, WHERE.values()):
        root, first, *rest = path.replace("[]", "").split(".")
        fields = GuideDocument.model_fields if root == "guide" else None
        if fields is None:
            assert hasattr(ServiceItem, first), path
            continue
        assert first in fields, path
        if rest:
            inner = fields[first].annotation
            inner = typing.get_args(inner)[0] if typing.get_args(inner) else inner
            assert rest[0] in inner.model_fields, path
