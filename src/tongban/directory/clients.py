"""Where a request comes from, and how that is named without naming it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address: of the connection, or what the trusted proxies in front say.

    With `TONGBAN_PROXIES` proxies in front, the last but so many of X-Forwarded-For is what the
    first of ours saw; what stands before it anybody can have written.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.ENVIRONMENT.proxies
    if proxies:
        said = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(said) >= proxies:
            address = said[-proxies]
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - stands for "not known"; a Unix socket has no address


def client_reference(request: HttpRequest) -> str:
    """The client's address as a keyed hash of 16 characters."""
    key = f"clients {settings.SECRET_KEY}".encode()
    return hmac.new(key, client_address(request).encode(), hashlib.sha256).hexdigest()[:16]
