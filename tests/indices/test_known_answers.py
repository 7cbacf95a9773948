"""Published worked examples: the OECD/JRC handbook (2008) on the Technology Achievement Index."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tongban.indices import assess, read_data, read_framework
from tongban.indices.aggregation import copeland, outranking
from tongban.indices.diagnostics import reliability
from tongban.indices.framework.model import Aggregation, Normalisation
from tongban.indices.ranks import ranks
from tongban.indices.weights import principal_components

DATA = Path(__file__).parent / "data"
# Handbook table 38 (page 116): linear and geometric aggregation, equal weights, 23 countries.
TABLE_38 = {
    "Finland": (1, 2), "United States": (2, 1), "Sweden": (3, 3), "Japan": (4, 4),
    "Korea, Rep. of": (5, 16), "Netherlands": (6, 5), "United Kingdom": (7, 6), "Singapore": (8, 18),
    "Canada": (9, 13), "Australia": (10, 14), "Germany": (11, 8), "Norway": (12, 11),
    "Ireland": (13, 7), "Belgium": (14, 9), "New Zealand": (15, 17), "Austria": (16, 12),
    "France": (17, 10), "Israel": (18, 15), "Spain": (19, 19), "Italy": (20, 21),
    "Czech Republic": (21, 23), "Hungary": (22, 22), "Slovenia": (23, 20),
}  # fmt: skip
# Table 35 (page 113): five countries, eight indicators.
TABLE_35 = np.array([
    [187, 125.6, 200.2, 50.7, 3.080, 4.150, 10, 27.4],
    [289, 130, 179.1, 66.2, 2.997, 4.073, 12, 13.9],
    [271, 156.6, 125.8, 59.7, 3.096, 4.145, 11.4, 15.3],
    [994, 64.6, 49, 80.8, 3.003, 3.865, 9.5, 10],
    [779, 9.8, 4.8, 66.7, 2.972, 3.653, 10.8, 23.2],
])  # fmt: skip
# Table 36 (page 114).
TABLE_36 = np.array([
    [0, 0.5, 0.375, 0.75, 0.625],
    [0.5, 0, 0.5, 0.625, 0.625],
    [0.625, 0.5, 0, 0.75, 0.625],
    [0.25, 0.375, 0.25, 0, 0.75],
    [0.375, 0.375, 0.375, 0.25, 0],
])  # fmt: skip
EQUAL = np.full(8, 1 / 8)


@pytest.fixture(scope="module")
def tai():
    framework = read_framework(DATA / "tai.toml").edition()
    return framework, read_data(DATA / "tai.csv", framework)


def test_the_linear_ranks_of_the_handbook_come_out(tai):
    result = assess(*tai, draws=0)
    assert {one.unit: one.rank for one in result.units} == {
        country: linear for country, (linear, _) in TABLE_38.items()
    }


def test_the_geometric_ranks_of_the_handbook_come_out(tai):
    framework, table = tai
    geometric = replace(
        framework,
        normalisation=Normalisation("none"),
        aggregation=Aggregation("geometric"),
    )
    result = assess(geometric, table, draws=0)
    assert {one.unit: one.rank for one in result.units} == {
        country: ranked for country, (_, ranked) in TABLE_38.items()
    }


def test_the_pairwise_comparison_of_the_handbook_comes_out():
    assert outranking(TABLE_35, EQUAL) == pytest.approx(TABLE_36)


def test_the_scores_of_whole_rankings_in_table_37_come_out():
    finland, usa, sweden, japan, korea = range(5)
    matrix = outranking(TABLE_35, EQUAL)

    def score(order):
        return sum(matrix[a, b] for a, b in itertools.combinations(order, 2))

    assert score((usa, sweden, finland, japan, korea)) == pytest.approx(6.375)
    assert score((sweden, finland, usa, japan, korea)) == pytest.approx(6.375)
    assert score((finland, usa, sweden, japan, korea)) == pytest.approx(6.125)
    best = max(score(order) for order in itertools.permutations(range(5)))
    assert best == pytest.approx(6.375)


def test_the_condorcet_winner_of_table_25_wins_by_copeland_too():
    # 21 indicators rank a, b, c, d (pages 106-107): c is preferred to all; c, b, d, a in the end.
    orders = [("abcd", 3), ("acbd", 5), ("bdca", 7), ("cbda", 6)]
    columns = [
        [4 - order.index(country) for country in "abcd"] for order, times in orders
        for _ in range(times)
    ]  # fmt: skip
    values = np.array(columns, dtype=float).T
    weights = np.full(21, 1.0)
    matrix = outranking(values, weights) * 21
    assert matrix == pytest.approx(
        np.array([[0, 8, 8, 8], [13, 0, 10, 21], [13, 11, 0, 14], [13, 0, 7, 0]])
    )
    assert list(ranks(copeland(values, weights))) == [4, 2, 1, 3]


def test_cronbachs_alpha_of_the_handbook_comes_out(tai):
    # Table 11 (page 73). Its data have more digits than table A.2 prints, hence the tolerance.
    found = reliability(tai[1].values)
    assert round(found.alpha, 2) == 0.70
    assert found.without == pytest.approx(
        [0.704, 0.645, 0.636, 0.774, 0.603, 0.624, 0.662, 0.706], abs=0.002
    )
    assert found.with_rest == pytest.approx(
        [0.261, 0.527, 0.566, -0.108, 0.701, 0.614, 0.451, 0.249], abs=0.006
    )


def test_the_weights_by_factor_analysis_come_near_to_the_handbooks(tai):
    # Table 22 (page 100), four rotated factors; near, as table A.2 prints logarithms with two digits.
    assert principal_components(tai[1].values) == pytest.approx(
        [0.17, 0.15, 0.11, 0.06, 0.08, 0.13, 0.13, 0.17], abs=0.015
    )
