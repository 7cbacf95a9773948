"""`tongban items …`: import, export and check the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FORMS = ("district", "guangdong", "csv", "jsonl", "gbt39046", "cpsv-ap", "cpsv-ap-jsonld")
EXPORTS = ("csv", "csv-spreadsheet", "jsonl", "gbt39046", "cpsv-ap", "cpsv-ap-jsonld")
REGION = click.option("--region", default="", help="Region code of 2 to 12 digits; default: all.")


@click.group()
def items() -> None:
    """Import, export and check service items."""


@items.command("import")
@click.argument("file", type=FILE)
@click.option("--format", "form", type=click.Choice(FORMS), help="Default: found out.")
@click.option(
    "--source",
    type=click.Choice(["sichuan", "guangdong"]),
    default="sichuan",
    show_default=True,
    help="Whose list of item type codes a district list uses.",
)
@click.option("--partial", is_flag=True, help="Leave out the rows that can't be filed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_command(file: Path, form: str | None, source: str, partial: bool, as_json: bool) -> None:
    """Import items, with or without guides: all of them, or none and a report."""
    from tongban.web.cli import set_up, shown_progress

    set_up(migrate=True)
    from tongban.web.item_reporting import import_and_index

    import_and_index(
        file,
        form=form or "",
        source=source,
        partial=partial,
        as_json=as_json,
        progress=shown_progress(),
    )


@items.command("export")
@click.option("--format", "form", type=click.Choice(EXPORTS), required=True)
@REGION
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
def export_command(form: str, region: str, out: Path | None) -> None:
    """Write the items of a region and of all below it, each with its guide in force."""
    from tongban.web.cli import set_up, shown_progress

    set_up()
    from tongban.web.item_reporting import export_to

    export_to(out, form=form, region=region, progress=shown_progress())


@items.command("lint")
@REGION
@click.option("--organ", default="", help="Code of one organ.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: stdout.")
@click.option("--baseline", type=FILE, help="Leave out the findings that this file knows.")
@click.option(
    "--write-baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all findings of now into a baseline.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="error",
    show_default=True,
    help="Exit 1 when there is a finding of this severity or above.",
)
def lint_command(
    region: str,
    organ: str,
    form: str,
    as_json: bool,
    out: Path | None,
    baseline: Path | None,
    write_baseline: Path | None,
    fail_on: str,
) -> None:
    """Check items and guides as a compiler checks code."""
    from tongban.web.cli import set_up, shown_progress

    set_up()
    from tongban.web.item_reporting import lint_to

    lint_to(
        out,
        region=region,
        organ=organ,
        form="json" if as_json else form,
        baseline=baseline,
        new_baseline=write_baseline,
        fail_on=fail_on,
        progress=shown_progress(),
    )


@items.command("rules")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def rules_command(as_json: bool) -> None:
    """The rules of lint: code, severity, what, why, how to fix."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.item_reporting import print_rules

    print_rules(as_json=as_json)


@items.command("publish-due")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def publish_due_command(as_json: bool) -> None:
    """Put in force what was approved for today; run it once a day, just after midnight."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.item_reporting import publish_due_now

    publish_due_now(as_json=as_json)


@items.command("shelve")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def shelve_command(as_json: bool) -> None:
    """Put all items anew on their shelves: themes, life events, groups, letters."""
    from tongban.web.cli import print_json, set_up, shown_progress

    set_up()
    from tongban.catalogue.shelves.filing import put_all_on_shelves

    progress = shown_progress()
    done = put_all_on_shelves(lambda count: progress(count, "shelves"))
    if as_json:
        print_json({"items": done})
    else:
        click.echo(f"{done:,} items are on their shelves")
