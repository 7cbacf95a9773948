"""Forms of the directory's pages. Services decide; forms only take apart what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import DomainError
from tongban.directory.models import Post

OPTIONAL: dict[str, Any] = {"required": False}


def day_field(label: object) -> forms.DateField:
    return forms.DateField(
        label=label,  # type: ignore[arg-type]
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "invalid": _("Enter a date as 2026-01-31."),
            "required": _("Fill this in."),
        },
    )


def text_field(label: object, most: int, *, required: bool = True, help_text: object = "") -> Any:
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        max_length=most,
        required=required,
        help_text=help_text,  # type: ignore[arg-type]
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Fill this in.")},
    )


def show_fault(form: forms.Form, fault: DomainError) -> None:
    """Put what a service refused at the field that it names, else above the form."""
    said = " ".join(str(part) for part in (fault.detail or fault.title, fault.fix) if part)
    form.add_error(fault.field if fault.field in form.fields else None, said)


class IdentityForm(forms.Form):
    name = text_field(_("Name, as on the ID card"), 100)
    id_number = text_field(_("ID number"), 30, help_text=_("18 characters, as on the ID card"))


class PersonSearchForm(forms.Form):
    id_number = text_field(_("ID number"), 30)


class PostForm(forms.Form):
    organ = forms.ChoiceField(label=_("Organ"))
    username = text_field(_("Account name of the colleague"), 150)
    role = forms.ChoiceField(label=_("Post"), choices=Post.Role.choices)

    def __init__(self, *args: Any, organs: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organ"].choices = organs  # type: ignore[attr-defined]


class SubstituteForm(forms.Form):
    organ = forms.ChoiceField(label=_("Organ"))
    absent = text_field(_("Who is away (account name)"), 150)
    substitute = text_field(_("Who stands in (account name)"), 150)
    valid_from = day_field(_("From"))
    valid_to = day_field(_("To"))
    reason = text_field(_("Reason"), 200)

    def __init__(self, *args: Any, organs: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["organ"].choices = organs  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    answer = text_field(_("Answer, as the person will read it"), 500, required=False)
