"""What every act on a case shares: is it possible now, and how it is written down."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from tongban.base.problems import Conflict, InvalidInput, NotPermitted
from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import STEPS, Act, Part, State, Step, steps_possible
from tongban.directory.models import Account
from tongban.ledger.direct import insert
from tongban.ledger.traces import leaves_no_trace

REASONS_LEAST = 4
REASONS_MOST = 4_000


def acts_done(case: Case) -> list[Act]:
    """The acts of a case so far, in order. One query."""
    known = {act.value for act in Act}
    names = case.events.order_by("seq").values_list("act", flat=True)
    return [Act(name) for name in names if name in known]


def possible(case: Case, parts: Collection[Part], act: Act) -> Step:
    """The step that the act would be. Raises NotPermitted or Conflict when it is none."""
    if not any(step.part in parts for step in STEPS if step.act is act):
        raise NotPermitted(
            code="not_your_part",
            title=_("This is for another post"),
            detail=_("Your posts in this organ don't include this act on this case."),
            fix=_("Ask a colleague with that post."),
        )
    for step in steps_possible(State(case.state), parts, acts_done(case)):
        if step.act is act:
            return step
    raise Conflict(
        code="not_possible_now",
        title=_("This can't be done now"),
        detail=_("The case is in the state «%(state)s».") % {"state": case.get_state_display()},
        fix=_("Reload the case: perhaps a colleague was faster. A correction is asked for once."),
    )


def checked_reasons(step: Step, reasons: str) -> str:
    """The reasons as they will be read. Raises InvalidInput when they are needed and missing."""
    reasons = reasons.strip().replace("\r\n", "\n").replace("\x00", "")
    if step.needs_reasons and len(reasons) < REASONS_LEAST:
        raise InvalidInput(
            code="reasons_missing",
            title=_("Reasons are missing"),
            detail=_("Write what the applicant needs to know: facts, rule, what to do."),
            field="reasons",
        )
    if len(reasons) > REASONS_MOST:
        raise InvalidInput(
            code="too_long",
            title=_("The reasons are too long"),
            detail=_("Shorten them to %(most)d characters.") % {"most": REASONS_MOST},
            field="reasons",
        )
    return reasons


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
) -> CaseEvent:
    """Write the next event of a locked case; the caller saves `events_count` with the case."""
    case.events_count += 1
    event = CaseEvent(
        case=case,
        seq=case.events_count,
        act=act,
        at=at,
        actor=actor,
        organ=case.organ if by_organ else None,
        text=text,
        data=dict(data or {}),
    )
    insert(event)
    return event
