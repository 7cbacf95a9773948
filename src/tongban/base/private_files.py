"""Key files: made at first use, readable by their owner alone, never half written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path


def _written(path: Path, content: bytes) -> Path:
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    fresh.touch(mode=0o600)
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a key file; made now when it is not there.

    Of two processes at first use the first wins, and both go on with its content.
    """
    if not path.exists():
        written_once(path, make())
    return path.read_bytes()


def written_once(path: Path, content: bytes) -> bool:
    """Write a key file; False when somebody else was first, whose content stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = _written(path, content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def replaced(path: Path, content: bytes) -> None:
    """Put new content in the place of the old; a reader sees the one or the other, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.replace(_written(path, content), path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """So that the new name outlives a loss of power too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
