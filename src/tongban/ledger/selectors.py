"""Reads of the log: tiles, bundles, proofs; each states how many queries it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_

from django.db.models import Q

from tongban.ledger import proofs, tiles
from tongban.ledger.direct import fetch
from tongban.ledger.models import Checkpoint, Cosignature, LogKey, Place, Tile
from tongban.ledger.publishing import latest_published
from tongban.ledger.receipts import Proof

_BUNDLE = (
    "SELECT e.leaf FROM ledger_place p JOIN ledger_entry e ON e.id = p.entry_id"
    " WHERE p.seq >= %s AND p.seq < %s ORDER BY p.seq"
)


def stored_tiles(places: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
    """The hashes of tiles (a reader for `proofs`). One query."""
    if not places:
        return {}
    wanted = reduce(or_, (Q(level=level, index=index) for level, index in places))
    rows = Tile.objects.filter(wanted).values_list("level", "index", "hashes")
    return {(level, index): bytes(hashes) for level, index, hashes in rows}


def published_size() -> int:
    """How many entries the newest published checkpoint covers. One query."""
    latest = latest_published()
    return latest.size if latest else 0


def tile(level: int, index: int, width: int) -> bytes | None:
    """The first `width` hashes of a tile; None when they are not published. Two queries."""
    if not 0 < width <= tiles.width_of(level, index, published_size()):
        return None
    return stored_tiles([(level, index)])[level, index][: width * tiles.HASH_BYTES]


def bundle(index: int, width: int) -> bytes | None:
    """An entry bundle (C2SP tlog-tiles); None when it is not published. Two queries."""
    if not 0 < width <= tiles.width_of(0, index, published_size()):
        return None
    first = index * tiles.WIDTH
    leaves = (leaf.encode() for (leaf,) in fetch(_BUNDLE, [first, first + width]))
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def note_of(checkpoint: Checkpoint) -> str:
    """The checkpoint's note with the witnesses' lines below the log's. One query."""
    lines = Cosignature.objects.filter(checkpoint=checkpoint).order_by("pk")
    return checkpoint.note + "".join(lines.values_list("line", flat=True))


def checkpoint_for(seq: int) -> Checkpoint | None:
    """The newest published checkpoint that witnesses signed and that covers the entry, or else the
    newest; None when the entry is not under one yet. Two queries."""
    latest = latest_published()
    if latest is None or latest.size <= seq:
        return None
    signed = Cosignature.objects.filter(checkpoint__size__gt=seq).order_by("-checkpoint_id")
    found = signed.select_related("checkpoint").first()
    return found.checkpoint if found else latest


def proof_of(seq: int, checkpoint: Checkpoint | None = None) -> Proof | None:
    """The proof of an entry under a checkpoint that covers it. Four queries at most."""
    covering = checkpoint or checkpoint_for(seq)
    if covering is None or covering.size <= seq:
        return None
    hashes = proofs.inclusion_proof(seq, covering.size, stored_tiles)
    return Proof(seq, tuple(hashes), note_of(covering))


def consistency_of(size1: int, size2: int) -> list[bytes]:
    """Proof that the log of `size2` extends that of `size1`. One query. Raises IndexError."""
    return proofs.consistency_proof(size1, size2, stored_tiles)


def leaf_of(seq: int) -> str | None:
    """The public part of an entry. One query."""
    found = Place.objects.filter(seq=seq).values_list("entry__leaf", flat=True).first()
    return None if found is None else str(found)


def log_vkeys(origin: str) -> list[str]:
    """The verifier keys that sign or signed for a name, the oldest first. One query."""
    return list(LogKey.objects.filter(origin=origin).order_by("pk").values_list("vkey", flat=True))
