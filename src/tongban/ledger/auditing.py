"""Following a log from outside: does it only grow, and does everybody see the same?

Needs neither database nor Django: a folder keeps what was seen. Run it where the log's operator
can't reach.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from tongban.base.checkpoints import CheckpointText, parse_checkpoint
from tongban.base.merkle import EMPTY_ROOT, ProofError, leaf_hash, verify_consistency
from tongban.base.note_keys import NoteVerifier, verifier_of
from tongban.base.notes import NoteError, open_note, split_note
from tongban.base.private_files import replaced
from tongban.ledger import proofs, tiles
from tongban.ledger.rules import Leaf, commitment, read_leaf

Progress = Callable[[int], None]


class AuditProblem(Exception):
    """The log can't be read or checked now; nothing is proven against it."""


class Source(Protocol):
    """Where a log is read from. `get` raises AuditProblem; `find` gives None for a 404."""

    def get(self, path: str) -> bytes: ...

    def find(self, path: str) -> bytes | None: ...


@dataclass(frozen=True)
class Finding:
    """Something that an honest log does not do, with the notes that show it."""

    kind: str
    detail: str
    notes: tuple[str, ...]


@dataclass
class Seen:
    """What an auditor keeps of a log: the keys it trusts and every checkpoint it saw."""

    vkeys: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def last(self) -> tuple[CheckpointText, str] | None:
        if not self.notes:
            return None
        return parse_checkpoint(split_note(self.notes[-1])[0]), self.notes[-1]

    def verifiers(self) -> list[NoteVerifier]:
        return [verifier_of(vkey) for vkey in self.vkeys]

    @classmethod
    def read(cls, path: Path) -> Seen:
        if not path.exists():
            return cls()
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise AuditProblem(f"{path} is not the record of an auditor") from None

    def write(self, path: Path) -> None:
        document = {"vkeys": self.vkeys, "notes": self.notes}
        replaced(path, json.dumps(document, ensure_ascii=False, indent=1).encode())


@dataclass(frozen=True)
class Report:
    checkpoint: CheckpointText
    note: str
    before: int | None
    pinned: tuple[str, ...]
    findings: tuple[Finding, ...]
    entries: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings


class _Tiles:
    """Tiles of a log of one size, fetched once each."""

    def __init__(self, source: Source, size: int) -> None:
        self._source, self._size = source, size
        self._have: dict[tuple[int, int], bytes] = {}

    def __call__(self, places: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        return {place: self._tile(*place) for place in places}

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._have:
            width = tiles.width_of(level, index, self._size)
            content = self._source.find(f"tile/{level}/{tiles.path_of(index, width)}")
            if content is None and width < tiles.WIDTH:  # The log has grown, the full one is there.
                content = self._source.get(f"tile/{level}/{tiles.path_of(index)}")
                content = content[: width * tiles.HASH_BYTES]
            if content is None or len(content) != width * tiles.HASH_BYTES:
                raise AuditProblem(f"tile {level}/{index} has not {width} hashes")
            self._have[level, index] = content
        return self._have[level, index]


def audit(source: Source, seen: Seen, *, entries: bool, progress: Progress) -> Report:
    """Look at a log once, compare with what was seen before, and remember; changes `seen`.

    With `entries` every entry since the last look is fetched and hashed too. Raises AuditProblem
    when the log does not answer as a log does.
    """
    pinned = () if seen.vkeys else _pin(source, seen)
    note = source.get("checkpoint").decode("utf-8", "replace")
    said = _opened(note, seen)
    last = seen.last()
    findings = list(_compare(source, said, note, last))
    checked = 0
    if not findings:
        read = _Tiles(source, said.size)
        try:
            if said.size and proofs.root_of_log(said.size, read) != said.root:
                findings.append(Finding("root", "its tiles do not lead to its root", (note,)))
            elif entries:
                checked = sum(1 for _ in walk(source, said, progress=progress))
        except ProofError as problem:
            findings.append(Finding("entries", str(problem), (note,)))
    if not findings:
        pinned += _new_keys(source, seen, said)
        if last is None or last[0].size != said.size:
            seen.notes.append(note)
    return Report(said, note, last[0].size if last else None, pinned, tuple(findings), checked)


def _pin(source: Source, seen: Seen) -> tuple[str, ...]:
    """Trust, at the first look, the keys that the log names."""
    rows = _keys(source)
    seen.vkeys = [str(row["vkey"]) for row in rows if not row.get("retired")]
    if not seen.vkeys:
        raise AuditProblem("the log names no key; give one with --key")
    return tuple(seen.vkeys)


def _keys(source: Source) -> list[dict[str, object]]:
    content = source.find("keys")
    if content is None:
        return []
    try:
        rows = json.loads(content)["keys"]
        return [row for row in rows if verifier_of(str(row["vkey"]))]
    except (ValueError, TypeError, KeyError):
        raise AuditProblem("the log's list of keys can't be read") from None


def _opened(note: str, seen: Seen) -> CheckpointText:
    try:
        text, signatures = open_note(note, seen.verifiers())
        said = parse_checkpoint(text)
    except NoteError as problem:
        raise AuditProblem(
            f"the checkpoint can't be trusted: {problem}. If the log changed its key while you did"
            " not look, get the new one from its operator and give it with --key"
        ) from None
    if not any(one.name == said.origin for one in signatures):
        raise AuditProblem(f"no key of {said.origin} that you trust signed the checkpoint")
    return said


def _compare(
    source: Source, said: CheckpointText, note: str, last: tuple[CheckpointText, str] | None
) -> Iterator[Finding]:
    if last is None:
        return
    before, old_note = last
    notes = (old_note, note)
    if before.origin != said.origin:
        yield Finding("renamed", f"the log was {before.origin}, and is {said.origin} now", notes)
    elif said.size < before.size:
        yield Finding("rollback", f"the log had {before.size} entries, now {said.size}", notes)
    else:
        proof = proofs.consistency_proof(before.size, said.size, _Tiles(source, said.size))
        try:
            verify_consistency(before.size, said.size, before.root, said.root, proof)
        except ProofError as problem:
            detail = f"{said.size} entries do not extend the {before.size} seen before: {problem}"
            yield Finding("split view", detail, notes)


def compare_with_witness(
    source: Source, said: CheckpointText, note: str, witness_note: str, witness: NoteVerifier
) -> Finding | None:
    """Whether a witness signed a history that this one contradicts. Raises AuditProblem."""
    try:
        text, _signatures = open_note(witness_note, [witness])
        other = parse_checkpoint(text)
    except NoteError as problem:
        raise AuditProblem(f"the checkpoint of the witness {witness.name}: {problem}") from None
    if other.origin != said.origin:
        raise AuditProblem(f"the witness {witness.name} shows another log, {other.origin}")
    notes = (note, witness_note)
    if other.size > said.size:
        detail = f"{witness.name} signed {other.size} entries, the log shows {said.size}"
        return Finding("behind its witness", detail, notes)
    try:
        proof = proofs.consistency_proof(other.size, said.size, _Tiles(source, said.size))
        verify_consistency(other.size, said.size, other.root, said.root, proof)
    except ProofError:
        return Finding("split view", f"{witness.name} signed another history", notes)
    return None


def _new_keys(source: Source, seen: Seen, said: CheckpointText) -> tuple[str, ...]:
    """Trust the keys that an entry under the trusted root announces."""
    found = []
    for row in _keys(source):
        vkey, announced = str(row["vkey"]), row.get("announced")
        if vkey in seen.vkeys or not isinstance(announced, dict):
            continue
        if _announces(source, said, announced, vkey):
            found.append(vkey)
    seen.vkeys.extend(found)
    return tuple(found)


def _announces(source: Source, said: CheckpointText, row: dict[str, object], vkey: str) -> bool:
    place, leaf, payload = row.get("entry"), str(row.get("leaf")), row.get("payload")
    if not isinstance(place, int) or not 0 <= place < said.size or not isinstance(payload, str):
        return False
    digest = proofs.roots([(place, place + 1)], _Tiles(source, said.size))[0]
    try:
        opens = commitment(bytes.fromhex(str(row.get("salt"))), payload.encode())
        return (
            digest == leaf_hash(leaf.encode())
            and read_leaf(leaf).act == "ledger.key_announced"
            and read_leaf(leaf).commitment == opens
            and json.loads(payload).get("vkey") == vkey
            and vkey.split("+")[0] == said.origin
        )
    except (ValueError, AttributeError):
        return False


def walk(source: Source, said: CheckpointText, *, progress: Progress) -> Iterator[tuple[int, str]]:
    """Every entry of the log with its place. Raises ProofError at the end when the entries are not
    those of the root, AuditProblem when a bundle can't be read."""
    built: dict[tuple[int, int], bytes] = {}
    size = 0
    for index in range((said.size + tiles.WIDTH - 1) // tiles.WIDTH):
        leaves = list(_bundle(source, index, tiles.width_of(0, index, said.size)))
        for place, leaf in enumerate(leaves, start=size):
            yield place, leaf.decode("utf-8", "replace")
        size = tiles.extend(built, size, [leaf_hash(leaf) for leaf in leaves])
        edge = set(tiles.right_edge(size))
        built = {place: data for place, data in built.items() if place in edge}
        progress(size)
    if (tiles.root_of_tiles(built, size) if size else EMPTY_ROOT) != said.root:
        raise ProofError("the entries that the log serves are not those that it signed")


def _bundle(source: Source, index: int, width: int) -> Iterator[bytes]:
    content = source.find(f"tile/entries/{tiles.path_of(index, width)}")
    if content is None:
        content = source.get(f"tile/entries/{tiles.path_of(index)}")
    at = 0
    for _ in range(width):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or at + 2 > len(content):
            raise AuditProblem(f"entry bundle {index} is cut off")
        yield content[at + 2 : end]
        at = end


@dataclass(frozen=True)
class Act:
    """An act that a person's own references or openings lead to; `held`: they have its opening."""

    place: int
    leaf: Leaf
    held: bool


def monitor(
    source: Source,
    said: CheckpointText,
    *,
    references: set[str],
    commitments: set[str],
    progress: Progress,
) -> tuple[list[Act], set[str]]:
    """Every act that carries a person's identity: on their own references, or opened by them.

    Second: commitments of which the log knows nothing, though a receipt holds them. The whole log
    is read, so that it does not learn which entries matter. Raises ProofError, AuditProblem.
    """
    found, missing = [], set(commitments)
    for place, text in walk(source, said, progress=progress):
        try:
            leaf = read_leaf(text)
        except ValueError:
            continue
        held = leaf.commitment in commitments
        if held or (leaf.case and leaf.case in references):
            found.append(Act(place, leaf, held))
            missing.discard(leaf.commitment)
    return found, missing


def evidence(folder: Path, finding: Finding) -> Path:
    """Keep the contradicting notes in a file of their own: they prove it to anybody."""
    text = "\n".join(finding.notes)
    path = folder / f"evidence-{sha256(text.encode()).hexdigest()[:16]}.txt"
    replaced(path, f"{finding.kind}: {finding.detail}\n\n{text}".encode())
    return path
