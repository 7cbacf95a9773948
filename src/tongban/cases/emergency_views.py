"""The page for reading a case of another organ in an emergency, and for allowing it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.cases.services import reading
from tongban.directory import security_log
from tongban.directory.forms import show_fault, text_field
from tongban.directory.requests import account_of


class EmergencyForm(forms.Form):
    number = text_field(gettext_lazy("Case number"), 40)
    reason = text_field(
        gettext_lazy("Why it can't wait"), 500, help_text=gettext_lazy("The applicant reads it.")
    )


@opens_to(Permission.ASK_EMERGENCY)
@require_http_methods(["GET", "HEAD", "POST"])
def emergency(request: HttpRequest) -> HttpResponse:
    """Ask; see what one has asked for, and what waits for one's own word."""
    account = account_of(request)
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = reading.ask_emergency(
                account, form.cleaned_data["number"], reason=form.cleaned_data["reason"]
            )
            security_log.note(request, security_log.EMERGENCY, subject=f"asked {asked.pk}")
            messages.success(request, _("Asked. A colleague of the organ has to allow it."))
            return redirect("cases:emergency")
        except DomainError as fault:
            show_fault(form, fault)
    context = {
        "form": form,
        "mine": reading.my_emergencies(account),
        "waiting": reading.emergencies_to_allow(account),
    }
    return render(request, "cases/emergency.html", context)


@opens_to(Permission.ALLOW_EMERGENCY)
@require_POST
def allow(request: HttpRequest, emergency: int) -> HttpResponse:
    reading.allow_emergency(account_of(request), emergency)
    security_log.note(request, security_log.EMERGENCY, subject=f"allowed {emergency}")
    messages.success(request, _("Allowed for one day. Both your names stand in the case."))
    return redirect("cases:emergency")
