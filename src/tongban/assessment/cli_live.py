"""`tongban assess live | numbers | tally | recompute`: what needs the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import click

DAY = click.DateTime(formats=["%Y-%m-%d"])
REGION = click.option(
    "--region", required=True, help="Region code of 2 to 12 digits; 000000000000 for the nation."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
FROM = click.option("--from", "first", type=DAY, help="First day; default: a year ago.")
TO = click.option("--to", "last", type=DAY, help="Last day; default: today.")


def live_commands(prepare: Callable[[], None]) -> Mapping[str, click.Command]:
    """The commands, each of which sets up Django first."""

    @click.command("live")
    @REGION
    @click.option("--organ", default="", help="Code of one organ, with the code of its region.")
    @FROM
    @TO
    @click.option("--keep", is_flag=True, help="Keep it, committed to in the ledger.")
    @click.option("--title", default="", help="What the run that is kept is called.")
    @JSON
    def live(
        region: str,
        organ: str,
        first: datetime | None,
        last: datetime | None,
        keep: bool,
        title: str,
        as_json: bool,
    ) -> None:
        """Count the live index of a region or organ, and of those below it.

        Exit 1 when the region or organ is not known.
        """
        prepare()
        from tongban.assessment.live_command import live_command

        live_command(
            region, organ, _day(first), _day(last), keep=keep, title=title, as_json=as_json
        )

    @click.command("numbers")
    @REGION
    @FROM
    @TO
    @JSON
    def numbers(region: str, first: datetime | None, last: datetime | None, as_json: bool) -> None:
        """The three hard numbers: opening a business, investment projects, ease."""
        prepare()
        from tongban.assessment.live_command import numbers_command

        numbers_command(region, _day(first), _day(last), as_json=as_json)

    @click.command("tally")
    @click.option("--rebuild", is_flag=True, help="Count everything anew, from the first event.")
    @JSON
    def tally(rebuild: bool, as_json: bool) -> None:
        """Bring the tallies up to date; `tongban serve` does it, too."""
        prepare()
        from tongban.assessment.live_command import tally_command

        tally_command(rebuild=rebuild, as_json=as_json)

    @click.command("recompute")
    @click.argument("run")
    @JSON
    def recompute(run: str, as_json: bool) -> None:
        """Compute a kept RUN anew and say which figure differs. Exit 1 when one does."""
        prepare()
        from tongban.assessment.live_command import recompute_command

        recompute_command(run, as_json=as_json)

    return {"live": live, "numbers": numbers, "tally": tally, "recompute": recompute}


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2))
