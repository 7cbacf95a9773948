"""The addresses of allauth's pages, each with the permission that it needs.

The names are allauth's own: it finds its pages by them. The sign-in page itself is in `web`.
"""

from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from tongban.base.permissions import Permission, opens_to


class Base36Converter(StringConverter):
    """A number without hyphens: what follows the first hyphen of the mailed link is its key."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36Converter, "base36")

EVERYONE, OWN = Permission.VISIT, Permission.OWN_SPACE

PAGES = (
    ("sign-in/code/", account.request_login_code, "account_request_login_code", EVERYONE),
    ("sign-in/code/confirm/", account.confirm_login_code, "account_confirm_login_code", EVERYONE),
    ("sign-in/second-step/", factors.authenticate, "mfa_authenticate", EVERYONE),
    ("sign-in/passkey/", passkeys.login_webauthn, "mfa_login_webauthn", EVERYONE),
    ("sign-out/", account.logout, "account_logout", EVERYONE),
    ("sign-up/", account.signup, "account_signup", EVERYONE),
    ("sign-up/phone/", account.verify_phone, "account_verify_phone", EVERYONE),
    ("account/inactive/", account.account_inactive, "account_inactive", EVERYONE),
    ("account/password/forgotten/", account.password_reset, "account_reset_password", EVERYONE),
    (
        "account/password/forgotten/sent/",
        account.password_reset_done,
        "account_reset_password_done",
        EVERYONE,
    ),
    (
        "account/password/new/<base36:uidb36>-<str:key>/",
        account.password_reset_from_key,
        "account_reset_password_from_key",
        EVERYONE,
    ),
    (
        "account/password/new/done/",
        account.password_reset_from_key_done,
        "account_reset_password_from_key_done",
        EVERYONE,
    ),
    (
        "account/email/sent/",
        account.email_verification_sent,
        "account_email_verification_sent",
        EVERYONE,
    ),
    ("account/email/confirm/<str:key>/", account.confirm_email, "account_confirm_email", EVERYONE),
    ("account/email/", account.email, "account_email", OWN),
    ("account/phone/", account.change_phone, "account_change_phone", OWN),
    ("account/password/", account.password_change, "account_change_password", OWN),
    ("account/password/first/", account.password_set, "account_set_password", OWN),
    ("account/again/", account.reauthenticate, "account_reauthenticate", OWN),
    ("account/second-step/", factors.index, "mfa_index", OWN),
    ("account/second-step/again/", factors.reauthenticate, "mfa_reauthenticate", OWN),
    ("account/second-step/app/", totp.activate_totp, "mfa_activate_totp", OWN),
    ("account/second-step/app/off/", totp.deactivate_totp, "mfa_deactivate_totp", OWN),
    ("account/recovery-codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes", OWN),
    (
        "account/recovery-codes/new/",
        recovery.generate_recovery_codes,
        "mfa_generate_recovery_codes",
        OWN,
    ),
    (
        "account/recovery-codes/file/",
        recovery.download_recovery_codes,
        "mfa_download_recovery_codes",
        OWN,
    ),
    ("account/passkeys/", passkeys.list_webauthn, "mfa_list_webauthn", OWN),
    ("account/passkeys/add/", passkeys.add_webauthn, "mfa_add_webauthn", OWN),
    (
        "account/passkeys/again/",
        passkeys.reauthenticate_webauthn,
        "mfa_reauthenticate_webauthn",
        OWN,
    ),
    ("account/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, "mfa_remove_webauthn", OWN),
    ("account/passkeys/<int:pk>/name/", passkeys.edit_webauthn, "mfa_edit_webauthn", OWN),
    ("account/sessions/", sessions.list_usersessions, "usersessions_list", OWN),
)


def page(address: str, view: Any, name: str, permission: Permission) -> URLPattern:
    """The address of a page; its permission stands on a wrapper, not on the library's function."""

    @wraps(view)
    def shown(*args: Any, **options: Any) -> Any:
        return view(*args, **options)

    return path(address, opens_to(permission)(shown), name=name)


urlpatterns = [page(*row) for row in PAGES]
