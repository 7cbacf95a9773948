"""Each step of the method by itself: tables of cases."""

from __future__ import annotations

import numpy as np
import pytest

from tongban.indices import normalisation, weights
from tongban.indices.aggregation import aggregate
from tongban.indices.diagnostics import components, spearman
from tongban.indices.framework.model import Estimate, Outliers, Tier
from tongban.indices.missing import MissingValues, Origin, fill
from tongban.indices.numbers import kurtosis, skewness
from tongban.indices.outliers import box_cox, logarithm, treat
from tongban.indices.ranks import ranks
from tongban.indices.result import rounded
from tongban.indices.tiers import parts_of_tiers, quantile_tiers, tier_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("competition", [2, 1, 2, 4, NAN]),
        ("dense", [2, 1, 2, 3, NAN]),
        ("fractional", [2.5, 1, 2.5, 4, NAN]),
    ],
)
def test_ranks(rule, expected):
    assert ranks(np.array([5.0, 9.0, 5.0, 1.0, NAN]), rule) == pytest.approx(expected, nan_ok=True)


def test_sums_in_another_order_tie():
    assert list(ranks(np.array([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1]))) == [1, 1]


def test_moments_are_those_of_spreadsheets():
    # SKEW and KURT of a spreadsheet (G1, G2) for 3 4 5 2 3 4 5 6 4 7: 0.359543, -0.151800.
    values = np.array([3, 4, 5, 2, 3, 4, 5, 6, 4, 7], dtype=float)
    assert skewness(values) == pytest.approx(0.359543, abs=1e-6)
    assert kurtosis(values) == pytest.approx(-0.151800, abs=1e-6)


VALUES = np.array([[1.0, 10.0], [3.0, NAN], [NAN, 30.0], [8.0, 50.0]])


@pytest.mark.parametrize(
    ("rule", "filled", "origin"),
    [
        ("zero", (0.0, 0.0), Origin.ZERO),
        ("mean", (30.0, 4.0), Origin.MEAN),
        ("group_mean", (10.0, 8.0), Origin.GROUP_MEAN),
        ("exclude", (NAN, NAN), Origin.EXCLUDED),
        ("cold_deck", (77.0, 66.0), Origin.PREVIOUS),
    ],
)
def test_missing_values(rule, filled, origin):
    previous = np.full((4, 2), NAN)
    previous[1, 1], previous[2, 0] = 77.0, 66.0
    values, origins = fill(VALUES, rule, groups=["a", "a", "b", "b"], previous=previous)
    assert (values[1, 1], values[2, 0]) == pytest.approx(filled, nan_ok=True)
    assert origins[1, 1] == origins[2, 0] == origin
    assert (origins == Origin.MEASURED).sum() == 6


def test_missing_values_are_refused_with_their_places():
    with pytest.raises(MissingValues) as caught:
        fill(VALUES, "refuse")
    assert caught.value.cells == [(1, 1), (2, 0)]
    with pytest.raises(MissingValues):
        fill(VALUES, "cold_deck", previous=np.full((4, 2), NAN))


def test_a_group_without_a_value_gets_the_mean_of_all():
    values = np.array([[1.0], [3.0], [NAN]])
    filled, origins = fill(values, "group_mean", groups=["a", "a", "b"])
    assert filled[2, 0] == 2.0
    assert origins[2, 0] == Origin.MEAN


def test_an_estimate_comes_before_the_rule():
    estimate = Estimate("u", "x", 5.0, 4.0, 6.0, "a report")
    values, origins = fill(VALUES, "zero", estimates=[(1, 1, estimate), (0, 0, estimate)])
    assert values[1, 1] == 5.0
    assert origins[1, 1] == Origin.ESTIMATE
    assert values[0, 0] == 1.0, "a measured value stays"


def test_winsorising_takes_the_outermost_values_in():
    values = np.array([*range(1, 31), 300.0, 200.0])
    treated, done = treat(values, Outliers("winsorise", most_points=5))
    assert done.method == "winsorise"
    assert done.points == 2
    assert list(treated[-2:]) == [30.0, 30.0]
    assert list(treated[:-2]) == list(values[:-2])


def test_winsorising_works_on_the_low_side():
    values = -np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 100.0])
    treated, _ = treat(values, Outliers("winsorise"))
    assert treated[-1] == -11


def test_when_points_are_not_enough_the_logarithm_takes_over():
    values = np.concatenate([np.arange(40.0), np.array([900.0, 901, 902])])
    treated, done = treat(values, Outliers("winsorise", most_points=2, otherwise="log"))
    assert done.method == "log"
    assert treated == pytest.approx(logarithm(values))


def test_even_data_are_left_alone():
    values = np.arange(20.0)
    treated, done = treat(values, Outliers("winsorise"))
    assert done is None
    assert treated is values


@pytest.mark.parametrize("power", [0.5, 1 / 3, -1])
def test_box_cox_finds_the_power_that_made_the_data(power):
    bell = 20 + np.random.default_rng(1).normal(size=3000)
    moved = box_cox(bell ** (1 / power))
    assert abs(np.corrcoef(moved, bell)[0, 1]) == pytest.approx(1, abs=1e-3)
    assert abs(skewness(moved)) < 0.1


@pytest.mark.parametrize(
    ("scaled", "expected"),
    [
        (lambda x: normalisation.min_max(x), [0, 25, 100, NAN]),
        (lambda x: normalisation.min_max(x, -1), [100, 75, 0, NAN]),
        (lambda x: normalisation.min_max(x, 1, 1, 10), [1, 3.25, 10, NAN]),
        (lambda x: normalisation.goalposts(x, (1, 3)), [50, 100, 100, NAN]),
        (lambda x: normalisation.goalposts(x, (1, 3), -1), [50, 0, 0, NAN]),
        (lambda x: normalisation.rank(x), [0, 1, 2, NAN]),
        (lambda x: normalisation.rank(x, -1), [2, 1, 0, NAN]),
        (lambda x: normalisation.percentile(x), [0, 50, 100, NAN]),
        (lambda x: normalisation.distance_to_reference(x, 4), [50, 75, 150, NAN]),
        (lambda x: normalisation.distance_to_reference(x, 3, -1), [150, 100, 50, NAN]),
        (lambda x: normalisation.categories(x, (3, 5)), [0, 50, 100, NAN]),
        (lambda x: normalisation.z_score(x), [-0.98058, -0.39223, 1.37281, NAN]),
    ],
)
def test_normalisation(scaled, expected):
    values = np.array([2.0, 3.0, 6.0, NAN])
    assert scaled(values) == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_a_constant_indicator_tells_nothing():
    flat = np.array([4.0, 4.0, NAN])
    assert normalisation.min_max(flat) == pytest.approx([50, 50, NAN], nan_ok=True)
    assert normalisation.z_score(flat) == pytest.approx([0, 0, NAN], nan_ok=True)


# Handbook 6.11 (page 103): 21, 1, 1, 1 against 6, 6, 6, 6.
@pytest.mark.parametrize(
    ("method", "power", "expected"),
    [
        ("arithmetic", 1, [6.0, 6.0]),
        ("geometric", 1, [2.1407, 6.0]),
        ("harmonic", 1, [1.3125, 6.0]),
        ("power", 2, [10.5357, 6.0]),
    ],
)
def test_means(method, power, expected):
    values = np.array([[21.0, 1, 1, 1], [6, 6, 6, 6]])
    found = aggregate(values, np.ones(4), method, power)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic"])
def test_others_carry_the_weight_of_a_missing_part(method):
    values = np.array([[4.0, NAN, 9.0], [NAN, NAN, NAN]])
    found = aggregate(values, np.array([1.0, 5.0, 1.0]), method)
    alone = aggregate(values[:1, [0, 2]], np.array([1.0, 1.0]), method)
    assert found[0] == pytest.approx(alone[0])
    assert np.isnan(found[1])


def test_a_part_of_zero_makes_a_geometric_score_zero():
    values = np.array([[0.0, 9.0]])
    assert aggregate(values, np.ones(2), "geometric")[0] == 0
    assert aggregate(values, np.ones(2), "harmonic")[0] == 0
    # … but not when it weighs nothing.
    assert aggregate(values, np.array([0.0, 1.0]), "geometric")[0] == pytest.approx(9)


def test_negative_values_have_no_geometric_mean():
    with pytest.raises(ValueError, match="negative"):
        aggregate(np.array([[-1.0, 2.0]]), np.ones(2), "geometric")


def test_entropy_weighs_what_tells_units_apart():
    values = np.array([[1.0, 5.0], [5.0, 5.0], [9.0, 5.0]])
    assert weights.entropy(values) == pytest.approx([1, 0], abs=1e-12)


def test_critic_by_hand():
    # Two equal columns and one that runs against them: s = 1 each, conflict 2, 2 and 4.
    values = np.array([[1.0, 1, 3], [2, 2, 2], [3, 3, 1]])
    assert weights.critic(values) == pytest.approx([0.25, 0.25, 0.5])


def test_budget_allocation_is_the_mean_of_the_experts():
    assert weights.budget([[50, 50, 0], [20, 20, 60]]) == pytest.approx([0.35, 0.35, 0.3])


def test_the_doubt_benefits_each_unit():
    values = np.array([[9.0, 1.0], [1.0, 9.0], [4.0, 4.0], [2.0, 2.0]])
    chosen, scores = weights.benefit_of_the_doubt(values)
    # By hand: the frontier runs from (9, 1) to (1, 9), where the sum is 10.
    assert scores == pytest.approx([1, 1, 0.8, 0.4])
    assert (chosen >= -1e-9).all()
    assert ((values @ chosen.T) <= 1 + 1e-6).all()


def test_the_doubt_keeps_to_the_pie():
    values = np.array([[9.0, 1.0], [1.0, 9.0], [5.0, 5.0]])
    chosen, scores = weights.benefit_of_the_doubt(values, (0.4, 0.6))
    pie = values * chosen / scores[:, None]
    assert (pie >= 0.4 - 1e-6).all()
    assert (pie <= 0.6 + 1e-6).all()
    assert scores[0] < 1


def test_components_explain_all():
    found = components(np.random.default_rng(1).normal(size=(30, 4)))
    assert sum(found.eigenvalues) == pytest.approx(4)
    assert sum(found.explained) == pytest.approx(1)
    assert (found.loadings**2).sum(axis=1) == pytest.approx(np.ones(4))


def test_spearman_with_ties():
    # Ranks 1 2.5 2.5 4 against 1 2 3 4: 4.5 / sqrt(4.5 x 5).
    a, b = np.array([1.0, 2, 2, 3, NAN]), np.array([1.0, 2, 3, 4, 9])
    assert spearman(a, b) == pytest.approx(0.948683, abs=1e-6)


TIERS = (
    Tier("very_high", {}, above=90),
    Tier("high", {}, start=80),
    Tier("middle", {}, start=65),
    Tier("low", {}),
)


@pytest.mark.parametrize(
    ("score", "tier"),
    [(90.01, "very_high"), (90, "high"), (80, "high"), (79.99, "middle"), (65, "middle"),
     (64.99, "low"), (NAN, "")],
)  # fmt: skip
def test_tiers_by_bounds(score, tier):
    assert tier_of(score, TIERS) == tier


def test_quantile_tiers_keep_equal_scores_together():
    scores = np.array([9.0, 8, 8, 7, 6, 5, 4, NAN])
    assert quantile_tiers(scores, ("a", "b")) == ["a", "a", "a", "a", "b", "b", "b", ""]
    assert quantile_tiers(np.array([3.0, 3, 3, 1]), ("a", "b")) == ["a", "a", "a", "b"]


def test_parts_of_a_tier_are_quarters_of_its_units():
    tiers = (Tier("high", {}, start=5, parts=("H4", "H3", "H2", "H1")), Tier("low", {}))
    scores = np.array([8.0, 7, 6, 5, 1])
    assigned = [tier_of(one, tiers) for one in scores]
    assert parts_of_tiers(scores, assigned, tiers) == ["H4", "H3", "H2", "H1", ""]


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [(40.625, 2, 40.63), (15.625, 2, 15.63), (46.875, 2, 46.88), (-5.583, 2, -5.58), (2.5, 0, 3),
     (0.1 + 0.2, 1, 0.3), (None, 2, None), (NAN, 2, None)],
)  # fmt: skip
def test_numbers_are_printed_half_up(value, digits, printed):
    assert rounded(value, digits) == printed
