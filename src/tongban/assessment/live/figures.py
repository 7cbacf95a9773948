"""What each live indicator counts, and when its figure is marked or withheld. Pure.

Names, definitions and weights stand in `data/live.toml`; here is how each is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tongban.assessment.rules.counts import Counts, share_upto, size

# Fewer cases say nothing, and could tell who they were: below the first none is given.
CASES_LEAST, CASES_ENOUGH = 10, 30
# Shares of what could be counted, and ages in days: beyond the first marked, the second withheld.
COVERAGE_MARKED, COVERAGE_WITHHELD = 0.5, 0.2
CASES_OLD, CASES_TOO_OLD = 2, 14
ITEMS_OLD, ITEMS_TOO_OLD = 14, 60
ANSWER_DAYS: Final = 5


class Source(StrEnum):
    CASES = "cases"
    CATALOGUE = "catalogue"
    NONE = "none"


class State(StrEnum):
    """`none`: nothing of the kind is counted here, or there is nothing to count."""

    FULL = "full"
    MARKED = "marked"
    WITHHELD = "withheld"
    NONE = "none"


class Reason(StrEnum):
    """Why a figure is marked, withheld or not there; worded in `wording.py`."""

    NO_SOURCE = "no_source"
    NOTHING = "nothing"
    NO_PEERS = "no_peers"
    FEW = "few"
    VERY_FEW = "very_few"
    COVERAGE = "coverage"
    OLD = "old"
    INVALID = "invalid"


@dataclass(frozen=True)
class Made:
    """What the figures of a unit are made from. Ages in days; None: never counted."""

    sums: Mapping[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    catalogue_age: float | None = None
    cases_age: float | None = None

    def sum(self, name: str) -> int:
        return self.sums.get(name, 0)

    def cases(self, measure: str) -> int:
        return size(self.counts.get(measure))

    def of(self, measure: str, value: int) -> int:
        return self.counts.get(measure, {}).get(value, 0)


@dataclass(frozen=True)
class Part:
    """Numerator and denominator; `of`: how many there would be if all could be counted."""

    got: float
    all: float
    of: float | None = None


@dataclass(frozen=True)
class Figure:
    """A figure with its quality. `value` is a share of 100, None when there is none or it is withheld.

    `coverage`: share of what should be counted that is. `valid`: the parts fit together.
    """

    got: float
    all: float
    value: float | None
    state: State
    reasons: tuple[Reason, ...]
    coverage: float
    age_days: float | None
    valid: bool = True


@dataclass(frozen=True)
class Count:
    """How an indicator is counted."""

    source: Source
    part: Callable[[Made], Part]
    unit: str
    """What one is of: items, guides, cases …"""


def _none(_made: Made) -> Part:
    return Part(0, 0)


def _depth(made: Made) -> Part:
    return Part(made.sum("depth"), 4 * made.sum("guides"), 4 * made.sum("items"))


def _points(made: Made) -> Part:
    return Part(made.sum("points"), 100 * made.sum("guides"), 100 * made.sum("items"))


def _of_guides(name: str) -> Callable[[Made], Part]:
    return lambda made: Part(made.sum(name), made.sum("guides"), made.sum("items"))


def _of(name: str, whole: str) -> Callable[[Made], Part]:
    return lambda made: Part(made.sum(name), made.sum(whole))


def _visits(made: Made) -> Part:
    return Part(made.of("visits", 0), made.cases("visits"), made.cases("decided"))


def _promise(made: Made) -> Part:
    kept = made.cases("in_time")
    return Part(kept, kept + made.cases("late"), made.cases("decided"))


def _answers(made: Made) -> Part:
    quick, answered = share_upto(made.counts.get("answered", {}), ANSWER_DAYS)
    # Silence is over five days, but a calendar that came later may count them as fewer.
    return Part(max(0, min(quick, answered - made.cases("silent"))), answered)


def _first(made: Made) -> Part:
    answered = made.cases("answered")
    return Part(answered - made.cases("corrected"), answered)


CATALOGUE, CASES, NOWHERE = Source.CATALOGUE, Source.CASES, Source.NONE
COUNTS: Final[Mapping[str, Count]] = {
    "ways_online": Count(CATALOGUE, _of("online", "items"), "items"),
    "ways_depth": Count(CATALOGUE, _depth, "levels"),
    "ways_channels": Count(CATALOGUE, _of_guides("ways"), "items"),
    "ways_booking": Count(CATALOGUE, _of("bookable", "visiting"), "items"),
    "ways_delivery": Count(
        CATALOGUE,
        lambda made: Part(made.sum("delivered"), made.sum("results"), made.sum("guides")),
        "items",
    ),
    "coverage_guides": Count(CATALOGUE, _of("guides", "items"), "items"),
    "coverage_basic": Count(CATALOGUE, _of("on_basic", "powers"), "items"),
    "coverage_peers": Count(CATALOGUE, _of("present", "expected"), "codes"),
    "guides_lint": Count(CATALOGUE, _points, "points"),
    "guides_sound": Count(CATALOGUE, _of_guides("sound"), "guides"),
    "guides_practice": Count(
        CATALOGUE, lambda made: Part(made.sum("true"), made.sum("practised")), "guides"
    ),
    "maturity_online": Count(
        CASES, lambda made: Part(made.of("received", 0), made.cases("received")), "cases"
    ),
    "maturity_visits": Count(CASES, _visits, "cases"),
    "maturity_promise": Count(CASES, _promise, "cases"),
    "maturity_answers": Count(CASES, _answers, "cases"),
    "maturity_first": Count(CASES, _first, "cases"),
    "maturity_ratings": Count(NOWHERE, _none, "ratings"),
    "maturity_replies": Count(NOWHERE, _none, "consultations"),
    "maturity_shared": Count(NOWHERE, _none, "materials"),
}


def figure(code: str, made: Made) -> Figure:
    """The figure of an indicator with its quality: bad data must not become a confident number."""
    count = COUNTS[code]
    if count.source is Source.NONE:
        return Figure(0, 0, None, State.NONE, (Reason.NO_SOURCE,), 0.0, None)
    part = count.part(made)
    is_cases = count.source is Source.CASES
    age = made.cases_age if is_cases else made.catalogue_age
    if part.all <= 0:
        reason = Reason.NO_PEERS if code == "coverage_peers" else Reason.NOTHING
        return Figure(part.got, 0, None, State.NONE, (reason,), 0.0, age)
    coverage = min(1.0, part.all / part.of) if part.of else 1.0
    valid = 0 <= part.got <= part.all
    marked, withheld = _judged(part, coverage, age, valid=valid, is_cases=is_cases)
    state = State.WITHHELD if withheld else State.MARKED if marked else State.FULL
    value = None if withheld else 100 * part.got / part.all
    return Figure(part.got, part.all, value, state, (*withheld, *marked), coverage, age, valid)


def _judged(
    part: Part, coverage: float, age: float | None, *, valid: bool, is_cases: bool
) -> tuple[list[Reason], list[Reason]]:
    marked: list[Reason] = []
    withheld: list[Reason] = []
    if not valid:
        withheld.append(Reason.INVALID)
    if is_cases and part.all < CASES_LEAST:
        withheld.append(Reason.VERY_FEW)
    elif is_cases and part.all < CASES_ENOUGH:
        marked.append(Reason.FEW)
    if coverage < COVERAGE_WITHHELD:
        withheld.append(Reason.COVERAGE)
    elif coverage < COVERAGE_MARKED:
        marked.append(Reason.COVERAGE)
    old, too_old = (CASES_OLD, CASES_TOO_OLD) if is_cases else (ITEMS_OLD, ITEMS_TOO_OLD)
    if age is None or age > too_old:
        withheld.append(Reason.OLD)
    elif age > old:
        marked.append(Reason.OLD)
    return marked, withheld
