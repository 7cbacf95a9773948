"""Forms of allauth that need a correction."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, RequestLoginCodeForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class SignInForm(LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"].label = _("Account name")
        self.fields["login"].help_text = _("The name, the mobile number or the e-mail address.")


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Offers what nearly everybody wants: the passkey alone signs in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("What you call it")
        if "passwordless" in self.fields:
            self.fields["passwordless"].label = _("Sign in with it alone, without the password")
            self.fields["passwordless"].help_text = _("Finger, face or PIN of the device opens it.")
            self.fields["passwordless"].initial = True


class RequestCodeForm(RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for one of phone and e-mail; left empty, the library's own form fails."""

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean()
        if not self.errors and not typed.get("phone") and not typed.get("email"):
            raise ValidationError(_("Enter your mobile number or your e-mail address."))
        return typed
