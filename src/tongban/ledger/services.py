"""Writing the log: one entry per act inside the act's own transaction, numbered afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from tongban.ledger import payloads, rules
from tongban.ledger.direct import insert
from tongban.ledger.models import Entry, Waiting


def new_case_ref() -> str:
    """A random reference for a case: links its entries, says nothing about it."""
    return secrets.token_hex(16)


def record(
    act: str,
    *,
    at: datetime,
    organ: str = "",
    region: str = "",
    item: str = "",
    case_ref: str = "",
    payload: Mapping[str, object],
) -> Entry:
    """Append the trace of an act. Call it inside the act's own transaction.

    `organ`, `region` and `item` are codes; `payload` may hold personal data: it is never part of
    the public leaf, only committed to. Raises RuntimeError outside a transaction, KeyError for an
    act that `acts.py` does not list, TypeError for a payload that does not fit its schema.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a ledger entry must share the transaction of its act")
    payloads.check(act, payload)
    sealed = rules.seal(
        act=act,
        at=at,
        organ=organ,
        region=region,
        item=item,
        case_ref=case_ref,
        payload=payload,
        salt=secrets.token_bytes(rules.SALT_BYTES),
    )
    entry = Entry(
        leaf=sealed.leaf, leaf_hash=sealed.leaf_hash, opening=sealed.opening, case_ref=case_ref
    )
    insert(entry)
    insert(Waiting(entry_id=entry.pk))
    return entry


def oldest_waiting_seconds(now: datetime) -> float:
    """How long the first entry without a number has waited; 0 when none does. One query."""
    first = Waiting.objects.order_by("pk").values_list("entry__leaf", flat=True).first()
    if first is None:
        return 0.0
    written = datetime.fromisoformat(json.loads(first)["at"])
    return max((now - written).total_seconds(), 0.0)
