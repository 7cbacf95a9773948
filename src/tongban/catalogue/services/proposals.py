"""Versions in the making: one person writes, another approves, on a day it is in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.models import Guide, Proposal, ProposalRevision, ServiceItem
from tongban.catalogue.services.gate import (
    Override,
    check_errors,
    errors_in,
    trace_override,
    with_inheritance,
)
from tongban.catalogue.services.publishing import item_for_writing, put_in_force
from tongban.catalogue.shelves.filing import put_on_shelves
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

State = Proposal.State
OPEN = (State.DRAFT, State.REVIEW, State.APPROVED)
REASON_SHORTEST = 5


def _item(actor: Account, code: str, permission: Permission) -> ServiceItem:
    """An item of an organ in which the actor may do this, locked. Raises NotFound for any other."""
    item = item_for_writing(code)
    if item is None or item.organ_id not in duties_of(actor).organs_for(permission):
        raise NotFound(
            code="item_not_found",
            title=_("There is no such item"),
            detail=_("The code is wrong, or the item is another organ's."),
        )
    return item


def _open_proposal(item: ServiceItem, *states: Proposal.State) -> Proposal:
    proposal = item.proposals.select_for_update().filter(state__in=OPEN).first()
    if proposal is None:
        raise NotFound(code="no_proposal", title=_("No new version is being written"))
    if proposal.state not in states:
        raise Conflict(
            code="wrong_state",
            title=_("That is not possible now"),
            detail=proposal.get_state_display(),
            fix=_("Reload the page to see how things stand."),
        )
    return proposal


def checked(document: Mapping[str, Any], item: ServiceItem) -> dict[str, Any]:
    """The content of a record of this item. Raises InvalidInput with the places that are none."""
    try:
        parsed = GuideRecord.model_validate({**document, "item_code": item.code})
    except ValidationError as problem:
        raise InvalidInput(
            code="bad_guide",
            title=_("The guide can't be read"),
            errors=tuple(
                FieldError("/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
                for one in problem.errors()
            ),
        ) from None
    return content_of(parsed)


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
@transaction.atomic
def begin(actor: Account, item_code: str, *, at: datetime | None = None) -> Proposal:
    """Begin a new version as a copy of the one in force; the open one, when there is one."""
    item = _item(actor, item_code, Permission.EDIT_GUIDES)
    held = item.proposals.filter(state__in=OPEN).first()
    if held:
        return held
    guide = item.guides.filter(effective_to=None).first()
    proposal = Proposal.objects.create(
        item=item,
        document=guide.document if guide else checked({}, item),
        based_on=guide.version if guide else 0,
        author=actor,
        updated_at=at or utc_now(),
    )
    keep_revision(proposal, before=0)
    return proposal


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
def keep_revision(proposal: Proposal, *, before: int) -> None:
    """Keep what a proposal says now. `before`: the revision to which an undo leads."""
    ProposalRevision.objects.create(
        proposal=proposal,
        number=proposal.revision,
        before=before,
        document=proposal.document,
        author_id=proposal.author_id,
        at=proposal.updated_at,
    )


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
@transaction.atomic
def save(
    actor: Account,
    item_code: str,
    document: Mapping[str, Any],
    *,
    revision: int,
    effective_from: date | None = None,
    based_on: int | None = None,
    at: datetime | None = None,
) -> Proposal:
    """Save what was written. Who saves last is its author, so that another one approves.

    `revision` is the one that the editor read; `based_on` the version in force with which the
    editor has compared it, when another one came in force meanwhile. Raises Conflict when somebody
    saved since then: nothing is overwritten; InvalidInput for a document that is no record.
    """
    item = _item(actor, item_code, Permission.EDIT_GUIDES)
    proposal = _open_proposal(item, State.DRAFT)
    _check_revision(proposal, revision)
    if based_on is not None:
        proposal.based_on = based_on
        _check_base(item, proposal)
    proposal.document = checked(document, item)
    proposal.revision += 1
    proposal.effective_from = effective_from
    proposal.author = actor
    proposal.updated_at = at or utc_now()
    proposal.save(
        update_fields=["document", "revision", "effective_from", "based_on", "author", "updated_at"]
    )
    keep_revision(proposal, before=revision)
    return proposal


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
@transaction.atomic
def undo(actor: Account, item_code: str, *, revision: int, at: datetime | None = None) -> Proposal:
    """Take the last saving back: what the revision before it said, as a new revision.

    `revision` is the one that the editor saw. Raises Conflict when somebody saved since then, and
    when nothing is left to take back.
    """
    item = _item(actor, item_code, Permission.EDIT_GUIDES)
    proposal = _open_proposal(item, State.DRAFT)
    _check_revision(proposal, revision)
    newest = proposal.revisions.get(number=proposal.revision)
    older = proposal.revisions.filter(number=newest.before).first()
    if older is None:
        raise Conflict(
            code="nothing_to_undo",
            title=_("There is nothing to take back"),
            detail=_("This is the version with which the draft began."),
            fix=_("To give up the whole draft, discard it."),
        )
    day = older.document.get("effective_from")
    proposal.document = older.document
    proposal.effective_from = date.fromisoformat(day) if day else None
    proposal.revision += 1
    proposal.author = actor
    proposal.updated_at = at or utc_now()
    proposal.save(update_fields=["document", "effective_from", "revision", "author", "updated_at"])
    keep_revision(proposal, before=older.before)
    return proposal


def _check_revision(proposal: Proposal, revision: int) -> None:
    if proposal.revision != revision:
        raise Conflict(
            code="saved_by_another",
            title=_("Somebody else has saved this guide meanwhile"),
            detail=str(proposal.author),
            fix=_("Compare both versions and save again what you want to keep."),
        )


@leaves_trace(acts.GUIDE_SENT_TO_REVIEW)
@transaction.atomic
def send_to_review(actor: Account, item_code: str, *, at: datetime | None = None) -> Proposal:
    """Ask somebody else to approve."""
    item = _item(actor, item_code, Permission.EDIT_GUIDES)
    proposal = _open_proposal(item, State.DRAFT)
    proposal.state = State.REVIEW
    proposal.updated_at = at or utc_now()
    proposal.save(update_fields=["state", "updated_at"])
    _trace(acts.GUIDE_SENT_TO_REVIEW, proposal, item, actor, proposal.updated_at)
    return proposal


@leaves_trace(acts.GUIDE_RETURNED)
@transaction.atomic
def send_back(
    actor: Account, item_code: str, *, reasons: str, at: datetime | None = None
) -> Proposal:
    """Send a version back to its author with reasons."""
    item = _item(actor, item_code, Permission.PUBLISH_GUIDES)
    proposal = _open_proposal(item, State.REVIEW, State.APPROVED)
    if len(reasons.strip()) < REASON_SHORTEST:
        raise InvalidInput(
            code="reasons_missing",
            title=_("A reason is needed"),
            detail=_("Say what is to be changed."),
            field="reasons",
        )
    proposal.state = State.DRAFT
    proposal.answer = reasons.strip()[:500]
    proposal.approver = None
    proposal.decided_at = None
    proposal.updated_at = at or utc_now()
    proposal.save(update_fields=["state", "answer", "approver", "decided_at", "updated_at"])
    _trace(acts.GUIDE_RETURNED, proposal, item, actor, proposal.updated_at, reasons=proposal.answer)
    return proposal


@leaves_trace(acts.GUIDE_APPROVED, acts.GUIDE_PUBLISHED, acts.LINT_OVERRIDDEN)
@transaction.atomic
def approve(
    actor: Account,
    item_code: str,
    *,
    override_reason: str = "",
    at: datetime | None = None,
) -> Proposal:
    """Approve a version: in force at once, or on the day that it names.

    Raises NotPermitted for its own author (two people publish a guide), Conflict when another
    version came in force since it was begun, InvalidInput when lint finds an error and no reason
    is given; with one, the approver answers for it by name in the ledger.
    """
    item = _item(actor, item_code, Permission.PUBLISH_GUIDES)
    proposal = _open_proposal(item, State.REVIEW)
    now = at or utc_now()
    if proposal.author_id == actor.pk:
        raise NotPermitted(
            code="own_proposal",
            title=_("You wrote this version yourself"),
            detail=_("Somebody else approves it, so that two people have looked."),
            fix=_("Ask a colleague who may publish guides."),
        )
    _check_base(item, proposal)
    reason = override_reason.strip()
    override = Override(actor.username, reason) if reason else None
    whole = with_inheritance(item, GuideRecord.model_validate(proposal.document))
    check_errors(errors_in(item, whole), override)
    proposal.state = State.APPROVED
    proposal.approver = actor
    proposal.decided_at = proposal.updated_at = now
    proposal.override_reason = reason[:500]
    proposal.save(
        update_fields=["state", "approver", "decided_at", "updated_at", "override_reason"]
    )
    _trace(acts.GUIDE_APPROVED, proposal, item, actor, now)
    if proposal.effective_from is None or proposal.effective_from <= local_date(now):
        _publish(item, proposal, now)
    return proposal


def _check_base(item: ServiceItem, proposal: Proposal) -> None:
    held = item.guides.filter(effective_to=None).first()
    if (held.version if held else 0) != proposal.based_on:
        raise Conflict(
            code="base_is_gone",
            title=_("Another version came in force meanwhile"),
            detail=_("This one was begun from an older version."),
            fix=_("Send it back, compare it with the one in force and save it again."),
        )


def _publish(item: ServiceItem, proposal: Proposal, at: datetime) -> Guide:
    assert proposal.approver is not None
    whole = with_inheritance(item, GuideRecord.model_validate(proposal.document))
    override = Override(proposal.approver.username, proposal.override_reason)
    errors = errors_in(item, whole)
    check_errors(errors, override if proposal.override_reason else None)
    on = max(proposal.effective_from or local_date(at), local_date(at))
    guide = put_in_force(item, whole, is_sample=False, on=on, at=at)
    if errors:
        trace_override(guide, item, errors, override, at)
    proposal.state = State.PUBLISHED
    proposal.guide = guide
    proposal.updated_at = at
    proposal.save(update_fields=["state", "guide", "updated_at"])
    return guide


@leaves_trace(acts.GUIDE_PUBLISHED)
def publish_due(*, at: datetime | None = None) -> tuple[int, list[str]]:
    """Put in force what was approved for today or before. How many, and what could not be, and why."""
    now = at or utc_now()
    due = Proposal.objects.filter(state=State.APPROVED, effective_from__lte=local_date(now))
    done, failed = 0, []
    for code in list(due.order_by("effective_from", "pk").values_list("item__code", flat=True)):
        try:
            with transaction.atomic():
                item = item_for_writing(code)
                assert item is not None
                proposal = _open_proposal(item, State.APPROVED)
                _check_base(item, proposal)
                _publish(item, proposal, now)
                done += 1
        except (Conflict, InvalidInput, NotFound) as problem:
            failed.append(f"{code}: {problem.code}: {problem.detail}")
    return done, failed


@leaves_no_trace("a proposal is its writers' own until it is sent to review")
@transaction.atomic
def discard(actor: Account, item_code: str, *, at: datetime | None = None) -> Proposal:
    """Give up a version that is being written."""
    item = _item(actor, item_code, Permission.EDIT_GUIDES)
    proposal = _open_proposal(item, State.DRAFT)
    proposal.state = State.DISCARDED
    proposal.updated_at = at or utc_now()
    proposal.save(update_fields=["state", "updated_at"])
    return proposal


@leaves_trace(acts.GUIDE_WITHDRAWN)
@transaction.atomic
def withdraw(actor: Account, item_code: str, *, reasons: str, at: datetime | None = None) -> Guide:
    """Take a guide out of force, with reasons; cases that were filed under it keep it."""
    item = _item(actor, item_code, Permission.PUBLISH_GUIDES)
    now = at or utc_now()
    if len(reasons.strip()) < REASON_SHORTEST:
        raise InvalidInput(
            code="reasons_missing",
            title=_("A reason is needed"),
            detail=_("Say why the guide is withdrawn."),
            field="reasons",
        )
    guide = item.guides.filter(effective_to=None).first()
    if guide is None:
        raise NotFound(code="no_guide", title=_("The item has no guide in force"))
    guide.state = Guide.State.WITHDRAWN
    guide.effective_to = max(guide.effective_from, local_date(now))
    guide.save(update_fields=["state", "effective_to"])
    put_on_shelves([item])
    assert item.organ is not None
    record(
        acts.GUIDE_WITHDRAWN,
        at=now,
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={"version": guide.version, "by": actor.username, "reasons": reasons.strip()},
    )
    return guide


def _trace(
    act: str, proposal: Proposal, item: ServiceItem, actor: Account, at: datetime, **more: str
) -> None:
    assert item.organ is not None
    record(
        act,
        at=at,
        organ=item.organ.code,
        region=item.region_id or "",
        item=item.code,
        payload={"revision": proposal.revision, "by": actor.username, **more},
    )
