"""The command line `tongban`. Django is set up only when a command needs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tongban.assessment.cli import assess_command
from tongban.web.cli_cases import allow_command, export_command, import_command
from tongban.web.cli_items import items
from tongban.web.cli_messages import messages
from tongban.web.cli_procedures import procedures

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


DATABASE_PROBLEMS = {
    ("django.db.utils", "OperationalError"),
    ("django.db.utils", "ProgrammingError"),
}


def set_up(*, migrate: bool = False) -> None:
    """Configure Django; with `migrate`, bring the database up to date first."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.web.settings")
    from tongban.web.environment import EnvironmentProblem

    try:
        django.setup()
    except EnvironmentProblem as problem:
        raise click.ClickException(str(problem)) from None
    if migrate:
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)


def shown_progress(json_wanted: bool = False) -> Callable[[int, str], None]:
    """A progress line on stderr, only for a person at a terminal."""
    if not sys.stderr.isatty():
        return lambda done, what: None

    def show(done: int, what: str) -> None:
        click.echo(f"\r\033[K{what}: {done:,}", err=True, nl=False)

    return show


def end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)


def print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


class Tongban(click.Group):
    """Turns the errors that people can do something about into one clear line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader went away (`| head`): not our failure, and nothing more to say.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        except Exception as problem:
            said = _said_of(problem)
            if said is None:
                raise
            raise click.ClickException(said) from None


def _said_of(problem: Exception) -> str | None:
    """What to tell a person; None for a failure of ours. Loads no Django: some commands need none."""
    from tongban.base.problems import DomainError
    from tongban.base.tables import TableError

    kind = type(problem)
    if isinstance(problem, TableError):
        return str(problem)
    if isinstance(problem, DomainError):
        return ". ".join(str(p) for p in (problem.title, problem.detail, problem.fix) if p)
    if (kind.__module__, kind.__name__) in DATABASE_PROBLEMS:
        first_line = str(problem).strip().splitlines()[0]
        return (
            f"the database does not answer as it should: {first_line}."
            " If it is new, run `tongban migrate` first"
        )
    return None


@click.group(cls=Tongban, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tongban")
def cli() -> None:
    """Tongban 通办: one government's services in one place."""


cli.add_command(assess_command(set_up))


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    set_up(migrate=True)
    click.echo("The database is up to date.")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Default: TONGBAN_PORT or 8000.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
def serve(host: str, port: int | None, workers: int) -> None:
    """Serve the pages, and number the ledger's entries beside them."""
    set_up()
    from tongban.web.serving import serve as run

    run(host=host, port=port, workers=workers)


@cli.command()
@click.argument("query")
@click.option("--region", default="", help="Region code of 2 to 12 digits.")
@click.option("--size", type=click.IntRange(1, 50), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def search(query: str, region: str, size: int, as_json: bool) -> None:
    """Search service items."""
    set_up()
    from tongban.web.reporting import search_command

    search_command(query, region=region, size=size, as_json=as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--security", is_flag=True, help="Ask all that a public installation needs.")
def doctor(as_json: bool, security: bool) -> None:
    """Print what is in force and what is unsafe; exit 1 when something is."""
    set_up()
    from tongban.web.reporting import doctor_command

    doctor_command(as_json=as_json, security=security)


@cli.group()
def load() -> None:
    """Load data; loading again changes nothing that is the same."""


JSON_REPORT = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


@load.command("divisions")
@click.argument("folder", type=FOLDER)
@click.option("--villages", is_flag=True, help="Villages too: 620,000 rows, about a minute.")
@JSON_REPORT
def load_divisions_command(folder: Path, villages: bool, as_json: bool) -> None:
    """Load administrative divisions from provinces.csv, cities.csv, areas.csv, streets.csv."""
    set_up(migrate=True)
    from tongban.directory.services.regions import load_divisions
    from tongban.web.reporting import print_report

    report = load_divisions(folder, villages=villages, progress=shown_progress())
    end_progress()
    print_report(report, as_json=as_json)


@load.command("items")
@click.argument("file", type=FILE)
@click.option(
    "--source",
    type=click.Choice(["sichuan", "guangdong"]),
    default="sichuan",
    show_default=True,
    help="Whose list of item type codes the file uses.",
)
@JSON_REPORT
def load_items_command(file: Path, source: str, as_json: bool) -> None:
    """Load a list of service items. Regions come first; the packaged ones when there are none."""
    set_up(migrate=True)
    from tongban.web.reporting import load_items_and_index, print_report

    report = load_items_and_index(file, source=source, progress=shown_progress())
    end_progress()
    print_report(report, as_json=as_json)


@load.command("guides")
@click.argument("folder", type=FOLDER)
@click.option("--sample", is_flag=True, help="Mark them as samples to be checked.")
@click.option("--override", default="", help="Publish in spite of errors of lint: the reason.")
@click.option("--by", default="", help="Who answers for the override.")
@JSON_REPORT
def load_guides_command(folder: Path, sample: bool, override: str, by: str, as_json: bool) -> None:
    """Publish the guides (*.toml) of a folder for items of the catalogue."""
    if bool(override) != bool(by):
        raise click.UsageError("--override and --by go together: a reason, and who answers for it")
    set_up(migrate=True)
    from tongban.web.reporting import load_guides_and_index, print_report

    report = load_guides_and_index(folder, sample=sample, override=override, by=by)
    print_report(report, as_json=as_json)


@load.command("basics")
@click.argument("folder", type=FOLDER)
@JSON_REPORT
def load_basics_command(folder: Path, as_json: bool) -> None:
    """Publish the basic items (*.toml) of a folder: what the law fixes for all who implement them."""
    set_up(migrate=True)
    from tongban.web.reporting import load_basics, print_report

    print_report(load_basics(folder), as_json=as_json)


@load.command("bundles")
@click.argument("folder", type=FOLDER)
@click.option("--sample", is_flag=True, help="Mark them as samples to be checked.")
@JSON_REPORT
def load_bundles_command(folder: Path, sample: bool, as_json: bool) -> None:
    """Publish the bundles (*.toml, 一件事) of a folder: items that are applied for in one go."""
    set_up(migrate=True)
    from tongban.web.reporting import load_bundles, print_report

    print_report(load_bundles(folder, sample=sample), as_json=as_json)


@load.command("calendar")
@click.argument("file", type=FILE)
@click.option("--source", required=True, help="The notice, e.g. 国办发明电〔2026〕7号.")
@JSON_REPORT
def load_calendar_command(file: Path, source: str, as_json: bool) -> None:
    """Load a year's holiday notice and count provisional deadlines anew."""
    set_up(migrate=True)
    from tongban.base.clocks import local_date, utc_now
    from tongban.cases.services.clockwork import recompute_deadlines
    from tongban.directory.services.calendar import load_calendar
    from tongban.web.reporting import print_report

    report = load_calendar(file, source=source)
    moved = 0 if report.problems else recompute_deadlines(since=local_date(utc_now()))
    print_report(report, as_json=as_json)
    click.echo(f"{moved} deadlines counted anew", err=True)
    if report.problems:
        raise click.ClickException("nothing was loaded; mend the rows above first")


@load.command("demo")
@JSON_REPORT
def load_demo_command(as_json: bool) -> None:
    """Load the demonstration: a real district's items, sample guides, people who don't exist."""
    set_up()
    from tongban.ledger.integrating import integrate
    from tongban.web.demonstration import load_demonstration, refuse_in_production
    from tongban.web.reporting import print_reports

    refuse_in_production()
    set_up(migrate=True)
    reports = load_demonstration(shown_progress())
    while integrate():
        pass
    end_progress()
    print_reports(reports, as_json=as_json)


@cli.group()
def keys() -> None:
    """The keys that seal personal data."""


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def keys_list(as_json: bool) -> None:
    """The keys, oldest first, without their secrets."""
    set_up()
    from tongban.web.reporting import keys_command

    keys_command(as_json=as_json)


@keys.command("rotate")
@click.option("--algorithm", help="aes-256-gcm or sm4-gcm; default: TONGBAN_CIPHER.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def keys_rotate(algorithm: str | None, as_json: bool) -> None:
    """Seal everything under a new key while all goes on; called again, it goes on where it was."""
    set_up(migrate=True)
    from tongban.web.reporting import rotate_command

    rotate_command(algorithm, as_json=as_json, progress=shown_progress())


@cli.command()
@click.option("--apply", "apply_it", is_flag=True, help="Do it; without, nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def retention(apply_it: bool, as_json: bool) -> None:
    """Show what is kept longer than it may be; with --apply, delete it."""
    set_up()
    from tongban.web.reporting import retention_command

    retention_command(apply_it=apply_it, as_json=as_json, progress=shown_progress())


@cli.group()
def cases() -> None:
    """What time does to cases, whether they fit their events, and exchange with other systems."""


@cases.command("due")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cases_due(as_json: bool) -> None:
    """Accept what nobody answered in time, let lapse what was not handed in; `serve` does it, too."""
    set_up()
    from tongban.web.case_commands import due_command

    due_command(as_json=as_json)


@cases.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def cases_check(as_json: bool) -> None:
    """Replay the events of every case; name those whose columns differ. Exit 1 when there are."""
    set_up()
    from tongban.web.case_commands import check_command

    check_command(as_json=as_json, progress=shown_progress())


@cli.group()
def openid() -> None:
    """Department systems that sign people in through this installation (OpenID Connect)."""


@openid.command("register")
@click.option("--name", required=True, help="As people know the system; shown to them.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True, metavar="URI")
@click.option(
    "--scope", "scopes", multiple=True, help="May be given again; openid is always there."
)
@click.option("--logout-uri", "logout_uris", multiple=True, metavar="URI")
@click.option("--purpose", default="", help="What for, in a few words; shown to people.")
@click.option("--contact", default="", help="Whom people can ask; shown to them.")
@click.option("--full-id-number", is_flag=True, help="Scope identity gives the whole ID number.")
@click.option("--staff-only", is_flag=True, help="Refuse people without a post in an organ.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def openid_register(as_json: bool, **said: Any) -> None:
    """Register a system; its secret is printed once and not kept."""
    set_up()
    from tongban.web.openid.commands import register_command

    register_command(as_json=as_json, **said)


@openid.command("clients")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def openid_clients(as_json: bool) -> None:
    """List the registered systems."""
    set_up()
    from tongban.web.openid.commands import clients_command

    clients_command(as_json=as_json)


@openid.command("rotate-key")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def openid_rotate_key(as_json: bool) -> None:
    """Sign with a new key from now on; older ones stay published."""
    set_up()
    from tongban.web.openid.commands import rotate_key_command

    rotate_key_command(as_json=as_json)


@openid.command("clean")
def openid_clean() -> None:
    """Delete tokens and sign-ins that ended long ago; run it once a day."""
    set_up()
    from tongban.web.openid.commands import clean_command

    clean_command()


for exchange in (allow_command, import_command, export_command):
    cases.add_command(exchange)
cli.add_command(items)
cli.add_command(procedures)
cli.add_command(messages)


def main() -> None:
    from tongban.web.cli_ledger import ledger, verify_receipt, witness

    for command in (ledger, verify_receipt, witness):
        cli.add_command(command)
    cli(prog_name="tongban")


if __name__ == "__main__":
    main()
