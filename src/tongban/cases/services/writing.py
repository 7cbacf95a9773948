"""How an act on a case is done and written down: the same way for all of them.

A locked case, its events replayed, the row of the table that is open, the next event, the columns
that the events now add up to, the entry of the ledger. Two writers can't both win: the row is
locked, the place of the event is unique, and the case is only changed in the state it was read in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date
from tongban.base.problems import Conflict, DomainError, NotPermitted
from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import (
    ACCEPTANCES,
    DECISIONS,
    ENDINGS,
    PERSONAL,
    STAFF_ACTS,
    STEPS,
    Act,
    Commitment,
    Condition,
    Happened,
    Part,
    Situation,
    Standing,
    State,
    Step,
    advance,
    columns,
    failing,
    replay,
    rows_of,
)
from tongban.cases.services import running
from tongban.cases.services.saying import said
from tongban.cases.services.telling import tell
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import working_calendar
from tongban.ledger import acts
from tongban.ledger.direct import insert
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

ACTS: Final = tuple(act.value for act in Act)
# Acts that start, stop or move a limit: their event says the new day, as people were told it.
MOVES_THE_DAY: Final = frozenset(
    {
        Act.ACCEPT,
        Act.ACCEPT_TOLERANTLY,
        Act.ACCEPT_BY_SILENCE,
        Act.EXTEND,
        Act.END_SPECIAL,
        Act.RETRACT_COMMITMENT,
        Act.RECOMPUTE,
    }
)
LEDGER_ACTS: Final = {
    Act.REQUEST_CORRECTION: acts.CASE_CORRECTION_REQUESTED,
    Act.CORRECT: acts.CASE_CORRECTED,
    Act.ACCEPT: acts.CASE_ACCEPTED,
    Act.ACCEPT_TOLERANTLY: acts.CASE_ACCEPTED,
    Act.ACCEPT_BY_SILENCE: acts.CASE_ACCEPTED_BY_SILENCE,
    Act.REFUSE: acts.CASE_REFUSED,
    Act.SUPPLY: acts.CASE_SUPPLIED,
    Act.EXTEND: acts.CASE_EXTENDED,
    Act.START_SPECIAL: acts.CASE_PAUSED,
    Act.END_SPECIAL: acts.CASE_RESUMED,
    Act.START_WAIT: acts.CASE_WAIT_BEGUN,
    Act.END_WAIT: acts.CASE_WAIT_ENDED,
    Act.APPROVE: acts.CASE_DECIDED,
    Act.DENY: acts.CASE_DECIDED,
    Act.DELIVER: acts.CASE_DELIVERED,
    Act.WITHDRAW: acts.CASE_WITHDRAWN,
    Act.LAPSE: acts.CASE_LAPSED,
    Act.TERMINATE: acts.CASE_TERMINATED,
    Act.REVOKE: acts.CASE_REVOKED,
    Act.RETRACT_COMMITMENT: acts.COMMITMENT_RETRACTED,
    Act.CONFIRM_COMMITMENT: acts.COMMITMENT_CONFIRMED,
    Act.ORDER_REPAIR: acts.COMMITMENT_REPAIR_ORDERED,
    Act.RECOMPUTE: acts.CASE_DUE_RECOMPUTED,
}


def happened(event: CaseEvent) -> Happened:
    """An event as the rules see it."""
    return Happened(Act(event.act), event.at, event.actor_id, event.data)


def standing_of(case: Case) -> Standing:
    """How a case stands by its events. One query."""
    events = case.events.filter(act__in=ACTS).order_by("seq")
    return replay(happened(event) for event in events)


def possible(now: Situation, parts: Collection[Part], act: Act) -> Step:
    """The row that the act would be. Raises NotPermitted or Conflict when none is open."""
    if not any(step.part in parts for step in STEPS if step.act is act):
        raise NotPermitted(
            code="not_your_part",
            title=_("This is for another post"),
            detail=_("Your posts in this organ don't include this act on this case."),
            fix=_("Ask a colleague with that post."),
        )
    stopped: Condition | None = None
    for step in rows_of(act, now, parts):
        broken = failing(step, now)
        if broken is None:
            return step
        stopped = stopped or broken
    raise _why_not(now, stopped)


def _why_not(now: Situation, stopped: Condition | None) -> DomainError:
    if stopped in PERSONAL:
        accepted = stopped is Condition.NOT_WHO_ACCEPTED
        return NotPermitted(
            code="accepted_it_yourself" if accepted else "decided_it_yourself",
            title=_("You accepted this application yourself")
            if accepted
            else _("You decided this case yourself"),
            detail=_("Somebody else decides, so that two people have looked."),
            fix=_("Ask a colleague with the post of a reviewer."),
        )
    label = Case.State(now.standing.state.value).label
    return Conflict(
        code="not_possible_now",
        title=_("This can't be done now"),
        detail=WHY_NOT.get(stopped)
        or _("The case is in the state «%(state)s».") % {"state": label},
        fix=_("Reload the case: perhaps a colleague was faster. A correction is asked for once."),
    )


WHY_NOT: Final[dict[Condition | None, Any]] = {
    Condition.FIRST_TIME: _("It was done before in this case, and can be done once."),
    Condition.ANSWER_IN_TIME: _(
        "Five working days are over: the application counts as accepted from its receipt (art. 32)."
    ),
    Condition.BEFORE_THE_END: _("The limit is over: it can be extended before its end only."),
    Condition.EXTENDABLE: _("The law of this item knows no extension."),
    Condition.NOTHING_RUNS: _("A procedure or a wait still goes on: end it first."),
    Condition.NO_PAPERS_TO_FOLLOW: _("Papers are missing that the applicant has promised."),
    Condition.PROCEDURE_OVER: _("Steps of the procedure are still to do: see which, and whose."),
}


# Called in order when an act has ended a case, in its transaction; `apps.py` fills it.
after_ending: list[Callable[[Case, datetime], None]] = []


@leaves_no_trace("a part of the step, which leaves the trace")
def event_of(
    case: Case,
    act: str,
    *,
    actor: Account | None,
    at: datetime,
    text: str = "",
    data: Mapping[str, object] | None = None,
    by_organ: bool = False,
    organ: Organ | None = None,
    before: str = "",
    after: str = "",
) -> CaseEvent:
    """Write the next event of a locked case; the caller saves `events_count` with the case.

    `by_organ`: the case's organ acts; `organ`: another one does, in a step of the procedure.
    """
    case.events_count += 1
    event = CaseEvent(
        case=case,
        seq=case.events_count,
        act=act,
        before=before,
        after=after,
        at=at,
        actor=actor,
        organ=organ or (case.organ if by_organ else None),
        text=text,
        data=dict(data or {}),
    )
    insert(event)
    return event


@leaves_trace(*sorted(set(LEDGER_ACTS.values())))
def carry_out(
    case: Case,
    act: Act,
    parts: Collection[Part],
    *,
    actor: Account | None,
    at: datetime,
    typed: Mapping[str, str] | None = None,
    data: Callable[[Standing], Mapping[str, Any]] | None = None,
    payload: Mapping[str, object] | None = None,
    changes: Mapping[str, Any] | None = None,
    organ: Organ | None = None,
) -> Case:
    """Do one act of the table on a locked case: event, columns, message, ledger entry.

    Five statements, and one more when somebody acts for the applicant, too.

    `typed` is what the form says, `data` what the service adds to the event of a case that stands
    so, `changes` other columns of the case, `payload` what the ledger keeps beside number, act
    and who; `organ` is another one than the case's when it acts in a step of the procedure. Raises
    NotPermitted, Conflict, InvalidInput.
    """
    calendar = working_calendar()
    standing = standing_of(case)
    # Clocks of two machines differ a little; a history never goes back in time.
    at = max(at, standing.last_at)
    who = actor.pk if actor else None
    runs = act in DECISIONS and running.procedure_runs(case)
    now = Situation(standing, local_date(at), calendar, who, procedure_runs=runs)
    step = possible(now, parts, act)
    told = said(step, now, typed or {})
    facts = dict(told.data) | dict(data(standing) if data else {})
    after = advance(standing, Happened(act, at, now.actor, facts))
    columns_now = columns(after, calendar)
    if act in MOVES_THE_DAY:
        facts |= _day_told(after, columns_now)
    before = (case.state, case.events_count)
    event_of(
        case,
        act,
        actor=actor,
        at=at,
        text=told.text,
        data=facts,
        by_organ=act in STAFF_ACTS,
        organ=organ,
        before=standing.state,
        after=after.state,
    )
    _write(case, before, columns_now | dict(changes or {}))
    _procedure(case, act, after, at)
    next_day = columns_now["next_due_on"]
    notices = tell(
        case,
        act,
        at=at,
        text=told.text,
        said=facts,
        next_due_on=next_day.isoformat() if next_day else "",
    )
    trace(
        case,
        LEDGER_ACTS[act],
        at,
        {"act": act.value, "by": actor.username if actor else "", "reasons": told.text}
        | {"said": facts, "notices": notices}
        | dict(payload or {}),
        organ=organ,
    )
    if act in ENDINGS:
        for hook in after_ending:
            hook(case, at)
    return case


def _procedure(case: Case, act: Act, after: Standing, at: datetime) -> None:
    """The item's procedure begins with ordinary handling, and ends with the case."""
    if act in ENDINGS - DECISIONS:
        running.stop(case, at)
    began = act in ACCEPTANCES and after.commitment is not Commitment.GIVEN
    if began or (act is Act.RETRACT_COMMITMENT and after.accepted_at is not None):
        running.begin(case, at)


def _day_told(after: Standing, now: Mapping[str, Any]) -> dict[str, Any]:
    day = now["next_due_on"] or now["due_on"]
    if day is None or after.state is State.PAUSED:
        return {}
    return {"due_on": day.isoformat(), "provisional": now["due_provisional"]}


def _write(case: Case, before: tuple[str, int], changes: Mapping[str, Any]) -> None:
    """Change the case if it still is what it was read as."""
    state, events = before
    unchanged = Case.objects.filter(pk=case.pk, state=state, events_count=events)
    if unchanged.update(events_count=case.events_count, **changes) != 1:
        raise Conflict(
            code="somebody_was_faster",
            title=_("This can't be done now"),
            detail=_("Somebody else changed the case at the same moment."),
            fix=_("Reload the case."),
        )
    for name, value in changes.items():
        setattr(case, name, value)


@leaves_no_trace("is itself the trace of the act that calls it")
def trace(
    case: Case,
    act: str,
    at: datetime,
    payload: Mapping[str, object],
    *,
    organ: Organ | None = None,
) -> None:
    """The ledger entry of an act on a case, by its organ or by another one."""
    record(
        act,
        at=at,
        organ=(organ or case.organ).code,
        region=case.item.region_id or "",
        item=case.item.code,
        case_ref=case.ledger_ref,
        payload={"number": case.number, **payload},
    )


def columns_by_events(case: Case) -> Mapping[str, Any]:
    """The columns that the events of a case add up to with today's calendar. One query."""
    return columns(standing_of(case), working_calendar())
