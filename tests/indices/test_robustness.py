"""Sobol indices against analytic functions; rank intervals; chunks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.indices.builders import make_framework, make_table
from tongban.indices import assess
from tongban.indices.assessing import prepare
from tongban.indices.framework.model import Estimate, MissingRule, Uncertainty
from tongban.indices.ranks import ranks
from tongban.indices.robustness import drawing
from tongban.indices.robustness.drawing import (
    Field,
    count_ranks,
    drawn_weights,
    monotone,
    rank_of_units,
)
from tongban.indices.robustness.intervals import rank_distribution
from tongban.indices.robustness.sobol import latin_hypercube, rank_shift_sensitivity, sobol


def test_ishigami():
    # Ishigami & Homma 1990, a = 7, b = 0.1; analytic: Saltelli et al. 2008, section 4.
    def ishigami(rows):
        x, y, z = (np.pi * (2 * column - 1) for column in rows.T)
        return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)

    found = sobol(ishigami, ["x", "y", "z"], points=16384)
    assert found.first == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert found.total == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert found.variance == pytest.approx(13.8446, rel=0.02)
    # The intervals of the estimate hold the truth.
    for estimate, error, truth in zip(
        found.first, found.first_error, [0.3139, 0.4424, 0.0], strict=True
    ):
        assert abs(estimate - truth) < 2 * error


def test_salib_gives_the_same():
    # SALib 1.6.0, analyze.sobol on the same 4096 x 5 values of Ishigami's function (seed 1).
    def ishigami(rows):
        x, y, z = (np.pi * (2 * column - 1) for column in rows.T)
        return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)

    found = sobol(ishigami, ["x", "y", "z"], points=4096, seed=1)
    assert found.first == pytest.approx([0.30038574, 0.45519044, -0.00795992], abs=1e-4)
    assert found.total == pytest.approx([0.55343298, 0.46064913, 0.23945863], abs=1e-4)


def test_g_function_of_sobol():
    # Saltelli & Sobol' 1995: V_i = 1/3 / (1 + a_i)^2, V = prod(1 + V_i) - 1.
    a = np.array([0.0, 1.0, 4.5, 9.0])

    def g(rows):
        return np.prod((np.abs(4 * rows - 2) + a) / (1 + a), axis=1)

    parts = 1 / 3 / (1 + a) ** 2
    variance = np.prod(1 + parts) - 1
    total = np.array([parts[i] * np.prod(np.delete(1 + parts, i)) for i in range(4)])
    found = sobol(g, list("abcd"), points=16384)
    assert found.first == pytest.approx(parts / variance, abs=0.02)
    assert found.total == pytest.approx(total / variance, abs=0.02)


def test_a_constant_function_has_no_sensitivity():
    found = sobol(lambda rows: np.ones(len(rows)), ["a", "b"], points=16)
    assert found.first == found.total == (0.0, 0.0)


def test_each_layer_of_the_hypercube_is_met_once():
    points = latin_hypercube(50, 3, np.random.default_rng(1))
    for column in points.T:
        assert sorted((column * 50).astype(int)) == list(range(50))


@pytest.mark.parametrize("units", [5, 1500])
@pytest.mark.parametrize("method", ["arithmetic", "geometric", "harmonic"])
def test_fast_ranks_are_the_ranks_of_the_scores(units, method):
    random = np.random.default_rng(2)
    values = random.uniform(1, 100, (units, 4))
    values[-1] = values[0]
    weights = random.dirichlet(np.ones(4), 7)
    field = Field.of(monotone(values, method))
    fast = np.vstack([places for _, places in rank_of_units(field, weights, "competition")])
    for row, weight in zip(fast, weights, strict=True):
        if method == "arithmetic":
            scores = values @ weight
        elif method == "geometric":
            scores = np.exp(np.log(values) @ weight)
        else:
            scores = 1 / ((1 / values) @ weight)
        assert list(row) == list(ranks(scores))


@pytest.mark.parametrize("rule", ["competition", "dense"])
def test_counts_hold_every_draw_once_and_ties_share(rule, monkeypatch):
    monkeypatch.setattr(drawing, "CHUNK_CELLS", 40)
    random = np.random.default_rng(3)
    values = random.random((10, 3))
    values[3] = values[7]
    weights = random.dirichlet(np.ones(3), 101)
    field = Field.of(values)
    counts = np.zeros((len(field.counts), 10), dtype=np.int64)
    count_ranks(field, weights, counts, rule)
    assert (counts.sum(axis=1) == 101).all()
    expected = np.zeros((10, 10), dtype=np.int64)
    for weight in weights:
        places = ranks(values @ weight, rule).astype(int) - 1
        expected[np.arange(10), places] += 1
    assert (counts[field.place] == expected).all()


def test_drawn_weights_vary_around_the_given_ones():
    framework = make_framework({"a": ["x", "y"], "b": ["z"]}, weights={"a": 3.0, "x": 2.0})
    table = make_table(framework, np.arange(9.0).reshape(3, 3))
    rolled = prepare(framework, table, None).rolled
    weights = drawn_weights(framework, rolled, 4000, 0.25, np.random.default_rng(1))
    assert weights.sum(axis=1) == pytest.approx(np.ones(4000))
    assert weights.mean(axis=0) == pytest.approx([0.5, 0.25, 0.25], abs=0.01)
    assert weights[:, 0].std() > 0.02


def test_intervals_hold_the_reported_rank_and_repeat_with_the_seed():
    framework = make_framework({"a": ["w", "x"], "b": ["y", "z"]}, aggregations=("geometric",))
    table = make_table(framework, np.random.default_rng(5).uniform(1, 9, (25, 4)))
    one, again = (assess(framework, table, draws=500, seed=9) for _ in range(2))
    for unit in one.units:
        assert unit.rank_interval[0] <= unit.rank <= unit.rank_interval[1]
    assert [u.rank_interval for u in one.units] == [u.rank_interval for u in again.units]
    assert any(u.rank_interval[0] < u.rank_interval[1] for u in one.units)


def test_a_unit_that_is_best_in_everything_stays_first():
    framework = make_framework({"a": ["x", "y"], "b": ["z"]}, aggregations=("geometric",))
    values = np.random.default_rng(6).uniform(1, 9, (12, 3))
    values[4] = 10
    result = assess(framework, make_table(framework, values), draws=300)
    assert result.units[4].rank_interval == (1, 1)


def test_an_estimate_moves_within_its_bounds_only():
    framework = make_framework({"a": ["x"]})
    framework = replace(
        framework,
        missing=MissingRule("refuse", "", (Estimate("u2", "x", 5.0, 2.5, 7.5, "a report"),)),
        normalisation=replace(framework.normalisation, method="none"),
    )
    values = np.array([[8.0], [6.0], [np.nan], [4.0], [2.0]])
    table = make_table(framework, values)
    result = assess(framework, table, draws=800)
    assert result.units[2].rank_interval == (2, 4)
    assert result.units[0].rank_interval == (1, 1)
    assert result.units[4].rank_interval == (5, 5)


def test_a_tree_of_mixed_methods_is_drawn_too():
    framework = make_framework({"a": ["x", "y"], "b": ["z"]})
    framework = replace(
        framework,
        nodes=tuple(
            replace(node, aggregation="geometric") if node.code == "a" else node
            for node in framework.nodes
        ),
    )
    table = make_table(framework, np.random.default_rng(7).uniform(1, 9, (9, 3)))
    prepared = prepare(framework, table, None)
    counts = rank_distribution(framework, prepared, np.ones(9, dtype=bool), draws=50, seed=1)
    assert (counts.sum(axis=1) == 50).all()


def test_the_shift_of_ranks_is_shared_out_among_its_causes():
    framework = make_framework({"a": ["w", "x"], "b": ["y", "z"]}, aggregations=("geometric",))
    framework = replace(framework, uncertainty=replace(framework.uncertainty, weight_spread=0.9))
    table = make_table(framework, np.random.default_rng(8).uniform(1, 9, (30, 4)))
    found = rank_shift_sensitivity(framework, prepare(framework, table, None), points=128)
    assert found.inputs == ("aggregation", "weight:a", "weight:b")
    assert found.variance > 0
    assert all(total > -1e-9 for total in found.total)
    assert max(found.total) > 0.1


def test_nothing_to_vary_gives_no_sensitivity():
    framework = replace(make_framework({"a": ["x"]}), uncertainty=Uncertainty())
    table = make_table(framework, np.array([[1.0], [2.0], [3.0]]))
    assert rank_shift_sensitivity(framework, prepare(framework, table, None)) is None
