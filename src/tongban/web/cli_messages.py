"""`tongban messages …`: what goes out of people's accounts."""

from __future__ import annotations

import click


@click.group()
def messages() -> None:
    """Messages to people: send what is due, see what waits or failed."""


@messages.command("send")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def send_command(as_json: bool) -> None:
    """Send what is due now; `tongban serve` does it by itself."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.message_commands import send_command as run

    run(as_json=as_json)


@messages.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status_command(as_json: bool) -> None:
    """What waits and what was given up; exit 1 when something did not go out."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.message_commands import status_command as run

    run(as_json=as_json)


@messages.command("retry")
def retry_command() -> None:
    """Try again what was given up."""
    from tongban.web.cli import set_up

    set_up()
    from tongban.web.message_commands import retry_command as run

    run()
