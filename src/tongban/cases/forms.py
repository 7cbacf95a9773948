"""The form that a guide defines, as steps and fields of pages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from tongban.base.problems import FieldError
from tongban.cases.models import Draft
from tongban.catalogue.guide_schema import FormField, FormPage, GuideDocument
from tongban.catalogue.selectors import document_of
from tongban.catalogue.wording import said

MATERIALS = "materials"
CHECK = "check"
# Session key of what was typed on a page whose session had ended.
KEPT_FORM = "kept_form"
AUTOCOMPLETE = {
    "person.name": "name",
    "person.phone": "tel",
    "person.address": "street-address",
}


@dataclass(frozen=True)
class Flow:
    """One filling-in: of a new application, or of the correction of `number`.

    `office` and `assistance` are those of a counter where a clerk fills in for the person.
    """

    draft: Draft
    document: GuideDocument
    code: str
    number: str = ""
    office: str = ""
    assistance: UUID | None = None

    @property
    def steps(self) -> list[str]:
        pages = [page.key for page in self.document.form_pages]
        uploads = any(material.how == "upload" for material in self.document.materials)
        asks = uploads or self.document.handling.commitment is not None
        return [*pages, *([MATERIALS] if asks else []), CHECK]

    def url(self, step: str) -> str:
        if self.assistance:
            return reverse("cases:file-page", args=[self.office, self.assistance, step])
        if self.number:
            return reverse("cases:correct-page", args=[self.number, step])
        return reverse("cases:apply-page", args=[self.code, step])

    def after(self, step: str) -> str:
        steps = self.steps
        return self.url(steps[min(steps.index(step) + 1, len(steps) - 1)])

    def before(self, step: str) -> str:
        place = self.steps.index(step)
        if place:
            return self.url(self.steps[place - 1])
        if self.assistance:
            return reverse("cases:file-here", args=[self.office])
        if self.number:
            return reverse("cases:case", args=[self.number])
        return reverse("cases:apply", args=[self.code])

    def page(self, step: str) -> FormPage | None:
        return next((page for page in self.document.form_pages if page.key == step), None)

    def step_of_field(self, key: str) -> str:
        for page in self.document.form_pages:
            if any(field.key == key for field in page.fields):
                return page.key
        return MATERIALS


def flow_of(draft: Draft, *, code: str, number: str = "") -> Flow:
    return Flow(draft, document_of(draft.guide), code, number)


def field_rows(
    page: FormPage, answers: dict[str, str], errors: list[FieldError]
) -> list[dict[str, object]]:
    """Fields for `web/components/field.html`, with what was typed and what is wrong."""
    faults = {error.pointer.lstrip("/"): error.detail for error in errors}
    return [_field_row(field, answers.get(field.key, ""), faults) for field in page.fields]


def _field_row(field: FormField, value: str, faults: dict[str, str]) -> dict[str, object]:
    return {
        "id": f"field-{field.key}",
        "name": field.key,
        "label": said(field.label),
        "kind": field.kind,
        "value": value,
        "hint": said(field.hint),
        "error": faults.get(field.key, ""),
        "required": field.required,
        "options": [{"value": one.value, "label": said(one.label)} for one in field.options],
        "autocomplete": AUTOCOMPLETE.get(field.prefill or "", ""),
        "prefilled": bool(field.prefill and value),
        "max_length": field.max_length,
    }


def summary(errors: list[FieldError]) -> list[dict[str, str]]:
    """Errors for `web/components/error_summary.html`, each a link to its field."""
    return [
        {"field_id": f"field-{error.pointer.lstrip('/')}", "message": error.detail}
        for error in errors
    ]
