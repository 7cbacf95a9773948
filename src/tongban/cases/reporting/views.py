"""Pages of cases that other systems handle: to be read, by the applicant and by staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.cases.models import ReportedCase
from tongban.cases.receipt_views import act_rows
from tongban.cases.reporting import selectors
from tongban.cases.reporting.reading import open_reported
from tongban.directory.requests import account_of
from tongban.ledger.listing import traces_of


def _context(case: ReportedCase, *, masked: bool) -> dict[str, object]:
    return {
        "case": case,
        "pages": selectors.told(case, masked=masked),
        "acts": act_rows(traces_of([case.ledger_ref]).rows, {case.organ.code: case.organ.name}),
    }


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def mine(request: HttpRequest, reference: str) -> HttpResponse:
    """A case of mine in another system, as that system reported it last."""
    case = selectors.applicant_reported(account_of(request), reference)
    context = _context(case, masked=False) | {"frame_template": "web/frame.html"}
    return render(request, "cases/reported.html", context)


@opens_to(Permission.READ_CASE)
@require_safe
def for_staff(request: HttpRequest, reference: str) -> HttpResponse:
    """A case of another system for staff of its organ; who read it stands in the ledger."""
    case = open_reported(account_of(request), reference)
    context = _context(case, masked=True) | {"frame_template": "web/staff_frame.html"}
    return render(request, "cases/reported.html", context)
