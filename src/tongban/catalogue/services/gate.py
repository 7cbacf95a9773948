"""What keeps a guide from being published: errors of lint, unless somebody answers for them by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tongban.base.problems import FieldError, InvalidInput
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.lint.model import Finding
from tongban.catalogue.lint.rules import errors_of
from tongban.catalogue.lint.running import subject_of_record
from tongban.catalogue.models import BasicVersion, Guide, ServiceItem
from tongban.catalogue.rules import inherited
from tongban.ledger import acts
from tongban.ledger.services import record as trace
from tongban.ledger.traces import leaves_no_trace

REASON_SHORTEST = 10


@dataclass(frozen=True)
class Override:
    """Who answers for publishing in spite of errors, and why."""

    by: str
    reason: str


def basic_in_force(item: ServiceItem) -> BasicVersion | None:
    """What is fixed for an item's basic item. One query."""
    if item.basic_id is None:
        return None
    return BasicVersion.objects.filter(basic=item.basic_id, effective_to=None).first()


def with_inheritance(item: ServiceItem, record: GuideRecord) -> GuideRecord:
    """The record with what its basic item fixes; the same class when nothing is."""
    basic = basic_in_force(item)
    if basic is None:
        return record
    return GuideRecord.model_validate(inherited(basic.document, content_of(record)))


def errors_in(item: ServiceItem, record: GuideRecord) -> list[Finding]:
    """Errors of lint in a guide before it is in force. One query."""
    basic = basic_in_force(item)
    return errors_of(subject_of_record(item, content_of(record), basic.document if basic else None))


def check_errors(errors: list[Finding], override: Override | None) -> None:
    """Let a guide pass that has no errors, or for whose errors somebody answers.

    Raises InvalidInput with one entry for each finding, or for an override without a reason.
    """
    if not errors:
        return
    if override is None:
        raise InvalidInput(
            code="lint_errors",
            title=_("The guide has errors"),
            detail="; ".join(f"{one.rule.code} {one.path} {one.detail}".strip() for one in errors),
            fix=_("Mend them, or publish with a reason that you answer for by name."),
            errors=tuple(
                FieldError(f"/{one.path.replace('.', '/')}", one.rule.code, one.rule.message[0])
                for one in errors
            ),
        )
    if len(override.reason.strip()) < REASON_SHORTEST or not override.by:
        raise InvalidInput(
            code="override_without_reason",
            title=_("A reason is needed"),
            detail=_("Who publishes in spite of errors says why, in a sentence."),
            field="override_reason",
        )


@leaves_no_trace("is itself the trace of the act that calls it")
def trace_override(
    guide: Guide, item: ServiceItem, errors: list[Finding], override: Override, at: datetime
) -> None:
    """The entry that says who published in spite of which errors, and why."""
    assert item.organ is not None
    trace(
        acts.LINT_OVERRIDDEN,
        at=at,
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={
            "version": guide.version,
            "by": override.by,
            "reason": override.reason,
            "errors": [f"{one.rule.code} {one.path}".strip() for one in errors],
        },
    )
