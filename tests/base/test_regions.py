from __future__ import annotations

import pytest

from tongban.base.regions import (
    NATION,
    Level,
    RegionCodeError,
    ancestors_of,
    contains,
    level_of,
    lineage_of,
    pad,
    parent_of,
    prefix_of,
)


@pytest.mark.parametrize(
    ("code", "prefix", "level", "parent"),
    [
        (NATION, "", Level.NATIONAL, None),
        ("51", "51", Level.PROVINCIAL, NATION),
        ("5116", "5116", Level.MUNICIPAL, "510000000000"),
        ("511602", "511602", Level.COUNTY, "511600000000"),
        ("511602001", "511602001", Level.TOWN, "511602000000"),
        ("511602001003", "511602001003", Level.VILLAGE, "511602001000"),
        ("469001", "469001", Level.COUNTY, "469000000000"),  # 省直辖县
        ("441900003", "441900003", Level.TOWN, "441900000000"),  # 东莞: no county level
    ],
)
def test_a_code_knows_its_place(code, prefix, level, parent):
    assert prefix_of(code) == prefix
    assert level_of(code) == level
    assert parent_of(code) == parent


@pytest.mark.parametrize(
    "code", ["", "5", "511", "5116020", "51160x", "510002000000", "000100000000", "５１"]
)
def test_what_is_no_region_code_is_refused_with_a_reason(code):
    with pytest.raises(RegionCodeError) as refusal:
        prefix_of(pad(code))
    assert refusal.value.reason


def test_lineage_leads_from_the_nation_to_the_place():
    assert lineage_of("511602001000") == (
        NATION,
        "510000000000",
        "511600000000",
        "511602000000",
        "511602001000",
    )
    assert ancestors_of("511602001000") == lineage_of("511602000000")


def test_a_district_contains_its_towns_and_not_its_neighbours():
    assert contains("511602", "511602001")
    assert contains("511602", "511602")
    assert not contains("511602", "511603")
    assert not contains("511602001", "511602")
