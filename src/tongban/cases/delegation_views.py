"""Pages about acting for others: whom I let act for me, whom I act for; recording it at a counter.

Here and not in the directory, because a delegation names items of the catalogue.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.catalogue.selectors import item_names, online_items
from tongban.directory.choice import current_region
from tongban.directory.forms import day_field, show_fault, text_field
from tongban.directory.models import Delegation, Enterprise
from tongban.directory.requests import account_of
from tongban.directory.selectors import delegations_of, mandate_of, person_of
from tongban.directory.services import delegations

FORM = ["GET", "HEAD", "POST"]
ENDS = {
    "revoked": gettext_lazy("taken back"),
    "ended": gettext_lazy("has run out"),
    "in_force": gettext_lazy("in force"),
}


class GrantForm(forms.Form):
    """Letting somebody act for me, or for an enterprise that I represent."""

    principal = forms.ChoiceField(label=gettext_lazy("For whom they act"))
    agent_name = text_field(gettext_lazy("Name of who acts"), 100)
    id_number = text_field(gettext_lazy("ID number of who acts"), 30)
    items = forms.MultipleChoiceField(
        label=gettext_lazy("In which items"), widget=forms.CheckboxSelectMultiple, required=False
    )
    valid_to = day_field(gettext_lazy("Until"))

    def __init__(
        self,
        *args: Any,
        principals: list[tuple[str, str]],
        items: list[tuple[str, str]],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.fields["principal"].choices = principals  # type: ignore[attr-defined]
        self.fields["items"].choices = items  # type: ignore[attr-defined]


class CounterForm(forms.Form):
    """A helper or guardian, recorded by a clerk."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (Delegation.Kind.HELPER.value, Delegation.Kind.HELPER.label),
            (Delegation.Kind.GUARDIAN.value, Delegation.Kind.GUARDIAN.label),
        ],
    )
    person_name = text_field(gettext_lazy("Name of the person"), 100)
    person_id_number = text_field(gettext_lazy("ID number of the person"), 30)
    agent_name = text_field(gettext_lazy("Name of who acts"), 100)
    id_number = text_field(gettext_lazy("ID number of who acts"), 30)
    items = forms.MultipleChoiceField(
        label=gettext_lazy("In which items"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("A guardian may act in all: name none."),
    )
    valid_to = day_field(gettext_lazy("Until"))
    note = text_field(
        gettext_lazy("What you have seen"),
        200,
        help_text=gettext_lazy("Who was there, which papers. It stands with the delegation."),
    )

    def __init__(self, *args: Any, items: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["items"].choices = items  # type: ignore[attr-defined]


def _rows(delegations: list[Delegation]) -> list[dict[str, object]]:
    names = item_names(item.item_code for one in delegations for item in one.items.all())
    return [_row(one, names) for one in delegations]


def _row(delegation: Delegation, names: dict[str, str]) -> dict[str, object]:
    mandate = mandate_of(delegation)
    state = "in_force" if mandate.in_force(local_date(utc_now())) else "ended"
    if delegation.revoked_at:
        state = "revoked"
    return {
        "delegation": delegation,
        "items": [names.get(code, code) for code in sorted(mandate.items)],
        "state": ENDS[state],
        "in_force": state == "in_force",
    }


@opens_to(Permission.OWN_SPACE)
@require_http_methods(FORM)
def mine(request: HttpRequest) -> HttpResponse:
    """Delegations given and held; give one."""
    account = account_of(request)
    person = person_of(account)
    represented = Enterprise.objects.filter(legal_representative=person) if person else []
    principals = [("", _("Me"))] + [(one.uscc, one.name) for one in represented]
    items = online_items(current_region(request))
    form = GrantForm(request.POST or None, principals=principals, items=items)
    form.fields["principal"].required = False
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            delegations.grant(
                account,
                agent_name=typed["agent_name"],
                agent_id_number=typed["id_number"],
                items=typed["items"],
                valid_to=typed["valid_to"],
                uscc=typed["principal"],
            )
            messages.success(request, _("Recorded. You can take it back at any time."))
            return redirect("cases:delegations")
        except DomainError as fault:
            show_fault(form, fault)
    given, held = delegations_of(account)
    context = {
        "form": form,
        "person": person,
        "given": _rows(given),
        "held": _rows(held),
    }
    return render(request, "cases/delegations.html", context)


@opens_to(Permission.OWN_SPACE)
@require_POST
def revoke(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    delegations.revoke(account_of(request), key)
    messages.success(request, _("Taken back. What was done before stays visible."))
    return redirect("cases:delegations")


@opens_to(Permission.SERVE_PEOPLE)
@require_http_methods(FORM)
def at_counter(request: HttpRequest) -> HttpResponse:
    """Record a helper or a guardian for somebody who can't sign in."""
    form = CounterForm(request.POST or None, items=online_items(current_region(request)))
    if request.method == "POST" and form.is_valid():
        typed = dict(form.cleaned_data)
        typed["agent_id_number"] = typed.pop("id_number")
        try:
            delegations.record_at_counter(account_of(request), **typed)
            messages.success(request, _("Recorded. It stands in the ledger."))
            return redirect("cases:counter-delegations")
        except DomainError as fault:
            show_fault(form, fault)
    return render(request, "cases/counter_delegations.html", {"form": form})
