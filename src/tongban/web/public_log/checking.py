"""A receipt that somebody hands in, checked step by step: what held, what failed, what it shows.

Nothing of it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from tongban.base.merkle import ProofError, leaf_hash, verify_consistency, verify_inclusion
from tongban.base.note_keys import verifier_of
from tongban.base.notes import NoteError, split_note
from tongban.ledger import selectors
from tongban.ledger.issuing import COLLECTION, known_witnesses
from tongban.ledger.publishing import latest_published
from tongban.ledger.receipts import (
    BYTES_MOST,
    Checked,
    ReceiptError,
    check_receipt,
    parse_proof,
    parse_receipt,
)
from tongban.ledger.wording import FAILED, STEPS, step_named

# A receipt names the keys under one checkpoint; each costs the check of a signature.
KEYS_MOST = 16


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"
    NOT_THERE = "not_there"


@dataclass(frozen=True)
class Step:
    """A check of a receipt: what it asks, how it went, and a remark (`technical`: in English)."""

    name: str
    title: str
    state: State
    remark: str = ""
    technical: bool = False


@dataclass(frozen=True)
class Verdict:
    """What came out. `foreign`: the receipt is of another log, checked by the keys it names."""

    steps: tuple[Step, ...]
    checked: Checked | None
    foreign: bool
    unknown_signers: tuple[str, ...] = ()

    @property
    def failed(self) -> Step | None:
        return next((step for step in self.steps if step.state is State.FAILED), None)

    @property
    def what_to_do(self) -> str:
        return str(FAILED[self.failed.name]) if self.failed else ""


class _Told(ReceiptError):
    """What is wrong, in the reader's language."""


def verdict_on(content: bytes) -> Verdict:
    """Check a receipt and, when it is of this log, that the log still contains it."""
    try:
        document = _read(content)
        origin, signers = _named_in(document)
    except ReceiptError as problem:
        return Verdict(_failed_at(problem), None, False)
    ours = [verifier_of(vkey) for vkey in selectors.log_vkeys(origin)]
    try:
        checked = check_receipt(document, keys=[*ours, *known_witnesses()])
    except ReceiptError as problem:
        return Verdict(_failed_at(problem), None, not ours)
    fault = _no_longer_there(checked) if ours else None
    if fault:
        return Verdict(_failed_at(fault), checked, False)
    # A witness that only the receipt vouches for vouches for nothing: anybody makes such a key.
    held = {(one.name, one.key_id) for one in checked.signatures if one.trusted or not one.at}
    unknown = tuple(name for name, key_id in signers if (name, key_id) not in held)
    return Verdict(_all_held(checked, foreign=not ours), checked, not ours, unknown)


def _read(content: bytes) -> Mapping[str, object]:
    """The receipt. Raises ReceiptError, also for files that are something else of ours."""
    if content.startswith(b"%PDF"):
        raise _Told(
            "format",
            _(
                "This is a PDF. The receipt for machines is attached inside: open the PDF, save the"
                " attached file (its name ends in .json), and choose that one."
            ),
        )
    if len(content) <= BYTES_MOST and _is_collection(content):
        raise _Told(
            "format",
            _(
                "This file holds many receipts. Copy one of them (from its { to its }) into the field"
                " below, or download the receipt of one act."
            ),
        )
    document = parse_receipt(content)
    keys = document.get("keys")
    if isinstance(keys, list) and len(keys) > KEYS_MOST:
        raise _Told("format", _("The receipt names more keys than this page checks."))
    return document


def _is_collection(content: bytes) -> bool:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == COLLECTION


def _named_in(document: Mapping[str, object]) -> tuple[str, list[tuple[str, str]]]:
    """The log that the receipt says it is of, and who it says signed. Raises ReceiptError."""
    note = parse_proof(str(document["proof"])).note
    try:
        text, signatures = split_note(note)
    except NoteError as problem:
        raise ReceiptError("signature", str(problem)) from None
    if len(signatures) > KEYS_MOST:
        raise _Told("signature", _("There are more signatures than this page checks."))
    return text.partition("\n")[0], [(one.name, one.key_id.hex()) for one in signatures]


def _no_longer_there(checked: Checked) -> ReceiptError | None:
    """Why the log of this site does not contain the receipt's any more; None when it does."""
    said, latest = checked.checkpoint, latest_published()
    if latest is None or latest.size < said.size:
        size = latest.size if latest else 0
        detail = _("The receipt's log has %(theirs)d entries, this site shows %(ours)d.") % {
            "theirs": said.size,
            "ours": size,
        }
        return _Told("checkpoint", detail)
    try:
        proof = selectors.consistency_of(said.size, latest.size)
        verify_consistency(said.size, latest.size, said.root, bytes(latest.root), proof)
    except ProofError as problem:
        return ReceiptError("checkpoint", str(problem))
    return None


def _failed_at(problem: ReceiptError) -> tuple[Step, ...]:
    failed, steps = step_named(problem.step), []
    state = State.OK
    for name, title in STEPS.items():
        if name == failed:
            technical = not isinstance(problem, _Told)
            steps.append(Step(name, str(title), State.FAILED, str(problem), technical))
            state = State.NOT_CHECKED
        else:
            steps.append(Step(name, str(title), state))
    return tuple(steps)


def _all_held(checked: Checked, *, foreign: bool) -> tuple[Step, ...]:
    other: dict[str, tuple[State, str]] = {}
    if checked.payload is None:
        other["opening"] = (
            State.NOT_THERE,
            _("The content is not part of this receipt: it names another person, or was erased."),
        )
    if foreign:
        other["checkpoint"] = (
            State.NOT_THERE,
            _("It is the log %(name)s, not the one of this site, so nothing was compared.")
            % {"name": checked.checkpoint.origin},
        )
    held = (State.OK, "")
    return tuple(Step(name, str(title), *other.get(name, held)) for name, title in STEPS.items())


class Found(StrEnum):
    """What the log says about a place and a leaf hash."""

    IN_LOG = "in_log"
    OTHER = "other"
    NOT_YET = "not_yet"


@dataclass(frozen=True)
class Looked:
    """An entry looked up by its place: its public line, under which checkpoint it was found."""

    found: Found
    seq: int
    size: int
    root: str = ""
    text: str = ""
    digest: str = ""


HASH_LETTERS: Final = 64


def look_up(seq: int, digest: str) -> Looked:
    """Whether the entry at a place is in the log under the latest checkpoint, with this leaf hash.

    An empty `digest` asks for the place alone. Four queries.
    """
    latest = latest_published()
    if latest is None or seq >= latest.size:
        return Looked(Found.NOT_YET, seq, latest.size if latest else 0)
    text = selectors.leaf_of(seq)
    proof = selectors.proof_of(seq, latest)
    if text is None or proof is None:
        return Looked(Found.OTHER, seq, latest.size)
    actual, root = leaf_hash(text.encode()), bytes(latest.root)
    found = Found.IN_LOG
    try:
        verify_inclusion(seq, latest.size, actual, proof.hashes, root)
    except ProofError:
        found = Found.OTHER
    if digest and digest != actual.hex():
        found = Found.OTHER
    return Looked(found, seq, latest.size, root.hex(), text, actual.hex())
