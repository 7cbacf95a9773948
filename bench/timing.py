"""Measuring and printing, the same for every benchmark."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable


def seconds_each(act: Callable[[object], object], inputs: Iterable[object]) -> list[float]:
    """Seconds that `act` took on each input."""
    took = []
    for one in inputs:
        began = time.perf_counter()
        act(one)
        took.append(time.perf_counter() - began)
    return took


def line(what: str, took: list[float], baseline: str, base: list[float]) -> None:
    """Median and 95th percentile of both, and the share of the baseline's speed that is kept."""
    ours, theirs = statistics.median(took), statistics.median(base)
    print(
        f"{what:44}{ours * 1e3:9.3f} ms median{p95(took) * 1e3:9.3f} p95\n"
        f"  {'against ' + baseline:42}{theirs * 1e3:9.3f} ms median{p95(base) * 1e3:9.3f} p95"
        f"   ratio of speed {theirs / ours:.2f}"
    )


def p95(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.95)]
