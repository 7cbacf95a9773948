"""Reads of reported cases: those of an applicant, one for staff, and how its record is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.permissions import Permission
from tongban.base.problems import DomainError, NotFound
from tongban.cases.models import ReportedCase
from tongban.cases.reporting.fields import ITEM, SECTIONS
from tongban.directory.models import Account, Enterprise
from tongban.directory.rules import mask
from tongban.directory.selectors import duties_of, person_of

SHOWN_MOST = 100


def _numbers(account: Account) -> list[str]:
    """Under which numbers the account applies: its own, and those of its enterprises. Two queries."""
    person = person_of(account)
    if person is None:
        return []
    codes = Enterprise.objects.filter(legal_representative=person).values_list("uscc", flat=True)
    return [person.id_number, *codes]


def reported_for(account: Account) -> QuerySet[ReportedCase]:
    """Cases that other systems reported about the account and its enterprises. Two queries before."""
    index = ReportedCase._meta.get_field("applicant_number_index")
    wanted = [one for number in _numbers(account) for one in index.candidates(number)]
    return ReportedCase.objects.filter(applicant_number_index__in=wanted)


def my_reported(account: Account) -> list[ReportedCase]:
    """For the list «My cases», the newest first. Three queries."""
    found = reported_for(account).select_related("organ", "system").order_by("-applied_at", "-pk")
    return list(found.defer("record")[:SHOWN_MOST])


def _no_case() -> DomainError:
    return NotFound(
        code="case_not_found",
        title=_("There is no such case"),
        detail=_("It is not reported here, or it is not yours to see."),
    )


def applicant_reported(account: Account, reference: str) -> ReportedCase:
    """One of the applicant's own. Raises NotFound."""
    return _one(reported_for(account), reference)


def staff_reported(account: Account, reference: str) -> ReportedCase:
    """One of the organs that somebody serves. Raises NotFound."""
    organs = duties_of(account).organs_for(Permission.READ_CASE)
    return _one(ReportedCase.objects.filter(organ__in=organs), reference)


def _one(cases: QuerySet[ReportedCase], reference: str) -> ReportedCase:
    found = cases.filter(ledger_ref=reference).select_related("organ", "system", "item").first()
    if found is None:
        raise _no_case()
    return found


MASKED = {
    "applicant_document_number": "resident_id",
    "agent_document_number": "resident_id",
    "contact_mobile": "phone",
}


def told(case: ReportedCase, *, masked: bool) -> list[dict[str, object]]:
    """The record as sections of rows, by the standard's names; numbers masked for staff."""
    found: list[dict[str, object]] = []
    for section, title in SECTIONS.items():
        part: Any = case.record.get(section)
        for one in part if isinstance(part, list) else [part]:
            if one:
                found.append({"title": title, "rows": list(_rows(section, one, masked))})
    return found


def _rows(section: str, part: dict[str, Any], masked: bool) -> Iterable[dict[str, str]]:
    for name, value in part.items():
        if name == "materials":
            names = "、".join(one.get("material_name", "") for one in value)
            yield {"label": "材料名称", "answer": names}
            continue
        answer = mask(value, MASKED[name]) if masked and name in MASKED else value
        yield {"label": ITEM[section, name].zh, "answer": answer}


def flat(record: dict[str, Any]) -> dict[str, str]:
    """All that was reported, by the standard's names: `事项受理.受理时间`, `事项办理 2.环节名称`."""
    found: dict[str, str] = {}
    for section, title in SECTIONS.items():
        part = record.get(section, {})
        parts = part if isinstance(part, list) else [part]
        for place, one in enumerate(parts, start=1):
            before = f"{title} {place}" if isinstance(part, list) else title
            for name, value in one.items():
                if name == "materials":
                    for number, material in enumerate(value, start=1):
                        found |= {
                            f"{title} {number}.{ITEM[section, key].zh}": said
                            for key, said in material.items()
                        }
                else:
                    found[f"{before}.{ITEM[section, name].zh}"] = value
    return found
