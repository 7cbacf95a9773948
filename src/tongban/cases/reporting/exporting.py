"""Cases as other systems read them: the data items of GB/T 39046 tables 5-8.

Our own cases and those that were reported here. Notes among colleagues, files and who looked are no
part of it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TextIO

from django.db import transaction
from django.db.models import QuerySet

from tongban.base.clocks import LOCAL, utc_now
from tongban.base.regions import prefix_of
from tongban.cases.models import Case, CaseEvent, ReportedCase
from tongban.cases.reporting.fields import DATA_ITEMS, MATERIAL, NOT_TAKEN, SECTIONS
from tongban.cases.reporting.records import FORMULA, RESIDENT_ID, TIME, Record
from tongban.cases.rules import ACCEPTANCES, STAFF_ACTS, Act
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

CHUNK: Final = 500
CASE_TYPES: Final = {"instant": ("即办件", "1"), "promised": ("承诺件", "2")}
SOURCES: Final = {"web": "2", "counter": "1"}
RETURNS: Final = frozenset({Act.REQUEST_CORRECTION, Act.REFUSE, Act.DENY, Act.TERMINATE})
SPECIAL: Final = {Act.START_SPECIAL: "begin", Act.END_SPECIAL: "end"}
ENDS: Final = {
    "approved": "准予",
    "denied": "不予",
    "refused": "不予受理",
    "withdrawn": "撤回",
    "terminated": "终止",
    "revoked": "准予后撤销",
}


def _time(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime(TIME)


def record_of(case: Case) -> Record:
    """One of our cases as a record; its events, files and relations are read with it (prefetch)."""
    events = list(case.events.all())
    acceptance = next((one for one in events if one.act in ACCEPTANCES), None)
    organ = {"accepting_organ": case.organ.name}
    code = case.organ.uscc or case.organ.code
    kind, kind_code = CASE_TYPES.get(case.guide.case_type, ("", ""))
    facts = {
        "implementation_code": case.item.code,
        "item_name": case.item.name,
        "case_type": kind,
        "case_type_code": kind_code,
    }
    found: Record = {"application": _filled(facts | _applicant(case))}
    if case.accepted_at:
        handler = acceptance.actor if acceptance else None
        found["acceptance"] = _filled(
            facts
            | organ
            | {
                "basic_code": case.item.basic_code,
                "accepting_organ_code": code if len(code) <= 18 else "",
                "accepted_by": str(handler or "")[:30],
                "accepted_at": _time(case.accepted_at),
                "promised_conclusion": case.due_on.isoformat() if case.due_on else "",
                "region_code": case.region_path[:9],
            }
        )
    steps = _steps(case, events)
    if steps:
        found["handling"] = steps
    ended = case.decided_at or case.closed_at
    if ended:
        found["conclusion"] = _conclusion(case, events, ended)
    return {"application": {"case_number": case.number} | found.pop("application"), **found}


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _applicant(case: Case) -> dict[str, Any]:
    person, enterprise = case.applicant, case.enterprise
    return {
        "applicant_name": (enterprise.name if enterprise else person.name)[:100],
        "applicant_document_type_code": "" if enterprise else RESIDENT_ID,
        "applicant_document_number": enterprise.uscc if enterprise else person.id_number,
        "legal_representative": person.name[:30] if enterprise else "",
        "application_source_code": SOURCES.get(case.channel, "9"),
        "applied_at": _time(case.submitted_at),
        "materials": [
            {
                "material_name": file.name[:200],
                "is_collected": "1",
                "collection_way": "电子",
                "collected_copies": "1",
                "collected_at": _time(file.uploaded_at),
            }
            for file in case.files.all()
            if not file.superseded
        ],
    }


def _steps(case: Case, events: list[CaseEvent]) -> list[dict[str, str]]:
    """The organ's acts as steps of table 7; a special procedure with its beginning and its end."""
    steps: list[dict[str, str]] = []
    open_steps: dict[str, dict[str, str]] = {}
    for event in events:
        if event.act not in STAFF_ACTS:
            continue
        at, kind = _time(event.at), str(event.data.get("kind", ""))
        if event.act == Act.END_SPECIAL and kind in open_steps:
            step = open_steps.pop(kind)
            step |= _filled(
                {
                    "special_procedure_ended_at": at,
                    "step_ended_at": at,
                    "special_procedure_result": event.text,
                    "step_state_code": "2",
                }
            )
            continue
        special = event.act == Act.START_SPECIAL
        step = _filled(
            {
                "action": "退回" if event.act in RETURNS else "通过",
                "step_name": event.act,
                "step_handler": str(event.actor or "")[:30],
                "step_opinion": event.text[:1000],
                "step_started_at": at,
                "step_ended_at": "" if special else at,
                "step_organ": case.organ.name[:100],
                "step_state_code": "1" if special else "2",
                "special_procedure_kind": kind if special else "",
                "special_procedure_code": "2" if special else "",
                "special_procedure_started_at": at if special else "",
                "special_procedure_reason": event.text if special else "",
            }
        )
        steps.append(step)
        if special:
            open_steps[kind] = step
    return steps


def _conclusion(case: Case, events: list[CaseEvent], ended: datetime) -> dict[str, Any]:
    reasons = next((one.text for one in reversed(events) if one.after and one.text), "")
    return _filled(
        {
            "concluded_by": str(case.decided_by or "")[:30],
            "concluded_at": _time(ended),
            "result_description": f"{ENDS[case.state]} {reasons}"[:1000].strip(),
            "issuing_organ": case.organ.name[:100],
            "region_code": case.region_path[:9],
        }
    )


def _own(region: str, organ: str) -> QuerySet[Case]:
    cases = Case.objects.select_related(
        "item", "guide", "organ", "applicant", "enterprise", "decided_by"
    ).prefetch_related("events__actor", "files")
    if organ:
        cases = cases.filter(organ__code=organ)
    return cases.filter(region_path__startswith=prefix_of(region)) if region else cases


def _reported(region: str, organ: str) -> QuerySet[ReportedCase]:
    cases = ReportedCase.objects.select_related("system")
    if organ:
        cases = cases.filter(organ__code=organ)
    return cases.filter(region_path__startswith=prefix_of(region)) if region else cases


def records_for(region: str = "", organ: str = "") -> Iterator[Record]:
    """Records of a region and all below it, or of an organ: ours, then those reported here."""
    for case in _own(region, organ).defer("answers").order_by("pk").iterator(chunk_size=CHUNK):
        yield record_of(case)
    for reported in _reported(region, organ).order_by("pk").iterator(chunk_size=CHUNK):
        said = dict(reported.record)
        application = {"case_number": reported.source_number} | said.pop("application", {})
        yield {"application": application, **said}


@leaves_trace(acts.CASES_EXPORTED)
@transaction.atomic
def note_export(
    *, purpose: str, region: str = "", organ: str = "", at: datetime | None = None
) -> int:
    """Write down that cases are exported, and what for; returns how many there are.

    Done before the first is written, by an administrator of the installation at its command line.
    """
    count = _own(region, organ).count() + _reported(region, organ).count()
    record(
        acts.CASES_EXPORTED,
        at=at or utc_now(),
        organ=organ,
        region=region,
        payload={"region": region, "organ": organ, "count": count, "purpose": purpose},
    )
    return count


def write(out: TextIO, *, form: str, region: str = "", organ: str = "") -> int:
    """Write cases as `jsonl` or `csv`; returns how many. ID numbers are in full."""
    writers = {"jsonl": _write_lines, "csv": _write_table}
    return writers[form](records_for(region, organ), out)


def _write_lines(found: Iterator[Record], out: TextIO) -> int:
    count = 0
    for count, one in enumerate(found, start=1):  # noqa: B007 - the last is how many
        out.write(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n")
    return count


COLUMNS: Final = tuple(
    (one.section, one.name, f"{SECTIONS[one.section]}.{one.zh}")
    for one in DATA_ITEMS
    if one.name not in NOT_TAKEN and (one.name != "case_number" or one.section == "application")
)


def _write_table(found: Iterator[Record], out: TextIO) -> int:
    """A row a case, with further rows (the number alone) for further steps and materials."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column for _section, _name, column in COLUMNS])
    count = 0
    for one in found:
        count += 1
        for row in table_rows(one):
            writer.writerow([_safe(row.get((section, name), "")) for section, name, _c in COLUMNS])
    return count


def _safe(cell: str) -> str:
    """No cell begins as a formula of a spreadsheet (CWE-1236); reading takes the mark away."""
    return f"'{cell}" if cell[:1] in FORMULA else cell


def table_rows(said: Record) -> list[dict[tuple[str, str], str]]:
    application = dict(said.get("application", {}))
    materials, steps = application.pop("materials", []), said.get("handling", [])
    number = application.get("case_number", "")
    rows = []
    for place in range(max(1, len(materials), len(steps))):
        row = {("application", "case_number"): number}
        if not place:
            for section in ("application", "acceptance", "conclusion"):
                part = application if section == "application" else said.get(section, {})
                row |= {(section, name): value for name, value in part.items()}
        if place < len(materials):
            row |= {("application", name): materials[place].get(name, "") for name in MATERIAL}
        if place < len(steps):
            row |= {("handling", name): value for name, value in steps[place].items()}
        rows.append(row)
    return rows
