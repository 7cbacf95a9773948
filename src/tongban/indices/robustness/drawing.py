"""Ranks under many weights at once, in bounded memory.

Every mean with a power is a weighted sum of powers of the indicators, and ranks only ask for the
order: so a draw is one row of weights, a method is one matrix, and all scores are one product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tongban.indices.framework.model import Framework
from tongban.indices.numbers import Floats, Integers
from tongban.indices.tree import Rolled

CHUNK_CELLS = 1_500_000
"""Scores held at once: 3 MB a copy, so that a chunk stays near the processor's cache."""
SHORT_ROWS = 1024


@dataclass(frozen=True)
class Field:
    """The units under one method: rows that are equal everywhere are one row with a count.

    `columns` are indicators x different rows, positive; a lower weighted sum is a better unit.
    """

    columns: Floats
    place: Integers
    counts: Integers

    @classmethod
    def of(cls, values: Floats) -> Field:
        """From monotone scores (units x indicators), the better the higher, without gaps."""
        rows, place, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
        span = float(rows.max() - rows.min()) or 1.0
        # Turned round and above zero, which `orders` needs; weights add up to 1, so all move alike.
        columns = np.ascontiguousarray((rows.max() + span - rows).T)
        return cls(columns, place.reshape(-1), counts)


def monotone(values: Floats, method: str, power: float = 1.0) -> Floats:
    """Values whose weighted sum orders units as the mean by `method` does.

    Values of zero under a geometric or harmonic mean make a score zero; here they become a very
    small number, which keeps those units last. Raises ValueError for methods that are no mean.
    """
    exponent = {"arithmetic": 1.0, "geometric": 0.0, "harmonic": -1.0, "power": power}.get(method)
    if exponent is None:
        raise ValueError(f"{method} is no mean")
    if exponent == 1.0:
        return values
    top = float(np.nanmax(np.abs(values))) or 1.0
    positive = np.maximum(values, 1e-6 * top)
    if exponent == 0.0:
        logs: Floats = np.log(positive)
        return logs
    raised: Floats = np.sign(exponent) * positive**exponent
    return raised


def drawn_weights(
    framework: Framework, rolled: Rolled, draws: int, spread: float, random: np.random.Generator
) -> Floats:
    """Weights of the indicators (draws x indicators): every weight of the tree is multiplied by a
    uniform factor in 1 - spread to 1 + spread and the parts of a node made to add up to 1 again."""
    weight: dict[str, Floats] = {framework.root.code: np.ones(draws)}
    for node in reversed(framework.bottom_up()):
        parts = framework.children(node.code)
        own = rolled.weights[node.code]
        own = np.nanmean(own, axis=0) if own.ndim == 2 else own
        factors = random.random((draws, len(parts)))
        factors *= 2 * spread
        factors += 1 - spread
        factors *= own
        factors *= (weight[node.code] / factors.sum(axis=1))[:, None]
        for place, part in enumerate(parts):
            weight[part.code] = factors[:, place]
    return np.column_stack([weight[one.code] for one in framework.indicators])


def orders(field: Field, weights: Floats) -> Iterator[tuple[slice, Integers]]:
    """For chunks of draws: the rows of the field from best to worst (draws x rows).

    The number of the row takes the lowest bits of its score, and plain sorting, several times as fast
    as argsort, carries it along. What is left of the score tells apart a two-millionth of the range
    of scores (32 bits, up to 1,024 rows) or twelve digits (64 bits); what differs less is a tie.
    """
    rows = field.columns.shape[1]
    chunk = max(1, CHUNK_CELLS // rows)
    pack = _packed_short if rows <= SHORT_ROWS else _packed_long
    for start in range(0, len(weights), chunk):
        here = slice(start, min(start + chunk, len(weights)))
        yield here, pack(weights[here] @ field.columns)


def _packed_short(scores: Floats) -> Integers:
    rows = scores.shape[1]
    bits = max(rows - 1, 1).bit_length()
    low = scores.min()
    scores -= low
    scores *= (2 ** (31 - bits) - 1) / (scores.max() or 1.0)
    keys = scores.astype(np.int32)
    keys <<= bits
    keys |= np.arange(rows, dtype=np.int32)
    keys.sort(axis=1)
    keys &= (1 << bits) - 1
    return keys.astype(np.int64)


def _packed_long(scores: Floats) -> Integers:
    """Positive floating-point numbers sort as their bits do."""
    rows = scores.shape[1]
    mask = (1 << (rows - 1).bit_length()) - 1
    keys = scores.view(np.int64)
    keys &= ~mask
    keys |= np.arange(rows)
    scores.sort(axis=1)
    keys &= mask
    return keys


def count_ranks(field: Field, weights: Floats, counts: Integers, rule: str) -> None:
    """Add to `counts` (rows x ranks, from 0) how often each row of the field takes each rank."""
    rows = field.columns.shape[1]
    size = counts.shape[1]
    single = rule == "dense" or bool((field.counts == 1).all())
    for _, order in orders(field, weights):
        if single:
            places: Integers = np.arange(rows)
        else:
            ahead = np.cumsum(field.counts[order], axis=1)
            places = ahead - field.counts[order]
        order *= size
        order += places
        counts += np.bincount(order.reshape(-1), minlength=rows * size).reshape(rows, size)


def rank_of_units(field: Field, weights: Floats, rule: str) -> Iterator[tuple[slice, Integers]]:
    """For chunks of draws: the rank of every unit (draws x units), competition or dense."""
    rows = field.columns.shape[1]
    for here, order in orders(field, weights):
        if rule == "dense":
            ahead = np.broadcast_to(np.arange(rows), order.shape)
        else:
            ahead = np.cumsum(field.counts[order], axis=1) - field.counts[order]
        places = np.empty_like(order)
        np.put_along_axis(places, order, ahead, axis=1)
        yield here, places[:, field.place] + 1
