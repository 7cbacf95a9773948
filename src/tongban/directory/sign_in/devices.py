"""Devices in which an account has signed in before, told by a secret in a cookie."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from tongban.directory.models import Account, KnownDevice

COOKIE = "tongban_device"
LAST_COOKIE = "tongban_last"
COOKIE_SECONDS = 400 * 24 * 3600
DEVICES_MOST = 20
# What a user agent is called by people; the first that fits.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """A short name such as «Chrome · Android»; "?" for what is not known."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "?")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "?")
    return f"{browser} · {system}"


def _secret(request: HttpRequest) -> str:
    secret = request.COOKIES.get(COOKIE, "")
    return secret if re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) else ""


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def known_device(request: HttpRequest, account: Account) -> KnownDevice | None:
    """The device, when the account has signed in here before."""
    secret = _secret(request)
    if not secret:
        return None
    return KnownDevice.objects.filter(account=account, secret_hash=_hash(secret)).first()


def last_account(request: HttpRequest) -> int | None:
    """The account that was signed in last in this browser and did not sign out itself."""
    try:
        return int(signing.loads(request.COOKIES.get(LAST_COOKIE, ""), salt=LAST_COOKIE))
    except (signing.BadSignature, ValueError):
        return None


def note_last(response: HttpResponse, account: Account) -> None:
    """Note who signed in, until the browser closes."""
    response.set_cookie(
        LAST_COOKIE,
        signing.dumps(account.pk, salt=LAST_COOKIE),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def remember(request: HttpRequest, response: HttpResponse, account: Account, at: datetime) -> bool:
    """Remember this device for the account; True when it is a new one beside others."""
    known = known_device(request, account)
    if known:
        known.last_seen_at = at
        known.save(update_fields=["last_seen_at"])
        return False
    secret = _secret(request) or secrets.token_urlsafe(32)
    others = KnownDevice.objects.filter(account=account).order_by("-last_seen_at")
    had_others = others.exists()
    for forgotten in others[DEVICES_MOST - 1 :]:
        forgotten.delete()
    KnownDevice.objects.create(
        account=account,
        secret_hash=_hash(secret),
        name=device_name(request.headers.get("User-Agent", "")),
        first_seen_at=at,
        last_seen_at=at,
    )
    response.set_cookie(
        COOKIE,
        secret,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return had_others
