"""Errors as pages and as problem details (RFC 9457), each with a reference to quote."""

from __future__ import annotations

import logging
import secrets
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tongban.base.problems import DomainError, problem_document
from tongban.directory import security_log

log = logging.getLogger(__name__)


def reference() -> str:
    """A short random number that ties what a person saw to the log."""
    return secrets.token_hex(4).upper()


def _address(request: HttpRequest) -> str:
    """The address for the log: the route without its parts, which may name cases, else quoted."""
    if request.resolver_match:
        return f"/{request.resolver_match.route}"
    return quote(request.path[:200])


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def error_answer(
    request: HttpRequest, status: int, title: str, what_to_do: str, *, code: str = ""
) -> HttpResponse:
    number = reference()
    log.info("answer %s to %s %s, reference %s", status, request.method, _address(request), number)
    if wants_json(request):
        return JsonResponse(
            {
                "type": f"/problems/{code}" if code else "about:blank",
                "title": title,
                "status": status,
                "detail": what_to_do,
                "instance": request.path,
                "errors": [],
            },
            status=status,
            content_type="application/problem+json",
        )
    context = {"status": status, "title": title, "what_to_do": what_to_do, "reference": number}
    return render(request, "web/error.html", context, status=status)


def domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The one place where a domain error becomes an answer."""
    if (
        error.status in (403, 404)
        and getattr(request, "user", None)
        and request.user.is_authenticated
    ):
        security_log.note(request, security_log.OUT_OF_REACH, subject=error.code)
    if wants_json(request):
        return JsonResponse(
            problem_document(error, request.path),
            status=error.status,
            content_type="application/problem+json",
        )
    text = " ".join(part for part in (str(error.detail), str(error.fix)) if part)
    return error_answer(request, error.status, str(error.title), text, code=error.code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(
        request,
        400,
        _("This request can't be read"),
        _("Go back, reload the page and try again."),
        code="bad_request",
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(
        request,
        403,
        _("You may not do this"),
        _("Sign in with an account that has the right, or ask who can do it."),
        code="forbidden",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(
        request,
        404,
        _("This page is not here"),
        _("The address may be mistyped, or the thing is not yours to see. Search for it above."),
        code="not_found",
    )


def too_large(request: HttpRequest) -> HttpResponse:
    return error_answer(
        request,
        413,
        _("This is too much at once"),
        _("All files of a page together may have %(most)d MB. Send them in several steps.")
        % {"most": settings.REQUEST_BYTES_MOST // (1024 * 1024)},
        code="too_large",
    )


def too_fast(request: HttpRequest) -> HttpResponse:
    """No template: nothing is rendered for who asks too fast."""
    text = str(_("Too many requests at once. Please wait a moment."))
    if wants_json(request):
        return JsonResponse(
            {
                "type": "/problems/too_fast",
                "title": text,
                "status": 429,
                "detail": text,
                "errors": [],
            },
            status=429,
            content_type="application/problem+json",
        )
    return HttpResponse(text, status=429, content_type="text/plain; charset=utf-8")


def wrong_method(request: HttpRequest) -> HttpResponse:
    return error_answer(
        request,
        405,
        _("This address does not work like that"),
        _("It is reached by a button on a page. Go back and use that."),
        code="wrong_method",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    number = reference()
    log.error("answer 500 to %s %s, reference %s", request.method, _address(request), number)
    if wants_json(request):
        return JsonResponse(
            {
                "type": "about:blank",
                "title": "Internal error",
                "status": 500,
                "detail": f"Quote {number} when you report it.",
                "instance": request.path,
                "errors": [],
            },
            status=500,
            content_type="application/problem+json",
        )
    return render(request, "web/offline_500.html", {"reference": number}, status=500)


def csrf_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_answer(
        request,
        403,
        _("The form could not be checked"),
        _(
            "Your session has changed or cookies are off. Go back, reload the page and send it again;"
            " what you saved before is kept."
        ),
        code="csrf",
    )
