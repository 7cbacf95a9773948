"""Contents of files, named by their SHA-256: written whole and flushed before anybody refers to them.

Three questions to a store, and no more: keep this, open that, delete that. `FolderStore` is a folder
here; `DjangoStore` is any storage of Django's, so that django-storages brings S3 and the like.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

CHUNK = 256 * 1024
# The entry of STORAGES that holds contents, when there is one.
ALIAS = "materials"


@dataclass(frozen=True)
class Received:
    """A content that lies in a file of its own, not kept yet."""

    path: Path
    digest: str
    size: int


class Store(Protocol):
    """Where contents are kept. Keeping the same content twice keeps it once."""

    def keep(self, received: Received) -> None: ...

    def open(self, digest: str) -> BinaryIO: ...

    def delete(self, digest: str) -> None: ...


class FolderStore:
    """A folder on this machine; two levels of folders keep each of them small."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:4] / digest

    def keep(self, received: Received) -> None:
        final = self.path_of(received.digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        os.replace(received.path, final)
        _flush_folder(final.parent)

    def open(self, digest: str) -> BinaryIO:
        return self.path_of(digest).open("rb")

    def delete(self, digest: str) -> None:
        self.path_of(digest).unlink(missing_ok=True)


class DjangoStore:
    """A storage of Django's: what it does when power fails is its own promise."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def keep(self, received: Received) -> None:
        if self.storage.exists(received.digest):
            return
        with received.path.open("rb") as stream:
            self.storage.save(received.digest, File(stream))

    def open(self, digest: str) -> BinaryIO:
        if not self.storage.exists(digest):
            raise FileNotFoundError(digest)
        return cast(BinaryIO, self.storage.open(digest, "rb"))

    def delete(self, digest: str) -> None:
        self.storage.delete(digest)


def store() -> Store:
    """The store in force: the storage `materials` of the settings, else the folder of files."""
    if ALIAS in settings.STORAGES:
        return DjangoStore(storages[ALIAS])
    return FolderStore(Path(settings.TONGBAN_FILES))


def path_of(digest: str) -> Path:
    """Where the content lies when it lies in the folder of files."""
    return FolderStore(Path(settings.TONGBAN_FILES)).path_of(digest)


@contextmanager
def received(chunks: Iterable[bytes]) -> Iterator[Received]:
    """A stream as a file of its own, flushed, to be looked at before it is kept or forgotten."""
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
        yield Received(partial, digest.hexdigest(), size)
    finally:
        partial.unlink(missing_ok=True)


def keep(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Store a stream; returns its SHA-256 (hexadecimal) and size in bytes."""
    with received(chunks) as content:
        store().keep(content)
        return content.digest, content.size


def _flush_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_file(digest: str) -> BinaryIO:
    """The stored file. Raises FileNotFoundError."""
    return store().open(digest)


@contextmanager
def as_path(digest: str) -> Iterator[Path]:
    """The content as a file that another process can read. Raises FileNotFoundError."""
    local = path_of(digest)
    if ALIAS not in settings.STORAGES and local.exists():
        yield local
        return
    with open_file(digest) as stream, received(iter(lambda: stream.read(CHUNK), b"")) as content:
        yield content.path


def pictures_of(digest: str) -> Path:
    """Where the drawn pages of a content lie: derived, and gone with it."""
    return Path(settings.ENVIRONMENT.home) / "previews" / digest[:2] / digest


def delete(digest: str) -> None:
    """Delete a content and the pictures of its pages; that it is gone already is as well."""
    store().delete(digest)
    pictures = pictures_of(digest)
    for picture in pictures.glob("*"):
        picture.unlink(missing_ok=True)
    if pictures.exists():
        pictures.rmdir()
