"""Writing the log: one entry per act inside the act's own transaction, numbered afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from tongban.ledger import payloads, rules
from tongban.ledger.models import Waiting
from tongban.ledger.sealed import ring

# Where an opening lies sealed: it opens nowhere else.
OPENING = "ledger_entry.opening"
_INSERT = (
    "INSERT INTO ledger_entry (leaf, leaf_hash, opening, case_ref) VALUES (%s, %s, %s, %s)"
    " RETURNING id"
)
# One statement: every act of everybody waits for it. What waits needs a row only where keys are
# not given in the order of commits (see `models.Waiting`).
_ENTRY = {
    "sqlite": _INSERT,
    "postgresql": f"WITH written AS ({_INSERT}),"  # noqa: S608
    " waits AS (INSERT INTO ledger_waiting (entry_id) SELECT id FROM written)"
    " SELECT id FROM written",
}


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
) -> int:
    """Append the trace of an act; returns the key of its entry. Inside the act's own transaction.

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
    opening = ring().seal(sealed.opening, OPENING)
    with connection.cursor() as cursor:
        cursor.execute(
            _ENTRY[connection.vendor], [sealed.leaf, sealed.leaf_hash, opening, case_ref]
        )
        return int(cursor.fetchone()[0])


def oldest_waiting_seconds(now: datetime) -> float:
    """How long the first entry without a number has waited; 0 when none does. One query."""
    first = Waiting.objects.order_by("pk").values_list("entry__leaf", flat=True).first()
    if first is None:
        return 0.0
    written = datetime.fromisoformat(json.loads(first)["at"])
    return max((now - written).total_seconds(), 0.0)
