"""The table of security requirements names only what is there, and its page is up to date."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tools import asvs

LEVELS = Path(__file__).parent / "data" / "asvs_levels.csv"


def wanted() -> list[tuple[str, str]]:
    with LEVELS.open(encoding="utf-8", newline="") as file:
        return [(row["req_id"], row["level"]) for row in csv.DictReader(file)]


def test_every_requirement_of_levels_1_and_2_is_listed():
    assert len(wanted()) == 253


def test_the_table_is_complete_and_names_only_what_is_there():
    assert asvs.faults(asvs.read_table(), wanted()) == []


def test_the_page_is_what_the_table_says():
    assert asvs.PAGE.read_text(encoding="utf-8") == asvs.page(asvs.read_table()), "run `make asvs`"


def test_the_summary_counts_everything_once():
    rows = asvs.read_table()
    total = asvs.counts(rows)[-1]
    assert total[0] == "all"
    assert sum(total[1].values()) == len(rows)
    assert len(asvs.summary(rows).splitlines()) == 2 + len(asvs.CHAPTERS)


HERE = "tests/web/test_asvs.py"
ROW = asvs.Row("V1.1.1", "1", "met", HERE, f"{HERE}::test_a_fault_is_seen", "so", "topic")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"where": f"{HERE}::ROW; tools/asvs.py::Row.chapter"}, None),
        ({"where": "src/nothing.py"}, "src/nothing.py is not there"),
        ({"where": f"{HERE}; tools/asvs.py::gone"}, "tools/asvs.py::gone is not there"),
        ({"test": f"{HERE}::test_gone"}, f"{HERE}::test_gone is not there"),
        ({"test": HERE}, "test must name a test function, path::test_name"),
        ({"where": "", "test": ""}, "met, but neither where nor test is named"),
        ({"where": "", "test": "", "status": "open"}, None),
        ({"status": "done"}, "status 'done' is none of met, planned, open, not applicable"),
        ({"why": ""}, "topic and why must be filled in"),
    ],
)
def test_a_fault_is_seen(change, fault):
    found = asvs.faults([replace(ROW, **change)], [("V1.1.1", "1")])
    assert found == ([] if fault is None else [f"V1.1.1: {fault}"])


@pytest.mark.parametrize(
    ("ids", "fault"),
    [
        (["V1.1.1"], "V1.1.2: missing"),
        (["V1.1.1", "V1.1.2", "V1.1.2"], "V1.1.2: 2 times"),
        (["V1.1.1", "V1.1.2", "V9.9.9"], "V9.9.9: no such requirement"),
        (["V1.1.2", "V1.1.1"], "ids or levels are not those of the standard, or in another order"),
    ],
)
def test_a_missing_doubled_or_misplaced_id_is_seen(ids, fault):
    rows = [replace(ROW, req_id=one) for one in ids]
    assert asvs.faults(rows, [("V1.1.1", "1"), ("V1.1.2", "1")]) == [fault]


def test_a_table_with_other_columns_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("req_id,level\nV1.1.1,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="columns"):
        asvs.read_table(tmp_path / "t.csv")
