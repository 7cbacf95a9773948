"""Writing the log: one entry per act inside the act's own transaction, numbered afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from tongban.base.clocks import utc_now
from tongban.base.merkle import EMPTY_ROOT, leaf_hash
from tongban.base.notes import checkpoint_text, sign_note
from tongban.ledger import rules, tiles
from tongban.ledger.acts import ACTS
from tongban.ledger.direct import insert
from tongban.ledger.keys import signer
from tongban.ledger.models import Checkpoint, Entry, Tile

# Any number will do, as long as every integrator of this database asks for the same one.
INTEGRATOR_LOCK = 0x746F6E67


class BrokenEntry(Exception):
    """An entry that waits for its number no longer hashes to what was written with it."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(f"entry {entry_id}, not yet numbered, does not fit its own hash")
        self.entry_id = entry_id


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
    act that `acts.py` does not list.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a ledger entry must share the transaction of its act")
    if act not in ACTS:
        raise KeyError(act)
    salt = secrets.token_bytes(rules.SALT_BYTES)
    sealed = rules.seal(
        act=act,
        at=at,
        organ=organ,
        region=region,
        item=item,
        case_ref=case_ref,
        payload=payload,
        salt=salt,
    )
    entry = Entry(
        leaf=sealed.leaf,
        leaf_hash=sealed.leaf_hash,
        salt=salt,
        payload=sealed.payload,
        case_ref=case_ref,
    )
    insert(entry)
    return entry


def _only_one_integrator() -> None:
    # SQLite needs nothing: the transaction is IMMEDIATE and so already the only writer.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [INTEGRATOR_LOCK])


@transaction.atomic
def integrate(*, at: datetime | None = None, most: int = 10_000) -> int:
    """Number waiting entries, extend the tree, sign a checkpoint; returns how many were numbered.

    Raises BrokenEntry when a waiting entry was changed: the log never signs what it can't vouch
    for.
    """
    _only_one_integrator()
    latest = Checkpoint.objects.order_by("-size").first()
    size = latest.size if latest else 0
    waiting = list(
        Entry.objects.filter(seq=None).order_by("id").only("id", "leaf", "leaf_hash")[:most]
    )
    if not waiting:
        return 0
    for entry in waiting:
        if leaf_hash(entry.leaf.encode()) != bytes(entry.leaf_hash):
            raise BrokenEntry(entry.pk)
    edge = _stored_tiles(tiles.right_edge(size))
    new_size = tiles.extend(edge, size, [bytes(entry.leaf_hash) for entry in waiting])
    for seq, entry in enumerate(waiting, start=size):
        entry.seq = seq
    Entry.objects.bulk_update(waiting, ["seq"], batch_size=500)
    Tile.objects.bulk_create(
        [Tile(level=level, index=index, hashes=data) for (level, index), data in edge.items()],
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes"],
        batch_size=200,
    )
    _sign(new_size, tiles.root_of_tiles(edge, new_size), at or utc_now())
    return len(waiting)


def _stored_tiles(places: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for level, index in places:  # At most eight: one a level.
        found[level, index] = bytes(Tile.objects.get(level=level, index=index).hashes)
    return found


def _sign(size: int, root: bytes, at: datetime) -> Checkpoint:
    key = signer()
    note = sign_note(checkpoint_text(key.name, size, root), [key])
    return Checkpoint.objects.create(size=size, root=root, note=note, signed_at=at)


def current_root() -> tuple[int, bytes]:
    """Size and root of the latest checkpoint; the empty tree before the first."""
    latest = Checkpoint.objects.order_by("-size").first()
    return (latest.size, bytes(latest.root)) if latest else (0, EMPTY_ROOT)


def oldest_waiting_seconds(now: datetime) -> float:
    """How long the first entry without a number has waited; 0 when none does. One query."""
    first = Entry.objects.filter(seq=None).order_by("id").values_list("leaf", flat=True).first()
    if first is None:
        return 0.0
    written = datetime.fromisoformat(json.loads(first)["at"])
    return max((now - written).total_seconds(), 0.0)
