"""Timers of procedures that run out: what comes after them opens, or the step that they limit ends.

`tongban serve` and `tongban cases due` run it with what else is due. Each timer is a transaction of
its own; run twice, or by two at once, it does nothing twice.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from tongban.base.clocks import utc_now
from tongban.base.problems import DomainError
from tongban.cases.models import OPEN_STEPS, Case, CaseStep, CaseTimer
from tongban.cases.procedures import engine
from tongban.cases.services import running
from tongban.cases.services.stepping import HANDLED
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

log = logging.getLogger(__name__)
BATCH = 500


def run_timers(*, at: datetime | None = None) -> int:
    """Let every timer run out whose moment has come; returns how many. A query when there is none."""
    moment, done, last = at or utc_now(), 0, 0
    while True:
        # By key: those that begin with one that ran out come later, and are found in the same run.
        due = CaseTimer.objects.filter(runs_out_at__lte=moment, pk__gt=last).order_by("pk")
        keys = list(due.values_list("pk", flat=True)[:BATCH])
        if not keys:
            return done
        for last in keys:
            try:
                done += elapse(last, moment)
            except DomainError:
                log.exception("timer %s does not fit its run", last)


@leaves_trace(acts.STEP_TIMED_OUT)
@transaction.atomic
def elapse(key: int, at: datetime) -> bool:
    """Let one timer run out. False when it does not run any more."""
    case_id = CaseTimer.objects.filter(pk=key).values_list("run__case", flat=True).first()
    if case_id is None:
        return False
    cases = Case.objects.select_for_update(of=("self",)).select_related("item", "organ")
    case = cases.defer("answers", "item__source_row").get(pk=case_id)
    timer = CaseTimer.objects.select_related("run").filter(pk=key).first()
    if timer is None or case.state not in HANDLED:
        return False
    run = timer.run
    known = running.loaded(run.procedure_id)
    limit = known.procedure.node[timer.node]
    if limit.kind == "limit" and limit.interrupting:
        ended = run.steps.filter(node=limit.attached_to, state__in=OPEN_STEPS)
        ended.update(state=CaseStep.State.DROPPED, ended_at=at)
    after = running.move(
        run,
        case,
        lambda procedure, state, answers: engine.elapse(procedure, state, timer.node, answers),
        at,
    )
    record(
        acts.STEP_TIMED_OUT,
        at=at,
        organ=case.organ.code,
        region=case.item.region_id or "",
        item=case.item.code,
        case_ref=case.ledger_ref,
        payload={
            "number": case.number,
            "step": timer.node,
            "version": known.version,
            "over": after.over,
        },
    )
    return True
