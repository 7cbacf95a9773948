from __future__ import annotations

import pytest

from tongban.base.regions import NATION
from tongban.base.tables import TableError
from tongban.directory.models import CalendarDay, CalendarYear, Region
from tongban.directory.services.calendar import load_calendar, seed_calendar
from tongban.directory.services.regions import PACKAGED, load_divisions
from tongban.ledger.models import Entry

TABLES = {
    "provinces.csv": "code,name\n51,四川省\n",
    "cities.csv": "code,name,provinceCode\n5116,广安市,51\n",
    "areas.csv": "code,name,cityCode\n511602,广安区,5116\n511603,前锋区,5116\n",
    "streets.csv": "code,name,areaCode\n511602001,浓洄街道,511602\n",
}


def folder(tmp_path, **changes):
    for name, content in {**TABLES, **changes}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_all_divisions_down_to_towns_load_and_load_again_without_change(db):
    report = load_divisions(PACKAGED)
    assert report.read == 31 + 342 + 2_978 + 41_352
    # Three cities without counties and one county without towns stand twice in the source.
    assert {problem.code for problem in report.problems} == {"stands_for_parent"}
    assert report.created == report.read - 4 == Region.objects.count() - 1
    again = load_divisions(PACKAGED)
    assert (again.created, again.updated, again.unchanged) == (0, 0, report.created)
    assert Region.objects.get(code="511602001000").parent_id == "511602000000"
    assert Region.objects.get(code=NATION).parent is None


def test_a_renamed_region_is_updated(db, tmp_path):
    load_divisions(folder(tmp_path))
    report = load_divisions(
        folder(
            tmp_path,
            **{"areas.csv": "code,name,cityCode\n511602,广安新区,5116\n511603,前锋区,5116\n"},
        )
    )
    assert (report.updated, report.unchanged) == (1, 4)
    assert Region.objects.get(code="511602000000").name == "广安新区"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("51160,短", "cells"),
        ("51160,短,5116", "bad_code"),
        ("51160x,字母,5116", "bad_code"),
        ("511699,,5116", "empty"),
        ("521602,无省,5216", "unknown_parent"),
        ("511605,错市,5101", "other_parent"),
        ("511602,重复,5116", "twice"),
        ("511600,同市,5116", "stands_for_parent"),
    ],
)
def test_a_broken_row_is_reported_and_the_others_load(db, tmp_path, line, code):
    content = TABLES["areas.csv"] + line + "\n"
    report = load_divisions(folder(tmp_path, **{"areas.csv": content}))
    assert [(problem.row, problem.code) for problem in report.problems] == [(4, code)]
    assert report.created == 5


def test_a_missing_table_changes_nothing(db, tmp_path):
    folder(tmp_path)
    (tmp_path / "streets.csv").unlink()
    with pytest.raises(TableError):
        load_divisions(tmp_path)
    assert not Region.objects.exists()
    assert not Entry.objects.exists()


def test_the_seeded_calendar_covers_2004_to_2026(db):
    assert seed_calendar() == 23
    assert seed_calendar() == 0
    assert CalendarYear.objects.filter(year=2026).exists()


def test_a_notice_replaces_its_year_as_a_whole(db, tmp_path):
    seed_calendar()
    notice = tmp_path / "n.csv"
    notice.write_text(
        "date,kind\n2026-01-01,holiday\n2026-01-04,adjusted_workday\n", encoding="utf-8"
    )
    report = load_calendar(notice, source="x")
    assert (report.read, report.problems) == (2, [])
    assert CalendarDay.objects.filter(day__year=2026).count() == 2


def test_a_notice_with_a_broken_row_changes_nothing(db, tmp_path):
    notice = tmp_path / "n.csv"
    notice.write_text("date,kind\n2027-01-01,holiday\n2027-13-01,holiday\n", encoding="utf-8")
    report = load_calendar(notice, source="x")
    assert report.problems[0].row == 3
    assert not CalendarYear.objects.filter(year=2027).exists()
