"""Letting people in: every view says which permission it needs; one that says none stays closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tongban.base.permissions import Permission, Refusal, permission_of, refusal
from tongban.base.problems import NotPermitted
from tongban.cases.forms import KEPT_FORM
from tongban.directory import security_log
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.directory.sign_in.devices import last_account
from tongban.directory.sign_in.factors import second_factor_used
from tongban.web.errors import domain_error

# The API answers for itself: each operation declares its permission (a test walks them), and none
# is open to more than everyone's data yet.
KEPT_MOST = 20_000  # characters: a long page of a form
OWN_GATES = ("api",)


class GateMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        """None lets the view run."""
        match = request.resolver_match
        if match and match.namespace in OWN_GATES:
            return None
        permission = permission_of(view)
        if permission is None:
            return domain_error(request, _closed())
        why = _refusal(request, permission)
        if why is None:
            return None
        if why is Refusal.SIGN_IN:
            return _keep_and_sign_in(request)
        security_log.note(request, security_log.REFUSED, subject=permission, why=why.value)
        if why is Refusal.SECOND_FACTOR:
            return render(request, "web/second_factor.html", status=403)
        return domain_error(request, _no_post())


def _refusal(request: HttpRequest, permission: Permission) -> Refusal | None:
    if permission is Permission.VISIT:
        return None
    account = request.user if isinstance(request.user, Account) else None
    return refusal(
        permission,
        signed_in=account is not None,
        roles=duties_of(account).roles if account else (),
        second_factor=second_factor_used(request),
    )


def _closed() -> NotPermitted:
    return NotPermitted(code="closed", title=_("You may not do this"))


def _no_post() -> NotPermitted:
    return NotPermitted(
        code="no_post",
        title=_("This page is for other posts"),
        detail=_("Your account has no post in an organ that opens it."),
        fix=_("Your own cases are under «My cases»."),
    )


def _keep_and_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back. What was typed when the session had ended is kept until then.

    Only where somebody was signed in whose session ran out, only for that account, and not much.
    """
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    account = last_account(request)
    typed = {name: request.POST[name] for name in request.POST if name != "csrfmiddlewaretoken"}
    if account and sum(len(name) + len(text) for name, text in typed.items()) <= KEPT_MOST:
        request.session[KEPT_FORM] = {
            "path": request.path,
            "typed": typed,
            "account": account,
            "at": time.time(),
        }
    return redirect_to_login(request.path)
