"""Small frameworks and tables."""

from __future__ import annotations

import numpy as np

from tongban.indices.framework.model import (
    Framework,
    Indicator,
    Layout,
    Node,
    Normalisation,
    Uncertainty,
)
from tongban.indices.table import DataTable


def make_framework(tree, *, weights=None, directions=None, aggregations=(), **fields) -> Framework:
    """An index of dimensions with indicators: `{"a": ["x", "y"], "b": ["z"]}`."""
    weights, directions = weights or {}, directions or {}
    nodes = [Node("index", {"en": "Index"})]
    indicators = []
    for dimension, codes in tree.items():
        nodes.append(Node(dimension, {"en": dimension}, "index", weights.get(dimension, 1.0)))
        indicators += [
            Indicator(
                code, {"en": code}, dimension, weights.get(code, 1.0), directions.get(code, 1),
                columns=(code,),
            )
            for code in codes
        ]  # fmt: skip
    settings = {
        "normalisation": Normalisation("min_max", 0.0, 100.0),
        "uncertainty": Uncertainty(aggregations=tuple(aggregations)),
        **fields,
    }
    return Framework(
        "made", {"en": "Made"}, Layout(("unit",)), tuple(nodes), tuple(indicators), **settings
    )


def make_table(framework: Framework, values, *, units=None, groups=None, **fields) -> DataTable:
    values = np.array(values, dtype=float)
    units = tuple(units or (f"u{place}" for place in range(len(values))))
    return DataTable(
        "made.csv", units, tuple({"en": unit} for unit in units), units,
        tuple(range(2, len(values) + 2)), values, np.zeros(values.shape, dtype=bool),
        groups=groups or {group.code: ("",) * len(values) for group in framework.groups}, **fields,
    )  # fmt: skip
