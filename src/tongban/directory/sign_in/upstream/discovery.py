"""What the upstream says of itself (OpenID Connect Discovery 4), and fetching from it."""

from __future__ import annotations

import time
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from requests import RequestException

from tongban.directory.sign_in.upstream.refused import Refused

KEPT_SECONDS = 600
RETRY_SECONDS = 5
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


def fetched(address: str, access_token: str = "") -> dict[str, Any]:
    """A JSON object from the upstream. Raises Refused, or requests' RequestException."""
    headers = {"Authorization": f"Bearer {access_token}"} if access_token else {}
    with get_adapter().get_requests_session() as session:
        answer = session.get(address, headers=headers)
        answer.raise_for_status()
        document = answer.json()
    if not isinstance(document, dict):
        raise Refused("not_an_object")
    return document


def metadata(issuer: str) -> dict[str, Any]:
    """The discovery document of the issuer, checked; kept for ten minutes.

    One that did not come is asked for again after a while: not everybody waits for it.
    """
    until, document = _kept.get(issuer, (0.0, {}))
    if time.monotonic() > until:
        try:
            document = fetched(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            _check(document, issuer)
        except (Refused, RequestException):
            _kept[issuer] = (time.monotonic() + RETRY_SECONDS, {})
            raise
        _kept[issuer] = (time.monotonic() + KEPT_SECONDS, document)
    if not document:
        raise Refused("away")
    return document


def forget() -> None:
    """Read it anew the next time."""
    _kept.clear()


def _check(document: dict[str, Any], issuer: str) -> None:
    """Discovery 4.3: the issuer is the one we asked, character by character."""
    if document.get("issuer") != issuer:
        raise Refused("discovery_issuer")
    schemes = ("https://",) if settings.ENVIRONMENT.production else ("https://", "http://")
    named = [name for name in (*NEEDED, "userinfo_endpoint") if name in document]
    if not set(NEEDED) <= set(named):
        raise Refused("discovery_incomplete")
    if not all(str(document[name]).startswith(schemes) for name in named):
        raise Refused("discovery_not_https")
