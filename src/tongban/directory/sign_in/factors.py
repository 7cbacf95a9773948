"""How somebody has signed in, as allauth keeps it in the session."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest

from tongban.directory.models import Account

# A second factor lasts as long as a morning at the counter.
SECOND_FACTOR_SECONDS = 4 * 3600


def second_factor_used(request: HttpRequest) -> bool:
    """Whether a second factor (TOTP, passkey, recovery code) was shown in this session lately.

    A passkey is both factors: the device, and the PIN or finger that opens it.
    """
    if not isinstance(request.user, Account):
        return False
    latest = time.time() - SECOND_FACTOR_SECONDS
    return any(
        record.get("method") == "mfa" and record.get("at", 0) >= latest
        for record in get_authentication_records(request, request.user)
    )
