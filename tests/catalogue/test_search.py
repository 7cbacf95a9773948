"""Search over the real list with the sample guides: what people type, and what they must find."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import override_settings

from tongban.catalogue.highlighting import highlight
from tongban.catalogue.search import text
from tongban.catalogue.search.documents import document_of
from tongban.catalogue.search.index import IndexMissing
from tongban.catalogue.search.listings import Entry, Said, read
from tongban.catalogue.search.query import Filters
from tongban.catalogue.selectors import search_items
from tongban.web.demonstration import load_demonstration

DISTRICT, TOWN, ELSEWHERE = "511602000000", "511602001000", "440103000000"
ID_CARD = "居民身份证办理（包括临时）"


@pytest.fixture(scope="module")
def _district(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demonstration loaded once for this module, outside the tests' transactions."""
    with override_settings(TONGBAN_INDEX=tmp_path_factory.mktemp("index")):
        with django_db_blocker.unblock():
            load_demonstration()
        yield
        with django_db_blocker.unblock():
            call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def find(_district):
    def run(query: str, **filters: str):
        found = search_items(query, Filters(region=filters.pop("region", DISTRICT), **filters))
        return [hit.listing.name for hit in found.hits], found

    return run


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("身份证", ID_CARD),
        ("居民身份证", ID_CARD),
        ("shenfenzheng", ID_CARD),
        ("SHENFENZHENG", ID_CARD),
        ("sfz", ID_CARD),
        ("shenfenzh", ID_CARD),  # unfinished
        ("ID card", ID_CARD),
        ("身份证丢了怎么办", ID_CARD),
        ("补办身份证", ID_CARD),
        ("身份正", ID_CARD),  # another character of the same sound
        ("身分证", ID_CARD),
        ("身价证", ID_CARD),  # another character of another sound
        ("shenfenzhang", ID_CARD),  # one letter wrong
        ("社保卡", "社会保障卡申领"),
        ("social security card", "社会保障卡申领"),
        ("个体户", "个体工商户设立登记"),
        ("gtgsh", "个体工商户设立登记"),
        ("开餐馆", "食品(含保健食品)经营许可核发"),
        ("养老保险转移", "企业职工基本养老保险关系转移接续申请"),
        ("房产过户", "房屋买卖不动产转移登记"),
        ("出生证", "《出生医学证明》首次签发"),
        ("居住证", "居住证办理"),
        ("失业金", "失业保险金申领"),
        ("轮椅", "残疾人基本型辅助器具适配申请"),
        ("货车", "道路货物运输经营许可"),
        ("个税", "开具个人所得税纳税记录（县级行使）"),
        ("注册公司", "公司设立登记"),
        ("迁户口", "户口迁移审批"),
    ],
)
def test_what_people_type_finds_what_they_mean_first(find, query, first):
    names, _found = find(query)
    assert names[:1] == [first], names[:3]


@pytest.mark.parametrize("query", ["身份", "教师资", "户口"])
def test_the_beginning_of_a_word_finds(find, query):
    names, _found = find(query)
    assert names
    assert any(query in name for name in names[:3])


def test_items_of_the_district_are_found_from_its_towns_and_not_from_elsewhere(find):
    assert find("身份证", region=TOWN)[0][:1] == [ID_CARD]
    assert find("身份证", region="510000000000")[0][:1] == [ID_CARD]
    assert find("身份证", region=ELSEWHERE)[0] == []
    assert find("身份证", region="511623000000")[0] == []


def test_filters_keep_to_department_kind_and_audience(find):
    counts = search_items("许可", Filters(region=DISTRICT), facets=True).facets
    kinds, organs = dict(counts["kind"]), dict(counts["organ"])
    assert len(kinds) > 1
    _names, found = find("许可", kind="licence")
    assert found.total == kinds["licence"] > 0
    organ = min(organs)
    _names, found = find("许可", organ=organ)
    assert found.total == organs[organ] < sum(organs.values())
    assert len({hit.listing.organ for hit in found.hits}) == 1
    _names, found = find("", audience="enterprise")
    assert all("enterprise" in hit.listing.audience for hit in found.hits)
    assert found.hits


def test_nothing_found_is_an_answer(find):
    names, found = find("qqqqxyz")
    assert (names, found.total) == ([], 0)


def test_an_inexact_answer_says_so(find):
    assert find("身份证")[1].how == "typed"
    assert find("身价证")[1].how == "mistake"
    assert find("身份证 火箭发射")[1].how == "any"


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "'; DROP TABLE",
        "*",
        "((((",
        "a" * 5_000,
        "\x00",
        "😀",
        '+-&&||!(){}[]^"~*?:\\',
        "身" * 500,
    ],
)
def test_anything_can_be_typed(find, query):
    find(query)


def test_searching_asks_no_database(find, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        find("身份证")


def test_without_an_index_the_reason_is_said(own_home):
    with pytest.raises(IndexMissing):
        search_items("身份证")


# Texts


def test_the_list_of_syllables_is_that_of_the_pinyin_library():
    from pypinyin.constants import PINYIN_DICT
    from pypinyin.contrib.tone_convert import to_normal

    spoken = {to_normal(part) for sounds in PINYIN_DICT.values() for part in sounds.split(",")}
    assert text.all_syllables() == {s for s in spoken if s.isascii() and s.isalpha()}


@pytest.mark.parametrize(
    ("letters", "way"),
    [
        ("shenfenzheng", (["shen", "fen", "zheng"], "")),
        ("shenfenzh", (["shen", "fen"], "zh")),
        ("hukou", (["hu", "kou"], "")),
    ],
)
def test_letters_are_read_as_pinyin(letters, way):
    assert text.split_pinyin(letters)[0] == way


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("食品经营许可", ["spjyxk", "jyxk", "xk"]),
        ("食品小作坊", ["spxzf", "xzf", "zf"]),  # also of a word within a word
        ("居民身份证,办理", ["jmsfz", "sfz", "bl"]),
        ("企业职工基本养老保险关系转移", ["qyzgjbyl", "zgjbylbx", "jbylbxgx", "ylbxgxzy", "bxgxzy",
                                          "gxzy", "zy"]),
        ("证", []),
        ("abc（）", []),
    ],
)  # fmt: skip
def test_initials_go_from_each_word_on(name, initials):
    assert text.initials_of(name) == initials


@pytest.mark.parametrize(
    "names",
    [("甲", "局"), ("[甲", "局"), ("甲\x7f乙", "局"), ('a"b\\', "局"), ("", "")],
)
@pytest.mark.parametrize("said", [None, Said(name_en="A", summary=("一", "one"), audience=("x",))])
def test_what_a_row_shows_is_read_back_as_it_was_kept(names, said):
    name, organ = names
    entry = Entry(
        f"{name}c", name, organ, "511602000000", "广安区", "甲", "o", "licence", 4, 3, said
    )
    assert read(entry.stored()) == entry.listing
    assert entry.listing.has_guide == bool(said)
    assert json.loads(document_of(entry))["listing"] == entry.stored()


def test_letters_that_are_no_pinyin_are_read_as_none():
    assert text.split_pinyin("xyzq1") == []


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("身份证", "居民<mark>身份证</mark>办理"),
        ("sfz", "居民<mark>身份证</mark>办理"),
        ("shenfenzheng", "居民<mark>身份证</mark>办理"),
        ("户口", "居民身份证办理"),
    ],
)
def test_what_was_found_is_marked(query, marked):
    found = highlight("居民身份证办理", query)
    assert found == marked or (query == "身份证" and "身份证</mark>" in found)


def test_marking_never_lets_markup_through():
    assert "<script>" not in highlight("<script>身份证</script>", "身份证 script")


def test_a_name_without_a_word_stops_no_index():
    entry = Entry("x", "（）", "", "511602000000", "", kind="licence")
    said = json.loads(document_of(entry))
    assert (said["title"], said["chars"], said["spelled"]) == ("", "", "")
    name = 'a"b（食品经营许可）食品\\店'
    said = json.loads(document_of(entry._replace(name=name)))
    assert said["initials"].split()[:2] == ["spjyxk", "jyxk"]
