"""Pages of the staff: the case page with its acts; `workbench/` has the list."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, DomainError, InvalidInput
from tongban.cases.act_forms import act_form, read_back
from tongban.cases.bundles.following_views import LABELS
from tongban.cases.bundles.selectors import beside
from tongban.cases.case_views import send_file
from tongban.cases.labels import BUTTONS, DONE
from tongban.cases.models import Case, ReasonText
from tongban.cases.permissions import staff_case
from tongban.cases.progress_pages import staff_progress
from tongban.cases.rules import Act, Part, Situation, Standing, Step, steps_possible
from tongban.cases.selectors import case_clocks, case_file
from tongban.cases.services import reading
from tongban.cases.services.handling import handle, open_case
from tongban.cases.services.running import procedure_runs
from tongban.cases.services.saying import said
from tongban.cases.services.writing import standing_of
from tongban.cases.step_selectors import case_progress, steps_here
from tongban.cases.wording import answers_by_page, time_bars, timeline
from tongban.cases.workbench.claims import can_be_claimed
from tongban.cases.workbench.lists import colleagues, desk_of
from tongban.cases.workbench.notes import all_reason_texts, notes_of
from tongban.cases.workbench.views import KEYS, rail_of
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import material_row
from tongban.directory import security_log
from tongban.directory.models import Account
from tongban.directory.requests import account_of
from tongban.directory.selectors import working_calendar

REVEAL = "reveal"


@opens_to(Permission.READ_CASE)
@require_http_methods(["GET", "HEAD", "POST"])
def work_case(request: HttpRequest, number: str) -> HttpResponse:
    """One case at the workbench: form, files, history, clock, and the acts that are possible."""
    account = account_of(request)
    if request.method == "POST":
        return _act(request, account, number)
    open_case(account, number)
    return _show(request, *staff_case(account, number))


def _situation(standing: Standing, account: Account, *, procedure_runs: bool) -> Situation:
    today, calendar = local_date(utc_now()), working_calendar()
    return Situation(standing, today, calendar, account.pk, procedure_runs=procedure_runs)


def _act(request: HttpRequest, account: Account, number: str) -> HttpResponse:
    open_case(account, number)  # Whatever the act comes to, the case is shown.
    case, parts = staff_case(account, number)
    if request.POST.get("act") == REVEAL:
        return _reveal(request, case, parts)
    try:
        act = Act(request.POST.get("act", ""))
    except ValueError:
        raise InvalidInput(
            code="unknown_act", title=_("This act does not exist"), field="act"
        ) from None
    situation = _situation(standing_of(case), account, procedure_runs=procedure_runs(case))
    step = next((one for one in steps_possible(situation, parts) if one.act is act), None)
    typed = {name.value: request.POST.get(name.value, "") for name in step.inputs} if step else {}
    try:
        if step and step.inputs:
            said(step, situation, typed)
            if request.POST.get("confirmed") != "yes":
                return _confirm(request, case, step, situation, typed)
        handle(account, number, act, typed)
    except InvalidInput as problem:
        return _show(request, case, parts, fault=problem, act=act, typed=typed)
    except Conflict as problem:
        case, parts = staff_case(account, number)
        return _show(request, case, parts, fault=problem, status=409)
    messages.success(request, str(DONE[act]))
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


def _confirm(
    request: HttpRequest, case: Case, step: Step, situation: Situation, typed: dict[str, str]
) -> HttpResponse:
    """What can't be undone is read once more before it is done."""
    context = {
        "case": case,
        "act": step.act.value,
        "act_label": BUTTONS[step.act],
        "rows": read_back(step, situation, typed),
        "typed": typed,
        "back_url": reverse("cases:work-case", args=[case.number]),
    }
    return render(request, "cases/confirm.html", context)


def _begun_with(
    request: HttpRequest, texts: list[ReasonText]
) -> tuple[Act | None, dict[str, str] | None]:
    """The act whose reasons begin with a text that the address names by its title."""
    act, title = request.GET.get("begin", ""), request.GET.get("text", "")
    found = next((one for one in texts if (one.act, one.title) == (act, title)), None)
    return (Act(found.act), {"reasons": found.text}) if found else (None, None)


def _show(
    request: HttpRequest,
    case: Case,
    parts: frozenset[Part],
    *,
    fault: DomainError | None = None,
    act: Act | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
    masked: bool = True,
) -> HttpResponse:
    account, now = account_of(request), utc_now()
    content = case_file(case)
    document = document_of(case.guide)
    names = {row.key: material_row(row)["name"] for row in document.materials}
    desk = desk_of(account, local_date(now))
    far = case_progress(case, local_date(now))
    situation = _situation(
        content.standing, account, procedure_runs=far is not None and not far.over
    )
    steps = steps_possible(situation, parts)
    texts = all_reason_texts(case.organ_id) if parts else []
    if fault is None and typed is None:
        act, typed = _begun_with(request, texts)
    bundle = beside(case)
    context = {
        "case": case,
        "bundle": bundle,
        "bundle_parts": [
            (name, organ, LABELS[state], own) for name, organ, state, own in bundle.parts
        ]
        if bundle
        else [],
        "rail": rail_of(desk, None),
        "bar": time_bars(content.standing, case_clocks(content.standing, now)),
        "timeline": timeline(
            content.events, for_staff=True, applicant=case.applicant.account_id, papers=names
        ),
        "views": content.views,
        "files": content.files,
        "superseded": content.superseded,
        "material_names": names,
        "pages": answers_by_page(document.form_pages, case.answers, masked=masked),
        "masked": masked,
        "can_reveal": bool(parts),
        "steps": [
            act_form(
                step,
                situation,
                typed=typed if step.act is act else None,
                fault=fault if step.act is act else None,
            )
            | {"texts": [text for text in texts if text.act == step.act]}
            for step in steps
        ],
        "own_case": not parts,
        "procedure": staff_progress(far, local_date(now)) if far else None,
        "my_steps": steps_here(account, far) if far and parts else (),
        "fault": fault,
        "keys": KEYS,
        "notes": notes_of(case, for_part=bool(parts)),
        "claimed_by": case.claimed_by,
        "is_mine": case.claimed_by_id == account.pk,
        "can_claim": bool(parts) and can_be_claimed(case),
        "can_hand_over": case.claimed_by_id in (None, account.pk) or Part.HEAD in parts,
        "colleagues": [one for one in colleagues([case.organ_id]) if one != case.claimed_by],
    }
    return render(request, "cases/work_case.html", context, status=status)


@opens_to(Permission.READ_CASE)
@require_safe
def work_file_download(request: HttpRequest, number: str, key: uuid.UUID) -> FileResponse:
    return send_file(open_case(account_of(request), number), key)
