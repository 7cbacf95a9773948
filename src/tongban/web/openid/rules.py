"""When somebody has to sign in anew (OpenID Connect Core 3.1.2.1), as pure functions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

# `select_account` too: with one session at a time, another account means another sign-in.
FORCE_SIGN_IN = frozenset({"login", "select_account"})
# Longer than any session lasts; keeps arithmetic within what a date can hold.
MAX_AGE_MOST = 10 * 365 * 24 * 3600


def read_max_age(text: str) -> int | None:
    """Seconds; None when not given. Raises ValueError for anything but digits."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return min(int(text[:12]), MAX_AGE_MOST)


def recent_enough(
    signed_in_at: datetime | None,
    *,
    now: datetime,
    prompt: Collection[str],
    max_age: int | None,
    asked_at: datetime | None,
) -> bool:
    """Whether the last sign-in is as recent as the system asks.

    `asked_at`: when we last sent the person to sign in for this very request; a sign-in since then
    answers it, whatever it asks. `signed_in_at` None: unknown, and so never recent.
    """
    forced = bool(FORCE_SIGN_IN & set(prompt))
    if not forced and max_age is None:
        return True
    if signed_in_at is None:
        return False
    if asked_at is not None and signed_in_at >= asked_at:
        return True
    return not forced and max_age is not None and now - signed_in_at <= timedelta(seconds=max_age)
