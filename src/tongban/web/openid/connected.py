"""The systems that a person is connected with, and how to end it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.directory.models import Account
from tongban.directory.openid import BY_NAME, in_order, told
from tongban.directory.selectors import connected_systems
from tongban.directory.services.systems import withdraw_consent


@opens_to(Permission.OWN_SPACE)
@require_http_methods(["GET", "HEAD", "POST"])
def connected(request: HttpRequest) -> HttpResponse:
    """GET lists; POST disconnects one (个人信息保护法 art. 15: as easily as it was given)."""
    assert isinstance(request.user, Account)
    if request.method == "POST":
        client_id = request.POST.get("system", "").replace("\x00", "")
        system = withdraw_consent(request.user, client_id, at=utc_now())
        messages.success(request, _("%(system)s is disconnected.") % {"system": system.name})
        return redirect("openid:connected")
    rows = [
        {
            "system": consent.system,
            "since": consent.given_at,
            "gets": [
                told(BY_NAME[name], consent.system) for name in in_order(consent.scopes.split())
            ],
        }
        for consent in connected_systems(request.user)
    ]
    return render(request, "web/openid/connected.html", {"rows": rows})
