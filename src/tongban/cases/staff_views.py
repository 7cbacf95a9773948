"""Pages of the staff: the workbench and the case page with its acts."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.case_numbers import CaseNumberError, check_case_number
from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, DomainError, InvalidInput
from tongban.cases.models import Case
from tongban.cases.permissions import staff_case
from tongban.cases.rules import Act, Part, State, Step, steps_possible
from tongban.cases.selectors import FILTERS, WorkList, case_clock, case_file, work_list
from tongban.cases.services import reading
from tongban.cases.services.handling import handle, open_case
from tongban.cases.services.writing import acts_done, checked_reasons
from tongban.cases.views import send_file
from tongban.cases.wording import answers_by_page, time_bar, timeline
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import material_row
from tongban.directory import security_log
from tongban.directory.models import Account
from tongban.directory.requests import account_of

SHOWN = {
    "open": gettext_lazy("To do"),
    "new": gettext_lazy("New"),
    "accepted": gettext_lazy("In examination"),
    "waiting": gettext_lazy("With the applicant"),
    "done": gettext_lazy("Finished"),
}
REVEAL = "reveal"
BUTTONS = {
    Act.ACCEPT: gettext_lazy("Accept"),
    Act.REQUEST_CORRECTION: gettext_lazy("Ask for correction"),
    Act.REFUSE: gettext_lazy("Refuse to accept"),
    Act.APPROVE: gettext_lazy("Approve"),
    Act.DENY: gettext_lazy("Deny"),
}
DONE_MESSAGES = {
    Act.ACCEPT: gettext_lazy("Accepted. The clock runs, and the applicant sees the deadline."),
    Act.REQUEST_CORRECTION: gettext_lazy("The applicant sees what to correct."),
    Act.REFUSE: gettext_lazy("Refused. The applicant sees the reasons."),
    Act.APPROVE: gettext_lazy("Approved. The applicant sees the decision."),
    Act.DENY: gettext_lazy("Denied. The applicant sees the decision and the remedies."),
}


def _rail(found: WorkList, show: str) -> list[dict[str, object]]:
    return [
        {
            "url": f"{reverse('cases:work')}?show={name}",
            "label": label,
            "count": found.counts[name],
            "current": name == show,
        }
        for name, label in SHOWN.items()
    ]


@opens_to(Permission.WORKBENCH)
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """The workbench list, by deadline; a case number in `number` leads to the case."""
    account = account_of(request)
    wanted = request.GET.get("number", "").strip()
    unknown = ""
    if wanted:
        try:
            case, _parts = staff_case(account, check_case_number(wanted))
            return redirect("cases:work-case", number=case.number)
        except (CaseNumberError, DomainError):
            unknown = wanted
    show = request.GET.get("show", "open")
    show = show if show in FILTERS else "open"
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1
    found = work_list(account, show=show, page=number, today=local_date(utc_now()))
    context = {
        "rows": found.rows,
        "show": show,
        "show_label": SHOWN[show],
        "rail": _rail(found, show),
        "unknown_number": unknown,
        "page": number,
        "previous_url": f"?show={show}&page={number - 1}" if number > 1 else "",
        "next_url": f"?show={show}&page={found.after}" if found.after else "",
    }
    return render(request, "cases/work.html", context)


@opens_to(Permission.READ_CASE)
@require_http_methods(["GET", "HEAD", "POST"])
def work_case(request: HttpRequest, number: str) -> HttpResponse:
    """One case at the workbench: form, files, history, clock, and the acts that are possible."""
    account = account_of(request)
    if request.method == "POST":
        return _act(request, account, number)
    open_case(account, number)
    return _show(request, *staff_case(account, number))


def _possible(case: Case, parts: frozenset[Part]) -> tuple[Step, ...]:
    return steps_possible(State(case.state), parts, acts_done(case))


def _act(request: HttpRequest, account: Account, number: str) -> HttpResponse:
    open_case(account, number)  # Whatever the act comes to, the case is shown.
    case, parts = staff_case(account, number)
    if request.POST.get("act") == REVEAL:
        return _reveal(request, case, parts)
    name, reasons = request.POST.get("act", ""), request.POST.get("reasons", "")
    try:
        act = Act(name)
    except ValueError:
        raise InvalidInput(
            code="unknown_act", title=_("This act does not exist"), field="act"
        ) from None
    try:
        step = next((one for one in _possible(case, parts) if one.act is act), None)
        if step and step.needs_reasons:
            checked_reasons(step, reasons)
            if request.POST.get("confirmed") != "yes":
                return _confirm(request, case, act, reasons)
        handle(account, number, act, reasons=reasons)
    except InvalidInput as problem:
        return _show(request, case, parts, fault=problem, act=act, reasons=reasons)
    except Conflict as problem:
        case.refresh_from_db()
        return _show(request, case, parts, fault=problem, act=act, reasons=reasons, status=409)
    messages.success(request, DONE_MESSAGES[act])
    return redirect("cases:work-case", number=case.number)


def _reveal(request: HttpRequest, case: Case, parts: frozenset[Part]) -> HttpResponse:
    """The page once more with the numbers in full; the next look is masked again."""
    account, reason = account_of(request), request.POST.get("reason", "")
    try:
        reading.reveal(account, case.number, reason=reason)
    except InvalidInput as problem:
        return _show(request, case, parts, fault=problem, status=problem.status)
    security_log.note(request, security_log.REVEALED, subject=f"case {case.number}")
    return _show(request, *staff_case(account, case.number), masked=False)


def _confirm(request: HttpRequest, case: Case, act: Act, reasons: str) -> HttpResponse:
    """What can't be undone is read once more before it is done."""
    context = {
        "case": case,
        "act": act.value,
        "act_label": BUTTONS[act],
        "reasons": reasons,
        "back_url": reverse("cases:work-case", args=[case.number]),
    }
    return render(request, "cases/confirm.html", context)


def _show(
    request: HttpRequest,
    case: Case,
    parts: frozenset[Part],
    *,
    fault: DomainError | None = None,
    act: Act | None = None,
    reasons: str = "",
    status: int = 200,
    masked: bool = True,
) -> HttpResponse:
    account, now = account_of(request), utc_now()
    content = case_file(case)
    document = document_of(case.guide)
    found = work_list(account, today=local_date(now))
    context = {
        "case": case,
        "rail": _rail(found, ""),
        "bar": time_bar(case, case_clock(case, now), now),
        "timeline": timeline(content.events, for_staff=True, applicant=case.applicant.account_id),
        "views": content.views,
        "files": content.files,
        "superseded": content.superseded,
        "material_names": {row.key: material_row(row)["name"] for row in document.materials},
        "pages": answers_by_page(document.form_pages, case.answers, masked=masked),
        "masked": masked,
        "can_reveal": bool(parts),
        "steps": [
            {
                "act": step.act.value,
                "label": BUTTONS[step.act],
                "needs_reasons": step.needs_reasons,
                "article": step.article,
                "danger": step.act in (Act.REFUSE, Act.DENY),
                "reasons": reasons if step.act is act else "",
                "error": str(fault.detail) if fault and step.act is act else "",
            }
            for step in _possible(case, parts)
        ],
        "own_case": not parts,
        "fault": fault,
    }
    return render(request, "cases/work_case.html", context, status=status)


@opens_to(Permission.READ_CASE)
@require_safe
def work_file_download(request: HttpRequest, number: str, key: uuid.UUID) -> FileResponse:
    return send_file(open_case(account_of(request), number), key)
