"""Pages about what is on file: see it, take it along, have it corrected, leave."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.directory import security_log
from tongban.directory.forms import show_fault, text_field
from tongban.directory.models import CorrectionRequest
from tongban.directory.requests import account_of
from tongban.directory.rules import mask
from tongban.directory.selectors import person_of
from tongban.directory.services.own_data import ask_correction
from tongban.web import my_data as data


class CorrectionForm(forms.Form):
    field = forms.ChoiceField(
        label=gettext_lazy("What is wrong"),
        choices=CorrectionRequest.FIELDS,
    )
    wanted = text_field(gettext_lazy("What should stand there"), 200)


@opens_to(Permission.OWN_SPACE)
@require_http_methods(["GET", "HEAD", "POST"])
def my_data(request: HttpRequest) -> HttpResponse:
    """What is on file, who has looked, and how to have it corrected."""
    account = account_of(request)
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_correction(account, **form.cleaned_data)
            messages.success(request, _("Asked. You find the answer here."))
            return redirect("web:my-data")
        except DomainError as fault:
            show_fault(form, fault)
    person = person_of(account)
    everything = data.everything_about(account, utc_now())
    looks = [
        {**look, "at": datetime.fromisoformat(look["at"]), "number": case["number"]}
        for case in everything["cases"]
        for look in case["looked_at"]
    ]
    context = {
        "form": form,
        "person": person,
        "masked": {
            "id_number": mask(person.id_number, "resident_id"),
            "phone": mask(person.phone, "phone"),
            "address": mask(person.address, "address"),
        }
        if person
        else {},
        "looks": sorted(looks, key=lambda look: look["at"], reverse=True)[:100],
        "requests": person.correction_requests.order_by("-asked_at")[:20] if person else [],
        "kept_because": data.KEPT_BECAUSE,
    }
    return render(request, "web/my_data.html", context)


@opens_to(Permission.OWN_SPACE)
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    """Everything about me, to take along: JSON for programs, a page for people."""
    if form not in ("json", "html"):
        raise Http404
    document = data.export(account_of(request), readable=form == "html")
    security_log.note(request, security_log.EXPORTED)
    if form == "json":
        answer: HttpResponse = JsonResponse(
            document, json_dumps_params={"ensure_ascii": False, "indent": 2}
        )
    else:
        answer = render(request, "web/my_data_export.html", {"document": document})
    answer["Content-Disposition"] = f'attachment; filename="tongban-my-data.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


@opens_to(Permission.OWN_SPACE)
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close the account; the page before it has said what goes and what stays."""
    account = account_of(request)
    if request.POST.get("sure") != "yes":
        messages.error(request, _("Tick that you want it. Nothing was closed."))
        return redirect("web:my-data")
    data.close_account(account)
    logout(request)
    messages.success(request, _("The account is closed."))
    return redirect("web:home")
