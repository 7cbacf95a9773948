"""How somebody has signed in, as allauth keeps it in the session."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from django.http import HttpRequest

from tongban.base.clocks import utc_now
from tongban.directory.models import Account

# A second factor lasts as long as a morning at the counter.
SECOND_FACTOR_SECONDS = 4 * 3600


SIGNED_IN_AT = "signed_in_at"
# How a sign-in is recorded for which the upstream vouches that two factors were used.
STRONG_UPSTREAM = "strong_upstream"


def note_sign_in(request: HttpRequest) -> None:
    """Keep in the session when the person proved who they are. Call it after each sign-in."""
    request.session[SIGNED_IN_AT] = utc_now().timestamp()


def note_strong_upstream(request: HttpRequest, account: Account) -> None:
    """Keep in the session that the upstream has seen two factors of this account."""
    record_authentication(request, account, STRONG_UPSTREAM)


def signed_in_at(request: HttpRequest) -> datetime | None:
    """When the person of this session last proved who they are; None when that was not noted."""
    seconds = request.session.get(SIGNED_IN_AT)
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def second_factor_used(request: HttpRequest) -> bool:
    """Whether a second factor (TOTP, passkey, recovery code) was shown in this session lately.

    A passkey is both factors: the device, and the PIN or finger that opens it. The upstream counts
    when it says so in words that the installation trusts.
    """
    if not isinstance(request.user, Account):
        return False
    latest = time.time() - SECOND_FACTOR_SECONDS
    return any(
        record.get("method") in ("mfa", STRONG_UPSTREAM) and record.get("at", 0) >= latest
        for record in get_authentication_records(request, request.user)
    )
