"""What was published is remembered outside the database, and a database that forgot it is told.

Before a checkpoint is shown to anybody its note is written into a file beside the keys. A database
restored from an older backup then lacks a tree that the world has seen: going on from it would make
two logs of one name (C2SP tlog-checkpoint: a log must not sign what contradicts what it signed). So
nothing is numbered any more until somebody decides (`key_acts.resume`).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tongban.base.checkpoints import CheckpointText, parse_checkpoint
from tongban.base.notes import NoteError, open_note
from tongban.base.private_files import replaced
from tongban.ledger.direct import only_one_integrator
from tongban.ledger.keys import verifiers
from tongban.ledger.models import Checkpoint, LogKey

FILE_NAME = "ledger-published.txt"


class RolledBack(Exception):
    """The database lacks, or contradicts, a checkpoint that was published."""

    def __init__(self, published: CheckpointText, note: str, size: int, why: str) -> None:
        super().__init__(
            f"{why}. A checkpoint of {published.size} entries was published; this database has"
            f" {size}. It seems restored from an older backup. Restore a newer one, or decide with"
            " `tongban ledger resume` that the log goes on under a new name"
        )
        self.published = published
        self.note = note
        self.size = size


def _path() -> Path:
    return Path(settings.TONGBAN_KEYS) / FILE_NAME


def remembered() -> tuple[CheckpointText, str] | None:
    """The last checkpoint that was published from here, and its note; None before the first.

    Raises NoteError when the file is not a checkpoint signed by a key of this installation.
    """
    path = _path()
    if not path.exists():
        return None
    note = path.read_text(encoding="utf-8")
    try:
        return _signed_by_us(note), note
    except NoteError as problem:
        raise NoteError(f"{path}: {problem}") from None


@lru_cache(maxsize=4)
def _signed_by_us(note: str) -> CheckpointText:
    text, _signatures = open_note(note, verifiers())
    return parse_checkpoint(text)


def check_not_rolled_back() -> None:
    """Raises RolledBack when the database does not hold what was published. Three small queries."""
    found = remembered()
    if found is None:
        return
    said, note = found
    size = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
    keys = LogKey.objects.filter(origin=said.origin).values_list("retired_at", flat=True)
    if not keys:
        raise RolledBack(said, note, size, f"The database knows no log {said.origin}")
    if all(keys):  # Decided: that log has ended, another one goes on.
        return
    stored = Checkpoint.objects.filter(size=said.size).values_list("root", flat=True).first()
    if stored is None or bytes(stored) != said.root:
        raise RolledBack(said, note, size, "The database lacks a published checkpoint")


@transaction.atomic
def publish(at: datetime) -> int:
    """Show what is signed and not yet shown: first remember it, then mark it; returns how many.

    Interrupted at any point, it is done again at the next call.
    """
    only_one_integrator()
    waiting = list(Checkpoint.objects.filter(published_at=None).order_by("size"))
    if waiting:
        replaced(_path(), waiting[-1].note.encode())
        Checkpoint.objects.filter(published_at=None).update(published_at=at)
    return len(waiting)


def set_aside_published() -> None:
    """After the decision to go on without it: keep what was published under another name."""
    found = remembered()
    if found:
        said, note = found
        replaced(_path().with_name(f"ledger-published-lost-{said.size}.txt"), note.encode())
        transaction.on_commit(lambda: _path().unlink(missing_ok=True))


def latest_published() -> Checkpoint | None:
    """The newest checkpoint that anybody may have seen."""
    return Checkpoint.objects.exclude(published_at=None).order_by("-size").first()
