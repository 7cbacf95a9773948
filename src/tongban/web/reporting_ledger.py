"""What the commands about one's own log do and print once Django is set up."""

from __future__ import annotations

import base64

import click

from tongban.base.clocks import utc_now
from tongban.ledger.erasing import NothingToErase, erase_opening
from tongban.ledger.integrating import BrokenEntry, integrate, what_stops_the_ledger
from tongban.ledger.key_acts import KeyRefused, announce_key, resume, retire_key
from tongban.ledger.models import Checkpoint, LogKey
from tongban.ledger.publishing import latest_published
from tongban.ledger.selectors import consistency_of, leaf_of, proof_of
from tongban.web.cli import print_json


def integrate_all() -> None:
    """Number all that waits. Raises ClickException."""
    if problem := what_stops_the_ledger():
        raise click.ClickException(problem)
    try:
        while integrate():
            pass
    except BrokenEntry as broken:
        raise click.ClickException(str(broken)) from None


def prove_command(seq: int, *, as_json: bool) -> None:
    proof, leaf = proof_of(seq), leaf_of(seq)
    if proof is None or leaf is None:
        latest = latest_published()
        raise click.ClickException(
            f"no entry {seq}: the log has {latest.size if latest else 0}, counted from 0"
        )
    if as_json:
        print_json({"entry": seq, "leaf": leaf, "proof": proof.as_text()})
    else:
        click.echo(proof.as_text(), nl=False)


def consistency_command(size1: int, size2: int | None, *, as_json: bool) -> None:
    latest = latest_published()
    most = latest.size if latest else 0
    size2 = most if size2 is None else size2
    if not size1 <= size2 <= most:
        raise click.ClickException(f"the log has {most} entries; SIZE1 <= SIZE2 <= {most}")
    proof = [base64.b64encode(one).decode() for one in consistency_of(size1, size2)]
    if as_json:
        roots = dict(Checkpoint.objects.filter(size__in=[size1, size2]).values_list("size", "root"))
        print_json(
            {
                "size1": size1,
                "size2": size2,
                "root1": bytes(roots[size1]).hex() if size1 in roots else None,
                "root2": bytes(roots[size2]).hex() if size2 in roots else None,
                "proof": proof,
            }
        )
    else:
        for line in proof:
            click.echo(line)


def erase_command(seq: int, *, order: str, reason: str, by: str) -> None:
    _check_account(by)
    try:
        erase_opening(seq, order=order, reason=reason, by=by, at=utc_now())
    except NothingToErase as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(f"erased: entry {seq} stays in the log, what opens it is gone")


def resume_command(*, reason: str, by: str) -> None:
    _check_account(by)
    try:
        resume(reason=reason, by=by, at=utc_now())
    except KeyRefused as problem:
        raise click.ClickException(str(problem)) from None
    integrate_all()
    keys = list(LogKey.objects.filter(retired_at=None).order_by("pk"))
    click.echo(f"the log goes on as {keys[0].origin}; tell auditors and witnesses its keys:")
    for key in keys:
        click.echo(key.vkey)


def _check_account(username: str) -> None:
    from tongban.directory.models import Account

    if not Account.objects.filter(username=username, is_active=True).exists():
        raise click.ClickException(f"--by: there is no account {username!r}")


def keys_list_command(*, as_json: bool) -> None:
    rows = [
        {
            "vkey": key.vkey,
            "kind": key.kind,
            "announced_at": key.announced_at.isoformat(),
            "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        }
        for key in LogKey.objects.order_by("pk")
    ]
    if as_json:
        print_json({"keys": rows})
        return
    for row in rows:
        until = f"retired {row['retired_at']}" if row["retired_at"] else "signs"
        click.echo(f"{row['kind']:9} since {row['announced_at']}, {until}\n  {row['vkey']}")
    if not rows:
        click.echo("no key yet: the log begins with its first entry")


def keys_announce_command(kind: str) -> None:
    key = announce_key(kind, at=utc_now())
    integrate_all()
    click.echo(f"announced, and signs beside the others from now on:\n{key.vkey}")


def keys_retire_command(key_id: str, *, reason: str, now: bool) -> None:
    try:
        retire_key(key_id, reason=reason, at=utc_now(), now=now)
    except KeyRefused as problem:
        raise click.ClickException(str(problem)) from None
    integrate_all()
    click.echo(f"the key {key_id} signs no more")
