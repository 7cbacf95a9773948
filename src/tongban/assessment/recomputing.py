"""Computing a kept run anew: from its figures, and its figures from the events of the cases."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tongban.assessment.live.computing import DRAWS
from tongban.assessment.live.figures import COUNTS, Made, Source
from tongban.assessment.models import Run
from tongban.assessment.rules.counts import Counts, add
from tongban.assessment.rules.facts import WorkingDays
from tongban.assessment.sandbox import assess_texts
from tongban.assessment.services.keeping import digest
from tongban.assessment.services.tallying import counted_in, still_holds
from tongban.base.regions import prefix_of
from tongban.cases.models import CaseEvent
from tongban.directory.models import Organ
from tongban.directory.selectors import working_calendar
from tongban.indices import Assessment, assess, read_framework
from tongban.indices.framework.model import Framework
from tongban.indices.table import DataTable
from tongban.ledger.models import Entry
from tongban.ledger.rules import split_opening

CHUNK = 20_000
# Figures are kept with six digits.
NEAR = 1e-6


@dataclass(frozen=True)
class Difference:
    """A figure that comes out differently. `where`: hash, unit and figure."""

    where: str
    kept: object
    now: object


@dataclass(frozen=True)
class Recomputed:
    run: str
    checked: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "same": self.same,
            "figures_checked": self.checked,
            "differences": [
                {"where": one.where, "kept": one.kept, "now": one.now} for one in self.differences
            ],
            "notes": list(self.notes),
        }


def recompute(run: Run) -> Recomputed:
    """Hashes against the ledger, results from the figures, figures of cases from their events.

    What the catalogue was at the time is not kept item by item: its sums are taken as they were
    committed to, and a note says so.
    """
    found = list(_hashes(run))
    notes: list[str] = []
    if run.kind == Run.Kind.TABLE:
        pairs = _compare(run.results, _plain(assess_texts(run.framework, **_said(run))))
    else:
        pairs = [*_live_results(run), *_events(run, notes)]
        notes.append("figures of the catalogue are taken as they were committed to")
    pairs = list(pairs)
    found += [Difference(where, kept, now) for where, kept, now in pairs if not _same(kept, now)]
    return Recomputed(run.code, len(pairs) + 4, tuple(found), tuple(notes))


def _plain(result: Assessment) -> Any:
    return json.loads(json.dumps(result.as_json(), allow_nan=False))


def _said(run: Run) -> dict[str, Any]:
    return {key: run.inputs[key] for key in ("table", "draws", "seed")}


def _hashes(run: Run) -> Iterable[Difference]:
    for name, document in (("inputs", run.inputs), ("results", run.results)):
        kept = getattr(run, f"{name}_sha256")
        if digest(document) != kept:
            yield Difference(f"SHA-256 of the {name}", kept, digest(document))
    entry = Entry.objects.filter(pk=run.entry or 0).first()
    opening = entry.opening if entry else None
    if opening is None:
        yield Difference("entry in the ledger", run.entry, None)
        return
    _salt, text = split_opening(opening)
    payload = json.loads(text)
    for name in ("run", "inputs_sha256", "results_sha256"):
        kept = run.code if name == "run" else getattr(run, name)
        if payload.get(name) != kept:
            yield Difference(f"{name} in the ledger", payload.get(name), kept)


def _compare(kept: Any, now: Any, where: str = "") -> Iterable[tuple[str, Any, Any]]:
    """Every leaf of two documents, side by side."""
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        for key in sorted({*kept, *now}):
            yield from _compare(kept.get(key), now.get(key), f"{where}.{key}".lstrip("."))
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for place, (one, other) in enumerate(zip(kept, now, strict=True)):
            name = one.get("unit", place) if isinstance(one, Mapping) else place
            yield from _compare(one, other, f"{where}[{name}]")
    else:
        yield where, kept, list(now) if isinstance(now, tuple) else now


def _same(kept: Any, now: Any) -> bool:
    if isinstance(kept, int | float) and isinstance(now, int | float):
        return abs(kept - now) <= NEAR * max(1.0, abs(kept))
    return bool(kept == now)


def assessments_of(run: Run) -> tuple[Assessment | None, Assessment]:
    """(the unit of a live run, the units that are ranked), from the kept figures and framework."""
    if run.kind == Run.Kind.TABLE:
        return None, assess_texts(run.framework, **_said(run))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "live.toml"
        path.write_text(run.framework, encoding="utf-8")
        framework = read_framework(path).edition()
    own = assess(framework, _table(run, framework, [run.inputs["unit"]]), draws=0)
    below = run.inputs["below"]
    if not below:
        return own, own
    return own, assess(framework, _table(run, framework, below), draws=DRAWS)


def _table(run: Run, framework: Framework, units: list[str]) -> DataTable:
    figures, names = run.inputs["figures"], run.inputs["names"]
    codes = [one.code for one in framework.indicators]
    values = np.array(
        [[_float(figures[unit][code]["value"]) for code in codes] for unit in units]
    ).reshape(len(units), len(codes))
    return DataTable(
        name="live",
        units=tuple(units),
        names=tuple({"zh": names[unit], "en": names[unit]} for unit in units),
        titles=tuple(names[unit] for unit in units),
        rows=tuple(range(1, len(units) + 1)),
        values=values,
        invalid=np.zeros(values.shape, dtype=bool),
    )


def _live_results(run: Run) -> Iterable[tuple[str, Any, Any]]:
    """Scores and ranks from the kept figures, by the kept framework."""
    own, ranked = assessments_of(run)
    assert own is not None
    yield from _compare(run.results["own"], _plain(own)["units"][0], "own")
    if run.inputs["below"]:
        yield from _compare(run.results["units"], _plain(ranked)["units"], "units")


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _events(run: Run, notes: list[str]) -> Iterable[tuple[str, Any, Any]]:
    """The figures of cases, counted from the events up to where the run had counted."""
    calendar = working_calendar()
    if not still_holds(str(run.inputs.get("made_of", "")), calendar):
        notes.append("the working calendar, a theme or a rule of counting changed since")
    units: dict[str, Any] = run.inputs["figures"]
    organs = dict(Organ.objects.filter(code__in=units).values_list("code", "pk"))
    scopes = {unit: f"o:{organs[unit]}" if unit in organs else f"r:{prefix_of(unit)}"
              for unit in units}  # fmt: skip
    totals = count_events(run, set(scopes.values()), WorkingDays(calendar))
    for unit, scope in scopes.items():
        made = Made(counts=totals.get(scope, {}))
        for code, count in COUNTS.items():
            kept = units[unit][code]
            if count.source is Source.CASES and kept["value"] is not None:
                part = count.part(made)
                yield f"{unit}.{code}.numerator", kept["numerator"], part.got
                yield f"{unit}.{code}.denominator", kept["denominator"], part.all


def count_events(run: Run, scopes: set[str], days: WorkingDays) -> dict[str, Counts]:
    """Counts of each scope in the run's period, from the events alone, not from tallies."""
    assert run.region is not None
    assert run.period_from is not None
    assert run.period_to is not None
    events = CaseEvent.objects.filter(pk__lte=run.upto_event)
    if run.organ_id:
        events = events.filter(case__organ=run.organ_id)
    else:
        path = run.region.path
        events = events.filter(case__region_path__gte=path, case__region_path__lte=f"{path}~")
    totals: dict[str, Counts] = {}
    last = 0
    while True:
        rows = list(
            events.filter(pk__gt=last)
            .order_by("pk")
            .values_list("pk", "case_id", "seq", "act")[:CHUNK]
        )
        if not rows:
            return totals
        last = rows[-1][0]
        for (scope, monthly, day), counts in counted_in(rows, days).rows().items():
            if not monthly and scope in scopes and run.period_from <= day <= run.period_to:
                add(totals.setdefault(scope, {}), counts)
