"""Taking in what systems report: each row once, in order, a trace for each that says anything new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.contrib.auth.hashers import check_password
from django.db import IntegrityError, transaction

from tongban.base.clocks import utc_now
from tongban.base.problems import DomainError, FieldError, NotFound
from tongban.base.regions import NATION
from tongban.cases.models import ReportedCase, ReportedRow, ReportingRight
from tongban.cases.reporting import records
from tongban.cases.reporting.records import Record, RowProblem
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import ConnectedSystem, Organ
from tongban.ledger import acts
from tongban.ledger.services import new_case_ref, record
from tongban.ledger.traces import leaves_trace

# Rows in a transaction: long enough to be quick, short enough that nobody waits for it.
BATCH: Final = 500
PROBLEMS_MOST: Final = 1_000


class NotSignedIn(DomainError):
    """A system that did not say who it is, or not truly."""

    status = 401


@dataclass
class Taken:
    """What came of the rows. read = created + advanced + unchanged + refused."""

    read: int = 0
    created: int = 0
    advanced: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: list[tuple[int, FieldError]] = field(default_factory=list)

    def note(self, place: int, errors: Sequence[FieldError]) -> None:
        self.refused += 1
        room = PROBLEMS_MOST - len(self.problems)
        self.problems += [(place, one) for one in errors[:room]]

    def as_json(self) -> dict[str, object]:
        return {
            "read": self.read,
            "created": self.created,
            "advanced": self.advanced,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }

    def add(self, other: Taken) -> None:
        for name in self.as_json():
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.problems += other.problems[: PROBLEMS_MOST - len(self.problems)]


def system_of(client_id: str, secret: str) -> ConnectedSystem:
    """The registered system with this id and secret. Raises NotSignedIn."""
    system = ConnectedSystem.objects.filter(client_id=client_id[:100]).first()
    if system is None or not check_password(secret, system.client_secret):
        raise NotSignedIn(
            code="unknown_system",
            title="The system is not known",
            detail="Its id or its secret is wrong, or missing.",
            fix="Send both by HTTP Basic authentication, as `tongban openid register` printed them.",
        )
    return system


def system_named(client_id: str) -> ConnectedSystem:
    """The registered system with this id. Raises NotFound."""
    system = ConnectedSystem.objects.filter(client_id=client_id).first()
    if system is None:
        raise NotFound(
            code="unknown_system",
            title="There is no such system",
            detail=client_id[:100],
            fix="Register it with `tongban openid register`; `tongban openid clients` lists all.",
        )
    return system


@leaves_trace(acts.REPORTING_ALLOWED)
@transaction.atomic
def allow_reporting(
    system: ConnectedSystem, organ: Organ, *, allowed: bool = True, at: datetime | None = None
) -> None:
    """Let a system report the cases of an organ, or no longer. What it reported before stays."""
    moment = at or utc_now()
    if allowed:
        ReportingRight.objects.get_or_create(
            system=system, organ=organ, defaults={"given_at": moment}
        )
    else:
        ReportingRight.objects.filter(system=system, organ=organ).delete()
    record(
        acts.REPORTING_ALLOWED,
        at=moment,
        organ=organ.code,
        region=organ.region_id,
        payload={"system": system.client_id, "organ": organ.code, "allowed": allowed},
    )


@dataclass(frozen=True)
class Scope:
    """What a system may report: organs by key, code and credit code. Two queries."""

    system: ConnectedSystem
    organs: dict[int, Organ]

    @classmethod
    def of(cls, system: ConnectedSystem) -> Scope:
        organs = Organ.objects.filter(reporting_rights__system=system).select_related("region")
        return cls(system, {one.pk: one for one in organs})

    def organ_of(self, said: Record, item: ServiceItem | None) -> Organ:
        """Whose case it is: of the code that was said, of the item, else of the one organ that the
        system has. Raises RowProblem.
        """
        code = said.get("acceptance", {}).get("accepting_organ_code", "")
        if code:
            found = next(
                (one for one in self.organs.values() if code in (one.uscc, one.code)), None
            )
        elif item is not None and item.organ_id is not None:
            found = self.organs.get(item.organ_id)
        else:
            found = next(iter(self.organs.values())) if len(self.organs) == 1 else None
        if found is None:
            pointer = "/acceptance/accepting_organ_code"
            detail = "The system may not report for this organ, or it is not known which it is."
            raise RowProblem([FieldError(pointer, "organ_not_yours", detail)])
        return found


@dataclass(frozen=True)
class Line:
    """A row that was read: its place in the source, the number of its case, what it says."""

    place: int
    number: str
    said: Record
    digest: str


def take(
    system: ConnectedSystem, rows: Iterable[tuple[int, object]], *, at: datetime | None = None
) -> Taken:
    """Take rows (place, content) of a system in order; each that can't be taken is named.

    Transactions of 500 rows: what was taken before a failure stays, and the same rows again change
    nothing.
    """
    taken, scope = Taken(), Scope.of(system)
    source = iter(rows)
    while chunk := list(islice(source, BATCH)):
        moment = at or utc_now()
        lines, found = _read(chunk, moment)
        taken.add(found)
        try:
            done = _take_batch(scope, lines, moment)
        except IntegrityError:  # Another import had the same new case at the same moment.
            done = _take_batch(scope, lines, moment)
        taken.add(done)
    return taken


def _read(chunk: Sequence[tuple[int, object]], now: datetime) -> tuple[list[Line], Taken]:
    found, lines = Taken(read=len(chunk)), []
    for place, content in chunk:
        try:
            if isinstance(content, RowProblem):
                raise content
            number, said = records.read(content)
            if late := records.too_late(said, now):
                raise RowProblem(late)
            lines.append(Line(place, number, said, records.digest(number, said)))
        except RowProblem as problem:
            found.note(place, problem.errors)
    return lines, found


@dataclass
class _Batch:
    """The cases of a batch as they stand, and what has to be written."""

    scope: Scope
    at: datetime
    held: dict[str, ReportedCase]
    seen: set[tuple[str, str]]
    items: dict[str, ServiceItem]
    new: dict[str, ReportedCase] = field(default_factory=dict)
    changed: dict[str, ReportedCase] = field(default_factory=dict)
    rows: list[tuple[str, str]] = field(default_factory=list)
    traces: list[tuple[ReportedCase, str, str]] = field(default_factory=list)
    taken: Taken = field(default_factory=Taken)


@leaves_trace(acts.CASE_REPORTED)
@transaction.atomic
def _take_batch(scope: Scope, lines: Sequence[Line], at: datetime) -> Taken:
    numbers = sorted({line.number for line in lines})
    held = {
        case.source_number: case
        for case in ReportedCase.objects.select_for_update(of=("self",))
        .filter(system=scope.system, source_number__in=numbers)
        .order_by("pk")
    }
    seen = ReportedRow.objects.filter(
        case__in=list(held.values()), digest__in=[line.digest for line in lines]
    ).values_list("case__source_number", "digest")
    codes = {_code_of(line.said) for line in lines} - {""}
    found = ServiceItem.objects.filter(code__in=codes).select_related("organ", "region")
    batch = _Batch(
        scope, at, held, set(seen), {item.code: item for item in found.defer("source_row")}
    )
    for line in lines:
        try:
            _take_line(batch, line)
        except RowProblem as problem:
            batch.taken.note(line.place, problem.errors)
    _write(batch)
    return batch.taken


def _code_of(said: Record) -> str:
    for section in ("application", "acceptance"):
        if code := said.get(section, {}).get("implementation_code", ""):
            return str(code)
    return ""


def _take_line(batch: _Batch, line: Line) -> None:
    if (line.number, line.digest) in batch.seen:
        batch.taken.unchanged += 1
        return
    case = batch.held.get(line.number)
    content = records.merged(case.record if case else {}, line.said)
    if case is not None and content == case.record:
        batch.taken.unchanged += 1
        batch.seen.add((line.number, line.digest))
        batch.rows.append((line.number, line.digest))
        return
    columns = _columns(batch, content, case)
    if case is None:
        case = ReportedCase(
            system=batch.scope.system, source_number=line.number, ledger_ref=new_case_ref()
        )
        batch.held[line.number] = batch.new[line.number] = case
        batch.taken.created += 1
    else:
        if line.number not in batch.new:
            batch.changed[line.number] = case
        batch.taken.advanced += 1
    for name, value in columns.items():
        setattr(case, name, value)
    batch.seen.add((line.number, line.digest))
    batch.rows.append((line.number, line.digest))
    batch.traces.append((case, columns["state"], line.digest))


def _columns(batch: _Batch, content: Record, case: ReportedCase | None) -> dict[str, Any]:
    """The columns that a record adds up to. Raises RowProblem for what is missing or another's."""
    application = content.get("application", {})
    acceptance, conclusion = content.get("acceptance", {}), content.get("conclusion", {})
    errors = records.order(content)
    item = batch.items.get(_code_of(content)) or (case.item if case else None)
    name = (
        application.get("item_name") or acceptance.get("item_name") or (item.name if item else "")
    )
    if not name:
        errors.append(FieldError("/application/item_name", "missing", "Which matter it is."))
    if "applied_at" not in application:
        errors.append(FieldError("/application/applied_at", "missing", "When it was applied for."))
    if errors:
        raise RowProblem(errors)
    organ = batch.scope.organ_of(content, item)
    if case is not None and case.organ_id != organ.pk:
        detail = "The case was reported for another organ before."
        raise RowProblem([FieldError("/acceptance/accepting_organ_code", "other_organ", detail)])
    accepted, concluded = acceptance.get("accepted_at"), conclusion.get("concluded_at")
    return {
        "organ": organ,
        "item": item,
        "item_name": name,
        "region_path": organ.region.path if organ.region_id != NATION else "",
        "applicant_name": application.get("applicant_name", ""),
        "applicant_number": records.applicant_number(content),
        "state": records.state_of(content),
        "applied_at": records.moment(application["applied_at"]),
        "accepted_at": records.moment(accepted) if accepted else None,
        "concluded_at": records.moment(concluded) if concluded else None,
        "due_on": records.due_of(content),
        "record": content,
        "reported_at": batch.at,
    }


def _write(batch: _Batch) -> None:
    ReportedCase.objects.bulk_create(batch.new.values())
    for case in batch.changed.values():
        case.save()
    ReportedRow.objects.bulk_create(
        ReportedRow(case=batch.held[number], digest=digest, at=batch.at)
        for number, digest in batch.rows
    )
    for case, state, digest in batch.traces:
        record(
            acts.CASE_REPORTED,
            at=batch.at,
            organ=case.organ.code,
            region=case.organ.region_id,
            item=case.item.code if case.item else "",
            case_ref=case.ledger_ref,
            payload={
                "system": batch.scope.system.client_id,
                "source_number": case.source_number,
                "state": state,
                "sha256": digest,
                "applicant": case.applicant_number,
            },
        )


def numbered(rows: Iterable[object], first: int = 1) -> Iterator[tuple[int, object]]:
    """Rows with their places, for `take`."""
    return enumerate(rows, start=first)
