"""A file that an organ uploads: read, compared row by row, shown; then filed as drafts, or given up.

Nothing is kept in memory but the codes: files of any length are read as they come, and at most
`ROWS_MOST` rows are compared in a request. What is longer is for `tongban items import`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.base.tables import LoadReport, TableError, encoding_of
from tongban.catalogue.importing.basics import cycles_of
from tongban.catalogue.importing.detecting import form_of_file, reader_of
from tongban.catalogue.interchange.incoming import BLOCKING, Incoming
from tongban.catalogue.models import GuideImport
from tongban.catalogue.services import drafting
from tongban.catalogue.services.drafting import Fingerprint, Planned, Wanted
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.traces import leaves_no_trace, leaves_trace

ROWS_MOST: Final = 50_000
KEPT_FOR: Final = timedelta(days=7)
ENDINGS: Final = (".csv", ".jsonl", ".ndjson", ".ttl", ".jsonld")
REPORT: Final = "rows.jsonl"
# Workbooks are zip files or old OLE files, whatever they are called.
WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def folder_of(key: uuid.UUID) -> Path:
    return Path(settings.TONGBAN_FILES).parent / "imports" / str(key)


def _name_in_folder(file_name: str) -> str:
    """A safe name with the ending that says which form the file has."""
    name = file_name.lower()
    zipped = ".gz" if name.endswith(".gz") else ""
    plain = name.removesuffix(".gz")
    ending = next((one for one in ENDINGS if plain.endswith(one)), ".csv")
    return f"file{ending}{zipped}"


def _path_of(run: GuideImport) -> Path:
    return folder_of(run.key) / _name_in_folder(run.file_name)


def _organ_of(actor: Account, organ: Organ) -> frozenset[int]:
    """The organs in which somebody may write. Raises NotFound when this is none of them."""
    mine = duties_of(actor).organs_for(Permission.EDIT_GUIDES)
    if organ.pk not in mine:
        raise NotFound(code="item_not_found", title=_("There is no such organ of yours"))
    return mine


@leaves_no_trace("a file is its uploader's own until it becomes drafts")
def examine(
    actor: Account,
    organ: Organ,
    content: Iterable[bytes],
    file_name: str,
    *,
    at: datetime | None = None,
) -> GuideImport:
    """Keep a file, read it, and write down what each row would do; nothing is filed.

    Raises InvalidInput when it can't be read as a table at all, with what to do.
    """
    mine = _organ_of(actor, organ)
    now = at or utc_now()
    forget_old(now)
    key = uuid.uuid4()
    folder = folder_of(key)
    folder.mkdir(parents=True)
    path = folder / _name_in_folder(file_name)
    digest = hashlib.sha256()
    try:
        with path.open("wb") as sink:
            for chunk in content:
                digest.update(chunk)
                sink.write(chunk)
        _check_workbook(path)
        form = form_of_file(path)
        encoding = encoding_of(path)[0].removesuffix("-sig")
        counts = _compare(path, form, mine, organ, folder / REPORT)
    except TableError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidInput(
            code=problem.code,
            title=_("The file can't be read"),
            detail=str(problem).replace(path.name, file_name),
            field="file",
        ) from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return GuideImport.objects.create(
        key=key,
        organ=organ,
        account=actor,
        file_name=file_name[-200:],
        sha256=digest.hexdigest(),
        form=form,
        encoding=encoding,
        counts=counts,
        at=now,
    )


def _check_workbook(path: Path) -> None:
    with path.open("rb") as source:
        start = source.read(4)
    if start in WORKBOOKS:
        raise TableError(
            "workbook",
            f"{path.name}: is a workbook; in the spreadsheet choose «save as», «CSV UTF-8»",
        )
    if not start:
        raise TableError("empty", f"{path.name}: is empty")


@dataclass
class _Reading:
    """One pass through a file."""

    report: LoadReport
    circular: frozenset[str]
    parents: dict[str, str]

    def rows(self, incoming: Iterator[Incoming]) -> Iterator[Wanted]:
        """What the rows want, in their order, those that can't be read among them."""
        seen: dict[str, bytes] = {}
        told = 0
        for read, one in enumerate(incoming, start=1):
            for problem in self.report.problems[told:]:
                if problem.code in BLOCKING:
                    yield _refused(
                        problem.row, "", problem.code, f"{problem.column} {problem.detail}"
                    )
            told = len(self.report.problems)
            if read > ROWS_MOST:
                raise TableError(
                    "too_many_rows",
                    f"more than {ROWS_MOST:,} rows: one organ has fewer items; split the file, or"
                    " let the operators run «tongban items import»",
                )
            yield self._row(one, seen)
        for problem in self.report.problems[told:]:
            if problem.code in BLOCKING:
                yield _refused(problem.row, "", problem.code, f"{problem.column} {problem.detail}")

    def _row(self, one: Incoming, seen: dict[str, bytes]) -> Wanted:
        form = one.form
        if form.basic and form.basic.parent_code:
            self.parents.setdefault(form.basic.code, form.basic.parent_code)
        wanted = Wanted(
            one.row,
            form.code,
            form.guide.record if form.guide else {},
            name=form.name,
            kind=form.kind,
            basic_code=form.basic_code or (form.basic.code if form.basic else ""),
            main_item=form.main_item,
        )
        digest = hashlib.blake2b(repr(form).encode(), digest_size=8).digest()
        before = seen.setdefault(form.code, digest)
        if before is not digest:
            code = "row_twice" if before == digest else "code_twice"
            return replace(wanted, refused=code)
        if form.basic and form.basic.code in self.circular:
            return replace(wanted, refused="cyclic_parent", detail=form.basic.parent_code)
        return wanted


def _refused(row: int, code: str, reason: str, detail: str) -> Wanted:
    return Wanted(row, code, {}, refused=reason, detail=detail.strip())


def _wanted(path: Path, form: str, circular: frozenset[str]) -> tuple[Iterator[Wanted], _Reading]:
    report = LoadReport()
    reading = _Reading(report, circular, {})
    incoming = reader_of(path, form=form, source="sichuan")(report)
    return reading.rows(incoming), reading


def _compare(
    path: Path, form: str, mine: frozenset[int], organ: Organ, out: Path
) -> dict[str, Any]:
    """Write what each row would do; the counts. Again with the cycles known, where there are any."""
    circular: frozenset[str] = frozenset()
    for _again in range(2):
        rows, reading = _wanted(path, form, circular)
        counts, fingerprint = _write_report(drafting.plan(mine, rows, new_for=organ), out)
        found = frozenset(cycles_of(reading.parents))
        if found == circular:
            break
        circular = found
    remarks = {code: count for code, count in reading.report.counts.items() if code not in BLOCKING}
    return {
        **counts,
        "fingerprint": fingerprint,
        "circular": sorted(circular),
        "remarks": remarks,
    }


def _write_report(plan: Iterable[Planned], out: Path) -> tuple[Counter[str], str]:
    counts: Counter[str] = Counter()
    fingerprint = Fingerprint()
    with out.open("w", encoding="utf-8") as sink:
        for one in plan:
            counts[one.outcome] += 1
            fingerprint.add(one)
            changed = sorted(
                name
                for name in {*one.before, *one.after}
                if one.before.get(name) != one.after.get(name) and name != "item_code"
            )
            line = [one.row, one.code, one.name, one.outcome, one.reason, one.detail, changed]
            sink.write(json.dumps(line, ensure_ascii=False) + "\n")
    for outcome in (drafting.NEW, drafting.CHANGED, drafting.UNCHANGED, drafting.REFUSED):
        counts.setdefault(outcome, 0)
    return counts, str(fingerprint)


@dataclass(frozen=True)
class ReportRow:
    row: int
    code: str
    name: str
    outcome: str
    reason: str
    detail: str
    changed: tuple[str, ...]


def report_rows(
    run: GuideImport, *, after: int = 0, outcome: str = "", most: int = 100
) -> tuple[list[ReportRow], int]:
    """Rows of a report from a place in it, and the place of the next ones, 0 at the end."""
    found: list[ReportRow] = []
    path = folder_of(run.key) / REPORT
    if not path.exists():
        return [], 0
    with path.open("rb") as source:
        source.seek(max(after, 0))
        while line := source.readline():
            try:
                one = json.loads(line)
                row = ReportRow(*one[:6], changed=tuple(one[6]))  # type: ignore[misc]
            except (ValueError, TypeError, IndexError):
                return found, 0  # A place that somebody made up.
            if outcome and row.outcome != outcome:
                continue
            found.append(row)
            if len(found) == most:
                following = source.tell()
                return found, following if source.read(1) else 0
    return found, 0


def report_csv(run: GuideImport) -> Iterator[str]:
    """The whole report as a table for a spreadsheet, line by line."""
    yield "\ufeffrow,code,name,outcome,reason,detail,changed\r\n"
    place = 0
    while True:
        rows, place = report_rows(run, after=place, most=1_000)
        sink = io.StringIO()
        writer = csv.writer(sink, lineterminator="\r\n")
        for one in rows:
            cells = [one.code, one.name, one.outcome, one.reason, one.detail, " ".join(one.changed)]
            writer.writerow([one.row, *(_as_text(cell) for cell in cells)])
        yield sink.getvalue()
        if not place:
            return


def _as_text(cell: str) -> str:
    """A cell that no spreadsheet runs, and no code that one rounds."""
    risky = cell[:1] in "=+-@\t\r" if cell else False
    return f'="{cell.replace(chr(34), chr(34) * 2)}"' if risky or cell.isdigit() else cell


@leaves_trace(acts.ITEMS_LOADED)
@transaction.atomic
def file_upload(
    actor: Account, key: uuid.UUID, *, partial: bool = False, at: datetime | None = None
) -> GuideImport:
    """File an upload as drafts, as it was shown.

    Raises what `drafting.write_drafts` raises, and Conflict when it is filed or given up already.
    """
    run = find_upload(actor, key, locked=True)
    if run.state != GuideImport.State.READY:
        raise Conflict(
            code="wrong_state", title=_("That is not possible now"), detail=run.get_state_display()
        )
    rows, _reading = _wanted(_path_of(run), run.form, frozenset(run.counts["circular"]))
    drafting.write_drafts(
        actor,
        rows,
        shown=run.counts["fingerprint"],
        partial=partial,
        new_for=run.organ,
        source=run.form,
        sha256=run.sha256,
        at=at,
    )
    run.state = GuideImport.State.FILED
    run.save(update_fields=["state"])
    transaction.on_commit(lambda: shutil.rmtree(folder_of(run.key), ignore_errors=True))
    return run


@leaves_no_trace("a file is its uploader's own until it becomes drafts")
@transaction.atomic
def compare_again(actor: Account, key: uuid.UUID) -> GuideImport:
    """Compare an upload anew with the catalogue as it is now."""
    run = find_upload(actor, key, locked=True)
    if run.state == GuideImport.State.READY:
        mine = _organ_of(actor, run.organ)
        run.counts = _compare(_path_of(run), run.form, mine, run.organ, folder_of(run.key) / REPORT)
        run.save(update_fields=["counts"])
    return run


@leaves_no_trace("a file is its uploader's own until it becomes drafts")
@transaction.atomic
def give_up(actor: Account, key: uuid.UUID) -> GuideImport:
    """Throw an upload away."""
    run = find_upload(actor, key, locked=True)
    if run.state == GuideImport.State.READY:
        run.state = GuideImport.State.DISCARDED
        run.save(update_fields=["state"])
        transaction.on_commit(lambda: shutil.rmtree(folder_of(run.key), ignore_errors=True))
    return run


def find_upload(actor: Account, key: uuid.UUID, *, locked: bool = False) -> GuideImport:
    """An upload of an organ in which the actor may write. Raises NotFound for any other."""
    runs = GuideImport.objects.select_related("organ")
    mine = duties_of(actor).organs_for(Permission.EDIT_GUIDES)
    found = (runs.select_for_update(of=("self",)) if locked else runs).filter(
        key=key, organ__in=mine
    )
    run = found.first()
    if run is None:
        raise NotFound(code="upload_not_found", title=_("There is no such upload"))
    return run


@leaves_no_trace("throws away files that nobody filed")
@transaction.atomic
def forget_old(now: datetime) -> int:
    """Give up uploads that nobody filed for a week, with their files; how many."""
    old = list(GuideImport.objects.filter(state=GuideImport.State.READY, at__lt=now - KEPT_FOR))
    for run in old:
        shutil.rmtree(folder_of(run.key), ignore_errors=True)
    GuideImport.objects.filter(pk__in=[run.pk for run in old]).update(
        state=GuideImport.State.DISCARDED
    )
    return len(old)
