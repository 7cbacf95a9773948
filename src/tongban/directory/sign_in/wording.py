"""Texts of allauth that we say otherwise in Chinese: a text here goes before the library's own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TEXTS = (
    _("Code"),
    _("Enter Sign-In Code"),
    _("Two-Factor Authentication"),
    _("Authenticator App"),
    _("Security Keys"),
    _("Add Security Key"),
    _("Sessions"),
    _("Sign Up"),
    _("Sign In"),
    _("Sign Out"),
    _("Password Reset"),
    _("Passwordless"),
)
