"""The sign-in page: allauth's, for systems of departments too."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from tongban.web.middleware import FORM_TARGET
from tongban.web.openid.asking import origin_after_sign_in


class SignIn(LoginView):  # type: ignore[misc]
    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """A department's system may ask who is signed in to prove it again (`again`)."""
        if "again" in request.GET:
            request.user = AnonymousUser()
        if request.method == "GET":
            origin = origin_after_sign_in(request, request.GET.get("next", ""))
            if origin:
                request.session[FORM_TARGET] = origin
            else:
                request.session.pop(FORM_TARGET, None)
        answer: HttpResponse = super().dispatch(request, *args, **options)
        return answer

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**options)
        return context | {"upstream": settings.ENVIRONMENT.upstream}
