"""What commands do and print once Django is set up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click
from django.conf import settings
from pydantic import ValidationError

from tongban.base.clocks import local_date, utc_now
from tongban.base.sealing import CIPHERS
from tongban.base.tables import LoadReport, TableError
from tongban.catalogue.api import checked_region, search_document
from tongban.catalogue.bundles.publishing import publish_bundles
from tongban.catalogue.bundles.schema import read_bundle
from tongban.catalogue.guide_schema import read_guide
from tongban.catalogue.importing import load_items
from tongban.catalogue.search.index import IndexMissing, exists, rebuild
from tongban.catalogue.search.query import Filters
from tongban.catalogue.selectors import search_items
from tongban.catalogue.services import Override, publish_basics, publish_guides
from tongban.catalogue.services.basics import read_basic
from tongban.directory.models import Region
from tongban.directory.services.calendar import seed_calendar
from tongban.directory.services.regions import PACKAGED, load_divisions
from tongban.ledger.rotation import rotate, unfinished
from tongban.ledger.sealed import ring
from tongban.ledger.verification import verify_log
from tongban.web import doctor
from tongban.web.cli import end_progress, print_json
from tongban.web.retention import Deed
from tongban.web.retention_run import run
from tongban.web.wording import width

EXAMPLES_SHOWN = 3
Progress = Callable[[int, str], None]
Document = TypeVar("Document")


def load_items_and_index(path: Path, *, source: str, progress: Progress) -> LoadReport:
    """Import a list and put it in the search index; an empty directory gets regions first."""
    if not Region.objects.exists():
        load_divisions(PACKAGED, progress=progress)
    seed_calendar()
    report = load_items(path, source=source, progress=progress)
    if report.created or report.updated or not exists():
        rebuild(lambda done: progress(done, "search index"))
    return report


def load_basics(folder: Path) -> LoadReport:
    """Publish the basic items of a folder. Raises TableError when one can't be read: none is."""
    return publish_basics([_readable(path, read_basic) for path in sorted(folder.glob("*.toml"))])


def load_guides_and_index(
    folder: Path, *, sample: bool, override: str = "", by: str = ""
) -> LoadReport:
    """Publish the guides of a folder. Raises TableError when one can't be read: none is loaded."""
    report = publish_guides(
        [_readable(path, read_guide) for path in sorted(folder.glob("*.toml"))],
        is_sample=sample,
        override=Override(by, override) if override else None,
    )
    if report.created or report.updated:
        rebuild()
    return report


def load_bundles(folder: Path, *, sample: bool) -> LoadReport:
    """Publish the bundles of a folder. Raises TableError when one can't be read: none is loaded."""
    documents = [_readable(path, read_bundle) for path in sorted(folder.glob("*.toml"))]
    return publish_bundles(documents, is_sample=sample)


def _readable(path: Path, read: Callable[[Path], Document]) -> Document:
    try:
        return read(path)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TableError("bad_guide", f"{path.name}: {where}: {first['msg']}") from None
    except ValueError as problem:
        raise TableError("bad_guide", f"{path.name}: {problem}") from None


def print_report(report: LoadReport, *, as_json: bool) -> None:
    """A load report: as JSON, or counts and the kinds of problems with a few examples."""
    if as_json:
        print_json(report.as_json())
        return
    click.echo(
        f"{report.read:,} rows read: {report.created:,} created, {report.updated:,} updated,"
        f" {report.unchanged:,} unchanged; {report.counts.total():,} remarks"
    )
    for code, count in report.counts.most_common():
        click.echo(f"  {code}: {count}")
        examples = [problem for problem in report.problems if problem.code == code]
        for problem in examples[:EXAMPLES_SHOWN]:
            place = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
            click.echo(f"    {place}: {problem.detail}")


def print_reports(reports: Mapping[str, LoadReport], *, as_json: bool) -> None:
    if as_json:
        print_json({name: report.as_json() for name, report in reports.items()})
        return
    for name, report in reports.items():
        click.echo(
            f"{name}: {report.read:,} read, {report.created:,} created,"
            f" {report.unchanged:,} unchanged, {report.counts.total():,} remarks"
        )


def search_command(query: str, *, region: str, size: int, as_json: bool) -> None:
    code = checked_region(region)
    try:
        found = search_items(query, Filters(region=code), size=size)
    except IndexMissing:
        raise click.ClickException(
            "there is no search index yet; load items first (`tongban load demo`)"
        ) from None
    if as_json:
        print_json(search_document(found, code))
        return
    if not found.hits:
        click.echo("Nothing found. Try fewer or other words, or leave out --region.")
        return
    click.echo(f"{found.total} found in {found.took_ms:.1f} ms")
    for hit in found.hits:
        listing = hit.listing
        name = listing.name + " " * max(1, 46 - width(listing.name))
        click.echo(f"{name}{listing.organ} · {listing.region_name}\n  {listing.code}")


def verify_command(*, as_json: bool, progress: Progress) -> None:
    verdict = verify_log(lambda done: progress(done, "entries"), workers=os.cpu_count() or 1)
    end_progress()
    if as_json:
        print_json(verdict.as_json())
    elif verdict.finding is None:
        click.echo(
            f"ok: {verdict.entries} entries, root {verdict.root.hex()}"
            + (f"; {verdict.waiting} more wait for their number" if verdict.waiting else "")
        )
    else:
        place = "" if verdict.finding.entry is None else f"entry {verdict.finding.entry}: "
        click.echo(f"NOT ok: {place}{verdict.finding.reason}", err=True)
    if not verdict.ok:
        sys.exit(1)


def keys_command(*, as_json: bool) -> None:
    keys = ring()
    rows = [
        {
            "id": key.id,
            "algorithm": key.algorithm,
            "made_at": key.made_at,
            "use": "retired" if key.retired else "seals" if key is keys.current else "opens",
        }
        for key in keys.keys
    ]
    if as_json:
        print_json({"keys": rows})
        return
    for row in rows:
        click.echo("  ".join(row.values()))


def rotate_command(algorithm: str | None, *, as_json: bool, progress: Progress) -> None:
    algorithm = algorithm or settings.TONGBAN_CIPHER
    if algorithm not in CIPHERS:
        raise click.UsageError(f"--algorithm must be one of {', '.join(CIPHERS)}")
    going_on = unfinished()
    resealed = rotate(algorithm, progress)
    end_progress()
    document = {"key": ring().current.id, "resealed": resealed, "went_on": going_on}
    if as_json:
        print_json(document)
    else:
        click.echo(f"{resealed:,} rows are sealed under {document['key']}")


def retention_command(*, apply_it: bool, as_json: bool, progress: Progress) -> None:
    """Every rule with what is due under it. Raises ClickException when a file can't be deleted."""
    now = utc_now()
    try:
        outcomes = run(now, apply_it=apply_it, progress=progress)
    except OSError as problem:
        raise click.ClickException(f"stopped: {problem}; call it again to go on") from None
    finally:
        end_progress()
    if as_json:
        rows = [outcome.as_json() for outcome in outcomes]
        print_json({"day": local_date(now).isoformat(), "applied": apply_it, "rules": rows})
        return
    for outcome in outcomes:
        rule, due = outcome.rule, outcome.due
        count = outcome.done if apply_it and rule.deed is not Deed.REPORT else due.count
        said = f"oldest {due.oldest}" if due.oldest else ""
        click.echo(f"{rule.kind:17}{count:9,}  {rule.deed:13}{said}".rstrip())
        click.echo(f"    {rule.records}; {rule.keep_days} days. {rule.basis}")
    if not apply_it:
        click.echo("Nothing was changed; --apply does it.", err=True)


def doctor_command(*, as_json: bool, security: bool) -> None:
    """What is in force; what is unsafe makes the command fail."""
    known = doctor.facts()
    unsafe = doctor.unsafe(as_production=security)
    advice = doctor.advice() if security else []
    if as_json:
        print_json({"ok": not unsafe, **known, "unsafe": unsafe, "advice": advice})
    else:
        for name, value in known.items():
            click.echo(f"{name:24}{value}")
        for line in advice:
            click.echo(f"better: {line}", err=True)
        for line in unsafe:
            click.echo(f"UNSAFE: {line}", err=True)
    if unsafe:
        sys.exit(1)
