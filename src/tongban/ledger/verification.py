"""Recomputing the whole log from the database: does every entry still say what was signed?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing.pool import Pool

import django
from django.db.models import Max

from tongban.base.checkpoints import parse_checkpoint
from tongban.base.merkle import EMPTY_ROOT
from tongban.base.notes import NoteError, open_note
from tongban.base.sealing import KeyRing
from tongban.ledger import tiles
from tongban.ledger.direct import fetch
from tongban.ledger.keys import verifiers
from tongban.ledger.models import Checkpoint, LogKey, Place, Tile
from tongban.ledger.publishing import RolledBack, check_not_rolled_back
from tongban.ledger.rules import SALT_CHARACTERS
from tongban.ledger.sealed import ring
from tongban.ledger.services import OPENING

# A multiple of the tile width, so that a batch ends where a tile ends.
BATCH = 8 * tiles.WIDTH
# Below, a second process takes longer to begin than it saves.
ENTRIES_FOR_SEVERAL = 100_000
_COLUMNS = "e.id, e.leaf, e.leaf_hash, e.opening, e.case_ref"
_NUMBERED = (
    f"SELECT p.seq, {_COLUMNS} FROM ledger_place p JOIN ledger_entry e ON e.id = p.entry_id"  # noqa: S608
    " WHERE p.seq >= %s AND p.seq < %s ORDER BY p.seq"
)
_WAITING = (
    f"SELECT -1, {_COLUMNS} FROM ledger_waiting w JOIN ledger_entry e ON e.id = w.entry_id"  # noqa: S608
    " WHERE e.id > %s ORDER BY e.id LIMIT %s"
)
# One statement sees one state, whatever is written meanwhile.
_FORGOTTEN = (
    "SELECT (SELECT count(*) FROM ledger_entry) - (SELECT count(*) FROM ledger_place)"
    " - (SELECT count(*) FROM ledger_waiting)"
)


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


# An entry with its opening still sealed: one that does not open is a finding, no failure. Plain
# tuples: a million of them are read.
ReadEntry = tuple[int, int, str, bytes, str | None, str]


def _fault_of(
    keys: KeyRing, leaf: str, stored: bytes, sealed: str | None, case_ref: str
) -> str | None:
    """Why the entry contradicts itself, or None."""
    if sha256(b"\0" + leaf.encode()).digest() != stored:
        return "the leaf does not hash to the stored leaf hash"
    # Quotes inside a JSON text are escaped: these members stand in the leaf or nowhere.
    case = f'"case":"{case_ref}","commitment":"'
    if case not in leaf:
        return "the leaf names another case than the stored reference"
    if sealed is None:
        return None
    try:
        opening = keys.open(sealed, OPENING)
        salt = bytes.fromhex(opening[:SALT_CHARACTERS])
    except ValueError as problem:  # SealingError is one.
        return f"salt and payload do not open: {problem}"
    committed = sha256(salt + opening[SALT_CHARACTERS:].encode()).hexdigest()
    if f'{case}{committed}"' not in leaf:
        return "salt and payload do not open the commitment in the leaf"
    return None


def _opens(keys: KeyRing, leaf: str, sealed: str | None, case_ref: str) -> bool:
    """Whether opening and reference are those of the leaf: in one look, for a million of them."""
    if sealed is None:
        return f'"case":"{case_ref}","commitment":"' in leaf
    try:
        opening = keys.open(sealed, OPENING)
        salt = bytes.fromhex(opening[:SALT_CHARACTERS])
    except ValueError:
        return False
    committed = sha256(salt + opening[SALT_CHARACTERS:].encode()).hexdigest()
    return f'"case":"{case_ref}","commitment":"{committed}"' in leaf


def _checked_range(reach: tuple[int, int]) -> bytes | Finding:
    """The leaf hashes of the entries from one place to another, or what does not fit there.

    Runs in a process of its own when there are several.
    """
    first, last = reach
    batch: list[ReadEntry] = fetch(_NUMBERED, [first, last])
    try:
        if len(batch) != last - first:
            present = {entry[0] for entry in batch}
            missing = next(seq for seq in range(first, last) if seq not in present)
            raise _Unfit(missing, f"entry {missing} is missing")
        return b"".join(_check_entries(batch, first))
    except _Unfit as unfit:
        return Finding(unfit.entry, unfit.reason)


def _hashes_of_entries(size: int, workers: int) -> Iterator[list[bytes]]:
    """The leaf hashes of the first `size` entries, checked, in batches that end where a tile ends."""
    reaches = [(first, min(first + BATCH, size)) for first in range(0, size, BATCH)]
    if workers < 2 or size < ENTRIES_FOR_SEVERAL:
        yield from map(_or_unfit, map(_checked_range, reaches))
        return
    with _pool(workers) as pool:
        yield from map(_or_unfit, pool.imap(_checked_range, reaches))


def _pool(workers: int) -> Pool:
    """Fresh processes: what is open here must not be shared."""
    return multiprocessing.get_context("spawn").Pool(workers, initializer=django.setup)


def _or_unfit(found: bytes | Finding) -> list[bytes]:
    if isinstance(found, Finding):
        raise _Unfit(found.entry, found.reason)
    return [found[at : at + tiles.HASH_BYTES] for at in range(0, len(found), tiles.HASH_BYTES)]


def _check_entries(batch: list[ReadEntry], first: int) -> list[bytes]:
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
    hashes, keys = [], ring()
    for seq, _id, leaf, leaf_hash, sealed, case_ref in batch:
        digest = sha256(b"\0" + leaf.encode()).digest()
        if digest != leaf_hash or not _opens(keys, leaf, sealed, case_ref):
            fault = _fault_of(keys, leaf, bytes(leaf_hash), sealed, case_ref)
            if fault is not None:  # A memoryview of the same bytes is no fault.
                raise _Unfit(seq, fault)
        hashes.append(digest)
    if b"".join(hashes) != stored[: len(hashes) * tiles.HASH_BYTES]:
        there = (tiles.HASH_BYTES * place for place in range(len(hashes)))
        differs = [stored[at : at + tiles.HASH_BYTES] for at in there]
        place = next(at for at, one in enumerate(hashes) if differs[at] != one)
        raise _Unfit(first + place, "the leaf hash is not the one in the tree")
    return hashes


def _check_checkpoint(checkpoint: Checkpoint, root: bytes) -> None:
    try:
        text, signatures = open_note(checkpoint.note, verifiers())
        said = parse_checkpoint(text)
    except NoteError as problem:
        raise _Unfit(None, f"checkpoint {checkpoint.size}: {problem}") from None
    if (said.size, said.root) != (checkpoint.size, bytes(checkpoint.root)) or not any(
        one.name == said.origin for one in signatures
    ):
        raise _Unfit(None, f"checkpoint {checkpoint.size} says other than what was signed")
    if said.root != root:
        raise _Unfit(None, f"checkpoint {checkpoint.size}: its root is not that of the entries")


def _check_tree(progress: Callable[[int], None], workers: int) -> tuple[int, bytes]:
    """Size and root over all numbered entries. Raises _Unfit at the first thing that is wrong.

    Others may write meanwhile: what is signed at the start is what is checked.
    """
    built: dict[tuple[int, int], bytes] = {}
    size, root = 0, EMPTY_ROOT
    checkpoints = list(Checkpoint.objects.order_by("size"))
    batches = _hashes_of_entries(checkpoints[-1].size if checkpoints else 0, workers)
    hashes: list[bytes] = []
    for checkpoint in checkpoints:
        while size + len(hashes) < checkpoint.size:
            hashes += next(batches)
            progress(size + len(hashes))
        take = checkpoint.size - size
        size = tiles.extend(built, size, hashes[:take])
        hashes = hashes[take:]
        root = tiles.root_of_tiles(built, size)
        _check_checkpoint(checkpoint, root)
        # Full tiles of leaves are compared and done with; the few above are kept for the end.
        edge = set(tiles.right_edge(size))
        built = {place: data for place, data in built.items() if place[0] or place in edge}
    _check_upper_tiles(built)
    _check_nothing_is_unsigned()
    return size, root


def _check_upper_tiles(built: dict[tuple[int, int], bytes]) -> None:
    for place, data in built.items():
        if place[0] == 0:
            continue
        stored = Tile.objects.filter(level=place[0], index=place[1]).first()
        if stored is None or bytes(stored.hashes)[: len(data)] != data:
            raise _Unfit(None, f"tile {place[0]}/{place[1]} is not that of the entries")


def _check_nothing_is_unsigned() -> None:
    """Every number that was given lies under a checkpoint: both are written together."""
    last = Place.objects.aggregate(last=Max("seq"))["last"]
    signed = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0
    if last is not None and last >= signed:
        raise _Unfit(signed, "numbered, but no signed checkpoint covers it")


def _check_waiting() -> int:
    """How many entries wait for a number; each is checked by itself, and none is forgotten."""
    waiting, last = 0, 0
    while batch := fetch(_WAITING, [last, BATCH]):
        for _seq, key, leaf, leaf_hash, sealed, case_ref in batch:
            if fault := _fault_of(ring(), leaf, bytes(leaf_hash), sealed, case_ref):
                raise _Unfit(None, f"entry with id {key}, not yet numbered: {fault}")
        waiting, last = waiting + len(batch), batch[-1][1]
    ((forgotten,),) = fetch(_FORGOTTEN, [])
    if forgotten:
        raise _Unfit(None, f"{forgotten} entries neither have a number nor wait for one")
    return waiting


def _check_keys() -> None:
    """Every key that the log names is one of this installation, and nothing published is lost."""
    known = {one.vkey for one in verifiers()}
    for vkey in LogKey.objects.values_list("vkey", flat=True):
        if vkey not in known:
            raise _Unfit(None, f"the secret of the key {vkey.rsplit('+', 1)[0]} is not here")
    try:
        check_not_rolled_back()
    except (RolledBack, NoteError) as problem:
        raise _Unfit(None, str(problem)) from None


def verify_log(progress: Callable[[int], None] = lambda done: None, *, workers: int = 1) -> Verdict:
    """Check every entry, every tile, every checkpoint; stops at the first thing that doesn't fit.

    Reads only. `progress` is called with the number of entries checked so far. A long log is read
    by several `workers`, each a process with a connection of its own.
    """
    done = 0
    ring(afresh=True)

    def note(size: int) -> None:
        nonlocal done
        done = size
        progress(size)

    try:
        _check_keys()
        size, root = _check_tree(note, workers)
        return Verdict(size, _check_waiting(), root, None)
    except _Unfit as unfit:
        return Verdict(done, 0, b"", Finding(unfit.entry, unfit.reason))
