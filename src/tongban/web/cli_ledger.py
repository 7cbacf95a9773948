"""The commands `tongban ledger …`, `tongban witness …` and `tongban verify-receipt`.

What looks at a log from outside (audit, monitor, verify-receipt, witness) loads no Django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from tongban.web.cli import end_progress, set_up, shown_progress

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
KEYS = click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="A key that you trust.")


@click.group()
def ledger() -> None:
    """The log of acts."""


@ledger.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
def verify(as_json: bool) -> None:
    """Recompute the whole log; name the first entry that does not fit. Exit 1 when there is one."""
    set_up()
    from tongban.web.reporting import verify_command

    verify_command(as_json=as_json, progress=shown_progress())


@ledger.command("checkpoint")
def checkpoint() -> None:
    """Number what waits and print the latest signed checkpoint."""
    set_up()
    from tongban.ledger.publishing import latest_published
    from tongban.ledger.selectors import note_of
    from tongban.web.reporting_ledger import integrate_all

    integrate_all()
    latest = latest_published()
    if latest is None:
        raise click.ClickException("the log is empty")
    click.echo(note_of(latest), nl=False)


@ledger.command("integrate", hidden=True)
@click.option("--parent", type=int, required=True)
def integrate(parent: int) -> None:
    """Number entries until the parent process ends (started by `serve`)."""
    set_up()
    from tongban.web.serving import integrate_until_orphaned

    integrate_until_orphaned(parent)


@ledger.command("prove")
@click.argument("seq", type=click.IntRange(min=0))
@AS_JSON
def prove(seq: int, as_json: bool) -> None:
    """Print the proof that entry SEQ is in the log (C2SP tlog-proof); with --json its leaf too."""
    set_up()
    from tongban.web.reporting_ledger import prove_command

    prove_command(seq, as_json=as_json)


@ledger.command("consistency")
@click.argument("size1", type=click.IntRange(min=0))
@click.argument("size2", type=click.IntRange(min=0), required=False)
@AS_JSON
def consistency(size1: int, size2: int | None, as_json: bool) -> None:
    """Print the proof that the log of SIZE2 entries (default: now) extends that of SIZE1."""
    set_up()
    from tongban.web.reporting_ledger import consistency_command

    consistency_command(size1, size2, as_json=as_json)


@ledger.command("audit")
@click.argument("url")
@KEYS
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY=URL", help="Compare with it.")
@click.option("--state", type=FOLDER, help="Where to remember; default: $TONGBAN_HOME/audit.")
@click.option("--entries", is_flag=True, help="Fetch and hash every entry too.")
@AS_JSON
def audit(url: str, as_json: bool, **said: Any) -> None:
    """Look at the log at URL (…/ledger), compare with what was seen before, remember it.

    Exit 1 on a rollback, a split view or a log that can't be checked; the proof of it is kept.
    """
    from tongban.web.auditor import audit_command

    audit_command(url, as_json=as_json, progress=shown_progress(), **said)
    end_progress()


@ledger.command("monitor")
@click.argument("url")
@click.argument("receipts", type=FILE, nargs=-1, required=True)
@KEYS
@AS_JSON
def monitor(url: str, receipts: tuple[Path, ...], vkeys: tuple[str, ...], as_json: bool) -> None:
    """List every act in the log at URL that carries your identity, from your own RECEIPTS."""
    from tongban.web.auditor import monitor_command

    monitor_command(url, receipts, vkeys=vkeys, as_json=as_json, progress=shown_progress())


@ledger.command("erase")
@click.argument("seq", type=click.IntRange(min=0))
@click.option("--order", required=True, help="Number of the legal order.")
@click.option("--reason", required=True, help="Why, in a sentence; stands in the log.")
@click.option("--by", required=True, metavar="ACCOUNT", help="Account that answers for it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(seq: int, order: str, reason: str, by: str, yes: bool) -> None:
    """Erase what opens entry SEQ, on legal order. The entry stays; the erasure is one of its own."""
    set_up()
    from tongban.web.reporting_ledger import erase_command

    if not yes:
        click.confirm(f"The payload of entry {seq} can't be brought back. Erase it?", abort=True)
    erase_command(seq, order=order, reason=reason, by=by)


@ledger.command("resume")
@click.option("--reason", required=True, help="Why the newer log is lost; stands in the log.")
@click.option("--by", required=True, metavar="ACCOUNT", help="Account that answers for it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def resume(reason: str, by: str, yes: bool) -> None:
    """Go on from a backup older than what was published: under a new name and new keys."""
    set_up()
    from tongban.web.reporting_ledger import resume_command

    if not yes:
        click.confirm("The log's old name ends for ever. Go on under a new one?", abort=True)
    resume_command(reason=reason, by=by)


@ledger.group("keys")
def keys() -> None:
    """The keys that sign checkpoints."""


@keys.command("list")
@AS_JSON
def keys_list(as_json: bool) -> None:
    """Every key, since when and until when it signs."""
    set_up()
    from tongban.web.reporting_ledger import keys_list_command

    keys_list_command(as_json=as_json)


@keys.command("announce")
@click.option("--kind", type=click.Choice(["ed25519", "sm2"]), default="ed25519", show_default=True)
def keys_announce(kind: str) -> None:
    """Make a new key, announce it in the log, and let it sign beside the others from now on."""
    set_up()
    from tongban.web.reporting_ledger import keys_announce_command

    keys_announce_command(kind)


@keys.command("retire")
@click.argument("key_id")
@click.option("--reason", required=True, help="Why; stands in the log.")
@click.option("--now", is_flag=True, help="Before the 30 days are over in which both keys sign.")
def keys_retire(key_id: str, reason: str, now: bool) -> None:
    """Let the key with the hexadecimal id KEY_ID sign no more."""
    set_up()
    from tongban.web.reporting_ledger import keys_retire_command

    keys_retire_command(key_id, reason=reason, now=now)


@click.command("verify-receipt")
@click.argument("file", type=FILE)
@click.option(
    "--checkpoint", "checkpoint_file", type=FILE, help="One that you have from elsewhere."
)
@click.option(
    "--consistency", "consistency_file", type=FILE, help="Between the two, if they differ."
)
@click.option("--policy", "policy_file", type=FILE, help="Logs and witnesses that you trust.")
@KEYS
@AS_JSON
def verify_receipt(file: Path, as_json: bool, **said: Any) -> None:
    """Check a receipt offline. Exit 1 when it does not hold, with the check that failed."""
    from tongban.web.auditor import verify_receipt_command

    verify_receipt_command(file, as_json=as_json, **said)


@click.group()
def witness() -> None:
    """Sign the checkpoints of other governments' logs, so that they can't show two faces."""


@witness.command("key")
@click.argument("name")
@click.option("--file", type=click.Path(path_type=Path), default=Path("witness-key.json"))
@click.option(
    "--kind", type=click.Choice(["ed25519", "ml-dsa-44"]), default="ed25519", show_default=True
)
def witness_key(name: str, file: Path, kind: str) -> None:
    """Make a key called NAME (like ban.example.gov.cn/witness) and print its public part."""
    from tongban.web.auditor import witness_key_command

    witness_key_command(name, file, kind)


@witness.command("run")
@click.option("--log", "logs", multiple=True, required=True, metavar="VKEY", help="A log's key.")
@click.option("--key-file", "key_files", multiple=True, type=FILE, default=["witness-key.json"])
@click.option("--state", type=FOLDER, default=Path("witness"), show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8300, show_default=True)
def witness_run(**said: Any) -> None:
    """Answer logs that ask for a signature (C2SP tlog-witness). Needs a folder, no database."""
    from tongban.web.auditor import witness_run_command

    witness_run_command(**said)


def home() -> Path:
    """The data folder, without asking Django."""
    return Path(os.environ.get("TONGBAN_HOME", "var"))


def read_json(path: Path) -> Any:
    """The JSON in a file. Raises ClickException."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise click.ClickException(f"{path} is not JSON") from None
