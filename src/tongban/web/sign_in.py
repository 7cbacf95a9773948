"""Who may sign in."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from tongban.base.clocks import utc_now
from tongban.directory.models import Account

SIGNED_IN_AT = "signed_in_at"


def note_sign_in(request: HttpRequest) -> None:
    """Keep in the session when the person proved who they are. Call it after each sign-in."""
    request.session[SIGNED_IN_AT] = utc_now().timestamp()


def signed_in_at(request: HttpRequest) -> datetime | None:
    """When the person of this session last proved who they are; None when that was not noted."""
    seconds = request.session.get(SIGNED_IN_AT)
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


class Backend(ModelBackend):
    """Passwords of our own accounts; demonstration accounts are refused in production."""

    def user_can_authenticate(self, user: Account | AnonymousUser | None) -> bool:
        if settings.ENVIRONMENT.production and getattr(user, "demonstration", False):
            return False
        return super().user_can_authenticate(user)
