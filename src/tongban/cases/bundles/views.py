"""Pages of a bundle for who applies: beginning, one form, sending."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, FieldError, InvalidInput
from tongban.cases.bundles import filing, sending
from tongban.cases.bundles.filing import Opened
from tongban.cases.forms import CHECK, MATERIALS, field_rows, summary
from tongban.cases.models import BundleFiling
from tongban.cases.services.principals import principals
from tongban.cases.services.submitting import missing_materials, papers_to_follow
from tongban.cases.wording import answers_by_page
from tongban.catalogue.bundles.publishing import guides_of
from tongban.catalogue.bundles.schema import BundleDocument
from tongban.catalogue.bundles.selectors import bundle_document, find_bundle
from tongban.catalogue.bundles.views import bundle_context
from tongban.catalogue.guide_schema import FormPage
from tongban.catalogue.models import Bundle
from tongban.catalogue.views import material_row
from tongban.catalogue.wording import said
from tongban.directory.requests import account_of
from tongban.directory.selectors import person_of


@dataclass(frozen=True)
class BundleFlow:
    """The steps of filling in a bundle; what `cases.forms.Flow` is for one item."""

    now: Opened
    slug: str
    number: str = ""

    @property
    def steps(self) -> list[str]:
        uploads = any(material.how == "upload" for material in self.now.form.materials)
        return [*(page.key for page in self.now.form.pages), *([MATERIALS] * uploads), CHECK]

    def url(self, step: str) -> str:
        return reverse("cases:bundle-page", args=[self.slug, step])

    def after(self, step: str) -> str:
        steps = self.steps
        return self.url(steps[min(steps.index(step) + 1, len(steps) - 1)])

    def before(self, step: str) -> str:
        place = self.steps.index(step)
        if place:
            return self.url(self.steps[place - 1])
        return reverse("cases:bundle-apply", args=[self.slug])

    def page(self, step: str) -> FormPage | None:
        return next((page for page in self.now.form.pages if page.key == step), None)

    def step_of_field(self, key: str) -> str:
        for page in self.now.form.pages:
            if any(field.key == key for field in page.fields):
                return page.key
        return MATERIALS


def _bundle(slug: str) -> Bundle:
    found = find_bundle(slug)
    if found is None:
        raise Http404
    return found


def _held(request: HttpRequest, slug: str) -> BundleFiling | None:
    """The filing of this bundle that the account has open, of whichever version it was begun."""
    return (
        BundleFiling.objects.select_related("bundle")
        .filter(account=account_of(request), bundle__slug=slug, sent_at=None)
        .first()
    )


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Before filling in: for whom, which parts; begin, go on, or throw away what was begun."""
    bundle, actor, held = _bundle(slug), account_of(request), _held(request, slug)
    document, faults = bundle_document(bundle), []
    if request.method == "POST":
        if request.POST.get("action") == "discard" and held:
            filing.discard(actor, held.key)
            return redirect("cases:bundle-apply", slug=slug)
        try:
            begun = filing.begin(
                actor,
                bundle,
                choices={one.key: request.POST.get(one.key, "") for one in document.questions},
                principal=request.POST.get("principal", ""),
            )
            flow = BundleFlow(filing.opened(begun), slug)
            return redirect(flow.url(flow.steps[0]))
        except InvalidInput as problem:
            if not problem.errors:
                raise
            faults = list(problem.errors)
    known = person_of(actor)
    context = bundle_context(bundle, document, guides_of(document.parts)) | {
        "held": held,
        "questions": _questions(document, held, request, faults),
        "errors": summary(faults),
        "unverified": known is None,
        "principals": principals(actor, document.parts[0].item_code) if known and not held else [],
    }
    return render(request, "cases/bundle_start.html", context)


def _questions(
    document: BundleDocument,
    held: BundleFiling | None,
    request: HttpRequest,
    faults: list[FieldError],
) -> list[dict[str, object]]:
    wrong = {fault.pointer.lstrip("/"): fault.detail for fault in faults}
    kept = held.choices if held else {}
    return [
        {
            "id": f"field-{one.key}",
            "name": one.key,
            "label": said(one.label),
            "kind": "choice",
            "value": request.POST.get(one.key, kept.get(one.key, "")),
            "hint": said(one.hint),
            "error": wrong.get(one.key, ""),
            "required": True,
            "options": [{"value": two.value, "label": said(two.label)} for two in one.options],
        }
        for one in document.questions
    ]


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def apply_page(request: HttpRequest, slug: str, page: str) -> HttpResponse:
    """One page of the one form."""
    held = _held(request, slug)
    if held is None:
        return _after_sending(request, slug)
    try:
        flow = BundleFlow(filing.opened(held), slug)
    except Conflict:
        return redirect("cases:bundle-apply", slug=slug)
    if page not in flow.steps:
        raise Http404
    if page == CHECK:
        return _check_step(request, flow)
    if page == MATERIALS:
        return _materials_step(request, flow)
    return _form_step(request, flow, page)


def _after_sending(request: HttpRequest, slug: str) -> HttpResponse:
    """The form is gone: a second click on «send» leads to what was sent."""
    try:
        sent = BundleFiling.objects.filter(
            account=account_of(request), key=uuid.UUID(request.POST.get("draft", ""))
        ).first()
    except ValueError:
        sent = None
    if sent and sent.number:
        return redirect("cases:bundle", filing=sent.number)
    return redirect("cases:bundle-apply", slug=slug)


def _frame(flow: BundleFlow, step: str, errors: list[FieldError]) -> dict[str, object]:
    return {
        "item": {"name": said(flow.now.document.name)},
        "flow": flow,
        "frame_template": "web/frame.html",
        "draft": flow.now.filing,
        "step": step,
        "step_number": flow.steps.index(step) + 1,
        "step_count": len(flow.steps),
        "back_url": flow.before(step),
        "errors": summary(errors),
    }


def _form_step(request: HttpRequest, flow: BundleFlow, step: str) -> HttpResponse:
    actor, page = account_of(request), flow.page(step)
    assert page is not None
    errors: list[FieldError] = []
    answers = flow.now.answers
    if request.method == "POST":
        typed = {field.key: request.POST.get(field.key, "") for field in page.fields}
        errors = filing.save_page(actor, flow.now.filing.key, page, typed)
        if not errors:
            back_to_check = request.POST.get("return") == CHECK
            return redirect(flow.url(CHECK) if back_to_check else flow.after(step))
        answers |= typed
    context = _frame(flow, step, errors) | {
        "page": page,
        "fields": field_rows(page, answers, errors),
        "return_to": request.GET.get("return", "") or request.POST.get("return", ""),
    }
    return render(request, "cases/form_page.html", context)


def _materials_step(request: HttpRequest, flow: BundleFlow) -> HttpResponse:
    actor, key = account_of(request), flow.now.filing.key
    errors: list[FieldError] = []
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action.startswith("remove:"):
            try:
                filing.remove_file(actor, key, uuid.UUID(action.removeprefix("remove:")))
            except ValueError:
                raise Http404 from None
            return redirect(flow.url(MATERIALS))
        errors = _take_uploads(request, flow)
        if not errors and action == "upload":
            return redirect(flow.url(MATERIALS))
        if not errors:
            errors = _missing(flow)
            if not errors:
                return redirect(flow.after(MATERIALS))
    files = filing.files_of(flow.now)
    faults = {error.pointer.lstrip("/"): error.detail for error in errors}
    rows = [
        material_row(material)
        | {"files": files.get(material.key, []), "error": faults.get(material.key, "")}
        for material in flow.now.form.materials
    ]
    context = _frame(flow, MATERIALS, errors) | {
        "uploads": [row for row in rows if row["how"] == "upload"],
        "others": [row for row in rows if row["how"] != "upload"],
    }
    return render(request, "cases/materials.html", context)


def _missing(flow: BundleFlow) -> list[FieldError]:
    there = set(filing.files_of(flow.now))
    found: dict[str, FieldError] = {}
    for part, document in flow.now.guides.items():
        for fault in missing_materials(document, ()):
            merged = flow.now.form.key_of(part, fault.pointer.lstrip("/"))
            if merged not in there:
                found[merged] = FieldError(f"/{merged}", fault.code, fault.detail)
    return list(found.values())


def _take_uploads(request: HttpRequest, flow: BundleFlow) -> list[FieldError]:
    errors = []
    for name in request.FILES:
        for upload in request.FILES.getlist(name):
            material = name.removeprefix("file-")
            try:
                filing.attach_file(account_of(request), flow.now.filing.key, material, upload)
            except InvalidInput as problem:
                errors.append(FieldError(f"/{material}", problem.code, str(problem.detail)))
    return errors


def _check_step(request: HttpRequest, flow: BundleFlow) -> HttpResponse:
    errors: list[FieldError] = []
    if request.method == "POST":
        try:
            sent = sending.send(account_of(request), flow.now.filing.key)
            return redirect(f"{reverse('cases:bundle', args=[sent.number])}?sent=1")
        except InvalidInput as problem:
            if not problem.errors:
                raise
            errors = list(problem.errors)
    form = flow.now.form
    files = filing.files_of(flow.now)
    context = _frame(flow, CHECK, []) | {
        "pages": [
            page | {"url": f"{flow.url(str(page['key']))}?return={CHECK}"}
            for page in answers_by_page(form.pages, flow.now.answers)
        ],
        "files": [file for held in files.values() for file in held],
        "material_names": {
            material.key: said(material.name)
            for document in flow.now.guides.values()
            for material in document.materials
        },
        "materials_url": flow.url(MATERIALS) if MATERIALS in flow.steps else "",
        **_to_follow(flow),
        "faults": [
            {
                "message": error.detail,
                "url": flow.url(flow.step_of_field(error.pointer.lstrip("/"))),
            }
            for error in errors
        ],
    }
    return render(request, "cases/check.html", context)


def _to_follow(flow: BundleFlow) -> dict[str, object]:
    there = set(filing.files_of(flow.now))
    names, days = {}, [5]
    for part, document in flow.now.guides.items():
        for key in papers_to_follow(document, ()):
            merged = flow.now.form.key_of(part, key)
            material = flow.now.form.material(merged)
            if merged not in there and material:
                names[merged] = said(material.name)
                days.append(document.handling.to_follow_days)
    return {"to_follow": list(names.values()), "to_follow_days": min(days)}
