"""Who looks after a case: claiming it, letting it go, handing it over.

An arrangement among colleagues: it gives nobody a power and takes none away, so that a case does
not stand still when its colleague is ill. What a head decides about others' work is in the ledger.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotPermitted
from tongban.cases.models import Case
from tongban.cases.permissions import is_own_affair, staff_case
from tongban.cases.rules import DECIDED_STATES, OPEN_STATES, Part
from tongban.cases.services.writing import trace
from tongban.cases.workbench.lists import is_colleague
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.traces import leaves_no_trace, leaves_trace

REASON_MOST = 300


def can_be_claimed(case: Case) -> bool:
    """Whether something is left to do for the organ or the applicant: open, or to be delivered."""
    to_deliver = case.state in DECIDED_STATES and case.next_due_on is not None
    return case.state in OPEN_STATES or to_deliver


def _mine_to_handle(actor: Account, number: str) -> tuple[Case, frozenset[Part]]:
    """The locked case. Raises NotFound, NotPermitted without a part in it, Conflict when it ended."""
    case, parts = staff_case(actor, number, lock=True)
    if not parts:
        raise NotPermitted(
            code="not_your_part",
            title=_("You can only read this case"),
            detail=_(
                "It is your own affair, that of somebody you act for, or one of another organ."
            ),
        )
    if not can_be_claimed(case):
        raise Conflict(
            code="case_ended", title=_("This case has ended"), detail=_("Nothing is left to do.")
        )
    return case, parts


def _set(case: Case, holder: Account | None, at: datetime) -> None:
    """Write who holds the case, if nobody changed it since it was read."""
    unchanged = Case.objects.filter(pk=case.pk, claimed_by=case.claimed_by_id)
    if unchanged.update(claimed_by=holder, claimed_at=at if holder else None) != 1:
        raise _somebody_was_faster()
    case.claimed_by, case.claimed_at = holder, at if holder else None


def _somebody_was_faster() -> DomainError:
    return Conflict(
        code="claimed_by_colleague",
        title=_("A colleague has claimed this case"),
        fix=_("Take another one, or ask the colleague to hand it over."),
    )


@leaves_no_trace("who of the colleagues looks after a case: no power is used, nothing is read")
@transaction.atomic
def claim(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Take a case that nobody has (认领). Of two at once one wins; again by the same changes nothing.

    Raises NotFound, NotPermitted, Conflict when a colleague has it or it has ended.
    """
    case, _parts = _mine_to_handle(actor, number)
    if case.claimed_by_id == actor.pk:
        return case
    if case.claimed_by_id is not None:
        raise _somebody_was_faster()
    _set(case, actor, at or utc_now())
    return case


@leaves_no_trace("who of the colleagues looks after a case: no power is used, nothing is read")
@transaction.atomic
def release(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Let one's own case go, so that any colleague can take it. Raises as `claim`."""
    case, _parts = _mine_to_handle(actor, number)
    if case.claimed_by_id != actor.pk:
        raise Conflict(code="not_claimed", title=_("You have not claimed this case"))
    _set(case, None, at or utc_now())
    return case


@leaves_trace(acts.CASE_HANDED_OVER)
@transaction.atomic
def hand_over(
    actor: Account, number: str, *, to: str, reason: str, at: datetime | None = None
) -> Case:
    """Give a case to a colleague of the organ (移交): one's own, or as a head anybody's.

    `to` is a user name. Raises NotFound, NotPermitted, InvalidInput, Conflict.
    """
    moment = at or utc_now()
    case, parts = _mine_to_handle(actor, number)
    if case.claimed_by_id not in (actor.pk, None) and Part.HEAD not in parts:
        raise NotPermitted(
            code="not_yours",
            title=_("A colleague has claimed this case"),
            detail=_("Only the colleague or a head of the organ can hand it over."),
        )
    reason = reason.strip().replace("\x00", "")
    if not reason or len(reason) > REASON_MOST:
        raise InvalidInput(
            code="reason", title=_("Say why"), detail=_("In a few words."), field="reason"
        )
    receiver = Account.objects.filter(username=to, is_active=True).first()
    if receiver is None or not is_colleague(receiver, case.organ_id):
        raise InvalidInput(
            code="no_colleague",
            title=_("This is no colleague who can handle the case"),
            detail=_("Choose somebody with a post in the organ."),
            field="to",
        )
    if is_own_affair(receiver, case):
        raise InvalidInput(
            code="own_affair",
            title=_("Nobody handles their own application"),
            detail=_("Choose somebody else."),
            field="to",
        )
    before = case.claimed_by
    _set(case, receiver, moment)
    trace(
        case,
        acts.CASE_HANDED_OVER,
        moment,
        {
            "by": actor.username,
            "from": before.username if before else "",
            "to": receiver.username,
            "reason": reason,
        },
    )
    return case
