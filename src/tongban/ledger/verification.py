"""Recomputing the whole log from the database: does every entry still say what was signed?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Min

from tongban.base.canonical import canonical_json
from tongban.base.merkle import EMPTY_ROOT, leaf_hash
from tongban.base.notes import NoteError, open_note, parse_checkpoint
from tongban.ledger import tiles
from tongban.ledger.keys import signer
from tongban.ledger.models import Checkpoint, Entry, Tile
from tongban.ledger.rules import commitment

# A multiple of the tile width, so that a batch ends where a tile ends.
BATCH = 8 * tiles.WIDTH


@dataclass(frozen=True)
class Finding:
    """The first thing that does not fit. `entry` is its place in the log, None for a checkpoint."""

    entry: int | None
    reason: str


class _Unfit(Exception):
    def __init__(self, entry: int | None, reason: str) -> None:
        super().__init__(reason)
        self.entry = entry
        self.reason = reason


@dataclass(frozen=True)
class Verdict:
    entries: int
    waiting: int
    root: bytes
    finding: Finding | None

    @property
    def ok(self) -> bool:
        return self.finding is None

    def as_json(self) -> dict[str, object]:
        document: dict[str, object] = {
            "ok": self.ok,
            "entries": self.entries,
            "waiting": self.waiting,
            "root": self.root.hex(),
        }
        if self.finding:
            document |= {"entry": self.finding.entry, "reason": self.finding.reason}
        return document


def _fault_of(entry: Entry) -> str | None:
    """Why the entry contradicts itself, or None."""
    leaf = entry.leaf.encode()
    if leaf_hash(leaf) != bytes(entry.leaf_hash):
        return "the leaf does not hash to the stored leaf hash"
    try:
        said = json.loads(leaf)
        if canonical_json(said) != leaf:
            return "the leaf is not canonical JSON"
    except (ValueError, TypeError):
        return "the leaf is not JSON"
    if said.get("case", "") != entry.case_ref:
        return "the leaf names another case than the stored reference"
    if entry.payload is None or entry.salt is None:
        return None
    if said.get("commitment") != commitment(bytes(entry.salt), entry.payload.encode()):
        return "salt and payload do not open the commitment in the leaf"
    return None


def _numbered_entries() -> Iterator[list[Entry]]:
    """Entries by place, in batches that end where a tile ends."""
    first = 0
    while True:
        batch = list(Entry.objects.filter(seq__gte=first, seq__lt=first + BATCH).order_by("seq"))
        if not batch:
            after = Entry.objects.filter(seq__gte=first).aggregate(least=Min("seq"))["least"]
            if after is None:
                return
            raise _Unfit(first, f"entry {first} is missing")
        yield batch
        first += BATCH


def _check_entries(batch: list[Entry], first: int) -> list[bytes]:
    """The batch's leaf hashes, each entry checked by itself and against the stored tree."""
    stored = b"".join(
        bytes(hashes)
        for hashes in Tile.objects.filter(
            level=0,
            index__gte=first // tiles.WIDTH,
            index__lt=(first + BATCH) // tiles.WIDTH,
        )
        .order_by("index")
        .values_list("hashes", flat=True)
    )
    hashes = []
    for place, entry in enumerate(batch):
        if entry.seq != first + place:
            raise _Unfit(first + place, f"entry {first + place} is missing")
        if fault := _fault_of(entry):
            raise _Unfit(first + place, fault)
        digest = bytes(entry.leaf_hash)
        if stored[place * tiles.HASH_BYTES : (place + 1) * tiles.HASH_BYTES] != digest:
            raise _Unfit(first + place, "the leaf hash is not the one in the tree")
        hashes.append(digest)
    return hashes


def _check_checkpoint(checkpoint: Checkpoint, root: bytes) -> None:
    key = signer()
    try:
        text, _names = open_note(checkpoint.note, [key.verifier()])
        said = parse_checkpoint(text)
    except NoteError as problem:
        raise _Unfit(None, f"checkpoint {checkpoint.size}: {problem}") from None
    if (said.origin, said.size, said.root) != (key.name, checkpoint.size, bytes(checkpoint.root)):
        raise _Unfit(None, f"checkpoint {checkpoint.size} says other than what was signed")
    if said.root != root:
        raise _Unfit(None, f"checkpoint {checkpoint.size}: its root is not that of the entries")


def _check_tree(progress: Callable[[int], None]) -> tuple[int, bytes]:
    """Size and root over all numbered entries. Raises _Unfit at the first thing that is wrong."""
    built: dict[tuple[int, int], bytes] = {}
    size, root = 0, EMPTY_ROOT
    checkpoints = Checkpoint.objects.order_by("size").iterator(chunk_size=BATCH)
    checkpoint = next(checkpoints, None)
    for batch in _numbered_entries():
        hashes = _check_entries(batch, size)
        while hashes:
            take = min(len(hashes), checkpoint.size - size) if checkpoint else len(hashes)
            size = tiles.extend(built, size, hashes[:take])
            hashes = hashes[take:]
            if checkpoint and checkpoint.size == size:
                root = tiles.root_of_tiles(built, size)
                _check_checkpoint(checkpoint, root)
                checkpoint = next(checkpoints, None)
            elif not checkpoint:
                raise _Unfit(size - 1, "numbered, but no signed checkpoint covers it")
        edge = set(tiles.right_edge(size))
        # The leaves' full tiles are compared and done with; the few above are kept for the end.
        built = {place: data for place, data in built.items() if place[0] or place in edge}
        progress(size)
    if checkpoint:
        raise _Unfit(size, f"missing: a checkpoint was signed for {checkpoint.size} entries")
    for tile in Tile.objects.filter(level__gt=0).iterator(chunk_size=BATCH):
        if built.get((tile.level, tile.index)) != bytes(tile.hashes):
            raise _Unfit(None, f"tile {tile.level}/{tile.index} is not that of the entries")
    return size, root


def _check_waiting() -> int:
    """How many entries wait for a number; each is checked by itself."""
    waiting = 0
    for entry in Entry.objects.filter(seq=None).order_by("id").iterator(chunk_size=BATCH):
        if fault := _fault_of(entry):
            raise _Unfit(None, f"entry with id {entry.pk}, not yet numbered: {fault}")
        waiting += 1
    return waiting


def verify_log(progress: Callable[[int], None] = lambda done: None) -> Verdict:
    """Check every entry, every tile, every checkpoint; stops at the first thing that doesn't fit.

    Reads only. `progress` is called with the number of entries checked so far.
    """
    done = 0

    def note(size: int) -> None:
        nonlocal done
        done = size
        progress(size)

    try:
        size, root = _check_tree(note)
        return Verdict(size, _check_waiting(), root, None)
    except _Unfit as unfit:
        return Verdict(done, 0, b"", Finding(unfit.entry, unfit.reason))
