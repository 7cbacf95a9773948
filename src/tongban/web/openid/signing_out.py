"""Signing out from a system's page (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import logout as end_session
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import add_params_to_uri

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import InvalidInput
from tongban.directory.models import Account, ConnectedSystem
from tongban.directory.openid_keys import pairwise_subject
from tongban.directory.services.systems import end_tokens
from tongban.web.middleware import allow_form_target
from tongban.web.openid.asking import origin_of
from tongban.web.openid.hints import read_own_token
from tongban.web.openid.views import as_get


class WrongLogout(InvalidInput):
    """The request can't be answered, and nobody is sent anywhere."""

    status = 400


@dataclass(frozen=True)
class Leaving:
    """`subject` is who the system says is leaving; empty when it doesn't prove it."""

    system: ConnectedSystem | None
    subject: str
    address: str
    state: str

    def is_of(self, account: Account) -> bool:
        return self.system is not None and self.subject == pairwise_subject(
            str(account.pk), self.system.client_id
        )


@opens_to(Permission.VISIT)
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out at once when the system proves that it speaks of this very person; else ask.

    Section 2 says that we SHOULD always ask. At a shared counter, somebody who pressed «sign out»
    and left is safer signed out; who only carries a link (no proof) can't sign anybody out.
    """
    if request.method == "POST":
        return as_get(request, reverse("openid:logout"))
    leaving = _read(request)
    if not isinstance(request.user, Account) or leaving.is_of(request.user):
        return _leave(request, leaving)
    context = {
        "system": leaving.system,
        "action": f"{reverse('openid:logout-confirm')}?{request.GET.urlencode()}",
    }
    page = render(request, "web/openid/sign_out.html", context)
    if leaving.address:
        allow_form_target(page, origin_of(leaving.address))
    return page


@opens_to(Permission.VISIT)
@never_cache
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The person pressed the button themselves."""
    return _leave(request, _read(request))


def _read(request: HttpRequest) -> Leaving:
    """Raises WrongLogout when the hint is not ours, or the address is not registered."""
    hint = request.GET.get("id_token_hint", "")
    client_id = request.GET.get("client_id", "").replace("\x00", "")
    address = request.GET.get("post_logout_redirect_uri", "")
    claims = read_own_token(hint, oauth2_settings.oidc_issuer(request)) if hint else None
    if hint and (claims is None or client_id not in ("", claims.get("aud"))):
        raise _wrong(gettext_lazy("The ID token that it shows is not ours."))
    if claims is not None:
        client_id = str(claims.get("aud", ""))
    system = ConnectedSystem.objects.filter(client_id=client_id).first() if client_id else None
    if address and (system is None or not system.post_logout_redirect_uri_allowed(address)):
        raise _wrong(gettext_lazy("The address to go to is not registered."))
    return Leaving(
        system=system,
        subject=str(claims.get("sub", "")) if claims else "",
        address=address,
        state=request.GET.get("state", ""),
    )


def _wrong(why: object) -> WrongLogout:
    return WrongLogout(
        code="openid_logout",
        title=_("This sign-out link is wrong"),
        detail=why,
        fix=_("You can sign out at the top of this page."),
    )


def _leave(request: HttpRequest, leaving: Leaving) -> HttpResponse:
    if isinstance(request.user, Account):
        if leaving.system is not None:
            with transaction.atomic():
                end_tokens(request.user, leaving.system)
        end_session(request)
    if not leaving.address or leaving.system is None:
        return redirect("web:home")
    told = [("state", leaving.state)] if leaving.state else []
    return OAuth2ResponseRedirect(
        add_params_to_uri(leaving.address, told), leaving.system.get_allowed_schemes()
    )
