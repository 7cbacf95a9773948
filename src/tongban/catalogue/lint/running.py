"""Lint over the catalogue: items stream from the database, four queries for each two thousand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet, TextField
from django.db.models.functions import Cast
from pydantic_core import from_json

from tongban.base.regions import prefix_of
from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.lint.consistency import IN_WORKING_DAYS
from tongban.catalogue.lint.model import Finding, Happened, Neighbours, Subject
from tongban.catalogue.lint.rules import findings_of
from tongban.catalogue.models import Guide, ServiceItem

CHUNK = 2_000
OURS = "tongban"
COLUMNS = (
    "code",
    "name",
    "kind",
    "source",
    "basic_code",
    "region_path",
    "organ__code",
    "organ__name",
    "guide_text",
    "in_force__is_complete",
    "basic_in_force__document",
)

# Rooms above tell what happened with items (their codes); `web` fills this at start.
WhatHappened = Callable[[list[str]], Mapping[str, Happened]]
what_happened: list[WhatHappened] = []


def items_to_check(region: str = "", organ: str = "") -> QuerySet[ServiceItem]:
    """Items of a region and of all below it, or of an organ; "" for all."""
    items = ServiceItem.objects.all()
    if region:
        items = items.filter(region_path__startswith=prefix_of(region))
    if organ:
        items = items.filter(organ__code=organ)
    return items


def subjects_of(
    items: QuerySet[ServiceItem], *, basics: Collection[str] | None = None
) -> Iterator[Subject]:
    """The items with their guides in force, with what happened and what others promise.

    `basics`: the items' basic codes, where they are few: then no other promise is read.
    """
    rows = (
        items.annotate(
            in_force=FilteredRelation("guides", condition=Q(guides__effective_to=None)),
            basic_in_force=FilteredRelation(
                "basic__versions", condition=Q(basic__versions__effective_to=None)
            ),
            # Parsed here: it takes a third of the time of a JSON column, as repeated strings are kept.
            guide_text=Cast("in_force__document", TextField()),
        )
        .order_by("pk")
        .values_list(*COLUMNS)
    )
    usual = usual_promises(basics)
    stream = rows.iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        facts = _facts_of([row[0] for row in chunk])
        for row in chunk:
            yield _subject_of(row, facts, usual)


def _facts_of(codes: list[str]) -> dict[str, Happened]:
    facts: dict[str, Happened] = {}
    for tell in what_happened:
        facts.update(tell(codes))
    return facts


def _subject_of(
    row: tuple[Any, ...], facts: Mapping[str, Happened], usual: Mapping[tuple[str, str], Neighbours]
) -> Subject:
    code, name, kind, source, basic, region, organ_code, organ, text, complete, fixed = row
    return Subject(
        code=code,
        name=name,
        kind=kind,
        organ=organ or "",
        organ_code=organ_code or "",
        region=region,
        source=OURS if complete else source,
        guide=from_json(text) if text else {},
        has_guide=text is not None,
        basic_code=basic,
        happened=facts.get(code),
        neighbours=usual.get((basic, name)) if basic else None,
        basic=fixed,
    )


def usual_promises(
    basics: Collection[str] | None = None,
) -> dict[tuple[str, str], Neighbours]:
    """What most organs promise for an item of the same basic code and name, where five or more do.

    One query. A basic code alone is not enough: an organ's several handling items share it.
    """
    organs: dict[tuple[str, str], set[int]] = defaultdict(set)
    promises: dict[tuple[str, str], Counter[float]] = defaultdict(Counter)
    found = (
        Guide.objects.filter(effective_to=None, item__organ__isnull=False)
        .exclude(promised_unit="")
        .exclude(item__basic_code="")
    )
    if basics is not None:
        found = found.filter(item__basic_code__in=basics)
    rows = found.values_list(
        "item__basic_code", "item__name", "item__organ_id", "promised_value", "promised_unit"
    )
    for basic, name, organ, value, unit in rows.iterator(chunk_size=CHUNK):
        organs[basic, name].add(organ)
        promises[basic, name][value * IN_WORKING_DAYS[unit]] += 1
    return {
        key: Neighbours(len(held), promises[key].most_common(1)[0][0])
        for key, held in organs.items()
        if len(held) >= 5
    }


def check(subjects: Iterable[Subject]) -> Iterator[tuple[Subject, list[Finding]]]:
    """Each item with what is wrong with it."""
    for subject in subjects:
        yield subject, findings_of(subject)


def subject_of_record(
    item: ServiceItem, content: Mapping[str, Any], basic: Mapping[str, Any] | None = None
) -> Subject:
    """An item with a guide that is not in force yet: for editors and before publishing."""
    return Subject(
        code=item.code,
        name=item.name,
        kind=item.kind,
        organ=item.organ.name if item.organ else "",
        organ_code=item.organ.code if item.organ else "",
        region=item.region_path,
        source=OURS,
        guide=content,
        basic_code=item.basic_code,
        basic=basic,
    )


def subject_of_document(record: GuideRecord, *, kind: str, name: str = "") -> Subject:
    """A guide without a catalogue around it: for files and tests."""
    content = record.model_dump(mode="json", exclude_defaults=True)
    title = content.get("name") or {"zh": name}
    return Subject(
        code=record.item_code,
        name=name or title["zh"],
        kind=kind,
        organ="",
        organ_code="-",
        region="",
        source="tongban",
        guide=content,
    )
