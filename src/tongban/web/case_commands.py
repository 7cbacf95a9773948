"""Commands about cases: what is due by time alone, and the replay of all events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict

import click
from django.db import connections

from tongban.assessment.services.refreshing import refresh_a_little
from tongban.cases.appointments.booking import mark_missed
from tongban.cases.appointments.telling import remind
from tongban.cases.models import Case
from tongban.cases.selectors import misfits
from tongban.cases.services.clockwork import run_due
from tongban.cases.services.elapsing import run_timers
from tongban.web.cli import end_progress, print_json

log = logging.getLogger(__name__)
SHOWN = 20
# How often `serve` looks for what is due: the days that decide are working days.
DUE_SECONDS = 60.0


def due_command(*, as_json: bool) -> None:
    """Run what is due and say how much it was."""
    done = asdict(run_due()) | {
        "missed": mark_missed(),
        "reminded": remind(),
        "elapsed": run_timers(),
    }
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done['accepted']} accepted by silence, {done['lapsed']} lapsed,"
            f" {done['missed']} appointments missed, {done['reminded']} reminded of,"
            f" {done['elapsed']} timers of procedures ran out"
        )


def check_command(*, as_json: bool, progress: Callable[[int, str], None]) -> None:
    """Replay every case. Raises ClickException when one differs from its events."""
    wrong: dict[str, list[str]] = {}
    count = 0
    for case in Case.objects.defer("answers").order_by("pk").iterator(chunk_size=500):
        count += 1
        columns = misfits(case)
        if columns:
            wrong[case.number] = columns
        if count % 500 == 0:
            progress(count, "cases")
    end_progress()
    if as_json:
        print_json({"cases": count, "wrong": wrong})
    else:
        for number, columns in list(wrong.items())[:SHOWN]:
            click.echo(f"{number}: {', '.join(columns)}")
        click.echo(f"{count} cases, {len(wrong)} differ from their events")
    if wrong:
        raise click.ClickException("cases differ from their events")


def run_due_and_say() -> None:
    """What is due, beside the server: nothing that goes wrong here stops the ledger."""
    try:
        done = run_due()
        missed, reminded = mark_missed(), remind()
        elapsed = run_timers()
    except Exception:
        log.exception("what is due in cases was not done; it is tried again")
        connections.close_all()
        return
    try:
        refresh_a_little()
    except Exception:
        log.exception("what happened was not counted; it is tried again")
        connections.close_all()
    if done.accepted or done.lapsed or missed or reminded or elapsed:
        log.info(
            "%s accepted by silence, %s lapsed, %s appointments missed, %s reminded of,"
            " %s timers ran out",
            done.accepted,
            done.lapsed,
            missed,
            reminded,
            elapsed,
        )
