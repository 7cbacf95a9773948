"""Pages of the applicant: filling in, handing in, correcting."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import FieldError, InvalidInput, NotFound
from tongban.cases.counter import assisting
from tongban.cases.forms import CHECK, KEPT_FORM, MATERIALS, Flow, field_rows, flow_of, summary
from tongban.cases.material_views import told_notes
from tongban.cases.models import Case, Draft, MaterialFile
from tongban.cases.permissions import applicant_case
from tongban.cases.rules import State
from tongban.cases.services import drafting, submitting
from tongban.cases.services.principals import principals
from tongban.cases.services.reusing import reusable, reuse
from tongban.cases.wording import answers_by_page, what_next
from tongban.catalogue.guide_schema import FormPage
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.selectors import find_item, guide_in_force
from tongban.catalogue.views import guide_context, material_row
from tongban.catalogue.wording import said
from tongban.directory.models import Account
from tongban.directory.requests import account_of
from tongban.directory.selectors import person_of

# What was typed into a form whose session had ended waits so long for its owner.
KEPT_SECONDS = 30 * 60


def case_row(case: Case) -> dict[str, object]:
    """A case in the list «My cases»."""
    title, text = what_next(case)
    return {
        "number": case.number,
        "item": case.item.name,
        "organ": case.organ.name,
        "state": case.state,
        "state_label": case.get_state_display(),
        "submitted_at": case.submitted_at,
        "next": title,
        "next_text": text,
        "url": reverse("cases:case", args=[case.number]),
        "needs_action": case.state == State.CORRECTION,
    }


def _item(code: str) -> ServiceItem:
    item = find_item(code)
    if item is None:
        raise Http404
    return item


# Applying


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, code: str) -> HttpResponse:
    """Before filling in: what is needed; begin, go on, or throw away what was begun."""
    item, actor = _item(code), account_of(request)
    held = drafting.held_draft(actor, item)
    if request.method == "POST":
        if request.POST.get("action") == "discard" and held:
            drafting.discard_draft(actor, held.key)
            return redirect("cases:apply", code=code)
        draft = drafting.start_draft(actor, item, principal=request.POST.get("principal", ""))
        flow = flow_of(draft, code=code)
        return redirect(flow.url(flow.steps[0]))
    guide = guide_in_force(item)
    if guide is None or not guide.accepts_online:
        return redirect("catalogue:item", code=code)
    context = {
        "item": item,
        "draft": held,
        "principals": principals(actor, item.code) if not held and person_of(actor) else [],
        "unverified": person_of(actor) is None,
        **guide_context(guide),
    }
    return render(request, "cases/apply_start.html", context)


def _kept(request: HttpRequest) -> dict[str, str]:
    """What was typed on this page when the session had ended; see `web.gatekeeping`."""
    kept = request.session.pop(KEPT_FORM, None)
    if not kept or kept["path"] != request.path:
        return {}
    fresh = time.time() - kept["at"] <= KEPT_SECONDS
    return dict(kept["typed"]) if fresh and kept["account"] == account_of(request).pk else {}


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def apply_page(request: HttpRequest, code: str, page: str) -> HttpResponse:
    """One page of an application."""
    item, actor = _item(code), account_of(request)
    draft = (
        Draft.objects.select_related("guide").filter(account=actor, item=item, case=None).first()
    )
    if draft is None:
        return _after_sending(request, actor, code)
    return step(request, flow_of(draft, code=code), page, item)


def _after_sending(request: HttpRequest, actor: Account, code: str) -> HttpResponse:
    """The form is gone: a second click on «send» leads to the case, anything else to the start."""
    key = request.POST.get("draft", "")
    try:
        sent = submitting.submit(actor, uuid.UUID(key)) if key else None
    except (ValueError, NotFound):
        sent = None
    return (
        redirect("cases:case", number=sent.number) if sent else redirect("cases:apply", code=code)
    )


def step(request: HttpRequest, flow: Flow, name: str, item: ServiceItem) -> HttpResponse:
    """One page of a form: questions, documents, or the check before it is sent."""
    if name not in flow.steps:
        raise Http404
    if name == CHECK:
        return _check_step(request, flow, item)
    if name == MATERIALS:
        return _materials_step(request, flow, item)
    page = flow.page(name)
    assert page is not None
    return _form_step(request, flow, page, item)


def _frame(flow: Flow, step: str, item: ServiceItem, errors: list[FieldError]) -> dict[str, object]:
    return {
        "frame_template": "web/staff_frame.html" if flow.assistance else "web/frame.html",
        "item": item,
        "flow": flow,
        "draft": flow.draft,
        "step": step,
        "step_number": flow.steps.index(step) + 1,
        "step_count": len(flow.steps),
        "back_url": flow.before(step),
        "errors": summary(errors),
    }


def _form_step(request: HttpRequest, flow: Flow, page: FormPage, item: ServiceItem) -> HttpResponse:
    actor, draft = account_of(request), flow.draft
    errors: list[FieldError] = []
    kept: dict[str, str] = {}
    if request.method == "POST":
        typed = {field.key: request.POST.get(field.key, "") for field in page.fields}
        errors = drafting.save_page(actor, draft.key, page, typed)
        if not errors:
            back_to_check = request.POST.get("return") == CHECK
            return redirect(flow.url(CHECK) if back_to_check else flow.after(page.key))
        draft.refresh_from_db(fields=["answers"])
    else:
        kept = _kept(request)
    context = _frame(flow, page.key, item, errors) | {
        "page": page,
        "fields": field_rows(page, draft.answers | kept, errors),
        "restored": bool(kept),
        "return_to": request.GET.get("return", "") or request.POST.get("return", ""),
    }
    return render(request, "cases/form_page.html", context)


def _materials_step(request: HttpRequest, flow: Flow, item: ServiceItem) -> HttpResponse:
    actor, draft = account_of(request), flow.draft
    errors: list[FieldError] = []
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action.startswith("remove:"):
            _remove(actor, draft, action.removeprefix("remove:"))
            return redirect(flow.url(MATERIALS))
        if action.startswith("reuse:"):
            errors = _reuse(actor, draft, action)
            if not errors:
                return redirect(flow.url(MATERIALS))
            action = "upload"
        _choose_commitment(request, actor, flow)
        errors = errors or _take_uploads(request, actor, flow)
        if not errors and action != "upload":
            errors = submitting.missing_materials(
                flow.document,
                set(draft.files.values_list("material", flat=True)),
                committed=draft.committed,
            )
            if not errors:
                return redirect(flow.after(MATERIALS))
        elif not errors:
            return redirect(flow.url(MATERIALS))
    files: dict[str, list[MaterialFile]] = {}
    for file in draft.files.select_related("replaces", "reused_from").order_by("id"):
        files.setdefault(file.material, []).append(file)
    offered = reusable(actor, draft)
    notes = told_notes(flow.draft.case) if flow.draft.case else {}
    faults = {error.pointer.lstrip("/"): error.detail for error in errors}
    rows = [
        material_row(material)
        | {
            "files": files.get(material.key, []),
            "error": faults.get(material.key, ""),
            "offered": offered.get(material.key, []),
            "can_replace": bool(flow.number),
            "notes": notes.get(material.key, []),
        }
        for material in flow.document.materials
    ]
    context = _frame(flow, MATERIALS, item, errors) | {
        "uploads": [row for row in rows if row["how"] == "upload"],
        "others": [row for row in rows if row["how"] != "upload"],
        "commitment": _commitment_row(flow),
        # At a counter the form itself sends the file: pieces are the account holder's own.
        "draft_key": "" if flow.assistance else draft.key,
    }
    return render(request, "cases/materials.html", context)


def _reuse(actor: Account, draft: Draft, action: str) -> list[FieldError]:
    """Take the file of an earlier case that `reuse:material:key` names."""
    _verb, material, key = (*action.split(":", 2), "")[:3]
    try:
        reuse(actor, draft.key, material, uuid.UUID(key))
    except ValueError:
        raise Http404 from None
    except InvalidInput as problem:
        return [FieldError(f"/{problem.field}", problem.code, str(problem.detail))]
    return []


def _choose_commitment(request: HttpRequest, actor: Account, flow: Flow) -> None:
    """Keep the choice of commitment or papers; a correction keeps what the case has."""
    if flow.document.handling.commitment is None or flow.number:
        return
    flow.draft.committed = request.POST.get("committed") == "yes"
    drafting.choose_commitment(actor, flow.draft.key, committed=flow.draft.committed)


def _commitment_row(flow: Flow) -> dict[str, object] | None:
    commitment = flow.document.handling.commitment
    if commitment is None or flow.number:
        return None
    names = [
        str(material_row(one)["name"])
        for one in flow.document.materials
        if one.key in commitment.replaces
    ]
    hint = _("You get the decision at once; it is checked later.")
    if names:
        hint = _("Instead of: %(papers)s.") % {"papers": "、".join(names)} + " " + hint
    return {
        "id": "field-committed",
        "name": "committed",
        "kind": "checkbox",
        "label": _("I commit myself: %(text)s") % {"text": said(commitment.text)},
        "hint": hint,
        "value": flow.draft.committed,
        "error": "",
        "required": False,
    }


def _remove(actor: Account, draft: Draft, key: str) -> None:
    try:
        drafting.remove_file(actor, draft.key, uuid.UUID(key))
    except ValueError:
        raise Http404 from None


def _take_uploads(request: HttpRequest, actor: Account, flow: Flow) -> list[FieldError]:
    """Keep every file that can be kept; what is wrong with the others."""
    errors = []
    for name in request.FILES:
        for upload in request.FILES.getlist(name):
            try:
                _attach(actor, flow.draft, name, upload)
            except InvalidInput as problem:
                errors.append(FieldError(f"/{problem.field}", problem.code, str(problem.detail)))
    return errors


def _attach(actor: Account, draft: Draft, name: str, upload: UploadedFile[Any]) -> None:
    """A new file (`file-MATERIAL`), or a new version of one (`replace-MATERIAL:KEY`)."""
    if not name.startswith("replace-"):
        drafting.attach_file(actor, draft.key, name.removeprefix("file-"), upload)
        return
    material, _colon, key = name.removeprefix("replace-").partition(":")
    try:
        replaced = uuid.UUID(key)
    except ValueError:
        raise Http404 from None
    drafting.attach_file(actor, draft.key, material, upload, replaces=replaced)


def _check_step(request: HttpRequest, flow: Flow, item: ServiceItem) -> HttpResponse:
    actor, draft = account_of(request), flow.draft
    errors: list[FieldError] = []
    if request.method == "POST":
        try:
            if flow.assistance:
                assisting.file(actor, flow.office, flow.assistance)
                return redirect("cases:filed", office=flow.office, key=flow.assistance)
            if flow.number:
                sent = submitting.hand_in_correction(actor, flow.number)
            else:
                sent = submitting.submit(actor, draft.key)
            return redirect(f"{reverse('cases:case', args=[sent.number])}?sent=1")
        except InvalidInput as problem:
            errors = list(problem.errors)
    labels = {field.key: field for page in flow.document.form_pages for field in page.fields}
    context = _frame(flow, CHECK, item, []) | {
        "pages": [
            page | {"url": f"{flow.url(str(page['key']))}?return={CHECK}"}
            for page in answers_by_page(flow.document.form_pages, draft.answers)
        ],
        "files": list(draft.files.order_by("id")),
        "material_names": {row.key: material_row(row)["name"] for row in flow.document.materials},
        **_promises(flow),
        "materials_url": flow.url(MATERIALS) if MATERIALS in flow.steps else "",
        "faults": [
            {
                "message": error.detail,
                "url": flow.url(flow.step_of_field(error.pointer.lstrip("/"))),
                "field": labels.get(error.pointer.lstrip("/")),
            }
            for error in errors
        ],
    }
    return render(request, "cases/check.html", context)


def _promises(flow: Flow) -> dict[str, object]:
    """What the applicant promises with sending: papers that follow, a commitment."""
    handling = flow.document.handling
    there = set(flow.draft.files.values_list("material", flat=True))
    follow = set(submitting.papers_to_follow(flow.document, there))
    commitment = handling.commitment if flow.draft.committed else None
    return {
        "to_follow": [
            material_row(one)["name"] for one in flow.document.materials if one.key in follow
        ],
        "to_follow_days": handling.to_follow_days,
        "commitment_text": said(commitment.text) if commitment else "",
    }


# Correcting


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """Begin or go on with the correction of a case."""
    case = applicant_case(account_of(request), number)
    if request.method != "POST":
        return redirect("cases:case", number=case.number)
    flow = _correction(account_of(request), case)
    return redirect(flow.url(flow.steps[0]))


def _correction(actor: Account, case: Case) -> Flow:
    draft = drafting.start_correction(actor, case.number)
    return flow_of(draft, code=case.item.code, number=case.number)


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def correct_page(request: HttpRequest, number: str, page: str) -> HttpResponse:
    """One page of a correction."""
    case = applicant_case(account_of(request), number)
    if case.state != State.CORRECTION:  # Handed in already, perhaps by a second click.
        return redirect("cases:case", number=case.number)
    return step(request, _correction(account_of(request), case), page, case.item)
