"""Saving a section of a guide: nothing that the basic item fixes is loosened, nothing overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import FieldError, InvalidInput
from tongban.catalogue.editor.fixing import WHOLLY, joined
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.lint.model import Finding
from tongban.catalogue.lint.rules import findings_of
from tongban.catalogue.lint.running import subject_of_record
from tongban.catalogue.models import Proposal, ServiceItem
from tongban.catalogue.rules import Content, inherited
from tongban.catalogue.services import proposals
from tongban.catalogue.services.gate import basic_in_force
from tongban.directory.models import Account
from tongban.ledger.traces import leaves_no_trace

# Of the rules of inheritance those that say that something was loosened.
LOOSENED = frozenset({"B01", "B02", "B03", "B04", "B05", "B07", "B08"})


def findings_in(item: ServiceItem, document: Content, basic: Content) -> list[Finding]:
    """What lint says of a version in the making, with what it takes over. No query."""
    whole = inherited(basic, document) if basic else dict(document)
    return findings_of(subject_of_record(item, whole, basic or None))


def basic_content(item: ServiceItem) -> dict[str, Any]:
    """What the basic item in force fixes, {} where nothing is. One query."""
    basic = basic_in_force(item)
    return dict(basic.document) if basic else {}


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
@transaction.atomic
def save_section(
    actor: Account,
    item: ServiceItem,
    held: Content,
    typed: Mapping[str, Any],
    fields: tuple[str, ...],
    *,
    revision: int,
    at: datetime | None = None,
) -> Proposal:
    """Save one section of a draft: `typed` for its `fields`, the rest as in `held`.

    `held` is what revision `revision` says. Raises InvalidInput, with the places, for what is no
    record and for what loosens what the basic item fixes; Conflict when somebody saved meanwhile.
    """
    basic = basic_content(item)
    document = in_section(basic, held, typed, fields)
    checked = proposals.checked(document, item)
    loose = _loosened(item, checked, basic, fields)
    # What can't be edited here and does not fit is taken over from the basic item.
    for name in {one.path.split(".")[0] for one in loose} & set(WHOLLY):
        document.pop(name, None)
        checked.pop(name, None)
        loose = _loosened(item, checked, basic, fields)
    if loose:
        raise InvalidInput(
            code="loosened",
            title=_("The basic catalogue does not allow this"),
            errors=tuple(
                FieldError(f"/{one.path.replace('.', '/')}", one.rule.code, one.detail)
                for one in loose
            ),
        )
    return proposals.save(
        actor,
        item.code,
        document,
        revision=revision,
        effective_from=day_of(checked),
        at=at,
    )


def _loosened(
    item: ServiceItem, document: Content, basic: Content, fields: tuple[str, ...]
) -> list[Finding]:
    return [
        one
        for one in findings_in(item, document, basic)
        if one.rule.code in LOOSENED and one.path.split(".")[0] in fields
    ]


def in_section(
    basic: Content, held: Content, typed: Mapping[str, Any], fields: tuple[str, ...]
) -> dict[str, Any]:
    """The whole document with one section as it was typed."""
    rest = {name: value for name, value in held.items() if name not in fields}
    return rest | joined(basic, typed, held, fields)


def day_of(document: Content) -> date | None:
    """The day on which a version is to come in force, None for at once."""
    said = document.get("effective_from")
    return date.fromisoformat(said) if said else None


def whole_record(document: Content, basic: Content) -> GuideRecord:
    """A version as it would be published: with what it takes over."""
    return GuideRecord.model_validate(inherited(basic, document) if basic else document)


__all__ = [
    "basic_content", "content_of", "day_of", "findings_in", "in_section", "save_section",
    "whole_record",
]  # fmt: skip
