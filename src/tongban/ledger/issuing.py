"""Receipts of acts, one or many: what `receipts.receipt_of` needs, read from the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tongban.base.checkpoints import parse_checkpoint
from tongban.base.note_keys import NoteVerifier
from tongban.base.notes import split_note
from tongban.ledger import proofs, selectors
from tongban.ledger.listing import Trace
from tongban.ledger.models import Checkpoint
from tongban.ledger.policies import PolicyError
from tongban.ledger.publishing import latest_published
from tongban.ledger.receipts import Proof, receipt_of
from tongban.ledger.rules import split_opening
from tongban.ledger.witnessing import policy

COLLECTION = "tongban-receipts/1"
# So many alternatives one statement may have.
TILES_A_QUERY = 200
# Given an act and its payload as canonical JSON: whether the reader may have the payload.
Shows = Callable[[Trace, str], bool]


def receipts(traces: Sequence[Trace], shows: Shows) -> list[dict[str, object]]:
    """The receipts of acts in their order; acts that no published checkpoint covers have none.

    Each is proved under the newest checkpoint with witnesses that covers it, or else the newest.
    Five queries and one for each 200 tiles, however many acts.
    """
    latest, signed = latest_published(), selectors.checkpoint_for(0)
    if latest is None or signed is None:
        return []
    wanted: list[tuple[Trace, int, Checkpoint]] = []
    for trace in traces:
        if trace.seq is not None and trace.seq < latest.size:
            wanted.append((trace, trace.seq, signed if trace.seq < signed.size else latest))
    notes = {one.size: selectors.note_of(one) for one in {one for *_trace, one in wanted}}
    keys = {size: _vkeys_for(note) for size, note in notes.items()}
    paths = _paths([(seq, one.size) for _trace, seq, one in wanted])
    return [
        receipt_of(
            trace.text,
            _opening(trace, shows),
            Proof(seq, tuple(path), notes[one.size]),
            keys[one.size],
        )
        for (trace, seq, one), path in zip(wanted, paths, strict=True)
    ]


def _opening(trace: Trace, shows: Shows) -> tuple[bytes, str] | None:
    if trace.opening is None:
        return None
    salt, payload = split_opening(trace.opening)
    return (salt, payload) if shows(trace, payload) else None


def known_witnesses() -> list[NoteVerifier]:
    """The witnesses that this installation names; none when their file can't be read."""
    try:
        return [one.verifier for one in policy().witnesses.values()]
    except PolicyError:
        return []


def _vkeys_for(note: str) -> list[str]:
    """The keys under a checkpoint of this log, for whoever holds no others. One query."""
    text, signatures = split_note(note)
    signed = {(one.name, one.key_id) for one in signatures}
    witnesses = [one.vkey for one in known_witnesses() if (one.name, one.key_id) in signed]
    return selectors.log_vkeys(parse_checkpoint(text).origin) + witnesses


def _paths(places: Sequence[tuple[int, int]]) -> list[list[bytes]]:
    """The inclusion proof of each (entry, size), all tiles read together."""
    ranges = [proofs.inclusion_ranges(*place) for place in places]
    hashes = iter(proofs.roots([one for path in ranges for one in path], _stored))
    return [[next(hashes) for _range in path] for path in ranges]


def _stored(places: Sequence[proofs.Place]) -> Mapping[proofs.Place, bytes]:
    found: dict[proofs.Place, bytes] = {}
    for first in range(0, len(places), TILES_A_QUERY):
        found |= selectors.stored_tiles(places[first : first + TILES_A_QUERY])
    return found
