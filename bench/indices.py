"""Rank intervals against a bare numpy matrix product and argsort of the same size."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from tongban.indices.framework.model import Framework, Indicator, Layout, Node
from tongban.indices.robustness.drawing import Field, count_ranks, drawn_weights, monotone
from tongban.indices.tree import roll_up

UNITS, INDICATORS, DRAWS = 338, 60, 10_000
LARGE = 3_000, 100, 10_000
METHODS = ("arithmetic", "geometric")
ROUNDS = 7


def framework(indicators: int, dimensions: int = 4) -> Framework:
    nodes = [Node("index", {}), *(Node(f"d{n}", {}, "index") for n in range(dimensions))]
    leaves = [Indicator(f"x{n}", {}, f"d{n % dimensions}") for n in range(indicators)]
    return Framework("bench", {}, Layout(("unit",)), tuple(nodes), tuple(leaves))


def ours(values: np.ndarray, draws: int, seed: int = 1) -> np.ndarray:
    """How often each unit takes each rank, over draws of weights and both methods."""
    random = np.random.default_rng(seed)
    tree = framework(values.shape[1])
    rolled = roll_up(tree, values)
    counts = np.zeros((len(values), len(values)), dtype=np.int64)
    for method in METHODS:
        field = Field.of(monotone(values, method))
        weights = drawn_weights(tree, rolled, draws // len(METHODS), 0.25, random)
        count_ranks(field, weights, counts, "competition")
    return counts


def bare(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.argsort(weights @ values.T, axis=1)


def run() -> None:
    random = np.random.default_rng(1)
    values = random.uniform(1, 100, (UNITS, INDICATORS))
    weights = random.random((DRAWS, INDICATORS))
    pairs = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        bare(values, weights)
        middle = time.perf_counter()
        assert ours(values, DRAWS).sum() == UNITS * DRAWS
        pairs.append((middle - start, time.perf_counter() - middle))
    numpy_took, took = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"rank intervals, {UNITS} units x {INDICATORS} indicators x {DRAWS:,} draws of weights and"
        f" methods: {1000 * took:.0f} ms; numpy product and argsort {1000 * numpy_took:.0f} ms:"
        f" {took / numpy_took:.2f} times"
    )
    # In a process of its own, so that the memory is its own.
    done = subprocess.run(
        [sys.executable, "-m", "bench.indices"], capture_output=True, text=True, check=True
    )
    print(done.stdout, end="")


def large() -> None:
    units, indicators, draws = LARGE
    values = np.random.default_rng(1).uniform(1, 100, (units, indicators))
    start = time.perf_counter()
    ours(values, draws)
    took = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"rank intervals, {units:,} units x {indicators} indicators x {draws:,} draws: {took:.1f} s,"
        f" {memory:.0f} MB at most for the whole process"
    )


if __name__ == "__main__":
    large()
