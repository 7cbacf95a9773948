"""Reads for the pages of versions, of an organ's powers, and of what is wrong with its guides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import FilteredRelation, Q

from tongban.catalogue.codes import KINDS
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.lint.model import Finding, Subject
from tongban.catalogue.lint.reporting import LintReport, OrganScore, score_of
from tongban.catalogue.lint.running import check, subjects_of
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.rules import Change, differences
from tongban.directory.models import Organ

# More than any organ has; a page with more could not be read.
POWERS_MOST = 2_000


def link(asked: Mapping[str, str]) -> str:
    """The query of an address, without what is empty."""
    return "?" + urlencode({name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class Version:
    number: int
    state: str
    state_label: str
    since: date
    until: date | None
    is_sample: bool


def versions_of(item: ServiceItem) -> list[Version]:
    """All versions of an item's guide, newest first. One query."""
    return [
        Version(
            guide.version,
            guide.state,
            str(guide.get_state_display()),
            guide.effective_from,
            guide.effective_to,
            guide.is_sample,
        )
        for guide in item.guides.order_by("-version").defer("document")
    ]


def guide_version(item: ServiceItem, number: int) -> Guide | None:
    """One version of an item's guide. One query."""
    return item.guides.filter(version=number).first()


def version_differences(before: Guide, after: Guide) -> list[Change]:
    """How one version differs from another. No query."""
    old, new = (content_of(GuideRecord.model_validate(one.document)) for one in (before, after))
    for content in (old, new):  # The day is shown beside, and always differs.
        content.pop("effective_from", None)
    return differences(old, new)


def words_of(value: Any) -> str:
    """A value of a record in words, for a cell of the diff."""
    if value is None:
        return ""
    if isinstance(value, dict) and "zh" in value:
        return " / ".join(str(value[part]) for part in ("zh", "en") if value.get(part))
    if isinstance(value, dict):
        named = {name: words_of(part) for name, part in value.items()}
        return "; ".join(f"{name}: {part}" for name, part in named.items() if part)
    if isinstance(value, list):
        return "\n".join(words_of(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True)
class Power:
    """A row of an organ's list of powers and duties (权责清单)."""

    code: str
    name: str
    kind: str
    basic_code: str
    main_item: str
    legal_bases: tuple[str, ...]
    statutory: dict[str, Any] | None
    promised: dict[str, Any] | None


def powers_of(organ: Organ) -> dict[str, list[Power]]:
    """The items of an organ by kind, in the order of the standard's kinds. One query."""
    rows = (
        ServiceItem.objects.filter(organ=organ)
        .annotate(in_force=FilteredRelation("guides", condition=Q(guides__effective_to=None)))
        .order_by("main_item", "name", "code")
        .values_list("code", "name", "kind", "basic_code", "main_item", "in_force__document")
    )
    powers: dict[str, list[Power]] = {kind: [] for kind in (*KINDS, "")}
    for code, name, kind, basic_code, main_item, document in rows[:POWERS_MOST]:
        guide = document or {}
        bases = tuple(
            f"《{one['instrument']}》{one.get('article', '')}"
            for one in guide.get("legal_bases") or ()
        )
        powers.setdefault(kind, []).append(
            Power(
                code,
                name,
                kind,
                basic_code,
                main_item,
                bases,
                guide.get("statutory_limit"),
                guide.get("promised_limit"),
            )
        )
    return {kind: found for kind, found in powers.items() if found}


def organ_scores(organs: Sequence[int]) -> list[OrganScore]:
    """What lint says of some organs, worst first. About four queries for each 2,000 items."""
    report = LintReport()
    for subject, findings in check(subjects_of(ServiceItem.objects.filter(organ__in=organs))):
        report.add(subject, findings)
    return report.worst_organs


@dataclass(frozen=True)
class CheckedItem:
    code: str
    name: str
    score: int
    findings: tuple[Finding, ...]


def checked_items(organ: Organ) -> tuple[OrganScore, list[CheckedItem]]:
    """The items of an organ with something wrong, worst first, and its score."""
    report = LintReport()
    found: list[tuple[Subject, list[Finding]]] = []
    for subject, findings in check(subjects_of(ServiceItem.objects.filter(organ=organ))):
        report.add(subject, findings)
        if findings:
            found.append((subject, findings))
    items = [
        CheckedItem(subject.code, subject.name, score_of(findings), tuple(findings))
        for subject, findings in found
    ]
    items.sort(key=lambda item: (item.score, item.code))
    return report.organs.get(organ.code) or OrganScore(organ.code, organ.name), items
