"""What the organ does with a case: acceptance, correction, refusal, decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import LOCAL, local_date, utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import NotPermitted
from tongban.cases.models import Case
from tongban.cases.permissions import staff_case
from tongban.cases.rules import Act, deadline
from tongban.cases.services.writing import checked_reasons, event_of, possible
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of, working_calendar
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

VIEWED = "viewed"
LEDGER_ACTS = {
    Act.REQUEST_CORRECTION: acts.CASE_CORRECTION_REQUESTED,
    Act.ACCEPT: acts.CASE_ACCEPTED,
    Act.REFUSE: acts.CASE_REFUSED,
    Act.APPROVE: acts.CASE_DECIDED,
    Act.DENY: acts.CASE_DECIDED,
}


@leaves_trace(
    acts.CASE_ACCEPTED, acts.CASE_CORRECTION_REQUESTED, acts.CASE_REFUSED, acts.CASE_DECIDED
)
@transaction.atomic
def handle(
    actor: Account, number: str, act: Act, *, reasons: str = "", at: datetime | None = None
) -> Case:
    """Take one step of an organ on a case, with reasons where the law wants them.

    Acceptance starts the clock of the promised limit. Raises NotFound for a case of another
    organ, NotPermitted for another post's act or a decision by who accepted, Conflict when the
    case is not in the state for it, InvalidInput for missing reasons.
    """
    moment = at or utc_now()
    case, parts = staff_case(actor, number, lock=True)
    step = possible(case, parts, act)
    if act in (Act.APPROVE, Act.DENY):
        _check_second_pair_of_eyes(case, actor)
    reasons = checked_reasons(step, reasons)
    case.state = step.end
    if act is Act.ACCEPT:
        case.accepted_at = moment
        _set_due(case)
    elif act in (Act.APPROVE, Act.DENY):
        case.decided_at = moment
        case.due_provisional = False
    event_of(case, act, actor=actor, at=moment, text=reasons, data=_data(case, act), by_organ=True)
    case.save(
        update_fields=[
            "state",
            "accepted_at",
            "decided_at",
            "due_on",
            "due_provisional",
            "events_count",
        ]
    )
    _trace(
        case, LEDGER_ACTS[act], moment, {"act": act.value, "by": actor.username, "reasons": reasons}
    )
    return case


def _check_second_pair_of_eyes(case: Case, actor: Account) -> None:
    """Who accepted an application does not decide it (审查与决定相分离; house rule)."""
    if case.events.filter(act=Act.ACCEPT, actor=actor).exists():
        raise NotPermitted(
            code="accepted_it_yourself",
            title=_("You accepted this application yourself"),
            detail=_("Somebody else decides, so that two people have looked."),
            fix=_("Ask a colleague with the post of a reviewer."),
        )


def accept(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Accept an application (受理, art. 32(5)): the clock starts."""
    return handle(actor, number, Act.ACCEPT, at=at)


def request_correction(
    actor: Account, number: str, *, reasons: str, at: datetime | None = None
) -> Case:
    """Tell the applicant once everything that must be corrected (补正, art. 32(4))."""
    return handle(actor, number, Act.REQUEST_CORRECTION, reasons=reasons, at=at)


def refuse(actor: Account, number: str, *, reasons: str, at: datetime | None = None) -> Case:
    """Refuse to accept (不予受理, art. 32(1)-(2)): no licence is needed, or another organ's power."""
    return handle(actor, number, Act.REFUSE, reasons=reasons, at=at)


def decide(
    actor: Account, number: str, *, approve: bool, reasons: str, at: datetime | None = None
) -> Case:
    """Decide an accepted case with reasons (准予/不予许可, art. 38)."""
    return handle(actor, number, Act.APPROVE if approve else Act.DENY, reasons=reasons, at=at)


def _set_due(case: Case) -> None:
    assert case.accepted_at is not None
    due = deadline(
        case.guide.promised_value,
        case.guide.promised_unit,
        local_date(case.accepted_at),
        working_calendar(),
    )
    case.due_on, case.due_provisional = due.on, due.provisional


def _data(case: Case, act: Act) -> dict[str, object]:
    if act is not Act.ACCEPT or case.due_on is None:
        return {}
    return {"due_on": case.due_on.isoformat(), "provisional": case.due_provisional}


def _trace(case: Case, act: str, at: datetime, payload: dict[str, object]) -> None:
    record(
        act,
        at=at,
        organ=case.organ.code,
        region=case.item.region_id or "",
        item=case.item.code,
        case_ref=case.ledger_ref,
        payload={"number": case.number, **payload},
    )


@leaves_trace(acts.CASE_VIEWED)
@transaction.atomic
def open_case(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """A case for a member of staff to read; the applicant sees who looked (个人信息保护法 art. 45).

    One trace for each reader and local day. Raises NotFound for a case of another organ.
    """
    moment = at or utc_now()
    case, _parts = staff_case(actor, number, lock=True)
    midnight = moment.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (midnight, midnight + timedelta(days=1))
    seen = case.events.filter(actor=actor, act=VIEWED, at__gte=today[0], at__lt=today[1])
    if not seen.exists():
        own = case.organ_id in duties_of(actor).organs_for(Permission.READ_CASE)
        event_of(case, VIEWED, actor=actor, at=moment, by_organ=own)
        case.save(update_fields=["events_count"])
        _trace(case, acts.CASE_VIEWED, moment, {"by": actor.username})
    return case


@leaves_trace(acts.CASE_DUE_RECOMPUTED)
@transaction.atomic
def recompute_provisional_deadlines(*, at: datetime | None = None) -> int:
    """Set the deadlines anew that rested on an unknown year's calendar; returns how many moved.

    Called after a holiday notice is loaded. Each change is an event that the applicant sees.
    """
    moment = at or utc_now()
    moved = 0
    waiting = Case.objects.filter(due_provisional=True).select_for_update(of=("self",))
    for case in waiting.select_related("guide", "organ", "item").order_by("pk"):
        before = (case.due_on, case.due_provisional)
        _set_due(case)
        if (case.due_on, case.due_provisional) == before:
            continue
        assert case.due_on is not None
        data: dict[str, object] = {
            "due_on": case.due_on.isoformat(),
            "provisional": case.due_provisional,
        }
        event_of(case, "due_recomputed", actor=None, at=moment, data=data)
        case.save(update_fields=["due_on", "due_provisional", "events_count"])
        _trace(case, acts.CASE_DUE_RECOMPUTED, moment, data)
        moved += 1
    return moved
