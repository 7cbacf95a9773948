"""Reading what a system asks of a person: the authorization request (OpenID Connect Core 3.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2.rfc6749 import errors

from tongban.directory.models import ConnectedSystem
from tongban.web.openid.rules import read_max_age

# Our own parameter: when we sent the person to sign in for this request, signed.
ASKED_AT = "asked_at"
ASKED_AT_SALT = "tongban.openid.asked_at"
ASKED_AT_SECONDS = 15 * 60


@dataclass(frozen=True)
class Asked:
    """A request that may be answered: system and address are registered, scopes allowed."""

    system: ConnectedSystem
    scopes: tuple[str, ...]
    prompt: frozenset[str]
    max_age: int | None
    asked_at: datetime | None
    id_token_hint: str
    redirect_uri: str
    credentials: dict[str, Any]
    oauthlib_request: Any

    def refused(self, error: type[errors.OAuth2Error], description: str) -> OAuthToolkitError:
        """A refusal that goes back to the system with its `state`."""
        return OAuthToolkitError(
            error=error(description=description, request=self.oauthlib_request)
        )


def read_request(request: HttpRequest) -> Asked:
    """What is asked, from the query alone.

    Raises FatalClientError when system or address are wrong: nobody is sent anywhere then (Core
    3.1.2.6, RFC 9700 4.11). Raises OAuthToolkitError for what the system is told by a redirect.
    """
    if "\x00" in "".join(value for values in request.GET.lists() for value in values[1]):
        raise FatalClientError(error=errors.InvalidRequestFatalError("NUL in a parameter."))
    try:
        scopes, credentials = get_oauthlib_core().validate_authorization_request(request)
    except ValueError:  # The query is no form: oauthlib can't read it.
        raise FatalClientError(error=errors.InvalidRequestFatalError()) from None
    read = credentials.pop("request")
    asked = Asked(
        system=read.client,
        scopes=tuple(scopes),
        prompt=frozenset(credentials.pop("prompt") or ()),
        max_age=None,
        asked_at=_asked_at(request.GET.get(ASKED_AT, "")),
        id_token_hint=credentials.get("id_token_hint") or "",
        redirect_uri=credentials["redirect_uri"],
        credentials=credentials,
        oauthlib_request=read,
    )
    try:
        max_age = read_max_age(request.GET.get("max_age", ""))
    except ValueError:
        raise asked.refused(errors.InvalidRequestError, "max_age is no number.") from None
    return Asked(**{**vars(asked), "max_age": max_age})


def _asked_at(text: str) -> datetime | None:
    try:
        seconds = signing.loads(text, salt=ASKED_AT_SALT, max_age=ASKED_AT_SECONDS)
    except signing.BadSignature:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)


def sign_in_address(request: HttpRequest, now: datetime) -> str:
    """Where to sign in, and from there back to the same request."""
    query = request.GET.copy()
    query[ASKED_AT] = signing.dumps(now.timestamp(), salt=ASKED_AT_SALT)
    back = QueryDict(mutable=True)
    back["next"] = f"{reverse('openid:authorize')}?{query.urlencode()}"
    back["again"] = "1"
    return f"{reverse('account_login')}?{back.urlencode()}"


def answer_with_error(request: HttpRequest, error: OAuthToolkitError) -> HttpResponse:
    """Tell the system by a redirect: error, `state`, and who we are (RFC 9207)."""
    problem = error.oauthlib_error
    told = [*problem.twotuples, ("iss", oauth2_settings.oidc_issuer(request))]
    return OAuth2ResponseRedirect(
        add_params_to_uri(problem.redirect_uri, told),
        oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES,
    )


def origin_of(address: str) -> str:
    """Scheme, host and port of a registered address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def origin_after_sign_in(request: HttpRequest, following: str) -> str | None:
    """Where the sign-in form may lead in the end, when it was asked for by a system.

    Chromium holds a form's whole chain of redirects to `form-action`: signing in, through the
    request that the person already consented to, to the system.
    """
    if not url_has_allowed_host_and_scheme(following, {request.get_host()}, request.is_secure()):
        return None
    parts = urlsplit(following)
    if parts.path != reverse("openid:authorize"):
        return None
    query = QueryDict(parts.query)
    address = query.get("redirect_uri", "")
    client_id = query.get("client_id", "")
    if "\x00" in client_id:
        return None
    system = ConnectedSystem.objects.filter(client_id=client_id).first()
    return origin_of(address) if system and system.redirect_uri_allowed(address) else None
