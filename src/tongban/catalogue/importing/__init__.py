"""Importing items: every row is kept, everything odd is named, and nothing is half done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import transaction

from tongban.base.clocks import local_date, utc_now
from tongban.base.tables import LoadReport
from tongban.catalogue.importing.detecting import reader_of
from tongban.catalogue.importing.district import COLUMNS
from tongban.catalogue.importing.writing import NOWHERE, Writer, in_batches
from tongban.catalogue.interchange.incoming import BLOCKING, ImportRefused, Incoming, blocked
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

__all__ = ["BLOCKING", "COLUMNS", "NOWHERE", "ImportRefused", "import_items", "load_items"]

Progress = Callable[[int, str], None]


def load_items(
    path: Path,
    *,
    source: str = "sichuan",
    progress: Progress = lambda done, what: None,
) -> LoadReport:
    """Import a list as offices have them: the rows that can be filed, with a report of all that is odd.

    A row is left out only when nothing can be filed under it: no code, no name, or a code that
    stood before in the same file with other content. Raises TableError when the file or a column
    is unusable; then nothing is changed.
    """
    return import_items(path, source=source, partial=True, progress=progress)


@leaves_trace(acts.ITEMS_LOADED)
@transaction.atomic
def import_items(
    path: Path,
    *,
    form: str = "",
    source: str = "sichuan",
    partial: bool = False,
    progress: Progress = lambda done, what: None,
) -> LoadReport:
    """Import items of any of the forms in `detecting.FORMS`; `form` "" finds out which it is.

    All or nothing: raises ImportRefused, with the report, when a row can't be filed and `partial`
    was not asked for. Raises TableError when the file can't be read at all. `source` says whose
    type codes a district list uses.
    """
    report = LoadReport()
    now = utc_now()
    writer = Writer(report, local_date(now))
    incoming: Iterator[Incoming] = reader_of(path, form=form, source=source)(report)
    for batch in in_batches(incoming):
        writer.file(batch)
        progress(report.read, path.name)
    writer.finish()
    if blocked(report) and not partial:
        raise ImportRefused(report)
    progress(report.read, path.name)
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    record(
        acts.ITEMS_LOADED,
        at=now,
        payload={
            "sha256": digest,
            "source": source,
            "read": report.read,
            "created": report.created,
            "updated": report.updated,
            "problems": report.counts.total(),
        },
    )
    return report
