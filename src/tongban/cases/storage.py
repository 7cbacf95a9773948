"""Files on disk, named by their content: written whole and flushed before anybody refers to them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

CHUNK = 256 * 1024


def path_of(digest: str) -> Path:
    """Where the file with this SHA-256 (hexadecimal) lies."""
    return Path(settings.TONGBAN_FILES) / digest[:2] / digest[2:4] / digest


def keep(chunks: Iterator[bytes]) -> tuple[str, int]:
    """Store a stream; returns its SHA-256 (hexadecimal) and size in bytes."""
    folder = Path(settings.TONGBAN_FILES)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{uuid.uuid4().hex}.part"
    digest, size = sha256(), 0
    try:
        with partial.open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            out.flush()
            os.fsync(out.fileno())
        final = path_of(digest.hexdigest())
        final.parent.mkdir(parents=True, exist_ok=True)
        os.replace(partial, final)
        _flush_folder(final.parent)
    finally:
        partial.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_file(digest: str) -> BinaryIO:
    """The stored file. Raises FileNotFoundError."""
    return path_of(digest).open("rb")


def delete(digest: str) -> None:
    """Delete a content; that it is gone already is as well."""
    path_of(digest).unlink(missing_ok=True)
