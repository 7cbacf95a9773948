"""The integrator: gives waiting entries their places, extends the tree, signs and publishes.

One at a time; each batch is one transaction, so that a crash at any point leaves the log as it was
before the batch or as it is after it. Writers never wait for it: they only add rows.
"""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction

from tongban.base.checkpoints import checkpoint_text
from tongban.base.clocks import utc_now
from tongban.base.merkle import EMPTY_ROOT
from tongban.base.notes import NoteError, sign_note
from tongban.ledger import tiles
from tongban.ledger.direct import execute, only_one_integrator
from tongban.ledger.key_acts import start_log
from tongban.ledger.keys import KeyMissing, signers_of
from tongban.ledger.models import Checkpoint, LogKey, Tile, Waiting
from tongban.ledger.publishing import RolledBack, check_not_rolled_back, publish

BATCH = 50_000
_ROWS_A_FETCH = 2_000
_WAITING = (
    "SELECT w.entry_id, e.leaf, e.leaf_hash FROM ledger_waiting w"
    " JOIN ledger_entry e ON e.id = w.entry_id ORDER BY w.entry_id LIMIT %s"
)
_PLACED = {
    "sqlite": "INSERT INTO ledger_place (seq, entry_id) SELECT %s + key, value FROM json_each(%s)",
    "postgresql": "INSERT INTO ledger_place (seq, entry_id)"
    " SELECT %s + place - 1, id FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (id, place)",
}
_NO_LONGER_WAITING = (
    "DELETE FROM ledger_waiting WHERE entry_id IN"
    " (SELECT entry_id FROM ledger_place WHERE seq >= %s AND seq < %s)"
)


class BrokenEntry(Exception):
    """An entry that waits for its number no longer hashes to what was written with it."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(f"entry {entry_id}, not yet numbered, does not fit its own hash")
        self.entry_id = entry_id


def integrate(*, at: datetime | None = None, most: int = BATCH) -> int:
    """Number at most `most` waiting entries, sign and publish; returns how many were numbered.

    Asks two small questions when there is nothing to do. Raises BrokenEntry when a waiting entry
    was changed (the log never signs what it can't vouch for), RolledBack when the database lacks
    what was published, KeyMissing when a key that must sign is not here.
    """
    at = at or utc_now()
    numbered = _number(at, most) if Waiting.objects.exists() else 0
    if numbered or Checkpoint.objects.filter(published_at=None).exists():
        publish(at)
    return numbered


@transaction.atomic
def _number(at: datetime, most: int) -> int:
    only_one_integrator()
    check_not_rolled_back()
    start_log(at)
    size, _root = current_root()
    ids, hashes = _read_waiting(most)
    if not ids:
        return 0
    edge = _stored_tiles(tiles.right_edge(size))
    new_size = tiles.extend(edge, size, hashes)
    _place(size, ids)
    Tile.objects.bulk_create(
        [Tile(level=level, index=index, hashes=data) for (level, index), data in edge.items()],
        update_conflicts=True,
        unique_fields=["level", "index"],
        update_fields=["hashes"],
        batch_size=200,
    )
    _sign(new_size, tiles.root_of_tiles(edge, new_size), at)
    return len(ids)


def _read_waiting(most: int) -> tuple[list[int], list[bytes]]:
    """Keys and leaf hashes of the entries that wait longest, each hashed anew."""
    ids: list[int] = []
    hashes: list[bytes] = []
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [most])
        while rows := cursor.fetchmany(_ROWS_A_FETCH):
            for entry_id, leaf, stored in rows:
                digest = sha256(b"\0" + leaf.encode()).digest()
                if digest != bytes(stored):
                    raise BrokenEntry(entry_id)
                ids.append(entry_id)
                hashes.append(digest)
    return ids, hashes


def _place(first: int, ids: list[int]) -> None:
    given: object = json.dumps(ids) if connection.vendor == "sqlite" else ids
    execute(_PLACED[connection.vendor], [first, given])
    if connection.vendor == "postgresql":  # SQLite has a view (see `models.Waiting`).
        execute(_NO_LONGER_WAITING, [first, first + len(ids)])


def _stored_tiles(places: list[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for level, index in places:  # At most eight: one a level.
        found[level, index] = bytes(Tile.objects.get(level=level, index=index).hashes)
    return found


def _sign(size: int, root: bytes, at: datetime) -> Checkpoint:
    signers = signers_of(_keys_in_force())
    note = sign_note(checkpoint_text(signers[-1].name, size, root), signers)
    return Checkpoint.objects.create(size=size, root=root, note=note, signed_at=at)


def current_root() -> tuple[int, bytes]:
    """Size and root of the latest checkpoint; the empty tree before the first."""
    latest = Checkpoint.objects.order_by("-size").values_list("size", "root").first()
    return (latest[0], bytes(latest[1])) if latest else (0, EMPTY_ROOT)


def what_stops_the_ledger() -> str:
    """Why no entry may be numbered now; empty when nothing stops it."""
    try:
        check_not_rolled_back()
        signers_of(_keys_in_force())
    except (RolledBack, KeyMissing, NoteError) as problem:
        return str(problem)
    return ""


def _keys_in_force() -> list[str]:
    keys = LogKey.objects.filter(retired_at=None).order_by("pk")
    return list(keys.values_list("vkey", flat=True))
