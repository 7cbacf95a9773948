"""A step and its case as an act needs them: two statements by hand, since thousands wait for them.

Composed by the models the two take as long as everything else of the act (`python -m bench
procedures`). What is not read here is read by the model when something asks for it.
"""

from __future__ import annotations

import json

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from tongban.cases.models import Case, CaseRun, CaseStep
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Organ
from tongban.ledger import direct
from tongban.ledger.traces import leaves_no_trace

READS = "a read of the act that calls it"


def _columns(model: type[Model], *wanted: str) -> list[str]:
    """In the order of the model's fields, as `from_db` takes them."""
    known = [field.attname for field in model._meta.concrete_fields]
    return sorted(wanted, key=known.index)


_CASE = _columns(
    Case,
    *("id", "number", "ledger_ref", "state", "events_count", "item_id", "organ_id", "guide_id"),
)
_STEP = _columns(
    CaseStep,
    *("id", "run_id", "case_id", "token", "node", "kind", "name", "organ_id", "role"),
    *("signed_by", "special", "state", "claimed_by_id", "done_by_id", "text", "chosen"),
)
_RUN = _columns(CaseRun, "id", "case_id", "procedure_id", "state", "alone", "turn", "finished")
CASE = f"""
SELECT {", ".join(f"c.{name}" for name in _CASE)}, i.code, i.region_id, o.code
FROM cases_case c JOIN catalogue_serviceitem i ON i.id = c.item_id
JOIN directory_organ o ON o.id = c.organ_id WHERE c.number = %s"""  # noqa: S608
STEP = f"""
SELECT {", ".join(f"s.{name}" for name in _STEP)}, {", ".join(f"r.{name}" for name in _RUN)}, o.code
FROM cases_casestep s JOIN cases_caserun r ON r.id = s.run_id
JOIN directory_organ o ON o.id = s.organ_id WHERE s.case_id = %s AND s.token = %s"""  # noqa: S608


@leaves_no_trace(READS)
def locked_case(number: str) -> Case | None:
    """The case of this number, locked until the transaction ends. One statement."""
    found = direct.fetch(CASE + direct.locked("c"), [number])
    if not found:
        return None
    row = found[0]
    case = Case.from_db(DEFAULT_DB_ALIAS, _CASE, row[: len(_CASE)])
    item, region, organ = row[len(_CASE) :]
    case.item = ServiceItem.from_db(
        DEFAULT_DB_ALIAS, ["id", "code", "region_id"], [case.item_id, item, region]
    )
    case.organ = Organ.from_db(DEFAULT_DB_ALIAS, ["id", "code"], [case.organ_id, organ])
    return case


@leaves_no_trace(READS)
def step_read(case: Case, token: int) -> CaseStep | None:
    """A step of a locked case with its run, as the last who held the lock left them. One statement."""
    found = direct.fetch(STEP, [case.pk, token])
    if not found:
        return None
    row = list(found[0])
    step = CaseStep.from_db(DEFAULT_DB_ALIAS, _STEP, row[: len(_STEP)])
    key, of, procedure, state, alone, turn, finished = row[len(_STEP) : -1]
    held = [key, of, procedure, json.loads(state), json.loads(alone), turn, bool(finished)]
    step.case = case
    step.run = CaseRun.from_db(DEFAULT_DB_ALIAS, _RUN, held)
    step.organ = Organ.from_db(DEFAULT_DB_ALIAS, ["id", "code"], [step.organ_id, row[-1]])
    return step
