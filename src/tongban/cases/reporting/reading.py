"""Reading what is about somebody leaves a trace, also when another system handles it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tongban.base.clocks import utc_now
from tongban.cases.models import ReportedCase
from tongban.cases.reporting.selectors import staff_reported
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace


@leaves_trace(acts.CASE_VIEWED)
@transaction.atomic
def open_reported(actor: Account, reference: str, *, at: datetime | None = None) -> ReportedCase:
    """A reported case for a member of staff to read (个人信息保护法 art. 45). Raises NotFound."""
    case = staff_reported(actor, reference)
    record(
        acts.CASE_VIEWED,
        at=at or utc_now(),
        organ=case.organ.code,
        region=case.organ.region_id,
        item=case.item.code if case.item else "",
        case_ref=case.ledger_ref,
        payload={"number": case.source_number, "by": actor.username},
    )
    return case
