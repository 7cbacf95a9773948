"""The way to the upstream and back, and what a person does with it in their own space."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe
from requests import RequestException

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict
from tongban.directory import security_log
from tongban.directory.requests import account_of
from tongban.directory.services import upstream as identities
from tongban.directory.sign_in.upstream.adapter import PROVIDER
from tongban.directory.sign_in.upstream.provider import Back, UpstreamAdapter
from tongban.directory.upstream import upstream_in_force

View = Callable[..., HttpResponse]


def only_with_upstream(view: View) -> View:
    """There is no such address while the installation has no upstream."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        if settings.ENVIRONMENT.upstream is None:
            raise Http404
        return view(request, *args, **options)

    return shown


@opens_to(Permission.VISIT)
@only_with_upstream
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """From the sign-in page to the upstream."""
    return _sent(request, AuthProcess.LOGIN)


@opens_to(Permission.OWN_SPACE)
@only_with_upstream
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """From the account's own page to the upstream, to be able to sign in with it later."""
    raise_if_reauthentication_required(request, app="")
    return _sent(request, AuthProcess.CONNECT)


def _sent(request: HttpRequest, process: str) -> HttpResponse:
    provider = get_adapter(request).get_provider(request, PROVIDER)
    try:
        answer = provider.redirect(request, process, get_next_redirect_url(request))
    except (OAuth2Error, RequestException) as problem:
        away: HttpResponse = render_authentication_error(request, provider, exception=problem)
        return away
    return _by_page(request, answer)


@opens_to(Permission.VISIT)
@only_with_upstream
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """From the upstream, with a code or a refusal."""
    adapter = UpstreamAdapter(request, upstream_in_force().issuer)
    try:
        answer: HttpResponse = Back.adapter_view(adapter)(request)
    except IntegrityError:  # The same identity or person came in twice at one moment.
        raise Conflict(
            code="at_once", title=_("Somebody was faster"), fix=_("Sign in once more.")
        ) from None
    if answer.status_code >= 400:
        return answer
    return _by_page(request, answer)


def _by_page(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Go on by a page of our own instead of a redirect.

    Chromium holds every redirect after a form to the `form-action` of the form's page: of ours on the
    way there, of the upstream's on the way back. A page ends that chain.
    """
    if answer.status_code != 302:
        return answer
    page = render(request, "directory/go_on.html", {"address": answer["Location"]})
    page.cookies = answer.cookies
    page["Cache-Control"] = "no-store"
    return page


@opens_to(Permission.VISIT)
@only_with_upstream
@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    return render(request, "socialaccount/login_cancelled.html")


@opens_to(Permission.OWN_SPACE)
@only_with_upstream
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """The identity signs nobody in any more."""
    raise_if_reauthentication_required(request, app="")
    account = account_of(request)
    identities.disconnect(account, pk)
    name = upstream_in_force().name
    security_log.note(request, security_log.UPSTREAM_DISCONNECTED)
    get_adapter(request).send_notification_mail(
        "socialaccount/email/disconnected", account, {"name": name}
    )
    messages.success(request, _("%(name)s is disconnected.") % {"name": name})
    return redirect("directory:security")
