"""Counts beside the filters, what is near, what is used, life events, suggestions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.catalogue.builders import make_regions
from tongban.catalogue.importing import load_items
from tongban.catalogue.models import Guide, ItemRank, ServiceItem
from tongban.catalogue.search import facets, text
from tongban.catalogue.search.documents import FACETS
from tongban.catalogue.search.events import event_in, life_events
from tongban.catalogue.search.index import rebuild
from tongban.catalogue.search.keeping import Keeper
from tongban.catalogue.search.query import Filters
from tongban.catalogue.search.suggesting import suggest
from tongban.catalogue.selectors import count_elsewhere, search_items
from tongban.catalogue.services import (
    PACKAGED_ITEMS,
    SAMPLE_ITEMS,
    packaged_guides,
    publish_guides,
)

GUANGDONG = Path(__file__).parent / "data" / "guangdong.ndjson"
DISTRICT, TOWN, GUANGZHOU = "511602000000", "511602001000", "440100000000"
PLACES = ("", DISTRICT, TOWN, GUANGZHOU)


@pytest.fixture(scope="module")
def _both(django_db_setup, django_db_blocker, tmp_path_factory):
    """Both real sources with the sample guides, loaded once."""
    home = tmp_path_factory.mktemp("index")
    with override_settings(TONGBAN_INDEX=home):
        with django_db_blocker.unblock():
            make_regions()
            load_items(PACKAGED_ITEMS)
            load_items(SAMPLE_ITEMS, source="sample")
            publish_guides(packaged_guides(), is_sample=True)
            load_items(GUANGDONG)
            rebuild()
        yield home
        with django_db_blocker.unblock():
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def both(_both, db, tmp_path, settings):
    """One test with both catalogues and an index of its own; what it writes is rolled back."""
    settings.TONGBAN_INDEX = shutil.copytree(_both, tmp_path / "index")


def found(query: str, filters: Filters, size: int = 50):
    return search_items(query, filters, size=size, facets=True)


# Counts


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("query", ["", "许可", "养老保险", "sfz"])
def test_each_count_is_what_the_filter_leaves(both, query, place):
    """Every choice of every facet, alone and with another filter chosen, against a real search."""
    for base in (Filters(region=place), Filters(region=place, kind="licence")):
        result = found(query, base)
        if result.how != "typed":
            continue
        checked = 0
        for facet in FACETS:
            for value, count in result.facets.get(facet, ())[:4]:
                narrowed = Filters(**(vars(base) | {facet: value}))
                assert found(query, narrowed).total == count, (facet, value)
                checked += 1
        assert checked or not result.total


def test_a_chosen_facet_still_shows_its_other_choices_with_their_counts(both):
    wide = found("", Filters(region=DISTRICT))
    kind, _count = wide.facets["kind"][0]
    narrow = found("", Filters(region=DISTRICT, kind=kind))
    assert narrow.facets["kind"] == wide.facets["kind"]
    assert narrow.total == dict(wide.facets["kind"])[kind]
    assert sum(count for _value, count in narrow.facets["organ"]) <= narrow.total


def test_a_choice_that_nothing_has_can_be_taken_away(both):
    result = found("身份证", Filters(region=DISTRICT, kind="tax"))
    assert ("tax", 0) in result.facets["kind"]


def test_large_counts_are_kept_until_the_next_commit(both, monkeypatch):
    monkeypatch.setattr(facets, "MANY", 100)
    asked = []
    monkeypatch.setattr(
        facets, "_counted", lambda *args: asked.append(1) or dict.fromkeys(args[2], ())
    )
    facets._kept.clear()
    for _time in range(3):
        found("", Filters(region=DISTRICT))
    assert len(asked) == 1
    found("许可", Filters(region=DISTRICT))
    assert len(asked) == 2
    ServiceItem.objects.filter(source="sichuan").first().save()
    Keeper().round()
    found("", Filters(region=DISTRICT))
    assert len(asked) == 3
    facets._kept.clear()


def test_counting_asks_the_database_nothing(both, django_assert_num_queries):
    with django_assert_num_queries(0):
        found("许可", Filters(region=DISTRICT, near=True))


# Near


def reach(said: str) -> ServiceItem:
    """An item of the district that is done for people from elsewhere."""
    guide = Guide.objects.filter(effective_to=None, is_sample=True).order_by("slug").first()
    guide.document["cross_region_range"] = said
    guide.save()
    Keeper().round()
    return guide.item


@pytest.mark.parametrize(
    ("said", "from_far", "from_next_city", "from_next_county"),
    [
        ("national", True, True, True),
        ("cross_province", True, True, True),
        ("cross_city", False, True, True),
        ("cross_county", False, False, True),
        ("none", False, False, False),
    ],
)
def test_what_is_done_for_people_from_elsewhere_is_near_for_them(
    both, said, from_far, from_next_city, from_next_county
):
    """跨区域通办: GB/T 39046-2020 通办范围, each range against three places."""
    item = reach(said)
    for place, expected in (
        ("440103000000", from_far),
        ("510100000000", from_next_city),
        ("511603000000", from_next_county),
    ):
        near = search_items(item.name, Filters(region=place, near=True), size=50)
        codes = [hit.listing.code for hit in near.hits]
        assert (item.code in codes) is expected, place
        here = search_items(item.name, Filters(region=place), size=50)
        assert item.code not in [hit.listing.code for hit in here.hits]
        assert (count_elsewhere(item.name, Filters(region=place)) > 0) is expected


def test_the_nearer_of_two_equal_services_comes_first(both):
    item = reach("national")
    twin = ServiceItem.objects.create(
        code="twin",
        code_pattern="x",
        name=item.name,
        main_item=item.main_item,
        kind=item.kind,
        region_id=GUANGZHOU,
        region_path="4401",
        source="test",
        source_row={},
    )
    guide = Guide.objects.get(item=item, effective_to=None)
    guide.pk, guide.item = None, twin
    guide.save()
    Keeper().round()
    for place, first in ((DISTRICT, item.code), ("440103000000", "twin")):
        near = search_items(item.name, Filters(region=place, near=True))
        assert near.hits[0].listing.code == first


# Used


def test_what_is_used_comes_first_among_equals_but_not_before_what_fits_better(both):
    names = ["残疾人证新办", "残疾人证换领"]
    before = [hit.listing.name for hit in search_items("残疾人证").hits]
    behind = next(name for name in reversed(before) if name in names)
    item = ServiceItem.objects.get(name=behind)
    ItemRank.objects.create(code=item.code, level=5)
    Keeper().round()
    after = [hit.listing.name for hit in search_items("残疾人证").hits]
    assert after.index(behind) <= before.index(behind)
    for other in set(names) - {behind}:
        assert search_items(other).hits[0].listing.name == other


# Life events


def test_every_life_event_finds_services(both):
    for event in life_events():
        result = search_items(event.zh, size=50)
        assert result.event == event
        assert result.total >= 2, event.zh


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("结婚", "marriage"),
        ("我要结婚", "marriage"),
        ("想开餐馆", "restaurant"),
        ("要退休了怎么办手续", "retirement"),
        ("退休", "retirement"),
        ("Getting married", "marriage"),
        ("开餐馆 食品经营许可", None),
        ("退休人员异地安置", None),
        ("", None),
    ],
)
def test_a_life_event_is_found_in_a_question_that_names_nothing_else(asked, key):
    event = event_in(text.chunks_of(asked))
    assert (event.key if event else None) == key


def test_a_life_event_adds_its_services_after_what_answers_literally(both):
    names = [hit.listing.name for hit in search_items("退休", size=50).hits]
    assert "企业职工基本养老保险正常退休申请" in names[:3]
    assert any("退休" not in name for name in names)  # 老年人优待证, 社会保障卡
    opening = [hit.listing.name for hit in search_items("开餐馆", size=50).hits]
    assert any("个体工商户设立" in name for name in opening)
    assert any("食品" in name for name in opening)


# Suggestions


def test_suggestions_are_names_of_here_each_once(both):
    found_names = [one.name for one in suggest("社保", DISTRICT)]
    assert 1 < len(found_names) <= 8
    assert len(set(found_names)) == len(found_names)
    assert suggest("", DISTRICT) == suggest("s", DISTRICT) == []
    assert suggest("，。", DISTRICT) == []


@pytest.mark.parametrize("typed", ["身份证", "sfz", "shenfenz", "身份正", "身份證", "resident id"])
def test_suggestions_take_pinyin_mistakes_traditional_and_english(both, typed):
    assert any("身份证" in one.name for one in suggest(typed, DISTRICT)), typed


def test_a_life_event_is_suggested_first_and_searched_for(both):
    first = suggest("退", DISTRICT)[0]
    assert (first.is_event, first.query, first.code) == (True, "退休", "")
    named = [one for one in suggest("残疾人证新办", DISTRICT) if not one.is_event]
    assert named[0].code == ServiceItem.objects.get(name="残疾人证新办").code
