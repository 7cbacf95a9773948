"""Keeping the index up to date with the feed of changes, in the background of `tongban serve`."""

from __future__ import annotations

import logging
from pathlib import Path

import tantivy

from tongban.catalogue.changes import changes_after, last_place, place_changes
from tongban.catalogue.search.index import (
    CATCH_UP,
    exists,
    folder_in_use,
    only_writer,
    position_of,
    rebuild,
    write_changes,
    write_position,
    writer_of,
)

log = logging.getLogger(__name__)
# The least that tantivy takes; a round writes few items.
HEAP_BYTES = 16 * 1024 * 1024
# More than so many at once are written by and by, so that readers see the first ones soon.
ROUND = 4 * CATCH_UP


class Keeper:
    """Writes changes into the index in use, round by round. One a machine; others wait or fail."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.writer: tantivy.IndexWriter | None = None
        self.place = 0

    def round(self) -> int:
        """Write what waits, at most `ROUND` changes; how many. Two small questions when none does."""
        place_changes()
        with only_writer("write"):
            if folder_in_use() != self.folder:
                self.leave()
                self._begin()
            if self.folder is None:
                return 0
            done = 0
            while done < ROUND and (changes := changes_after(self.place, CATCH_UP)):
                if self.writer is None:
                    index = tantivy.Index.open(str(self.folder))
                    self.writer = writer_of(index, heap_bytes=HEAP_BYTES)
                write_changes(self.writer, changes)
                self.writer.commit()
                self.place = changes[-1].place
                write_position(self.folder, self.place)
                done += len(changes)
        return done

    def leave(self) -> None:
        """Let go of the folder and its lock. What was not committed is written again later."""
        self.folder, self.writer = None, None

    def _begin(self) -> None:
        folder = folder_in_use()
        if folder is None or not exists():  # Of another version: a rebuild replaces it.
            return
        self.folder, self.place = folder, position_of(folder)


def keep_once(keeper: Keeper) -> int:
    """A round that lets go of the folder when something goes wrong, so that the next begins anew."""
    if not exists() or _of_another_history():
        rebuild()
    try:
        return keeper.round()
    except BaseException:
        keeper.leave()
        raise


def _of_another_history() -> bool:
    """Whether the index has read further than the feed goes: the database is another, or an older."""
    folder = folder_in_use()
    return folder is not None and position_of(folder) > last_place()
