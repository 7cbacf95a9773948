"""`tongban procedures …`: BPMN 2.0 files. Checking and drawing them needs no database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tongban.cases.procedures.assigning import DEFAULT_POST, Doer
from tongban.cases.procedures.checks import POSTS
from tongban.cases.procedures.drawing import draw_svg
from tongban.cases.procedures.importing import Imported, import_bpmn
from tongban.cases.procedures.model import Procedure, Refusal
from tongban.cases.procedures.reading_xml import LARGEST

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)


@click.group()
def procedures() -> None:
    """Procedures of items as BPMN 2.0 files: check, draw, store and export them."""


@procedures.command("import")
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only say whether it could be imported.")
@click.option("--item", default="", help="Store it as the draft of the item with this code.")
@click.option(
    "--organ",
    "lanes",
    multiple=True,
    metavar="LANE=CODE[:POST]",
    help="Who does the steps of a lane: the organ's code, empty for the item's own; and the post"
    " (clerk, reviewer, head; reviewer when it is not said).",
)
@click.option("--by", default="", help="Account of who imports it; without, it is the operator.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def import_command(
    file: Path, check: bool, item: str, lanes: tuple[str, ...], by: str, as_json: bool
) -> None:
    """Say whether a BPMN 2.0 file can be imported, and what of it is refused; exit 1 then.

    With --item it is stored as a draft, which somebody else puts in force.
    """
    if not check and not item:
        raise click.UsageError("name the item to store it with (--item CODE), or only --check it")
    named = dict(_doer(one) for one in lanes)
    imported = import_bpmn(_content(file))
    report = report_of(imported)
    if imported.ok and not check:
        from tongban.web.cli import set_up

        set_up(migrate=True)
        from tongban.web.procedure_storing import store_draft

        report["stored"] = store_draft(imported.procedure, item, named, by)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        _print(imported)
        _print_stored(report.get("stored"))
    if not imported.ok:
        raise click.ClickException(_refused(file, imported.refused))


def _doer(said: str) -> tuple[str, Doer]:
    """`LANE=CODE:POST` as a lane and who does its steps. Raises BadParameter."""
    lane, equals, named = said.rpartition("=")
    code, colon, role = named.rpartition(":")
    if not colon or role not in POSTS:
        code, role = named, DEFAULT_POST
    if not equals or not lane:
        raise click.BadParameter(
            f"{said!r} is not LANE=CODE or LANE=CODE:POST", param_hint="--organ"
        )
    return lane, Doer(code, role)


def _print_stored(stored: dict[str, Any] | None) -> None:
    if stored is None:
        return
    click.echo(f"stored as version {stored['version']} of {stored['item']} ({stored['state']})")
    for one in stored["not_ready"]:
        click.echo(f"still lacks: {one['name'] or one['id']}: {one['reason']}")


@procedures.command("export")
@click.option("--item", required=True, help="Code of the item.")
@click.option("--version", type=click.IntRange(1), help="Default: the one in force.")
@click.option("--out", type=OUT, help="Default: stdout.")
def export_command(item: str, version: int | None, out: Path | None) -> None:
    """Write the procedure of an item as a BPMN 2.0 file."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.procedure_storing import export_to

    export_to(item, version, out)


@procedures.command("publish")
@click.option("--item", required=True, help="Code of the item.")
@click.option("--by", required=True, help="Account that may publish it and did not draw it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def publish_command(item: str, by: str, as_json: bool) -> None:
    """Put the draft of an item in force, for what is handed in from now on."""
    from tongban.web.cli import print_json, set_up

    set_up()
    from tongban.web.procedure_storing import publish

    done = publish(item, by)
    if as_json:
        print_json(done)
    else:
        click.echo(f"version {done['version']} of {done['item']} is in force")


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
