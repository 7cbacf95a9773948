"""Messages that go out: a round of sending, and what waits or failed. No personal data in any of it."""

from __future__ import annotations

import logging
from dataclasses import asdict

import click
from django.db import connections
from django.db.models import Count

from tongban.base.clocks import utc_now
from tongban.directory.messages.sending import backlog, retry_failed, send_round
from tongban.directory.models import Dispatch
from tongban.web.cli import print_json

log = logging.getLogger(__name__)
FAILURE_SHOWN = 20


def send_and_say() -> bool:
    """A round beside the server; whether there was anything to do. Never raises."""
    try:
        done = send_round()
    except Exception as problem:  # The texts of database errors may hold personal data.
        log.error("messages were not sent (%s); it is tried again", type(problem).__name__)
        return False
    finally:
        # The thread holds no connection while it waits.
        connections.close_all()
    if done.put_off:
        log.warning("%s messages could not be sent and are tried again later", done.put_off)
    return bool(done.planned or done.sent)


def send_command(*, as_json: bool) -> None:
    """Send everything that is due, round by round."""
    done = send_round()
    total = asdict(done)
    while done:
        done = send_round()
        total = {name: total[name] + value for name, value in asdict(done).items()}
    if as_json:
        print_json(total)
    else:
        click.echo(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in total.items()))


def status_command(*, as_json: bool) -> None:
    """What waits, and what was given up, by channel and kind of failure."""
    now, held = utc_now(), backlog()
    failed = Dispatch.objects.filter(state=Dispatch.State.FAILED)
    by_kind = failed.values("channel", "problem").annotate(count=Count("pk")).order_by("-count")
    report = {
        "unplanned": held.unplanned,
        "waiting": held.waiting,
        "failed": held.failed,
        "oldest": held.oldest.isoformat() if held.oldest else None,
        "late": held.is_late(now),
        "failures": list(by_kind[:FAILURE_SHOWN]),
    }
    if as_json:
        print_json(report)
    else:
        click.echo(f"{held.unplanned + held.waiting} wait, {held.failed} were given up")
        for row in by_kind[:FAILURE_SHOWN]:
            click.echo(f"  {row['count']} by {row['channel']}: {row['problem']}")
    if held.failed or held.is_late(now):
        raise click.ClickException("messages did not go out; see docs/messages.md")


def retry_command() -> None:
    """Try again what was given up."""
    click.echo(f"{retry_failed()} messages are tried again")
