from __future__ import annotations

import csv

import pytest

from tongban.base.tables import TableError
from tongban.catalogue import codes
from tongban.catalogue.importing import COLUMNS, load_items
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.services import PACKAGED_ITEMS
from tongban.directory.models import Organ

GOOD = {
    "department": "区公安分局",
    "main_item": "未分类",
    "name": "居住证办理",
    "area_code": "511602000000",
    "item_code": "512B0011200070-511602000000-000-11511300008778693M-1-00",
    "task_type": "20",
    "dept_code": "11511301008778490F",
}


def table(tmp_path, *rows, columns=COLUMNS):
    path = tmp_path / "items.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_all_925_items_of_the_district_are_in_the_catalogue_with_what_is_odd_named(world):
    ServiceItem.objects.all()  # the world's own item has a code of the list and is updated
    report = load_items(PACKAGED_ITEMS)
    assert report.read == 925
    assert report.created + report.updated + report.unchanged == 925
    assert ServiceItem.objects.filter(region_id="511602000000").count() == 925
    kinds = {problem.code for problem in report.problems}
    assert {
        "ungrouped",
        "organ_code_organisation_code",
        "organ_code_uscc_faulty",
        "organ_code_uscc_lower_case",
        "organ_code_with_suffix",
        "name_twice",
    } <= kinds
    with PACKAGED_ITEMS.open(encoding="utf-8") as source:
        rows = {row["item_code"]: row for row in csv.DictReader(source)}
    for item in ServiceItem.objects.filter(code__in=rows):
        assert item.source_row == rows[item.code]
    again = load_items(PACKAGED_ITEMS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 925)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"area_code": "999999000000"}, "unknown_region"),
        ({"area_code": "四川"}, "bad_region"),
        ({"dept_code": "68236467-9"}, "organ_code_organisation_code"),
        ({"dept_code": "11511301008778490f"}, "organ_code_uscc_lower_case"),
        ({"dept_code": "11511301008778490E"}, "organ_code_uscc_faulty"),
        ({"item_code": "something else"}, "code_pattern"),
        ({"task_type": "77"}, "unknown_type"),
        ({"department": ""}, "no_department"),
        ({"item_code": GOOD["item_code"].replace("511602", "511603")}, "region_in_code"),
    ],
)
def test_an_odd_row_is_kept_and_named(world, tmp_path, change, code):
    row = GOOD | change
    report = load_items(table(tmp_path, row))
    assert report.created == 1
    assert code in {problem.code for problem in report.problems}
    assert ServiceItem.objects.get(code=row["item_code"]).source_row == row


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([GOOD | {"item_code": ""}], "missing"),
        ([GOOD | {"name": ""}], "missing"),
        ([GOOD | {"item_code": "9" * 65}], "too_long"),
        ([GOOD, GOOD | {"name": "另一个名字"}], "code_twice"),
    ],
)
def test_a_row_that_cannot_be_filed_is_reported_not_guessed(world, tmp_path, rows, code):
    report = load_items(table(tmp_path, *rows))
    assert report.created == len(rows) - 1
    assert code in {problem.code for problem in report.problems}


def test_the_same_row_twice_is_one_item(world, tmp_path):
    report = load_items(table(tmp_path, GOOD, GOOD))
    assert (report.read, report.created, report.unchanged) == (2, 1, 1)


def test_a_changed_row_updates_its_item(world, tmp_path):
    load_items(table(tmp_path, GOOD))
    report = load_items(table(tmp_path, GOOD | {"name": "居住证签发"}))
    assert (report.created, report.updated) == (0, 1)
    assert ServiceItem.objects.get(code=GOOD["item_code"]).name == "居住证签发"


def test_a_missing_column_changes_nothing(world, tmp_path):
    path = table(tmp_path, {"name": "x"}, columns=("name",))
    with pytest.raises(TableError, match="item_code"):
        load_items(path)


def test_gb18030_is_read(world, tmp_path):
    path = table(tmp_path, GOOD)
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert load_items(path).created == 1


def test_an_organ_without_a_sound_code_gets_a_stable_one(world, tmp_path):
    row = GOOD | {"department": "区残联", "dept_code": "11511301452259996u"}
    load_items(table(tmp_path, row))
    organ = Organ.objects.get(name="区残联")
    assert organ.uscc is None
    assert organ.code == "511602000000.11511301452259996u"
    assert organ.source_codes.get().style == "uscc_lower_case"


@pytest.mark.parametrize(
    ("source", "number", "kind"),
    [
        # The same number means different things: GB/T 39046 A.1 against Guangdong's list.
        ("sichuan", "1", "licence"),
        ("sichuan", "10", "other"),
        ("sichuan", "20", "public_service"),
        ("guangdong", "20", "other"),
        ("guangdong", "21", "public_service"),
        ("sichuan", "99", ""),
    ],
)
def test_types_are_mapped_by_source(source, number, kind):
    assert codes.kind_of(source, number) == kind


@pytest.mark.parametrize(
    ("code", "pattern", "basic", "organ"),
    [
        (
            "513A0011200068-511602000000-000-1151130000877869M-1-00",
            "sichuan",
            "513A0011200068",
            "1151130000877869M",
        ),
        ("E-000004-001-11511301008778386B", "sichuan-short", "E-000004-001", "11511301008778386B"),
        ("11100000006940693J2442123011000", "guangdong", "442123011000", "11100000006940693J"),
        ("whatever", "unknown", "", ""),
    ],
)
def test_codes_are_read_by_named_patterns(code, pattern, basic, organ):
    parsed = codes.parse_item_code(code)
    assert (parsed.pattern, parsed.basic, parsed.organ) == (pattern, basic, organ)
