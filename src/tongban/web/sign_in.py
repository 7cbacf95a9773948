"""Who may sign in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from tongban.directory.models import Account


class Backend(ModelBackend):
    """Passwords of our own accounts; demonstration accounts are refused in production."""

    def user_can_authenticate(self, user: Account | AnonymousUser | None) -> bool:
        if settings.ENVIRONMENT.production and getattr(user, "demonstration", False):
            return False
        return super().user_can_authenticate(user)
