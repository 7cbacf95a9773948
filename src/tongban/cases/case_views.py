"""Pages of the applicant after handing in: following a case, and the acts that are theirs."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.fonts import chinese_font
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput, NotFound
from tongban.cases import storage
from tongban.cases.act_forms import act_form
from tongban.cases.bundles.selectors import beside
from tongban.cases.labels import BUTTONS, DONE
from tongban.cases.material_views import told_notes
from tongban.cases.models import Case
from tongban.cases.permissions import applicant_case
from tongban.cases.progress_pages import stages
from tongban.cases.receipt_views import act_rows
from tongban.cases.rules import Act, Part, Situation, Standing, State, steps_possible
from tongban.cases.selectors import case_clocks, case_file
from tongban.cases.services import following
from tongban.cases.services.writing import standing_of
from tongban.cases.step_selectors import case_progress
from tongban.cases.wording import answers_by_page, remedies_said, time_bars, timeline, what_next
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import guide_context, material_row
from tongban.directory.models import Account
from tongban.directory.requests import account_of
from tongban.directory.selectors import working_calendar
from tongban.ledger.listing import traces_of

# The applicant's acts that are a button; correcting and handing in papers have forms of their own.
ACTS = {
    Act.WITHDRAW: following.withdraw,
    Act.RETRACT_COMMITMENT: following.retract_commitment,
}


def _situation(standing: Standing, account: Account) -> Situation:
    return Situation(standing, local_date(utc_now()), working_calendar(), account.pk)


def _missing(
    document: GuideDocument, standing: Standing, fault: DomainError | None
) -> list[dict[str, object]]:
    if standing.state not in (State.ACCEPTED, State.PAUSED):
        return []
    return [
        material_row(material)
        | {"error": str(fault.detail) if fault and fault.field == material.key else ""}
        for material in document.materials
        if material.key in standing.missing
    ]


def _notes(found: Case) -> list[dict[str, object]]:
    """What the notice says of pages of files, while it is to be answered."""
    if found.state != State.CORRECTION:
        return []
    return [note for notes in told_notes(found).values() for note in notes]


def _show(
    request: HttpRequest, found: Case, *, fault: DomainError | None = None, status: int = 200
) -> HttpResponse:
    account, now = account_of(request), utc_now()
    content = case_file(found)
    document = document_of(found.guide)
    names = {row.key: material_row(row)["name"] for row in document.materials}
    title, text = what_next(found)
    guide = guide_context(found.guide)
    situation = _situation(content.standing, account)
    steps = steps_possible(situation, {Part.APPLICANT})
    far = case_progress(found, local_date(now))
    organs = {found.organ.code: found.organ.name}
    organs |= {one.organ.code: one.organ.name for one in (far.steps if far else ())}
    context = {
        "case": found,
        "bundle": beside(found),
        "sent": request.GET.get("sent") == "1",
        "next_title": title,
        "next_text": text,
        "timeline": timeline(content.events, applicant=found.applicant.account_id, papers=names),
        "views": content.views,
        "bar": time_bars(content.standing, case_clocks(content.standing, now)),
        "stages": stages(far) if far else [],
        "reasons": content.reasons,
        "needs_correction": found.state == State.CORRECTION,
        "notes": _notes(found),
        "missing": _missing(document, content.standing, fault),
        "steps": [act_form(step, situation) for step in steps if step.act in ACTS],
        "fault": fault,
        "pages": answers_by_page(document.form_pages, found.answers),
        "files": content.files,
        "material_names": names,
        "result": guide["result"],
        "remedies": guide["remedies"],
        "remedies_until": remedies_said(content.events),
        "acts": act_rows(traces_of([found.ledger_ref]).rows, organs),
        "pdf": chinese_font() is not None,
    }
    return render(request, "cases/case.html", context, status=status)


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def case(request: HttpRequest, number: str) -> HttpResponse:
    """The page of a case for the applicant, and for who acts for them."""
    return _show(request, applicant_case(account_of(request), number))


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def case_act(request: HttpRequest, number: str) -> HttpResponse:
    """Withdraw, or take a commitment back: asked once more, since it can't be taken back."""
    account = account_of(request)
    found = applicant_case(account, number)
    if request.method != "POST":
        return redirect("cases:case", number=found.number)
    try:
        act = Act(request.POST.get("act", ""))
        service = ACTS[act]
    except (ValueError, KeyError):
        raise InvalidInput(
            code="unknown_act", title=_("This act does not exist"), field="act"
        ) from None
    situation = _situation(standing_of(found), account)
    open_now = {step.act for step in steps_possible(situation, {Part.APPLICANT})}
    if act in open_now and request.POST.get("confirmed") != "yes":
        context: dict[str, object] = {
            "case": found,
            "act": act.value,
            "act_label": BUTTONS[act],
            "rows": [],
            "typed": {},
            "action": reverse("cases:case-act", args=[found.number]),
            "back_url": reverse("cases:case", args=[found.number]),
        }
        return render(request, "cases/confirm.html", context)
    try:
        service(account, found.number)
    except DomainError as problem:
        found = applicant_case(account, number)
        return _show(request, found, fault=problem, status=problem.status)
    messages.success(request, str(DONE[act]))
    return redirect("cases:case", number=found.number)


@opens_to(Permission.APPLY)
@require_POST
def supply(request: HttpRequest, number: str) -> HttpResponse:
    """Hand in a paper that was missing at acceptance."""
    account = account_of(request)
    material = request.POST.get("material", "")
    found = applicant_case(account, number)
    try:
        following.supply(account, number, material, request.FILES.getlist(f"file-{material}"))
    except DomainError as problem:
        return _show(request, found, fault=problem, status=problem.status)
    messages.success(request, _("Handed in. The organ has it."))
    return redirect("cases:case", number=found.number)


def send_file(case: Case, key: uuid.UUID) -> FileResponse:
    """A file of a case as a download; never shown inside our pages, so that it can't act there."""
    file = case.files.filter(key=key).first()
    if file is None:
        raise Http404
    try:
        stream = storage.open_file(file.sha256)
    except FileNotFoundError:
        raise NotFound(
            code="file_missing",
            title=_("The file is not in the store"),
            detail=_("It is listed, but its content is missing. Please report this."),
        ) from None
    answer = FileResponse(stream, content_type=file.media_type)
    answer["Content-Disposition"] = content_disposition_header(True, file.name)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return answer


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def case_file_download(request: HttpRequest, number: str, key: uuid.UUID) -> FileResponse:
    return send_file(applicant_case(account_of(request), number), key)
