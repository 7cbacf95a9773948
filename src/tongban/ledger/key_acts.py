"""Acts about the log itself: its start, a new key, the end of an old one, a restored backup.

A new key is announced by an entry of the log, which the old key signs; from then on both sign.
Whoever trusts the old key so learns of the new one before the old one ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tongban.ledger import acts
from tongban.ledger.direct import only_one_integrator
from tongban.ledger.keys import add_secret, signers
from tongban.ledger.models import Checkpoint, LogKey
from tongban.ledger.publishing import RolledBack, check_not_rolled_back, set_aside_published
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

# So long both keys sign, unless somebody gives a reason to end it sooner.
OVERLAP = timedelta(days=30)


class KeyRefused(Exception):
    """A key can't be announced or retired so."""


@leaves_no_trace("a part of the first numbering")
def start_log(at: datetime) -> None:
    """Name the first key of the log, when it has none yet. Inside the integrator's transaction."""
    if not LogKey.objects.exists():
        first = signers()[0]
        _announce(first.kind, first.name, first.verifier().vkey, at)


def _announce(kind: str, origin: str, vkey: str, at: datetime) -> LogKey:
    payload = {"vkey": vkey, "kind": kind}
    entry = record(acts.LEDGER_KEY_ANNOUNCED, at=at, payload=payload)
    return LogKey.objects.create(
        vkey=vkey, kind=kind, origin=origin, announced_at=at, announced_id=entry
    )


@leaves_trace(acts.LEDGER_KEY_ANNOUNCED)
@transaction.atomic
def announce_key(kind: str, *, at: datetime) -> LogKey:
    """Make a key of `kind` (`ed25519`, `sm2`), announce it, and let it sign from now on."""
    only_one_integrator()
    start_log(at)
    origin = LogKey.objects.filter(retired_at=None).latest("pk").origin
    signer = add_secret(kind, origin)
    return _announce(kind, origin, signer.verifier().vkey, at)


@leaves_trace(acts.LEDGER_KEY_RETIRED)
@transaction.atomic
def retire_key(key_id: str, *, reason: str, at: datetime, now: bool = False) -> LogKey:
    """Let a key sign no more. Raises KeyRefused: unknown, the last Ed25519 key, or too soon.

    A log carries at least one Ed25519 signature (C2SP tlog-tiles). `now` ends the overlap early,
    for a key that was lost or stolen.
    """
    only_one_integrator()
    in_force = list(LogKey.objects.filter(retired_at=None).order_by("pk"))
    key = next((one for one in in_force if one.vkey.split("+")[1] == key_id), None)
    if key is None:
        raise KeyRefused(f"no key {key_id} signs this log; see `tongban ledger keys list`")
    others = [one for one in in_force if one != key and one.kind == "ed25519"]
    if not others:
        raise KeyRefused("the log needs an Ed25519 key: announce another one first")
    until = others[-1].announced_at + OVERLAP
    if key.kind == "ed25519" and at < until and not now:
        raise KeyRefused(
            f"both keys sign until {until:%Y-%m-%d}, so that everybody learns of the new one;"
            " --now ends that sooner"
        )
    _retire(key, reason, at)
    return key


def _retire(key: LogKey, reason: str, at: datetime) -> None:
    key.retired_id = record(
        acts.LEDGER_KEY_RETIRED, at=at, payload={"vkey": key.vkey, "reason": reason}
    )
    key.retired_at = at
    key.save(update_fields=["retired", "retired_at"])


@leaves_trace(acts.LEDGER_RESUMED, acts.LEDGER_KEY_RETIRED, acts.LEDGER_KEY_ANNOUNCED)
@transaction.atomic
def resume(*, reason: str, by: str, at: datetime) -> int:
    """Go on from a restored backup, under a new name and new keys; what was lost is written down.

    Under its old name the log would contradict what it published. Raises KeyRefused when nothing
    was rolled back.
    """
    only_one_integrator()
    try:
        check_not_rolled_back()
    except RolledBack as lost:
        return _resume(lost, reason, by, at)
    raise KeyRefused("the log was not rolled back: there is nothing to decide")


def _resume(lost: RolledBack, reason: str, by: str, at: datetime) -> int:
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    set_aside_published()
    entry = record(
        acts.LEDGER_RESUMED,
        at=at,
        payload={
            "reason": reason,
            "by": by,
            "lost_checkpoint": lost.note,
            "kept_size": size,
        },
    )
    kinds = []
    for key in LogKey.objects.filter(retired_at=None).order_by("pk"):
        _retire(key, "the log goes on under a new name", at)
        kinds.append(key.kind)
    origin = _next_origin(lost.published.origin)
    for kind in dict.fromkeys(kinds or ["ed25519"]):
        _announce(kind, origin, add_secret(kind, origin).verifier().vkey, at)
    return entry


def _next_origin(lost: str) -> str:
    """`name`, `name/2`, `name/3` …: the first that no key of this installation has signed for."""
    used = {one.name for one in signers()} | {lost}
    base = min(used, key=len)
    number = 2
    while f"{base}/{number}" in used:
        number += 1
    return f"{base}/{number}"
