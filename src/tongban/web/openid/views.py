"""Signing in to a department's system: the request, the person's consent, the way back."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749 import errors

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.directory.models import Account
from tongban.directory.openid import BY_NAME, in_order, told, withheld
from tongban.directory.openid_keys import pairwise_subject
from tongban.directory.selectors import has_consented
from tongban.directory.services.systems import give_consent
from tongban.directory.sign_in.factors import signed_in_at
from tongban.web.errors import error_answer
from tongban.web.middleware import allow_form_target
from tongban.web.openid.asking import (
    Asked,
    answer_with_error,
    origin_of,
    read_request,
    sign_in_address,
)
from tongban.web.openid.hints import read_own_token
from tongban.web.openid.rules import recent_enough
from tongban.web.openid.validator import may_be_there


@opens_to(Permission.VISIT)
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint (Core 3.1.2). Changes nothing by itself but a remembered yes."""
    if request.method == "POST":
        return as_get(request, reverse("openid:authorize"))
    try:
        asked = read_request(request)
        account = _who(request, asked)
        if account is None:
            return redirect(sign_in_address(request, utc_now()))
        if "consent" not in asked.prompt and has_consented(account, asked.system, asked.scopes):
            return _hand_code(request, asked)
        if "none" in asked.prompt:
            raise asked.refused(errors.ConsentRequired, "The person has to be asked.")
        return _ask(request, asked)
    except FatalClientError as error:
        return _wrong_request(request, error)
    except OAuthToolkitError as error:
        return answer_with_error(request, error)


@opens_to(Permission.VISIT)
@never_cache
@require_POST
def consent(request: HttpRequest) -> HttpResponse:
    """The person's answer. What they answer to is read from the query and checked again."""
    try:
        asked = read_request(request)
        account = _who(request, asked)
        if account is None:
            return redirect(sign_in_address(request, utc_now()))
        if request.POST.get("decision") != "agree":
            raise asked.refused(errors.AccessDeniedError, "The person did not agree.")
        with transaction.atomic():
            give_consent(account, asked.system, asked.scopes, at=utc_now())
            return _hand_code(request, asked)
    except FatalClientError as error:
        return _wrong_request(request, error)
    except OAuthToolkitError as error:
        return answer_with_error(request, error)


def as_get(request: HttpRequest, path: str) -> HttpResponse:
    """A POST from another site comes without our cookie (SameSite): ask again by GET."""
    response = redirect(f"{path}?{request.POST.urlencode()}")
    response.status_code = 303
    return response


def _who(request: HttpRequest, asked: Asked) -> Account | None:
    """Who signs in to the system; None when they have to sign in here first.

    Raises OAuthToolkitError when this can't be asked (prompt=none), or another person is meant
    (`id_token_hint`), or the system is not for them.
    """
    account = request.user if isinstance(request.user, Account) else None
    if account is None or not recent_enough(
        signed_in_at(request),
        now=utc_now(),
        prompt=asked.prompt,
        max_age=asked.max_age,
        asked_at=asked.asked_at,
    ):
        if "none" in asked.prompt:
            raise asked.refused(errors.LoginRequired, "The person has to sign in.")
        return None
    if asked.id_token_hint and not _is_meant(request, account, asked):
        raise asked.refused(errors.LoginRequired, "Somebody else is signed in.")
    if not may_be_there(account, asked.system):
        raise asked.refused(errors.AccessDeniedError, "This system is for staff.")
    return account


def _is_meant(request: HttpRequest, account: Account, asked: Asked) -> bool:
    claims = read_own_token(asked.id_token_hint, oauth2_settings.oidc_issuer(request))
    return claims is not None and claims.get("sub") == pairwise_subject(
        str(account.pk), asked.system.client_id
    )


@transaction.atomic
def _hand_code(request: HttpRequest, asked: Asked) -> HttpResponse:
    credentials = {**asked.credentials, "signed_in_at": signed_in_at(request)}
    credentials.pop("ui_locales", None)
    uri, _headers, _body, _status = get_oauthlib_core().create_authorization_response(
        request, list(asked.scopes), credentials, allow=True
    )
    return OAuth2ResponseRedirect(uri, asked.system.get_allowed_schemes())


def _ask(request: HttpRequest, asked: Asked) -> HttpResponse:
    wanted = in_order(asked.scopes)
    context = {
        "system": asked.system,
        "gets": [told(BY_NAME[name], asked.system) for name in wanted],
        "withheld": withheld(wanted),
        "minutes": oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS // 60,
        "hours": oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS // 3600,
        "action": f"{reverse('openid:consent')}?{request.GET.urlencode()}",
    }
    page = render(request, "web/openid/consent.html", context)
    allow_form_target(page, origin_of(asked.redirect_uri))
    return page


def _wrong_request(request: HttpRequest, error: FatalClientError) -> HttpResponse:
    """A page of ours: where to send the person is exactly what we don't know (RFC 9700 4.11)."""
    return error_answer(
        request,
        400,
        _("This sign-in link is wrong"),
        _(
            "The system that sent you here asks in a way that we can't answer safely (%(why)s)."
            " Nothing was handed out. Go back and try again, or tell the people of that system."
        )
        % {"why": error.oauthlib_error.description or error.oauthlib_error.error},
        code="openid_request",
    )
