"""Procedures of items in the making: imported or changed, named who does what, put in force by another.

One draft an item at a time; a version that was in force stays as the cases of its time need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import ItemProcedure
from tongban.cases.procedures.assigning import not_ready
from tongban.cases.procedures.document import as_data, from_data
from tongban.cases.procedures.model import Node, Procedure, Refusal
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

State = ItemProcedure.State
REASON_SHORTEST: Final = 4
OWN: Final = "a procedure is its administrators' own until it is put in force"


@dataclass(frozen=True)
class StepPlan:
    """How a step is to be done: the organ's code ("" for the item's own), the post, and the rest."""

    organ: str
    role: str
    limit_days: int = 0
    special: str = ""
    signed_by: str = ""


def item_of(actor: Account | None, code: str, permission: Permission) -> ServiceItem:
    """An item of an organ in which the actor may do this, locked; any item for an operator (None).

    Raises NotFound for another organ's, as for one that is not there.
    """
    items = ServiceItem.objects.select_for_update(of=("self",)).select_related("organ")
    item = items.filter(code=code.replace("\x00", "")).first()
    mine = None if actor is None else duties_of(actor).organs_for(permission)
    if item is None or item.organ is None or (mine is not None and item.organ_id not in mine):
        raise NotFound(
            code="item_not_found",
            title=_("There is no such item"),
            detail=_("The code is wrong, or the item is another organ's."),
        )
    return item


def faults_of(procedure: Procedure) -> tuple[Refusal, ...]:
    """What keeps a procedure from being put in force. One query."""
    codes = {task.organ for task in procedure.tasks if task.organ}
    known = set(Organ.objects.filter(code__in=codes).values_list("code", flat=True))
    return not_ready(procedure, known)


@leaves_no_trace(OWN)
@transaction.atomic
def store(
    actor: Account | None, item_code: str, procedure: Procedure, *, at: datetime | None = None
) -> ItemProcedure:
    """Keep a procedure as the draft of an item, in place of the one being drawn.

    `actor` is None for an operator at the command line. Who stored it last is its author. Raises
    NotFound for an item of another organ.
    """
    item = item_of(actor, item_code, Permission.DRAW_PROCEDURES)
    changes = {"document": as_data(procedure), "author": actor, "updated_at": at or utc_now()}
    draft = _draft(item)
    if draft is None:
        newest = item.procedures.aggregate(newest=Max("version"))["newest"] or 0
        return ItemProcedure.objects.create(item=item, version=newest + 1, **changes)
    return _change(draft, changes | {"revision": draft.revision + 1})


def _draft(item: ServiceItem) -> ItemProcedure | None:
    return item.procedures.select_for_update().filter(state=State.DRAFT).first()


def _held_draft(item: ServiceItem, revision: int | None) -> ItemProcedure:
    draft = _draft(item)
    if draft is None:
        raise NotFound(code="no_draft", title=_("No procedure is being drawn"))
    if revision is not None and draft.revision != revision:
        raise Conflict(
            code="saved_by_another",
            title=_("Somebody else has saved this procedure meanwhile"),
            detail=_("Nothing was changed."),
            fix=_("Reload the page and look at it again."),
        )
    return draft


def _change(procedure: ItemProcedure, changes: Mapping[str, Any]) -> ItemProcedure:
    for name, value in changes.items():
        setattr(procedure, name, value)
    procedure.save(update_fields=list(changes))
    return procedure


@leaves_no_trace(OWN)
@transaction.atomic
def plan_steps(
    actor: Account,
    item_code: str,
    plans: Mapping[str, StepPlan],
    *,
    revision: int,
    at: datetime | None = None,
) -> ItemProcedure:
    """Say who does the steps of the draft (by their ids), in how many working days, who signs.

    `revision` is the one that was read. Raises Conflict when somebody saved since, InvalidInput
    with a fault for each step that can't be done so; nothing is stored then.
    """
    item = item_of(actor, item_code, Permission.DRAW_PROCEDURES)
    draft = _held_draft(item, revision)
    drawn = from_data(draft.document)
    planned = replace(drawn, nodes=tuple(_planned(one, plans) for one in drawn.nodes))
    _check(faults_of(planned))
    return _change(
        draft,
        {
            "document": as_data(planned),
            "author": actor,
            "revision": draft.revision + 1,
            "updated_at": at or utc_now(),
        },
    )


def _planned(node: Node, plans: Mapping[str, StepPlan]) -> Node:
    plan = plans.get(node.id)
    if plan is None or node.kind != "task":
        return node
    return replace(
        node,
        organ=plan.organ,
        role=plan.role,
        limit_days=plan.limit_days,
        special=plan.special,
        signed_by=plan.signed_by,
    )


def _check(faults: tuple[Refusal, ...]) -> None:
    if faults:
        raise InvalidInput(
            code="not_ready",
            title=_("The procedure can't be put in force so"),
            detail="; ".join(f"{one.name or one.id}: {one.reason}" for one in faults),
            fix=_("Name an organ and a post for every step."),
            errors=tuple(FieldError(f"/{one.id}", one.element, one.reason) for one in faults),
        )


@leaves_trace(acts.PROCEDURE_PUBLISHED)
@transaction.atomic
def publish(
    actor: Account, item_code: str, *, revision: int | None = None, at: datetime | None = None
) -> ItemProcedure:
    """Put the draft in force for what is handed in from now on; the version before stays for the rest.

    `revision` is the one that was read. Raises NotPermitted for its author (two people publish a
    procedure), InvalidInput while something keeps it from running, Conflict when it was changed.
    """
    moment = at or utc_now()
    item = item_of(actor, item_code, Permission.PUBLISH_PROCEDURES)
    draft = _held_draft(item, revision)
    if draft.author_id == actor.pk:
        raise NotPermitted(
            code="own_procedure",
            title=_("You drew this procedure yourself"),
            detail=_("Somebody else puts it in force, so that two people have looked."),
            fix=_("Ask a colleague who may publish procedures."),
        )
    _check(faults_of(from_data(draft.document)))
    _end(item, State.SUPERSEDED, moment)
    _change(draft, {"state": State.PUBLISHED, "approver": actor, "in_force_from": moment})
    _trace(
        acts.PROCEDURE_PUBLISHED,
        draft,
        item,
        moment,
        {
            "author": draft.author.username if draft.author else "",
            "by": actor.username,
            "document": draft.document,
        },
    )
    return draft


def _end(item: ServiceItem, state: ItemProcedure.State, at: datetime) -> ItemProcedure | None:
    held = item.procedures.select_for_update().filter(state=State.PUBLISHED).first()
    if held is None:
        return None
    assert held.in_force_from is not None
    return _change(held, {"state": state, "in_force_to": max(at, held.in_force_from)})


@leaves_trace(acts.PROCEDURE_WITHDRAWN)
@transaction.atomic
def withdraw(
    actor: Account, item_code: str, *, reasons: str, at: datetime | None = None
) -> ItemProcedure:
    """Take the procedure of an item out of force, with reasons; cases that run by it go on."""
    moment = at or utc_now()
    item = item_of(actor, item_code, Permission.PUBLISH_PROCEDURES)
    said = reasons.strip().replace("\x00", "")[:500]
    if len(said) < REASON_SHORTEST:
        raise InvalidInput(
            code="reasons_missing",
            title=_("A reason is needed"),
            detail=_("Say why the procedure is withdrawn."),
            field="reasons",
        )
    held = _end(item, State.WITHDRAWN, moment)
    if held is None:
        raise NotFound(code="no_procedure", title=_("The item has no procedure in force"))
    _trace(acts.PROCEDURE_WITHDRAWN, held, item, moment, {"by": actor.username, "reasons": said})
    return held


@leaves_no_trace(OWN)
@transaction.atomic
def discard(actor: Account, item_code: str) -> None:
    """Give up the procedure that is being drawn. Raises NotFound when there is none."""
    item = item_of(actor, item_code, Permission.DRAW_PROCEDURES)
    _held_draft(item, None).delete()


def _trace(
    act: str, held: ItemProcedure, item: ServiceItem, at: datetime, payload: Mapping[str, object]
) -> None:
    assert item.organ is not None
    record(
        act,
        at=at,
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={"version": held.version, **payload},
    )
