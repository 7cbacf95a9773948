"""What happens around every request: language, content security, domain errors."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from tongban.base.clocks import utc_now
from tongban.base.problems import DomainError
from tongban.directory.clients import client_address
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.directory.sign_in.devices import LAST_COOKIE
from tongban.directory.sign_in.factors import signed_in_at
from tongban.web.errors import domain_error, too_fast, too_large, wrong_method

# Session key of where the forms of a sign-in may lead in the end, and the pages that obey it.
FORM_TARGET = "form_target"
SIGN_IN_PAGES = ("/sign-in/",)
RATE_BURST = 300
CLIENTS_KEPT = 50_000
LANGUAGE_COOKIE = "tongban_language"
Handler = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """Chinese unless the person chose English here: what a browser prefers decides nothing."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
        known = {code for code, _name in settings.LANGUAGES}
        language = chosen if chosen in known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Cookie"])
        return response


class ContentSecurityPolicyMiddleware:
    """Only our own files: no script, style or picture from elsewhere, and none inside a page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        policy = settings.CONTENT_SECURITY_POLICY.format(nonce=nonce)
        target = getattr(response, "form_target", "")
        if not target and request.path.startswith(SIGN_IN_PAGES):
            target = request.session.get(FORM_TARGET, "")
        if target:
            policy = policy.replace("form-action 'self'", f"form-action 'self' {target}")
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


class SameForAllMiddleware:
    """What is the same for everybody for ever says so: no cookie makes it another thing to a cache.

    Outside of the middleware that makes answers personal; a view marks them (`same_for_all`).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if lasting := getattr(response, "same_for_all", ""):
            response["Cache-Control"] = lasting
            response["Vary"] = "Accept-Encoding"
        return response


class NoStoreMiddleware:
    """What somebody who has signed in saw is not kept by browsers or proxies, nor after they left."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        if was_signed_in or request.user.is_authenticated:
            response["Cache-Control"] = "no-store, private"
        if was_signed_in and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"cache", "storage"'
            response.delete_cookie(LAST_COOKIE)
        return response


class SessionEndMiddleware:
    """Ends a session twelve hours after its sign-in, whatever was done in it meanwhile."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        since = signed_in_at(request)
        if since and (utc_now() - since).total_seconds() > settings.SESSION_COOKIE_AGE:
            logout(request)
        return self.get_response(request)


class ClientRateMiddleware:
    """Slows one client that asks too fast, before anything is done for it (HTTP 429, RFC 6585).

    A bucket of tokens for each address in each process: `RATE_BURST` at once, then
    `TONGBAN_CLIENT_RATE` a second. Addresses that were quiet are forgotten.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.lock = Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rate = settings.TONGBAN_CLIENT_RATE
        if rate and not self._take(client_address(request), time.monotonic(), rate):
            response = too_fast(request)
            response["Retry-After"] = "2"
            return response
        return self.get_response(request)

    def _take(self, client: str, now: float, rate: int) -> bool:
        with self.lock:
            tokens, last = self.buckets.pop(client, (float(RATE_BURST), now))
            tokens = min(tokens + (now - last) * rate, float(RATE_BURST))
            self.buckets[client] = (max(tokens - 1, 0.0), now)
            while len(self.buckets) > CLIENTS_KEPT:
                self.buckets.popitem(last=False)
            return tokens >= 1


def allow_form_target(response: HttpResponse, origin: str) -> None:
    """Let a form of this page lead to a registered system's address, by way of our redirect.

    Chromium holds redirects after a form to `form-action`, too. The middleware writes the header.
    """
    response.form_target = origin  # type: ignore[attr-defined]


class RequestSizeMiddleware:
    """Refuses a request that says it is too large before a byte of it is read."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        most = settings.LARGE_UPLOADS.get(request.path, settings.REQUEST_BYTES_MOST)
        if not length.isdigit() or int(length) > most:
            return too_large(request)
        return self.get_response(request)


class LargeUploadMiddleware:
    """What is larger than usual is read from staff only, and not a byte of it from anybody else.

    Behind the sign-in, and before the check of forms, which reads them.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = int(request.META.get("CONTENT_LENGTH") or "0")
        if length > settings.REQUEST_BYTES_MOST and not (
            isinstance(request.user, Account) and duties_of(request.user).any
        ):
            return too_large(request)
        return self.get_response(request)


class ErrorPageMiddleware:
    """Turns a domain error that a view lets through, and a wrong method, into a proper answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            page = wrong_method(request)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return domain_error(request, exception) if isinstance(exception, DomainError) else None
