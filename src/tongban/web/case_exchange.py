"""What the commands of the exchange of cases do: single files, the drop folder, exports."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from tongban.base.problems import DomainError
from tongban.base.regions import RegionCodeError, level_of
from tongban.base.tables import TableError
from tongban.cases.reporting import exporting
from tongban.cases.reporting.files import ENDINGS, rows_of
from tongban.cases.reporting.taking import Taken, allow_reporting, system_named, take
from tongban.directory.models import ConnectedSystem, Organ
from tongban.web.cli import print_json

SHOWN = 20
DONE, FAILED = "done", "failed"


def _system(client_id: str) -> ConnectedSystem:
    try:
        return system_named(client_id)
    except DomainError as fault:
        raise click.ClickException(f"{fault.title}: {fault.detail}. {fault.fix}") from None


def allow(client_id: str, organs: Sequence[str], *, allowed: bool) -> None:
    """Give or take the right to report. Raises ClickException for an unknown system or organ."""
    system = _system(client_id)
    found = {one.code: one for one in Organ.objects.filter(code__in=organs)}
    missing = sorted(set(organs) - set(found))
    if missing:
        raise click.ClickException(f"no organ has the code {', '.join(missing)}")
    for organ in found.values():
        allow_reporting(system, organ, allowed=allowed)
        said = "may report for" if allowed else "may report no longer for"
        click.echo(f"{system.name} {said} {organ.name}")


def _report(taken: Taken, seconds: float) -> dict[str, object]:
    return taken.as_json() | {
        "seconds": round(seconds, 3),
        "errors": [
            {"row": row, "pointer": one.pointer, "code": one.code, "detail": one.detail}
            for row, one in taken.problems
        ],
    }


def _take(path: Path, system: ConnectedSystem) -> tuple[Taken, dict[str, object]]:
    began = time.perf_counter()
    taken = take(system, rows_of(path))
    return taken, _report(taken, time.perf_counter() - began)


def _say(name: str, report: dict[str, object]) -> None:
    counts = [f"{report[key]} {key}" for key in Taken().as_json()]
    click.echo(f"{name}: {', '.join(counts)}")
    errors = report["errors"]
    assert isinstance(errors, list)
    for one in errors[:SHOWN]:
        click.echo(f"  row {one['row']} {one['pointer']}: {one['detail']}", err=True)


def import_one(path: Path, client_id: str, *, as_json: bool) -> None:
    """Take one file of a system. Raises ClickException when a row was refused."""
    system = _system(client_id)
    try:
        taken, report = _take(path, system)
    except TableError as problem:
        raise click.ClickException(str(problem)) from None
    if as_json:
        print_json(report)
    else:
        _say(path.name, report)
    if taken.refused:
        raise click.ClickException(f"{taken.refused} rows were not taken")


def import_drop(folder: Path, *, as_json: bool) -> None:
    """Take every file of `folder/<client id>/`, the oldest name first, and put it into `done/` or
    `failed/` beside it with a report. Raises ClickException when anything was refused.

    A file that is still being written has another ending (`.part`) until it is whole.
    """
    reports: dict[str, dict[str, object]] = {}
    refused = 0
    for home in sorted(one for one in folder.iterdir() if one.is_dir()):
        system = _system(home.name)
        for path in sorted(one for one in home.iterdir() if one.name.lower().endswith(ENDINGS)):
            name = f"{home.name}/{path.name}"
            try:
                taken, reports[name] = _take(path, system)
                failed = bool(taken.refused)
            except TableError as problem:
                reports[name] = Taken().as_json() | {"errors": [
                    {"row": 0, "pointer": "", "code": problem.code, "detail": str(problem)}
                ]}  # fmt: skip
                failed = True
            refused += failed
            _put_away(path, FAILED if failed else DONE, reports[name])
            if not as_json:
                _say(name, reports[name])
    if as_json:
        print_json(reports)
    if refused:
        raise click.ClickException(f"{refused} files with rows that were not taken; see {FAILED}/")


def _put_away(path: Path, where: str, report: dict[str, object]) -> None:
    """The report first: a file that lies in the drop is taken again, and that changes nothing."""
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    text = json.dumps(report, ensure_ascii=False, indent=1)
    (folder / f"{path.name}.report.json").write_text(text, encoding="utf-8")
    os.replace(path, folder / path.name)


def export_to(out: Path | None, *, form: str, region: str, organ: str, purpose: str) -> None:
    """Write cases to a file of its owner's alone, or to stdout. Raises ClickException."""
    try:
        if region:
            level_of(region)
    except RegionCodeError:
        raise click.ClickException(f"{region!r} is no region code") from None
    if organ and not Organ.objects.filter(code=organ).exists():
        raise click.ClickException(f"no organ has the code {organ}")
    if not purpose.strip():
        raise click.UsageError("say what for: --purpose")
    exporting.note_export(purpose=purpose.strip()[:200], region=region, organ=organ)
    if out is None:
        count = exporting.write(sys.stdout, form=form, region=region, organ=organ)
    else:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            count = exporting.write(file, form=form, region=region, organ=organ)
    click.echo(f"{count} cases", err=True)
