"""Looking at a case in order to do a step of it: the applicant sees who looked, of which organ."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tongban.base.clocks import utc_now
from tongban.cases.models import Case, CaseStep
from tongban.cases.services.handling import note_view
from tongban.cases.step_selectors import staff_step
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace


@leaves_trace(acts.CASE_VIEWED)
@transaction.atomic
def open_step(actor: Account, number: str, token: int, *, at: datetime | None = None) -> CaseStep:
    """A step with its case, for who may do it; one trace for each reader and local day.

    Raises NotFound for a step of another post, and when the case is not handled any more.
    """
    step = staff_step(actor, number, token)
    locked = Case.objects.select_for_update().only("events_count").get(pk=step.case_id)
    step.case.events_count = locked.events_count
    note_view(step.case, actor, at or utc_now(), lambda: step.organ)
    return step
