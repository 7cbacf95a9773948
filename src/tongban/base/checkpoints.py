"""Checkpoints: the statement of a log's size and root (C2SP tlog-checkpoint)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from tongban.base.notes import NoteError, check_text


@dataclass(frozen=True)
class CheckpointText:
    origin: str
    size: int
    root: bytes


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The note text of a tree head: origin, size, base64 root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse_checkpoint(text: str) -> CheckpointText:
    """Read a tree head; extension lines are passed over. Raises NoteError."""
    check_text(text)
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1]:
        raise NoteError("a checkpoint has at least three non-empty lines")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise NoteError("the size of a checkpoint is a decimal number")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        raise NoteError("the root of a checkpoint is base64") from None
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        raise NoteError("the root of a checkpoint is a SHA-256 hash")
    return CheckpointText(lines[0], int(lines[1]), root)
