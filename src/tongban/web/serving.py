"""`tongban serve`: web server and static files; beside it the ledger's integrator and what is due."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import click
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from tongban.base.notes import NoteError
from tongban.catalogue.ranking import rank_items, tidy_counts
from tongban.catalogue.search.index import exists, rebuild
from tongban.catalogue.search.keeping import Keeper, keep_once
from tongban.ledger.integrating import BrokenEntry, integrate, what_stops_the_ledger
from tongban.ledger.keys import KeyMissing
from tongban.ledger.policies import PolicyError
from tongban.ledger.publishing import RolledBack
from tongban.ledger.tallying import tally
from tongban.ledger.witnessing import ask_witnesses
from tongban.web.case_commands import DUE_SECONDS, run_due_and_say
from tongban.web.demonstration import demonstration_accounts
from tongban.web.message_commands import send_and_say

log = logging.getLogger(__name__)

# Entries are provable about this long after their act; idle rounds slow down to the second.
BUSY_SECONDS = 0.5
IDLE_SECONDS = 1.0
RESTART_SECONDS = 2.0
# Acts are counted when there is nothing to number, and at least so often when there always is.
TALLY_SECONDS = 30.0
STOPPED_SECONDS = 60.0
WITNESS_SECONDS = 10.0
# What was edited is found after about so long; see docs/search.md.
INDEX_SECONDS = 0.5
INDEX_TROUBLE_SECONDS = 5.0
RANK_SECONDS = 3_600.0
# A message is on its way about so long after its act.
MESSAGE_SECONDS = 2.0
ACCOUNTS_SHOWN = 5


def _unmigrated() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def collect_static() -> None:
    """Copy and compress static files, unless those there are as new as the sources."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    made = manifest.stat().st_mtime if manifest.exists() else 0.0
    newest = max(
        (
            os.stat(storage.path(name)).st_mtime
            for finder in get_finders()
            for name, storage in finder.list([])
        ),
        default=0.0,
    )
    if newest > made:
        call_command("collectstatic", verbosity=0, interactive=False)


def serve(*, host: str, port: int | None, workers: int) -> None:
    """Serve until interrupted. Raises ClickException when the database is not up to date."""
    if _unmigrated():
        raise click.ClickException("the database is not up to date; run `tongban migrate` first")
    port = port or settings.ENVIRONMENT.port
    _check_free(host, port)
    collect_static()
    if not exists():
        rebuild()
    _say_hello(host, port)
    _say_what_stops_the_ledger()
    connections.close_all()
    # No statement of a page may hold the database for longer (read by libpq in the workers).
    os.environ.setdefault("PGOPTIONS", "-c statement_timeout=60s")
    stopping = threading.Event()
    watcher = threading.Thread(target=_keep_integrating, args=(stopping,), daemon=True)
    watcher.start()
    try:
        Granian(
            "tongban.web.wsgi:application",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=4,
            log_access=False,
            respawn_failed_workers=True,
            # A client that sends its header a byte at a time holds a connection no longer than this.
            http1_settings=HTTP1Settings(header_read_timeout=10_000),
        ).serve()
    finally:
        stopping.set()
        watcher.join(timeout=15)


def _keep_integrating(stopping: threading.Event) -> None:
    """Run the integrator beside the server, and start it anew whenever it ends."""
    command = [sys.executable, "-m", "tongban.web.cli", "ledger", "integrate"]
    while not stopping.is_set():
        helper = subprocess.Popen([*command, "--parent", str(os.getpid())])
        while helper.poll() is None and not stopping.wait(0.2):
            pass
        if not stopping.is_set():
            log.error(
                "the ledger's integrator ended with %s; it is started anew", helper.returncode
            )
            stopping.wait(RESTART_SECONDS)
        else:
            helper.terminate()
            helper.wait(timeout=10)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as problem:
            raise click.ClickException(
                f"can't listen on {host}:{port}: {problem.strerror};"
                " choose another with --port or TONGBAN_PORT"
            ) from None


def _say_hello(host: str, port: int) -> None:
    click.echo(f"\nTongban 通办 serves on http://{host}:{port}")
    accounts = demonstration_accounts()
    if accounts:
        click.echo(f"\nDemonstration accounts (password of all: {accounts[0].password}):")
        for account in accounts[:ACCOUNTS_SHOWN]:
            click.echo(f"  {account.username:18}{account.who}  {account.note}")
        if len(accounts) > ACCOUNTS_SHOWN:
            click.echo(f"  … and {len(accounts) - ACCOUNTS_SHOWN} more on the sign-in page")
    click.echo("\nStop with Ctrl-C.\n")


def _say_what_stops_the_ledger() -> None:
    """Pages are served all the same: acts are written down, and wait for their numbers."""
    if problem := what_stops_the_ledger():
        click.secho(f"THE LEDGER DOES NOT GO ON. {problem}\n", fg="red", bold=True, err=True)


def integrate_until_orphaned(parent: int) -> None:
    """Number entries and count acts in a loop, do what is due in cases once a minute, send messages.

    Ends when the serving process is gone.
    """
    for beside in (_keep_asking_witnesses, _keep_sending_messages, keep_indexing):
        threading.Thread(target=beside, args=(parent,), daemon=True).start()
    tallied, looked = time.monotonic(), -DUE_SECONDS
    while os.getppid() == parent:
        done = 0
        if time.monotonic() - looked > DUE_SECONDS:
            looked = time.monotonic()
            run_due_and_say()
        try:
            done = integrate()
            if not done or time.monotonic() - tallied > TALLY_SECONDS:
                tally()
                tallied = time.monotonic()
        except BrokenEntry as problem:
            log.error("the ledger does not go on: %s; run `tongban ledger verify`", problem)
            _rest(parent, STOPPED_SECONDS)
        except (RolledBack, KeyMissing, NoteError) as problem:
            log.error("the ledger does not go on: %s", problem)
            _rest(parent, STOPPED_SECONDS)
        except OperationalError as problem:  # Busy or gone for a moment: try again.
            log.warning("the ledger waits for the database: %s", problem)
            connections.close_all()
        except Exception:  # Whatever it is: say it, and try again, so that the log goes on.
            log.exception("the ledger does not go on")
            connections.close_all()
            time.sleep(10)
        time.sleep(BUSY_SECONDS if done else IDLE_SECONDS)


def _rest(parent: int, seconds: float) -> None:
    """Wait, but no longer than the serving process lives."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and os.getppid() == parent:
        time.sleep(0.5)


def _keep_asking_witnesses(parent: int) -> None:
    """Beside the numbering, which waits for no witness."""
    while os.getppid() == parent:
        try:
            ask_witnesses()
        except PolicyError as problem:
            log.error("no witness is asked: %s", problem)
        except Exception:  # Whatever it is: say it, and try again.
            log.exception("the witnesses could not be asked")
        connections.close_all()
        _rest(parent, WITNESS_SECONDS)


def keep_indexing(parent: int) -> None:
    """Write what changes in the catalogue into the search index, until the serving process is gone."""
    keeper, ranked = Keeper(), -RANK_SECONDS
    while os.getppid() == parent:
        try:
            keep_once(keeper)
            if time.monotonic() - ranked > RANK_SECONDS:
                ranked = time.monotonic()
                rank_items()
                tidy_counts()
            rest = INDEX_SECONDS
        except OperationalError as problem:  # Busy or gone for a moment: try again.
            log.warning("the search index waits for the database: %s", problem)
            rest = INDEX_SECONDS
        except Exception:  # Whatever it is: say it, and try again; the index in use serves on.
            log.exception("the search index does not follow the catalogue")
            rest = INDEX_TROUBLE_SECONDS
        if rest > INDEX_SECONDS:
            connections.close_all()
        _rest(parent, rest)


def _keep_sending_messages(parent: int) -> None:
    """Beside the numbering, which waits for no gateway."""
    while os.getppid() == parent:
        if not send_and_say():
            _rest(parent, MESSAGE_SECONDS)
