"""What the organ does with a case, one function an act; the table in `rules` says when it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from tongban.base.clocks import LOCAL, local_date, utc_now
from tongban.base.permissions import Permission
from tongban.base.worktime import deadline_in_working_days
from tongban.cases.models import LOOKS, Case
from tongban.cases.permissions import staff_case
from tongban.cases.rules import (
    ACCEPTANCES,
    DECISIONS,
    EXTENSION_WORKING_DAYS,
    JOINT_EXTENSION_WORKING_DAYS,
    STAFF_ACTS,
    Act,
    Ground,
    Limit,
    Standing,
    Terms,
    remedies,
)
from tongban.cases.services.examining import tell_notes
from tongban.cases.services.writing import LEDGER_ACTS, carry_out, event_of, trace
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of, working_calendar
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace

VIEWED = LOOKS[0]
# Acts against which the applicant may turn: they are told how, and until when (art. 38(2)).
CONTESTABLE = DECISIONS | {Act.REFUSE, Act.TERMINATE, Act.REVOKE}


def terms_of(document: GuideDocument) -> Terms:
    """The limits under which an item is handled: the guide's, and where it is silent the law's."""
    own, handling = document.statutory_limit, document.handling
    extension = Limit(
        JOINT_EXTENSION_WORKING_DAYS if handling.joint else EXTENSION_WORKING_DAYS, "working_day"
    )
    if handling.extension is not None:
        extension = Limit(handling.extension.value, handling.extension.unit)
    elif own.unit == "on_the_spot":
        extension = Limit(0, "on_the_spot")
    return Terms(
        legal=Limit(own.value, own.unit),
        promise=Limit(document.promised_limit.value, document.promised_limit.unit),
        extension=extension,
        excluded={wait.kind: wait.basis for wait in handling.excluded_waits},
        to_follow_days=handling.to_follow_days,
    )


def acceptance_data(case: Case, standing: Standing, at: datetime) -> dict[str, Any]:
    """What an acceptance fixes: the limits, and until when missing papers are handed in."""
    terms = terms_of(document_of(case.guide))
    data: dict[str, Any] = {"terms": terms.as_data()}
    if standing.missing:
        last = deadline_in_working_days(local_date(at), terms.to_follow_days, working_calendar())
        data |= {"missing": sorted(standing.missing), "until": last.on.isoformat()}
    return data


def _data(case: Case, act: Act, standing: Standing, at: datetime) -> dict[str, Any]:
    if act in ACCEPTANCES:
        return acceptance_data(case, standing, at)
    if act in CONTESTABLE:
        found = remedies(local_date(at), working_calendar())
        return {
            "review_until": found.review_until.on.isoformat(),
            "suit_until": found.suit_until.on.isoformat(),
        }
    if act is Act.REQUEST_CORRECTION and settings.ENVIRONMENT.correction_days:
        days = settings.ENVIRONMENT.correction_days
        last = deadline_in_working_days(local_date(at), days, working_calendar())
        return {"until": last.on.isoformat()}
    return {}


@leaves_trace(*sorted({LEDGER_ACTS[act] for act in STAFF_ACTS}))
@transaction.atomic
def handle(
    actor: Account,
    number: str,
    act: Act,
    typed: Mapping[str, str] | None = None,
    *,
    at: datetime | None = None,
) -> Case:
    """Take one step of an organ on a case; `typed` says what the row of the table asks for.

    Raises NotFound for a case of another organ, NotPermitted for another post's act or a decision
    by who accepted, Conflict when the case is not in the state for it, InvalidInput for what is
    missing.
    """
    moment = at or utc_now()
    case, parts = staff_case(actor, number, lock=True)
    notes = tell_notes(case, moment) if act is Act.REQUEST_CORRECTION else []
    return carry_out(
        case,
        act,
        parts,
        actor=actor,
        at=moment,
        typed=typed,
        data=lambda standing: _data(case, act, standing, moment),
        payload={"annotations": notes} if notes else None,
    )


def accept(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Accept an application (受理, art. 32(5)): the clock starts."""
    return handle(actor, number, Act.ACCEPT, at=at)


def accept_tolerantly(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Accept although secondary papers are missing that the applicant promised (容缺受理)."""
    return handle(actor, number, Act.ACCEPT_TOLERANTLY, at=at)


def request_correction(
    actor: Account, number: str, *, reasons: str, at: datetime | None = None
) -> Case:
    """Tell the applicant once everything that must be corrected (补正, art. 32(4))."""
    return handle(actor, number, Act.REQUEST_CORRECTION, {"reasons": reasons}, at=at)


def refuse(
    actor: Account,
    number: str,
    *,
    ground: Ground,
    reasons: str,
    competent: str = "",
    at: datetime | None = None,
) -> Case:
    """Refuse to accept (不予受理, art. 32(1)-(2)): no licence is needed, or another organ's power.

    `competent` names that organ.
    """
    typed = {"ground": ground.value, "reasons": reasons, "competent": competent}
    return handle(actor, number, Act.REFUSE, typed, at=at)


def extend(
    actor: Account, number: str, *, days: int, reasons: str, at: datetime | None = None
) -> Case:
    """Extend the legal limit once, before its end (延期, art. 42): by a head, with reasons."""
    return handle(actor, number, Act.EXTEND, {"days": str(days), "reasons": reasons}, at=at)


def start_special(
    actor: Account, number: str, *, kind: str, until: date, reasons: str, at: datetime | None = None
) -> Case:
    """Begin a special procedure (特别程序, art. 45): the clock stands; `until` and why are told."""
    typed = {"kind": kind, "until": until.isoformat(), "reasons": reasons}
    return handle(actor, number, Act.START_SPECIAL, typed, at=at)


def end_special(
    actor: Account, number: str, *, kind: str, reasons: str, at: datetime | None = None
) -> Case:
    """End a special procedure with its result; the clock goes on when it was the last."""
    return handle(actor, number, Act.END_SPECIAL, {"running": kind, "reasons": reasons}, at=at)


def start_wait(
    actor: Account,
    number: str,
    *,
    kind: str,
    until: date,
    reasons: str,
    officers: str = "",
    at: datetime | None = None,
) -> Case:
    """Begin a wait that art. 45 does not name: it is shown, and it counts as time."""
    typed = {"kind": kind, "until": until.isoformat(), "reasons": reasons, "officers": officers}
    return handle(actor, number, Act.START_WAIT, typed, at=at)


def end_wait(
    actor: Account, number: str, *, kind: str, reasons: str, at: datetime | None = None
) -> Case:
    """End a wait that counted."""
    return handle(actor, number, Act.END_WAIT, {"running": kind, "reasons": reasons}, at=at)


def decide(
    actor: Account, number: str, *, approve: bool, reasons: str, at: datetime | None = None
) -> Case:
    """Decide an accepted case with reasons (准予/不予许可, art. 38)."""
    act = Act.APPROVE if approve else Act.DENY
    return handle(actor, number, act, {"reasons": reasons}, at=at)


def deliver(actor: Account, number: str, *, how: str, at: datetime | None = None) -> Case:
    """Hand the decision or the licence out (送达, art. 44: within ten days of the decision)."""
    return handle(actor, number, Act.DELIVER, {"how": how}, at=at)


def terminate(
    actor: Account, number: str, *, ground: Ground, reasons: str, at: datetime | None = None
) -> Case:
    """End a case that has lost its object (终止办理, after art. 70)."""
    typed = {"ground": ground.value, "reasons": reasons}
    return handle(actor, number, Act.TERMINATE, typed, at=at)


def revoke(
    actor: Account, number: str, *, ground: Ground, reasons: str, at: datetime | None = None
) -> Case:
    """Revoke an approval (撤销, art. 69): by a head, on a ground of the law."""
    return handle(actor, number, Act.REVOKE, {"ground": ground.value, "reasons": reasons}, at=at)


def confirm_commitment(
    actor: Account, number: str, *, reasons: str, at: datetime | None = None
) -> Case:
    """Write down that a commitment was checked and kept (告知承诺: later check)."""
    return handle(actor, number, Act.CONFIRM_COMMITMENT, {"reasons": reasons}, at=at)


def order_repair(
    actor: Account, number: str, *, until: date, reasons: str, at: datetime | None = None
) -> Case:
    """Order that a broken commitment be made good by a day; else the approval is revoked."""
    typed = {"until": until.isoformat(), "reasons": reasons}
    return handle(actor, number, Act.ORDER_REPAIR, typed, at=at)


@leaves_trace(acts.CASE_VIEWED)
@transaction.atomic
def open_case(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """A case for a member of staff to read; the applicant sees who looked (个人信息保护法 art. 45).

    One trace for each reader and local day. Raises NotFound for a case of another organ.
    """
    moment = at or utc_now()
    case, _parts = staff_case(actor, number, lock=True)

    def looked_for() -> Organ | None:
        own = case.organ_id in duties_of(actor).organs_for(Permission.READ_CASE)
        return case.organ if own else None

    note_view(case, actor, moment, looked_for)
    return case


@leaves_trace(acts.CASE_VIEWED)
def note_view(
    case: Case, actor: Account, moment: datetime, looked_for: Callable[[], Organ | None]
) -> None:
    """Write down that somebody looked at a locked case, once a local day.

    `looked_for` tells the organ that they looked for; None in an emergency.
    """
    midnight = moment.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (midnight, midnight + timedelta(days=1))
    seen = case.events.filter(actor=actor, act=VIEWED, at__gte=today[0], at__lt=today[1])
    if not seen.exists():
        organ = looked_for()
        event_of(case, VIEWED, actor=actor, at=moment, organ=organ)
        case.save(update_fields=["events_count"])
        trace(case, acts.CASE_VIEWED, moment, {"by": actor.username}, organ=organ)
