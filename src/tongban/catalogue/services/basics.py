"""Publishing what the law fixes for basic items (基本目录)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from tongban.base.clocks import utc_now
from tongban.base.problems import InvalidInput
from tongban.base.tables import LoadReport
from tongban.catalogue.codes import KINDS
from tongban.catalogue.models import BasicItem, BasicVersion, ServiceItem
from tongban.catalogue.rules import BasicDocument
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

PACKAGED_BASICS = Path(__file__).parent.parent / "data" / "basics"


def read_basic(path: Path) -> BasicDocument:
    """One basic item in a TOML file. Raises `pydantic.ValidationError` or `TOMLDecodeError`."""
    return BasicDocument.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def packaged_basics() -> list[BasicDocument]:
    return [read_basic(path) for path in sorted(PACKAGED_BASICS.glob("*.toml"))]


@leaves_trace(acts.BASIC_PUBLISHED)
@transaction.atomic
def publish_basic(document: BasicDocument) -> BasicVersion | None:
    """Put a version of a basic item in force and join the items with its code; None when the same.

    Implementations keep what they have published; lint names those that fit no longer. Raises
    InvalidInput for a kind that is none, a main item that is not there or a cycle, and for a
    version that would begin before the one in force.
    """
    basic = _basic_of(document)
    content = document.model_dump(mode="json", exclude_defaults=True)
    held = basic.versions.filter(effective_to=None).first()
    if held and held.document == content:
        return None
    if held:
        if document.effective_from <= held.effective_from:
            raise InvalidInput(
                code="version_not_later",
                title="Not a later version",
                detail=f"{document.code}: in force since {held.effective_from} already",
                field="effective_from",
            )
        held.effective_to = document.effective_from - timedelta(days=1)
        held.state = BasicVersion.State.SUPERSEDED
        held.save(update_fields=["effective_to", "state"])
    newest = basic.versions.aggregate(newest=Max("version"))["newest"] or 0
    version = BasicVersion.objects.create(
        basic=basic,
        version=newest + 1,
        effective_from=document.effective_from,
        document=content,
    )
    ServiceItem.objects.filter(basic_code=basic.code, basic=None).update(basic=basic)
    record(
        acts.BASIC_PUBLISHED,
        at=utc_now(),
        payload={"code": basic.code, "version": version.version, "document": content},
    )
    return version


def _basic_of(document: BasicDocument) -> BasicItem:
    if document.kind not in KINDS:
        raise InvalidInput(
            code="unknown_kind",
            title="Unknown kind",
            detail=f"{document.code}: {document.kind!r} is none of {', '.join(KINDS)}",
            field="kind",
        )
    basic, _created = BasicItem.objects.get_or_create(
        code=document.code,
        defaults={"name": document.name.zh, "kind": document.kind, "source": "tongban"},
    )
    basic.name, basic.kind = document.name.zh, document.kind
    basic.parent = _parent_of(document) if document.parent_code else None
    basic.save(update_fields=["name", "kind", "parent"])
    return basic


def _parent_of(document: BasicDocument) -> BasicItem:
    parent = BasicItem.objects.filter(code=document.parent_code).first()
    above, seen = parent, {document.code}
    while above is not None and above.code not in seen:
        seen.add(above.code)
        above = above.parent
    if parent is None or above is not None:
        raise InvalidInput(
            code="bad_parent",
            title="No such main item",
            detail=f"{document.code}: {document.parent_code} is nowhere, or below it itself",
            field="parent_code",
        )
    return parent


def publish_basics(documents: Iterable[BasicDocument]) -> LoadReport:
    """Publish several; one that can't be is reported, the others go on."""
    report = LoadReport()
    for place, document in enumerate(documents, start=1):
        report.read += 1
        try:
            version = publish_basic(document)
        except InvalidInput as problem:
            report.note(place, problem.field or "", problem.code, str(problem.detail))
            continue
        if version is None:
            report.unchanged += 1
        elif version.version == 1:
            report.created += 1
        else:
            report.updated += 1
    return report
