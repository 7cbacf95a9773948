"""What `tongban assess live | numbers | tally | recompute` do once Django is set up."""

from __future__ import annotations

import sys
from datetime import date

import click

from tongban.assessment.cli_live import print_json
from tongban.assessment.live import wording
from tongban.assessment.live.computing import Live, default_period, live_of
from tongban.assessment.live.document import as_json
from tongban.assessment.models import Run
from tongban.assessment.printing import aligned
from tongban.assessment.recomputing import recompute
from tongban.assessment.selectors import hard
from tongban.assessment.selectors.behind import ToDo, to_do
from tongban.assessment.selectors.material import Period
from tongban.assessment.services.keeping import keep_live
from tongban.assessment.services.refreshing import refresh
from tongban.assessment.services.tallying import forget_tallies
from tongban.base.clocks import utc_now
from tongban.base.problems import InvalidInput, NotFound
from tongban.directory.models import Organ, Region
from tongban.directory.selectors import find_region
from tongban.indices import in_language
from tongban.indices.result import rounded

SHOWN = 10


def _region(code: str) -> Region:
    found = find_region(code)
    if found is None:
        raise NotFound(code="no_region", title=f"there is no region {code}", field="region")
    return found


def _organ(region: Region, code: str) -> Organ | None:
    if not code:
        return None
    found = Organ.objects.select_related("region").filter(code=code, region=region).first()
    if found is None:
        raise NotFound(
            code="no_organ", title=f"there is no organ {code} in {region.name}", field="organ"
        )
    return found


def period_of(first: date | None, last: date | None) -> Period:
    """The period asked for; a year up to today by default. Raises InvalidInput."""
    usual = default_period(utc_now())
    period = Period(first or usual.first, last or usual.last)
    if period.last < period.first or (period.last - period.first).days > 3_700:
        raise InvalidInput(
            code="period", title="the last day lies before the first, or ten years after it"
        )
    return period


def live_command(
    region: str,
    organ: str,
    first: date | None,
    last: date | None,
    *,
    keep: bool,
    title: str,
    as_json: bool,
) -> None:
    place = _region(region)
    body = _organ(place, organ)
    period = period_of(first, last)
    refresh()
    live = live_of(place, body, period, utc_now())
    todo = to_do(live)
    run = keep_live(None, live, region=place, organ=body, title=title) if keep else None
    if as_json:
        print_json(_document(live, todo) | ({"run": run.code} if run else {}))
        return
    _print(live, todo)
    if run:
        click.echo(f"kept as {run.code}")


def _document(live: Live, todo: list[ToDo]) -> dict[str, object]:
    return as_json(live, todo)


def _print(live: Live, todo: list[ToDo]) -> None:
    period = f"{live.period.first} to {live.period.last}"
    one = live.result
    score = "withheld" if one.score is None else f"{rounded(one.score, 2):.2f}"
    click.echo(f"{live.unit.name} {live.unit.code}, {period}: {score} {one.tier}".rstrip())
    for line in live.own.warnings:
        click.echo(f"warning: {line}", err=True)
    rows = [["indicator", "value", "counted", "of", "weight", "quality"]]
    for indicator in live.own.framework.indicators:
        figure = live.figures[live.unit.code][indicator.code]
        shown = figure.value is not None
        rows.append(
            [
                in_language(indicator.names, "en"),
                f"{figure.value:.2f}" if figure.value is not None else "-",
                f"{figure.got:g}" if shown else "",
                f"{figure.all:g}" if shown else "",
                f"{100 * live.weight(indicator.code):.1f} %",
                " ".join([figure.state.value, *wording.reasons(figure)]),
            ]
        )
    for text in aligned(rows, right={1, 2, 3, 4}):
        click.echo(text)
    if live.below:
        click.echo()
        below = [["rank", "below it", "name", "score", "tier"]]
        for unit in [*live.below.ranked(), *(u for u in live.below.units if u.rank is None)]:
            below.append(
                [
                    "-" if unit.rank is None else f"{unit.rank:g}",
                    unit.unit,
                    unit.title,
                    "" if unit.score is None else f"{rounded(unit.score, 2):.2f}",
                    unit.tier if unit.rank is not None else unit.status.replace("_", " "),
                ]
            )
        for text in aligned(below, right={0, 3}):
            click.echo(text)
    if todo:
        click.echo("\nto do first (points of the index):")
        for task in todo[:SHOWN]:
            parts = ", ".join(f"{code} {gain:.3f}" for code, gain in task.parts)
            click.echo(f"  {task.gain:6.3f}  {task.name} {task.code} ({parts})")


def numbers_command(region: str, first: date | None, last: date | None, *, as_json: bool) -> None:
    place, period = _region(region), period_of(first, last)
    refresh()
    numbers = hard.hard_numbers(place, period)
    if as_json:
        print_json(hard.as_json(place, period, numbers))
        return
    for one in numbers:
        click.echo(in_language(one.theme.names, "en"))
        rows = [["place", "cases", "10 %", "25 %", "median", "75 %", "90 %", "mean"]]
        rows += [_spread_row(place.name, one.time)]
        rows += [_spread_row(district.name, district.time) for district in one.districts]
        for text in aligned(rows, right=set(range(1, 8))):
            click.echo(f"  {text}")


def _spread_row(name: str, one: hard.Spreading) -> list[str]:
    cases = "hidden" if one.cases is None else str(one.cases)
    quantiles = ["-" if value is None else str(value) for value in one.quantiles]
    return [name, cases, *quantiles, "-" if one.mean is None else f"{one.mean:.1f}"]


def tally_command(*, rebuild: bool, as_json: bool) -> None:
    if rebuild:
        forget_tallies()
    done = refresh(whole=True)
    if as_json:
        print_json({"events": done.events, "items": done.items})
    else:
        click.echo(f"{done.events:,} events counted, {done.items:,} items looked at")


def recompute_command(code: str, *, as_json: bool) -> None:
    run = Run.objects.select_related("region", "organ").filter(code=code).first()
    if run is None:
        raise NotFound(code="no_run", title=f"there is no run {code}", field="run")
    found = recompute(run)
    if as_json:
        print_json(found.as_json())
    else:
        for one in found.differences:
            click.echo(f"{one.where}: kept {one.kept}, now {one.now}")
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
        word = "the same" if found.same else f"{len(found.differences)} figures differ"
        click.echo(f"{code}: {word}, {found.checked} checked")
    if not found.same:
        sys.exit(1)
