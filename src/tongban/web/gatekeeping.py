"""Letting people in: every view says whom it opens to; one that says nothing stays closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tongban.base.gates import Audience, audience_of
from tongban.base.problems import NotPermitted
from tongban.cases.forms import KEPT_FORM
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.web.errors import domain_error

# The API answers for itself: each operation declares its audience (a test walks them), and none is
# open to more than everyone's data yet.
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
        audience = audience_of(view)
        if audience is Audience.EVERYONE:
            return None
        if audience is None:
            return domain_error(request, _closed())
        if not isinstance(request.user, Account):
            return _keep_and_sign_in(request)
        if audience is Audience.STAFF and not duties_of(request.user).any:
            return domain_error(request, _no_post())
        return None


def _closed() -> NotPermitted:
    return NotPermitted(code="closed", title=_("You may not do this"))


def _no_post() -> NotPermitted:
    return NotPermitted(
        code="no_post",
        title=_("This is the workbench of the staff"),
        detail=_("Your account has no post in an organ."),
        fix=_("Your own cases are under «My cases»."),
    )


def _keep_and_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back. What was typed when the session had ended is kept until then."""
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    typed = {name: request.POST[name] for name in request.POST if name != "csrfmiddlewaretoken"}
    request.session[KEPT_FORM] = {"path": request.path, "typed": typed}
    return redirect_to_login(request.path)
