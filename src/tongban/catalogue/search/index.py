"""The search index: derived from the database, rebuilt beside the one in use, then swapped in.

`home/current` names the folder in use. A folder is complete before it is named there: whatever is
killed, the one that was in use serves on. `position` in the folder is the place in the feed of changes
up to which the folder is written; `keeping.py` goes on from there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import tantivy
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import DomainError
from tongban.catalogue.changes import changes_after, last_place, place_changes
from tongban.catalogue.models import ItemChange
from tongban.catalogue.search.documents import NOTHING, document_of, form, schema
from tongban.catalogue.search.listings import Entry, all_entries, entries_by_code

CURRENT, POSITION, FORM = "current", "position", "form"
META = "meta.json"
HEAP_BYTES = 128 * 1024 * 1024
# Handed over together: waking the engine's thread for each document costs as much as making it.
BATCH = 200
CATCH_UP = 500


def home() -> Path:
    return Path(settings.TONGBAN_INDEX)


def writer_of(index: tantivy.Index, *, heap_bytes: int = HEAP_BYTES) -> tantivy.IndexWriter:
    """A writer that takes what `document_of` gives. Raises ValueError while another has the folder."""
    raw = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    index.register_tokenizer(NOTHING, raw.filter(tantivy.Filter.remove_long(1)).build())
    return index.writer(heap_size=heap_bytes, num_threads=1)


def write_index(
    folder: Path, entries: Iterable[Entry], progress: Callable[[int], None] = lambda done: None
) -> int:
    """Write an index into an empty folder; returns the number of items."""
    folder.mkdir(parents=True)
    writer = writer_of(tantivy.Index(schema(), path=str(folder)))
    documents, done = map(document_of, entries), 0
    while batch := list(islice(documents, BATCH)):
        for document in batch:
            writer.add_json(document)
        done += len(batch)
        if done % 5_000 == 0:
            progress(done)
    writer.commit()
    writer.wait_merging_threads()
    (folder / FORM).write_text(form(), encoding="ascii")
    return done


@contextmanager
def only_writer(name: str) -> Iterator[None]:
    """Wait until no other process of this machine holds the lock; a killed one holds none."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def rebuild(progress: Callable[[int], None] = lambda done: None) -> int:
    """Build the index anew from the database and put it in use; readers notice by themselves.

    What changes meanwhile goes to the index in use, and at the end to the new one, too.
    """
    with only_writer("rebuild"):
        name = uuid.uuid4().hex
        folder = home() / name
        place_changes()
        place = last_place()
        count = write_index(folder, all_entries(), progress)
        write_position(folder, place)
        catch_up(folder)
        with only_writer("write"):  # Nobody writes to the one in use while it is left behind.
            catch_up(folder)
            put_in_use(name)
            for old in home().iterdir():
                if old.is_dir() and old.name != name:
                    shutil.rmtree(old, ignore_errors=True)
    return count


def put_in_use(name: str) -> None:
    """Point readers to the index in the folder `name`; in one step, so that none sees half of it."""
    pointer = home() / f"{CURRENT}.{name}"
    pointer.write_text(name, encoding="ascii")
    os.replace(pointer, home() / CURRENT)


# What changed since


def position_of(folder: Path) -> int:
    try:
        return int((folder / POSITION).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def write_position(folder: Path, place: int) -> None:
    """After the index's own commit: killed between the two, some changes are written twice."""
    unfinished = folder / f"{POSITION}.new"
    unfinished.write_text(str(place), encoding="ascii")
    os.replace(unfinished, folder / POSITION)


def write_changes(writer: tantivy.IndexWriter, changes: Iterable[ItemChange]) -> None:
    """Put changed items in the index in place of what it has of them; a gone one goes."""
    codes = [change.code for change in changes]
    found = entries_by_code(codes)
    for code in codes:
        writer.delete_documents_by_term("code", code)
    for entry in found:
        writer.add_json(document_of(entry))


def catch_up(folder: Path) -> int:
    """Write to a folder what changed since it was written; how many changes that were."""
    place_changes()
    writer, done = None, 0
    while changes := changes_after(position_of(folder), CATCH_UP):
        if writer is None:
            writer = writer_of(tantivy.Index.open(str(folder)))
        write_changes(writer, changes)
        writer.commit()
        write_position(folder, changes[-1].place)
        done += len(changes)
    if writer is not None:
        writer.wait_merging_threads()
    return done


class IndexMissing(DomainError):
    """There is no search index yet: `tongban load …` or `tongban serve` builds it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            code="search_not_ready",
            title=_("Search is being prepared"),
            detail=_("The list of services is being put in order."),
            fix=_("Try again in a minute."),
        )


@dataclass(frozen=True)
class _Held:
    pointer: Path
    pointed: int
    folder: Path
    written: int
    index: tantivy.Index


_open: _Held | None = None
_open_lock = threading.Lock()


def folder_in_use() -> Path | None:
    """The folder that readers are pointed to, None when there is none."""
    try:
        return home() / (home() / CURRENT).read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def exists() -> bool:
    """Whether there is an index that this version can read."""
    folder = folder_in_use()
    if folder is None:
        return False
    try:
        return (folder / FORM).read_text(encoding="ascii") == form()
    except FileNotFoundError:
        return False


def current_index() -> tantivy.Index:
    """The index in use; opened once, again after a rebuild, and looked at anew after a commit.

    Raises IndexMissing.
    """
    global _open
    pointer = home() / CURRENT
    try:
        pointed = pointer.stat().st_mtime_ns
        held = _open
        if held and held.pointer == pointer and held.pointed == pointed:
            written = (held.folder / META).stat().st_mtime_ns
            if written == held.written:
                return held.index
            with _open_lock:
                held.index.reload()
                _open = _Held(pointer, pointed, held.folder, written, held.index)
                return held.index
        with _open_lock:
            folder = pointer.parent / pointer.read_text(encoding="ascii")
            written = (folder / META).stat().st_mtime_ns
            index = tantivy.Index.open(str(folder))
            index.config_reader("manual")
            index.reload()
            _open = _Held(pointer, pointed, folder, written, index)
            return index
    except FileNotFoundError:
        raise IndexMissing from None


def generation() -> tuple[str, int, int]:
    """What distinguishes the index that `current_index` last gave: another after each commit."""
    held = _open
    return (str(held.pointer), held.pointed, held.written) if held else ("", 0, 0)
