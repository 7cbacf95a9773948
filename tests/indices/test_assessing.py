"""The steps together: previous tables, guards, weights by method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.indices.builders import make_framework, make_table
from tongban.indices import InvalidTable, assess
from tongban.indices.framework.model import (
    Aggregation,
    GroupRule,
    MissingRule,
    Quality,
    Screening,
    Tier,
    Weighting,
)

NAN = float("nan")
TREE = {"a": ["x", "y"], "b": ["z"]}
VALUES = [[1.0, 5, 3], [2, 4, 9], [3, 3, 1], [9, 9, 9]]
TIERS = (Tier("high", {"en": "high"}, start=60), Tier("low", {"en": "low"}))


def test_moves_of_score_rank_and_tier():
    framework = make_framework(TREE, tiers=TIERS)
    before = assess(framework, make_table(framework, VALUES), draws=0)
    turned = [VALUES[3], *VALUES[1:3], VALUES[0]]
    now = assess(framework, make_table(framework, turned), previous=before, draws=0)
    first = now.of("u0")
    assert (first.before.rank, first.rank, first.rank_change) == (3, 1, 2)
    assert first.score_change == pytest.approx(first.score - before.of("u0").score)
    document = now.as_json()["units"]
    assert next(one for one in document if one["unit"] == "u0")["change"]["tier"] is True
    newcomer = make_table(framework, VALUES, units=["new", "u1", "u2", "u3"])
    assert assess(framework, newcomer, previous=before, draws=0).of("new").before is None


def test_the_value_of_the_year_before_fills_a_gap():
    framework = make_framework(TREE, missing=MissingRule("cold_deck"))
    before = assess(framework, make_table(framework, VALUES), draws=0)
    holes = np.array(VALUES)
    holes[1, 2] = NAN
    now = assess(framework, make_table(framework, holes), previous=before, draws=0)
    assert [(one.unit, one.origin, one.value) for one in now.cells] == [("u1", "previous", 9.0)]
    assert now.of("u1").score == before.of("u1").score
    with pytest.raises(InvalidTable) as caught:
        assess(framework, make_table(framework, holes), draws=0)
    assert (caught.value.problems[0].row, caught.value.problems[0].column) == (3, "z")


@pytest.mark.parametrize("method", ["equal", "pca", "entropy", "critic", "benefit_of_the_doubt"])
def test_weights_by_statistics(method):
    values = np.random.default_rng(4).uniform(1, 9, (20, 5))
    framework = make_framework({"a": ["v", "w", "x"], "b": ["y", "z"]}, weighting=Weighting(method))
    result = assess(framework, make_table(framework, values), draws=50)
    scores = [one.score for one in result.units]
    assert 0 <= min(scores) < max(scores) <= 100 + 1e-6
    assert result.effective.sum(axis=1) == pytest.approx(np.ones(20))
    if method == "benefit_of_the_doubt":
        assert max(scores) == pytest.approx(100)


def test_weights_by_the_points_of_experts():
    points = {"a": (80.0, 60.0), "b": (20.0, 40.0)}
    framework = make_framework(TREE, weighting=Weighting("budget", allocations=points))
    result = assess(framework, make_table(framework, VALUES), draws=0)
    assert result.effective[0] == pytest.approx([0.35, 0.35, 0.3])


def test_pairwise_comparison_of_dimensions():
    framework = make_framework({"a": ["x"], "b": ["y"], "c": ["z"]},
                               aggregation=Aggregation("copeland"))  # fmt: skip
    result = assess(framework, make_table(framework, VALUES), draws=40)
    assert result.of("u3").rank == 1
    assert result.of("u3").rank_interval[0] == 1


@pytest.mark.parametrize(("after", "left"), [(False, 3), (True, 4)])
def test_screening_before_or_after_imputation(after, left):
    holes = np.array(VALUES)
    holes[2, :2] = NAN
    framework = make_framework(
        TREE, missing=MissingRule("mean"), screening=Screening(0.5, after_imputation=after)
    )
    result = assess(framework, make_table(framework, holes), draws=0)
    assert len(result.units) == left
    assert any("left out" in line for line in result.warnings) is not after


def test_a_number_made_of_made_up_values_is_marked_then_withheld():
    framework = make_framework(
        TREE, missing=MissingRule("mean"), quality=Quality(mark_below=0.9, withhold_below=0.5)
    )
    holes = np.array([*VALUES, [NAN, 5, 5], [NAN, 5, NAN]])
    result = assess(framework, make_table(framework, holes), draws=0)
    assert [one.quality.state for one in result.units] == ["full"] * 4 + ["marked", "withheld"]
    assert result.units[4].quality.coverage == pytest.approx(0.75)
    assert result.units[5].rank is None
    assert result.summary.ranked == 5
    # The others rank as if the withheld one were not there.
    assert sorted(one.rank for one in result.units[:5]) == [1, 2, 3, 4, 5]


def test_old_data_are_marked():
    framework = make_framework(TREE, quality=Quality(oldest_years=2))
    table = make_table(framework, VALUES, years=np.array([2020.0, 2020, 2017, 2019]))
    result = assess(framework, table, draws=0)
    assert [one.quality.state for one in result.units] == ["full", "full", "marked", "full"]
    assert "3 years older" in result.units[2].quality.reasons[0]


def test_years_that_are_not_said_make_no_age():
    framework = make_framework(TREE, quality=Quality(oldest_years=2))
    for years in ([NAN] * 4, [2020.0, NAN, 2019, NAN]):
        table = make_table(framework, VALUES, years=np.array(years))
        ages = [one.quality.age for one in assess(framework, table, draws=0).units]
        assert ages[1] is ages[3] is None


def test_tiers_of_equal_numbers():
    framework = make_framework(TREE, tiers=TIERS, tier_basis="quantile")
    tiers = [one.tier for one in assess(framework, make_table(framework, VALUES), draws=0).units]
    assert sorted(tiers) == ["high", "high", "low", "low"]


def test_groups_have_means_tiers_and_a_best_unit():
    group = GroupRule("side", {"en": "Side"})
    framework = make_framework(TREE, tiers=TIERS, groups=(group,))
    table = make_table(framework, VALUES, groups={"side": ("l", "r", "l", "")})
    groups = {one.label: one for one in assess(framework, table, draws=0).summary.groups["side"]}
    assert groups["l"].units == 2
    assert groups["r"].best == "u1"
    assert sum(groups["l"].tiers.values()) == 2


def test_an_assessment_does_not_change_its_table():
    framework = make_framework(TREE, missing=MissingRule("mean"))
    holes = np.array(VALUES)
    holes[0, 0] = NAN
    table = make_table(framework, holes)
    copy = table.values.copy()
    assess(framework, table, draws=30)
    assert np.array_equal(table.values, copy, equal_nan=True)


def test_published_scores_decide_as_the_framework_says():
    framework = make_framework(TREE)
    table = replace(
        make_table(framework, VALUES), published_score=np.array([10.0, 20.0, 30.0, NAN])
    )
    for decides, first in (("rank", 3), ("score", 3), ("nothing", 3)):
        rule = replace(framework.published, decides=decides, tolerance=0.1)
        result = assess(replace(framework, published=rule), table, draws=0)
        if decides == "nothing":
            assert result.of("u2").rank == 4
        else:
            assert result.of("u2").rank == 2
            assert result.of("u2").recomputed != 30
        if decides == "score":
            assert result.of("u2").score == 30
        assert result.units[first].score == result.units[first].recomputed
