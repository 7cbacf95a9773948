"""Files whose time is over: messages in the outbox, contents that nobody refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tongban.base.clocks import local_date
from tongban.cases.models import MaterialFile
from tongban.web.retention import NOTHING, Due, beginning

BATCH = 500


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _is_old(path: Path, kept_from: date) -> bool:
    """Whether a file was last written before the boundary; one that is just gone is not."""
    try:
        return path.is_file() and _written(path) < beginning(kept_from)
    except FileNotFoundError:
        return False


def _in_batches(paths: Iterator[Path]) -> Iterator[list[Path]]:
    while batch := list(islice(paths, BATCH)):
        yield batch


def _due(batches: Iterator[list[Path]]) -> Due:
    found = NOTHING
    for batch in batches:
        for path in batch:
            found += Due(1, local_date(_written(path)))
    return found


def _steps(
    batches: Iterator[list[Path]], kept_from: date, first: Callable[[], None]
) -> Iterator[int]:
    """Delete batch by batch; `first` stands in the database before a file goes."""
    for batch in batches:
        if not batch:
            continue
        with transaction.atomic():
            first()
        for path in batch:
            if _is_old(path, kept_from):  # Nobody has written it anew meanwhile.
                path.unlink(missing_ok=True)
        yield len(batch)


@dataclass(frozen=True)
class Outbox:
    """Messages that were written to files for want of a gateway."""

    def _batches(self, kept_from: date) -> Iterator[list[Path]]:
        paths = Path(settings.ENVIRONMENT.outbox).glob("*")
        return _in_batches(path for path in paths if _is_old(path, kept_from))

    def due(self, kept_from: date) -> Due:
        return _due(self._batches(kept_from))

    def steps(self, kept_from: date, at: datetime, first: Callable[[], None]) -> Iterator[int]:
        return _steps(self._batches(kept_from), kept_from, first)


@dataclass(frozen=True)
class UnusedFiles:
    """Uploads that no row names, uploads that broke off, and pictures of pages of neither."""

    def _batches(self, kept_from: date) -> Iterator[list[Path]]:
        """One query a batch of old files."""
        folder = Path(settings.TONGBAN_FILES)
        broken_off = (path for path in folder.glob("*.part") if _is_old(path, kept_from))
        yield from _in_batches(broken_off)
        stored = (path for path in folder.glob("??/??/*") if _is_old(path, kept_from))
        for batch in _in_batches(stored):
            digests = [path.name for path in batch]
            rows = MaterialFile.objects.filter(sha256__in=digests)
            used = set(rows.values_list("sha256", flat=True))
            yield [path for path in batch if path.name not in used]
        yield from self._pictures(kept_from)

    def _pictures(self, kept_from: date) -> Iterator[list[Path]]:
        """Drawn pages of contents that nobody refers to any more; one query a batch."""
        drawn = (Path(settings.ENVIRONMENT.home) / "previews").glob("??/*/*")
        for batch in _in_batches(path for path in drawn if _is_old(path, kept_from)):
            digests = {path.parent.name for path in batch}
            rows = MaterialFile.objects.filter(sha256__in=digests)
            used = set(rows.values_list("sha256", flat=True))
            yield [path for path in batch if path.parent.name not in used]

    def due(self, kept_from: date) -> Due:
        return _due(self._batches(kept_from))

    def steps(self, kept_from: date, at: datetime, first: Callable[[], None]) -> Iterator[int]:
        return _steps(self._batches(kept_from), kept_from, first)
