"""`tongban cases import|export|allow-system`: exchange of cases with other systems."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command("allow-system")
@click.argument("client_id")
@click.option("--organ", "organs", multiple=True, required=True, help="Code; may be given again.")
@click.option("--revoke", is_flag=True, help="It may report for them no longer.")
def allow_command(client_id: str, organs: tuple[str, ...], revoke: bool) -> None:
    """Let a registered system report the cases of organs; `tongban openid register` makes one."""
    from tongban.web.cli import set_up

    set_up(migrate=True)
    from tongban.web.case_exchange import allow

    allow(client_id, organs, allowed=not revoke)


@click.command("import")
@click.argument("file", type=FILE, required=False)
@click.option("--system", "client_id", default="", help="Id of the system whose cases they are.")
@click.option("--drop", type=FOLDER, help="A folder with one folder a system, named by its id.")
@JSON
def import_command(file: Path | None, client_id: str, drop: Path | None, as_json: bool) -> None:
    """Take in cases that other systems handle (GB/T 39046 tables 5-8), from .jsonl or .csv.

    The same file again changes nothing. Exit 1 when a row was refused; the report says why.
    """
    if (file is None) == (drop is None) or bool(file) != bool(client_id):
        raise click.UsageError("give FILE with --system, or --drop DIR")
    from tongban.web.cli import set_up

    set_up(migrate=True)
    from tongban.web.case_exchange import import_drop, import_one

    if file is not None:
        import_one(file, client_id, as_json=as_json)
    elif drop is not None:
        import_drop(drop, as_json=as_json)


@click.command("export")
@click.option("--region", default="", help="Region code of 2 to 12 digits; default: all.")
@click.option("--organ", default="", help="Code of one organ.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--purpose", required=True, help="What for; it stands in the ledger.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
def export_command(region: str, organ: str, form: str, purpose: str, out: Path | None) -> None:
    """Write cases with the data items of GB/T 39046 tables 5-8. ID numbers are in full."""
    from tongban.web.cli import set_up

    set_up(migrate=True)
    from tongban.web.case_exchange import export_to

    export_to(out, form=form, region=region, organ=organ, purpose=purpose)
