"""Looking at what is not meant for every look: masked numbers, and cases of other organs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotFound, NotPermitted
from tongban.cases.models import LOOKS, Case, EmergencyAccess
from tongban.cases.permissions import is_own_affair, staff_case
from tongban.cases.services.telling import tell_of_look
from tongban.cases.services.writing import event_of, trace
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace

REVEALED, EMERGENCY = LOOKS[1], LOOKS[2]
EMERGENCY_HOURS = 24
REASON_LEAST, REASON_MOST = 4, 500


def _reason(reason: str) -> str:
    reason = reason.strip().replace("\x00", "")
    if not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise InvalidInput(
            code="reason",
            title=_("Say why"),
            detail=_("The person reads it: at least %(least)d characters, at most %(most)d.")
            % {"least": REASON_LEAST, "most": REASON_MOST},
            field="reason",
        )
    return reason


@leaves_trace(acts.DATA_REVEALED)
@transaction.atomic
def reveal(actor: Account, number: str, *, reason: str, at: datetime | None = None) -> Case:
    """Show the masked numbers of a case in full, with a reason that the applicant reads.

    个人信息保护法 art. 6 (as little as needed), 45 (the person may know). Raises NotFound for a case
    that the actor may not see, NotPermitted for one that is the actor's own or of another organ.
    """
    moment = at or utc_now()
    case, parts = staff_case(actor, number, lock=True)
    organs = duties_of(actor).organs_for(Permission.REVEAL_DATA)
    if not parts or case.organ_id not in organs:
        raise NotPermitted(
            code="not_your_part",
            title=_("You may not see these numbers in full"),
            detail=_("Only who handles the case may, and nobody in their own."),
        )
    reason = _reason(reason)
    event_of(case, REVEALED, actor=actor, at=moment, text=reason, by_organ=True)
    case.save(update_fields=["events_count"])
    tell_of_look(case, "case.data_revealed", at=moment, reason=reason)
    trace(case, acts.DATA_REVEALED, moment, {"by": actor.username, "reason": reason})
    return case


@leaves_trace(acts.EMERGENCY_ASKED)
@transaction.atomic
def ask_emergency(
    actor: Account, number: str, *, reason: str, at: datetime | None = None
) -> EmergencyAccess:
    """Ask to read a case of another organ in an emergency; a colleague there has to allow it.

    Raises NotFound for a number that is none, InvalidInput without a reason, NotPermitted for the
    actor's own affair.
    """
    moment, reason = at or utc_now(), _reason(reason)
    if not duties_of(actor).organs_for(Permission.ASK_EMERGENCY):
        raise NotPermitted(code="no_post", title=_("This page is for other posts"))
    case = _any_case(number)
    if is_own_affair(actor, case):
        raise NotPermitted(code="own_affair", title=_("This is your own application"))
    asked = EmergencyAccess.objects.create(case=case, account=actor, reason=reason, asked_at=moment)
    trace(case, acts.EMERGENCY_ASKED, moment, {"by": actor.username, "reason": reason})
    return asked


def _any_case(number: str) -> Case:
    try:
        wanted = check_case_number(number)
    except CaseNumberError:
        raise _no_case() from None
    case = Case.objects.select_related("organ", "item", "delegation__agent").filter(number=wanted)
    found = case.first()
    if found is None:
        raise _no_case()
    return found


def _no_case() -> DomainError:
    return NotFound(
        code="case_not_found",
        title=_("There is no such case"),
        fix=_("Check the number."),
    )


def emergencies_to_allow(actor: Account) -> list[EmergencyAccess]:
    """What waits for a second person in the actor's organs, oldest first. Three queries."""
    organs = duties_of(actor).organs_for(Permission.ALLOW_EMERGENCY)
    return list(
        EmergencyAccess.objects.filter(allowed_at=None, case__organ__in=organs)
        .exclude(account=actor)
        .select_related("case__item", "account")
        .order_by("asked_at")[:100]
    )


def my_emergencies(actor: Account) -> list[EmergencyAccess]:
    """What the actor has asked for, newest first. One query."""
    asked = EmergencyAccess.objects.filter(account=actor).select_related("case__item")
    return list(asked.order_by("-asked_at")[:20])


@leaves_trace(acts.EMERGENCY_ALLOWED)
@transaction.atomic
def allow_emergency(
    actor: Account, emergency: int, *, at: datetime | None = None
) -> EmergencyAccess:
    """The second person: let the colleague read the case for a day; the applicant sees both names.

    Raises NotFound for what is not in the actor's organs or the actor's own, Conflict when it is
    allowed already.
    """
    moment = at or utc_now()
    organs = duties_of(actor).organs_for(Permission.ALLOW_EMERGENCY)
    asked = (
        EmergencyAccess.objects.select_for_update(of=("self",))
        .select_related("case__organ", "case__item", "case__delegation__agent", "account")
        .filter(pk=emergency, case__organ__in=organs)
        .exclude(account=actor)
        .first()
    )
    if asked is None or is_own_affair(actor, asked.case):
        raise NotFound(code="emergency_not_found", title=_("There is no such request"))
    if asked.allowed_at:
        raise Conflict(code="allowed_already", title=_("A colleague has allowed it already"))
    asked.allowed_by, asked.allowed_at = actor, moment
    asked.ends_at = moment + timedelta(hours=EMERGENCY_HOURS)
    asked.save()
    case = Case.objects.select_for_update().get(pk=asked.case_id)
    event_of(
        case,
        EMERGENCY,
        actor=asked.account,
        at=moment,
        text=asked.reason,
        data={"allowed_by": str(actor)},
    )
    case.save(update_fields=["events_count"])
    tell_of_look(asked.case, "case.emergency_allowed", at=moment, reason=asked.reason)
    trace(
        asked.case,
        acts.EMERGENCY_ALLOWED,
        moment,
        {"by": actor.username, "reader": asked.account.username, "reason": asked.reason},
    )
    return asked
