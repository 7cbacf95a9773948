"""What must hold for any table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.indices.builders import make_framework, make_table
from tongban.indices import assess
from tongban.indices.assessing import normalised, prepare
from tongban.indices.contributions import gap
from tongban.indices.framework.model import Aggregation, MissingRule, Normalisation
from tongban.indices.ranks import ranks

TREE = {"a": ["w", "x"], "b": ["y"]}
ONCE = settings(max_examples=60, deadline=None)
# Whole numbers, so that ties happen and differences are real.
tables = arrays(np.float64, st.tuples(st.integers(3, 9), st.just(3)), elements=st.integers(1, 20))
methods = st.sampled_from(["arithmetic", "geometric", "harmonic"])


def framework_for(method, **fields):
    return make_framework(
        TREE, aggregation=Aggregation(method), normalisation=Normalisation("min_max", 1, 100),
        **fields,
    )  # fmt: skip


def ranked(framework, values):
    return [one.rank for one in assess(framework, make_table(framework, values), draws=0).units]


@ONCE
@given(tables, methods, st.integers(0, 8), st.integers(0, 2), st.floats(0.5, 30))
def test_a_better_value_never_costs_a_rank(values, method, unit, column, more):
    unit %= len(values)
    framework = make_framework(
        TREE, aggregation=Aggregation(method), normalisation=Normalisation("none")
    )
    better = values.copy()
    better[unit, column] += more
    assert ranked(framework, better)[unit] <= ranked(framework, values)[unit]


@ONCE
@given(tables, methods, st.floats(0.01, 1000), st.floats(-500, 500))
def test_units_of_measurement_don_t_matter(values, method, factor, shift):
    framework = framework_for(method)
    moved = values.copy()
    moved[:, 0] = moved[:, 0] * factor + shift
    one, other = (prepare(framework, make_table(framework, v), None).score for v in (values, moved))
    assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


@ONCE
@given(tables, methods, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_does_not_matter(values, method, random):
    framework = framework_for(method)
    before = ranked(framework, values)
    rows = random.sample(range(len(values)), len(values))
    assert ranked(framework, values[rows]) == [before[row] for row in rows]
    columns = random.sample(range(3), 3)
    shuffled = replace(framework, indicators=tuple(framework.indicators[c] for c in columns))
    assert ranked(shuffled, values[:, columns]) == before


@ONCE
@given(tables)
def test_equal_units_share_a_rank(values):
    values[1] = values[0]
    for rule in ("competition", "dense", "fractional"):
        places = ranked(framework_for("arithmetic", ties=rule), values)
        assert places[0] == places[1]


@ONCE
@given(arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 9)))
def test_ranks_agree_with_each_other(scores):
    competition, dense, fractional = (
        ranks(scores, rule) for rule in ("competition", "dense", "fractional")
    )
    assert fractional.sum() == pytest.approx(len(scores) * (len(scores) + 1) / 2)
    assert (dense <= competition).all()
    assert (competition <= fractional).all()
    assert set(dense) == set(range(1, int(dense.max()) + 1))
    for rank, score in zip(competition, scores, strict=True):
        assert rank == 1 + (scores > score).sum()


@ONCE
@given(tables, methods)
def test_an_indicator_turned_round_with_its_direction_changes_nothing(values, method):
    framework = framework_for(method)
    down = replace(framework.indicators[0], direction=-1)
    turned = replace(framework, indicators=(down, *framework.indicators[1:]))
    other = values.copy()
    other[:, 0] *= -1
    assert ranked(turned, other) == ranked(framework, values)


@ONCE
@given(tables, methods)
def test_contributions_add_up_to_the_score_and_gaps_to_the_difference(values, method):
    framework = framework_for(method)
    table = make_table(framework, values)
    result = assess(framework, table, draws=0)
    scores = np.array([one.score for one in result.units])
    assert result.points.sum(axis=1) == pytest.approx(scores)
    shared = gap(framework, result.leaves, 0, 1)
    assert shared.sum() == pytest.approx(scores[0] - scores[1], abs=1e-9)


@ONCE
@given(tables)
def test_the_gap_blames_only_what_differs(values):
    values[1] = values[0]
    values[1, 2] += 5
    framework = framework_for("geometric")
    leaves, _ = normalised(framework, values)
    shared = gap(framework, leaves, 0, 1)
    assert shared[:2] == pytest.approx([0, 0], abs=1e-12)


@ONCE
@given(tables, st.integers(0, 8), st.integers(0, 2))
def test_a_missing_value_weighs_nothing(values, unit, column):
    """With `exclude`, effective weights add up to 1 and the missing indicator has none."""
    unit %= len(values)
    framework = framework_for("arithmetic", missing=MissingRule("exclude"))
    values[unit, column] = np.nan
    result = assess(framework, make_table(framework, values), draws=0)
    assert result.effective.sum(axis=1) == pytest.approx(np.ones(len(values)))
    assert result.effective[unit, column] == 0
