"""`tongban procedures …`: check and draw BPMN 2.0 files. Needs no database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tongban.cases.procedures.drawing import draw_svg
from tongban.cases.procedures.importing import Imported, import_bpmn
from tongban.cases.procedures.model import Procedure, Refusal
from tongban.cases.procedures.reading_xml import LARGEST

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
NOT_STORED = (
    "the procedure can be imported, but nothing was stored: storing it with an item comes with the"
    " editor of procedures. Use --check to check files, `tongban procedures draw` to see them"
)


@click.group()
def procedures() -> None:
    """Procedures of items as BPMN 2.0 files: check them, draw them."""


@procedures.command("import")
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only say whether it could be imported.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_command(file: Path, check: bool, as_json: bool) -> None:
    """Say whether a BPMN 2.0 file can be imported, and what of it is refused; exit 1 then."""
    imported = import_bpmn(_content(file))
    report = report_of(imported)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(imported)
    if not imported.ok:
        raise click.ClickException(_refused(file, imported.refused))
    if not check:
        raise click.ClickException(NOT_STORED)


@procedures.command("draw")
@click.argument("file", type=FILE)
@click.option("--out", type=OUT, required=True, help="The SVG file to write.")
def draw_command(file: Path, out: Path) -> None:
    """Draw the procedure in a BPMN 2.0 file as an SVG picture."""
    imported = import_bpmn(_content(file))
    if not imported.ok:
        _print(imported)
        raise click.ClickException(_refused(file, imported.refused))
    try:
        out.write_bytes(draw_svg(imported.procedure))
    except OSError as problem:
        raise click.ClickException(f"{out} can't be written: {problem.strerror}") from None
    click.echo(f"Wrote {out}")


def report_of(imported: Imported) -> dict[str, Any]:
    """What `--json` prints; stages and steps are what was understood, also of a refused file."""
    procedure = imported.procedure
    return {
        "ok": imported.ok,
        "stages": [{"id": stage.id, "name": stage.name} for stage in procedure.stages],
        "steps": _steps(procedure),
        "refused": [
            {"element": one.element, "id": one.id, "name": one.name, "reason": one.reason}
            for one in imported.refused
        ],
    }


def _steps(procedure: Procedure) -> list[dict[str, str]]:
    return [
        {
            "id": task.id,
            "name": task.name,
            "stage": task.stage,
            "organ": task.organ,
            "role": task.role,
        }
        for task in procedure.tasks
    ]


def _content(file: Path) -> bytes:
    """The file, or so much more than the limit that it is refused for its size."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as problem:
        raise click.ClickException(f"{file} can't be read: {problem.strerror}") from None


def _print(imported: Imported) -> None:
    procedure = imported.procedure
    for stage in procedure.stages:
        steps = [task for task in procedure.tasks if task.stage == stage.id]
        if steps:
            click.echo(" ".join((stage.name or stage.id).split()))
        for task in steps:
            who = " · ".join(part for part in (task.organ, task.role) if part)
            click.echo(
                " ".join(f"  {task.name or task.id} {who and f'({who})'}".rstrip().split("\n"))
            )
    for one in imported.refused:
        told = " ".join(part for part in (one.element, one.id, " ".join(one.name.split())) if part)
        click.echo(f"refused: {told}: {one.reason}")


def _refused(file: Path, refused: Sequence[Refusal]) -> str:
    things = "one thing" if len(refused) == 1 else f"{len(refused)} things"
    return f"{file} is refused for {things}"
