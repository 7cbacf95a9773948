"""What `tongban items …` does and prints once Django is set up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from tongban.base.tables import LoadReport
from tongban.catalogue.api import checked_region
from tongban.catalogue.importing import ImportRefused, import_items
from tongban.catalogue.interchange.exporting import export_items
from tongban.catalogue.search.index import exists, rebuild
from tongban.directory.models import Region
from tongban.directory.services.calendar import seed_calendar
from tongban.directory.services.regions import PACKAGED, load_divisions
from tongban.web.cli import end_progress
from tongban.web.reporting import print_report

Progress = Callable[[int, str], None]


def import_and_index(
    path: Path, *, form: str, source: str, partial: bool, as_json: bool, progress: Progress
) -> LoadReport:
    """Import a file and bring the index up to date; print the report also when it is refused."""
    if not Region.objects.exists():
        load_divisions(PACKAGED, progress=progress)
    seed_calendar()
    try:
        report = import_items(path, form=form, source=source, partial=partial, progress=progress)
    except ImportRefused as refusal:
        end_progress()
        print_report(refusal.report, as_json=as_json)
        raise
    if report.created or report.updated or not exists():
        rebuild(lambda done: progress(done, "search index"))
    end_progress()
    print_report(report, as_json=as_json)
    return report


def export_to(out: Path | None, *, form: str, region: str, progress: Progress) -> int:
    """Write an export to a file, whole or not at all, or to stdout."""
    code = checked_region(region)
    if out is None:
        count = export_items(sys.stdout, form=form, region=code, progress=progress)
    else:
        unfinished = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as sink:
                count = export_items(sink, form=form, region=code, progress=progress)
            os.replace(unfinished, out)
        finally:
            unfinished.unlink(missing_ok=True)
    end_progress()
    click.echo(f"{count:,} items written", err=True)
    return count
