"""What django-allauth asks of us: limits, phones, messages, what happens after a sign-in."""

from __future__ import annotations

import re
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.clocks import utc_now
from tongban.directory import security_log
from tongban.directory.clients import client_address, client_reference
from tongban.directory.messengers import messenger
from tongban.directory.models import Account, AccountPhone
from tongban.directory.sign_in import devices, limits
from tongban.directory.sign_in.factors import note_sign_in, note_strong_upstream
from tongban.directory.wording import moment_words
from tongban.ledger.sealed import opened, ring

# Never a phone number or an address, so that nobody takes another's for a name.
USERNAME_VALIDATORS = [
    RegexValidator(
        r"\A[A-Za-z][A-Za-z0-9_-]{2,29}\Z",
        gettext_lazy("Start with a letter; then letters, digits, - or _; 3 to 30 in all."),
    )
]
MOBILE = re.compile(r"1[3-9][0-9]{9}")
MFA_CONTEXT = "mfa.secret"


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Accounts of our own by name, phone or e-mail; demonstration accounts not in production."""

    def user_can_authenticate(self, user: Account | AnonymousUser | None) -> bool:
        if settings.ENVIRONMENT.production and getattr(user, "demonstration", False):
            return False
        return bool(super().user_can_authenticate(user))


def account_named(credentials: dict[str, Any]) -> Account | None:
    """The account that somebody tries to sign in to, if there is one."""
    if phone := credentials.get("phone"):
        return find_by_phone(phone)
    if email := credentials.get("email"):
        return Account.objects.filter(
            emailaddress__email__iexact=email, emailaddress__verified=True
        ).first()
    return Account.objects.filter(username__iexact=credentials.get("username") or "").first()


def find_by_phone(phone: str) -> Account | None:
    """The account that has confirmed this phone, by its blind index. One query."""
    try:
        number = checked_phone(phone)
    except ValidationError:
        return None
    index = AccountPhone._meta.get_field("phone_index")
    entry = (
        AccountPhone.objects.filter(phone_index__in=index.candidates(number), verified=True)
        .select_related("account")
        .first()
    )
    return entry.account if entry else None


def _limits_of(request: HttpRequest, credentials: dict[str, Any]) -> list[tuple[limits.Limit, str]]:
    """The counts that an attempt to sign in goes on."""
    account = account_named(credentials)
    client = (limits.CLIENT, client_reference(request))
    if account is None:
        return [client]
    device = devices.known_device(request, account)
    if device:
        return [(limits.DEVICE, f"{account.pk} {device.pk}")]
    return [client, (limits.STRANGERS, str(account.pk))]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": gettext_lazy(
            "Too many attempts. Wait 15 minutes, use a device on which you have signed in before,"
            " or sign in with a passkey."
        ),
        "username_password_mismatch": gettext_lazy(
            "Name and password don't fit. Check both: capital and small letters differ."
        ),
    }

    # Limits

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt; too many are stopped before the password is looked at."""
        if not limits.take_all(_limits_of(request, credentials)):
            account = account_named(credentials)
            security_log.note(request, security_log.SIGN_IN_STOPPED, account=account)
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        """As allauth does; a right password is not counted as an attempt."""
        counted = _limits_of(request, credentials)
        account: Account | None = super().authenticate(request, **credentials)
        if account:
            for limit, whom in counted:
                limits.give_back(limit, whom)
        return account

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        account = account_named(credentials)
        security_log.note(request, security_log.SIGN_IN_FAILED, account=account)

    # Before and after a sign-in

    def pre_login(self, request: HttpRequest, user: Account, **options: Any) -> HttpResponse | None:
        """However they proved it: demonstration accounts don't come in in production."""
        if settings.ENVIRONMENT.production and user.demonstration:
            clear_login(request)
            return cast(HttpResponse, self.respond_user_inactive(request, user))
        return cast("HttpResponse | None", super().pre_login(request, user, **options))

    def post_login(self, request: HttpRequest, user: Account, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        now = utc_now()
        security_log.note(request, security_log.SIGNED_IN, account=user)
        note_sign_in(request)
        identity = (options.get("signal_kwargs") or {}).get("sociallogin")
        if identity and identity.state.get("strong") is True:
            note_strong_upstream(request, user)
        devices.note_last(response, user)
        if devices.remember(request, response, user, now):
            security_log.note(request, security_log.NEW_DEVICE, account=user)
            tell_of_new_device(self, user, request.headers.get("User-Agent", ""))
        return response

    def send_notification_mail(
        self, template_prefix: str, user: Account, context: Any = None, email: str | None = None
    ) -> bool:
        """The library tells of every change of password, factor or address: so does the log."""
        changed = template_prefix.rpartition("/")[2]
        if changed != "new_device":
            security_log.note(
                self.request, security_log.SECRETS_CHANGED, account=user, subject=changed
            )
        return bool(super().send_notification_mail(template_prefix, user, context, email))

    def logout(self, request: HttpRequest) -> None:
        security_log.note(request, security_log.SIGNED_OUT)
        super().logout(request)

    # Phones

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def clean_phone(self, phone: str) -> str:
        return checked_phone(phone)

    def phone_form_field(self, **options: Any) -> Any:
        from allauth.account.fields import PhoneField  # Needs this adapter to be there.

        return PhoneField(**{"validators": [], "label": _("Mobile number"), **options})

    def get_phone(self, user: Account) -> tuple[str, bool] | None:
        entry = AccountPhone.objects.filter(account=user).first()
        return (entry.phone, entry.verified) if entry else None

    def set_phone(self, user: Account, phone: str, verified: bool) -> None:
        entry = AccountPhone.objects.filter(account=user).first() or AccountPhone(account=user)
        entry.phone, entry.verified = phone, verified
        entry.save()

    def set_phone_verified(self, user: Account, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> Account | None:
        return find_by_phone(phone)

    def send_verification_code_sms(
        self, user: Account, phone: str, code: str, **options: Any
    ) -> None:
        self._send(
            user,
            phone,
            _("Your Tongban code is %(code)s. Nobody from the government will ask you for it.")
            % {"code": code},
        )

    def send_unknown_account_sms(self, phone: str, **options: Any) -> None:
        self._send(None, phone, _("There is no Tongban account with this phone number."))

    def send_account_already_exists_sms(self, phone: str) -> None:
        self._send(None, phone, _("There is already a Tongban account with this phone number."))

    def _send(self, account: Account | None, phone: str, text: str) -> None:
        """Send a text within the limits; too many go nowhere, and the page looks the same."""
        if not self.may_send(account, phone):
            return
        messenger().send(phone, text)

    def may_send(self, account: Account | None, address: str) -> bool:
        """Count a message to an address; strangers can't use up what a known device may ask for."""
        known = account is not None and devices.known_device(self.request, account)
        limit = limits.MESSAGES_KNOWN if known else limits.MESSAGES_STRANGERS
        if limits.take(limit, address):
            return True
        security_log.note(self.request, security_log.THROTTLED, account=account, subject="message")
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        user = context.get("user")
        if self.may_send(user if isinstance(user, Account) else None, email):
            super().send_mail(template_prefix, email, context)


def tell_of_new_device(adapter: AccountAdapter, account: Account, user_agent: str) -> None:
    """Tell the owner by text, and by e-mail, that somebody signed in on a new device."""
    text = _(
        "Your Tongban account was signed in to on a new device (%(device)s, %(at)s). If it was not"
        " you, change your password and sign out everywhere."
    ) % {"device": devices.device_name(user_agent), "at": moment_words(utc_now())}
    phone = adapter.get_phone(account)
    if phone and phone[1]:
        messenger().send(phone[0], text)
    adapter.send_notification_mail("account/email/new_device", account, {"text": text})


def checked_phone(typed: str) -> str:
    """A mainland mobile number as +8613812345678. Raises ValidationError."""
    digits = re.sub(r"[\s()-]", "", typed).removeprefix("+86").removeprefix("0086")
    if not MOBILE.fullmatch(digits):
        raise ValidationError(
            _("Enter a mobile number of 11 digits, such as 13812345678."), code="invalid_phone"
        )
    return f"+86{digits}"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are sealed like other sensitive data."""

    def encrypt(self, text: str) -> str:
        return ring().seal(text, MFA_CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return opened(encrypted_text, MFA_CONTEXT)
