"""Looking around: shelves, letters, departments, comparing, paper, code."""

from __future__ import annotations

import copy

import pytest
from django.test import Client
from django.utils.translation import gettext as _

from tests.catalogue.builders import load_catalogue, make_regions, some_district_rows
from tongban.catalogue import comparing
from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.importing import load_items
from tongban.catalogue.lint.rules import errors_of
from tongban.catalogue.lint.running import items_to_check, subjects_of
from tongban.catalogue.models import Guide, ServiceItem, Shelf
from tongban.catalogue.services import (
    NEIGHBOURS,
    packaged_basics,
    packaged_guides,
    proposals,
    publish_basic,
    publish_guides,
)
from tongban.catalogue.services.publishing import columns_of
from tongban.catalogue.shelves import reading
from tongban.catalogue.shelves.filing import put_all_on_shelves
from tongban.catalogue.shelves.rules import letter_of, shelf_rules, shelves_of, sort_key
from tongban.directory.models import Organ, Region

DISTRICT = "511602000000"


# Rules


@pytest.mark.parametrize(
    ("name", "there", "not_there"),
    [
        ("残疾人证办理", {"for:disabled", "event:disability", "theme:papers"}, {"for:business"}),
        ("生育登记", {"event:birth", "theme:birth"}, {"theme:transport"}),
        ("食品经营许可核发", {"event:restaurant", "theme:permits", "for:business"}, set()),
        ("机动车驾驶证换证", {"event:car", "theme:transport", "for:resident"}, set()),
        ("拖拉机驾驶证换证", {"event:farm"}, {"event:car"}),
        ("老年人优待证办理", {"for:elderly", "event:retire"}, set()),
        ("居住证签发", {"for:newcomer", "event:home", "theme:household"}, set()),
        ("兽药经营许可", {"theme:farming"}, {"theme:health"}),
        ("临时用地审批", {"event:build"}, {"event:hardship"}),
        ("升放系留气球活动审批", {"theme:other"}, set()),
    ],
)
def test_a_name_puts_an_item_where_people_look_for_it(name, there, not_there):
    found = set(shelves_of(name))
    assert there <= found
    assert not found & not_there


def test_what_a_guide_says_of_whom_it_is_for_counts_more_than_the_name():
    guide = {"audience": ["natural_person"], "personal_themes": ["升学"]}
    found = shelves_of("企业职工子女入学", guide)
    assert "for:resident" in found
    assert "for:business" not in found
    assert "theme:education" in found
    assert "for:business" in shelves_of("企业职工子女入学")


def test_every_shelf_has_words_or_is_the_last_resort_and_both_names():
    for key, rule in shelf_rules().items():
        assert rule.words or key == "theme:other"
        assert rule.zh
        assert rule.en
        assert len(key) <= Shelf._meta.get_field("shelf").max_length


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("居民身份证办理", "J"),
        ("重庆火锅店备案", "C"),  # 重 reads chong here
        ("《出生医学证明》首次签发", "C"),
        ("“一照一码”户信息变更", "Y"),
        ("3D打印备案", "D"),
        ("ETC办理", "E"),
        ("！？", "#"),
        ("", "#"),
    ],
)
def test_names_are_ordered_by_their_pinyin(name, letter):
    assert letter_of(sort_key(name)) == letter


# Lists


@pytest.fixture
def catalogue(db, tmp_path):
    load_catalogue(tmp_path, step=3)


def all_pages(read) -> list[str]:
    names, after = [], ""
    for _page in range(100):
        page = read(after)
        names += [one.code for one in page.listings]
        after = page.after
        if not after:
            return names
    raise AssertionError("the pages never end")


def test_pages_of_a_list_give_every_item_once_and_in_order(catalogue, django_assert_num_queries):
    region = Region.objects.get(code=DISTRICT)
    organ = max(Organ.objects.filter(region=region), key=lambda one: one.items.count())
    codes = all_pages(lambda after: reading.items_of_organ(organ, after=after))
    assert len(codes) == len(set(codes)) == organ.items.count() > reading.PAGE
    keys = dict(ServiceItem.objects.values_list("code", "sort_key"))
    assert [keys[code] for code in codes] == sorted(keys[code] for code in codes)
    with django_assert_num_queries(1):
        reading.items_of_organ(organ)
    with django_assert_num_queries(1):
        reading.items_on_shelf(DISTRICT, "theme:social-security")
    with django_assert_num_queries(1):
        reading.items_of_letter(DISTRICT, "J")


def test_counts_are_those_of_the_lists(catalogue, django_assert_num_queries):
    with django_assert_num_queries(2):
        shelves = reading.counts_by_shelf(DISTRICT)
        letters = reading.counts_by_letter(DISTRICT)
    for shelf in ("theme:transport", "for:disabled", "event:retire"):
        listed = all_pages(lambda after, s=shelf: reading.items_on_shelf(DISTRICT, s, after=after))
        assert len(listed) == shelves[shelf] > 0
    for letter in ("J", "S", "A"):
        listed = all_pages(
            lambda after, x=letter: reading.items_of_letter(DISTRICT, x, after=after)
        )
        assert len(listed) == letters[letter]
    served = ServiceItem.objects.filter(region_path__in=["51", "5116", "511602"]).count()
    assert letters.total() == served


def test_a_region_has_its_own_items_and_those_of_all_above_it_only(catalogue):
    here = reading.counts_by_shelf(DISTRICT)
    there = reading.counts_by_shelf("440100000000")
    assert here.total()
    assert there.total()
    own = set(
        all_pages(lambda after: reading.items_on_shelf("440100000000", "theme:work", after=after))
    )
    regions = set(ServiceItem.objects.filter(code__in=own).values_list("region_path", flat=True))
    assert regions <= {"44", "4401"}
    assert reading.counts_by_shelf("not a region").total() == 0


def test_an_address_that_somebody_changed_begins_at_the_beginning(catalogue):
    first = reading.items_of_letter(DISTRICT, "S")
    for made_up in ("x", "!!!!", "MTIzIA", "5L2g5aW9", "999999999999999999999"):
        found = reading.items_of_letter(DISTRICT, "S", after=made_up)
        assert found.listings == first.listings or not found.listings


def test_publishing_and_withdrawing_move_an_item(world):
    assert set(world.item.shelves.values_list("shelf", flat=True)) >= {
        "theme:papers",
        "for:resident",
    }
    world.change_guide(personal_themes=["退休"])
    assert world.item.shelves.filter(shelf="event:retire").exists()
    head = world.make_staff("head", world.organ, "head")
    proposals.withdraw(head, world.item.code, reasons="事项已取消")
    assert not world.item.shelves.filter(shelf="event:retire").exists()


def test_shelves_can_be_made_anew(catalogue):
    before = set(Shelf.objects.values_list("item__code", "shelf", "region_path", "sort_key"))
    keys = dict(ServiceItem.objects.values_list("code", "sort_key"))
    Shelf.objects.all().delete()
    ServiceItem.objects.update(sort_key="")
    assert put_all_on_shelves() == ServiceItem.objects.count()
    after = set(Shelf.objects.values_list("item__code", "shelf", "region_path", "sort_key"))
    assert after == before
    assert dict(ServiceItem.objects.values_list("code", "sort_key")) == keys


# Pages


def page(path: str, status: int = 200, **cookies: str) -> str:
    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_the_overview_has_every_way_in(catalogue, django_assert_max_num_queries):
    page("/browse/")
    with django_assert_max_num_queries(5):
        text = page("/browse/")
    for words in (
        "人生大事",
        "按部门",
        "按字母",
        "按主题",
        "退休养老",
        "残疾人",
        "老年人",
        "新来的人",
    ):
        assert words in text, words
    assert "/browse/letters/J/" in text
    english = page("/browse/", tongban_language="en")
    assert "Older people" in english
    assert "Newcomers" in english


def test_a_shelf_lists_its_items_and_leads_on(catalogue, django_assert_max_num_queries):
    page("/browse/for/business/")
    with django_assert_max_num_queries(3):
        text = page("/browse/for/business/")
    assert text.count('class="result"') == reading.PAGE
    assert "?after=" in text
    assert "/browse/theme/nothing/" not in text
    page("/browse/theme/nothing/", 404)
    page("/browse/letters/1/", 404)
    page("/browse/letters/other/")
    page("/browse/for/business/?region=999999999999", 404)


def test_a_department_lists_its_items_and_its_powers(world):
    text = page(f"/browse/organs/{world.organ.code}/")
    assert world.item.name in text
    assert f"/organs/{world.organ.code}/powers/" in text
    page("/browse/organs/nowhere/", 404)


@pytest.fixture
def neighbours(world):
    """The same item in three districts: another limit, another visit, another material."""
    world.item.basic_code = "511A0005200004"
    world.item.save()
    found = [world.item]
    for place, (code, name) in enumerate((("511603000000", "前锋区"), ("511621000000", "岳池县"))):
        region = Region.objects.create(
            code=code, name=name, level=4, parent_id="511600000000", path=code[:6]
        )
        organ = world.make_organ(f"{name}公安局", region)
        item = world.make_item(f"X-511603-00{place}", world.item.name, organ)
        item.basic_code = world.item.basic_code
        item.save()
        content = copy.deepcopy(world.guide.document) | {
            "item_code": item.code,
            "promised_limit": {"value": 5 + place, "unit": "working_day"},
            "on_site_visits": 2,
        }
        if place == 0:
            content["materials"].append({"name": {"zh": "居住证明", "en": "Proof of address"}})
        Guide.objects.create(
            item=item, version=1, effective_from=world.guide.effective_from, is_sample=True,
            **columns_of(GuideRecord.model_validate(content)),
        )  # fmt: skip
        found.append(item)
    return found


def test_comparing_marks_what_differs_and_who_asks_for_least(neighbours, django_assert_num_queries):
    items = list(
        ServiceItem.objects.select_related("region", "organ")
        .filter(pk__in=[one.pk for one in neighbours])
        .order_by("region_path")
    )
    with django_assert_num_queries(1):
        columns = comparing.columns_of(items)
    rows = {row.label: row for row in comparing.rows_of(columns)}
    assert rows[_("Promised")].differs
    assert [cell.best for cell in rows[_("Promised")].cells].count(True) == 1
    assert rows[_("In person")].differs
    assert rows[_("In person")].cells[0].best
    assert rows["居住证明"].differs
    assert [cell.words for cell in rows["居住证明"].cells] == ["不要", "要交", "不要"]
    # Phones differ everywhere; that is no difference in how an item is done.
    assert not rows[_("Enquiries")].differs


def test_the_page_that_compares_shows_the_districts_side_by_side(neighbours):
    text = page(f"/items/{neighbours[0].code}/compare/")
    for words in ("广安区", "前锋区", "岳池县", "不同", "最少", "居住证明"):
        assert words in text
    one = page(f"/items/{neighbours[0].code}/compare/?with={neighbours[2].code}")
    assert "岳池县" in one
    assert 'data-label="前锋区"' not in one
    page("/items/nothing/compare/", 404)


def test_the_packaged_items_nearby_can_be_compared_and_have_no_error(tmp_path, db):
    make_regions()
    for code, name in (("511603000000", "前锋区"), ("511621000000", "岳池县")):
        Region.objects.create(
            code=code, name=name, level=4, parent_id="511600000000", path=code[:6]
        )
    load_items(some_district_rows(tmp_path, 12))
    publish_guides(packaged_guides(), is_sample=True)
    report = load_items(NEIGHBOURS)
    assert (report.read, report.created) == (6, 6)
    assert set(report.counts) <= {"organ_in_code"}
    invented = items_to_check().filter(source="sample")
    assert [errors_of(subject) for subject in subjects_of(invented)] == [[]] * 6
    for slug in ("residence-permit", "resident-id-card", "food-business-licence"):
        item = Guide.objects.get(slug=slug).item
        text = page(f"/items/{item.code}/compare/")
        assert "前锋区" in text
        assert "岳池县" in text
        assert text.count("compare__differs") >= 2


def test_an_item_that_nobody_else_has_says_so(world):
    assert "没有可以对比的地方" in page(f"/items/{world.item.code}/compare/")


def test_the_guide_on_paper_has_everything_and_the_code(world):
    text = page(f"/items/{world.item.code}/print/")
    for words in (
        world.document.name.zh,
        world.document.materials[0].name.zh,
        "打印于",
        "code.svg",
    ):
        assert words in text
    assert f"http://testserver/items/{world.item.code}/" in text
    assert "tongban_csrf" not in text
    english = page(f"/items/{world.item.code}/print/", tongban_language="en")
    assert world.document.name.en in english


def test_the_qr_code_is_a_picture_of_the_lasting_address(world, client):
    answer = client.get(f"/items/{world.item.code}/code.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    import io

    import segno

    wanted = io.BytesIO()
    segno.make(f"http://testserver/items/{world.item.code}/", error="m", micro=False).save(
        wanted, kind="svg", scale=4, border=4, xmldecl=False, light="#ffffff"
    )
    assert answer.content == wanted.getvalue()
    assert client.get("/items/nothing/code.svg").status_code == 404


def test_an_item_without_a_guide_has_no_paper(db):
    make_regions()
    page("/items/nothing/print/", 404)


def test_a_basic_item_shows_what_is_fixed_and_who_does_it_where(
    world, django_assert_max_num_queries
):
    basic = packaged_basics()[0]
    world.item.basic_code = basic.code
    world.item.save()
    publish_basic(basic)
    page(f"/basic/{basic.code}/")
    with django_assert_max_num_queries(4):
        text = page(f"/basic/{basic.code}/")
    for words in (basic.name.zh, basic.legal_bases[0].instrument, world.item.name, "广安区"):
        assert words in text
    assert f"/basic/{basic.code}/" in page(f"/items/{world.item.code}/")
    page("/basic/nowhere/", 404)
