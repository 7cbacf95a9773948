"""What becomes of an identity that the upstream has vouched for: an account of ours."""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tongban.base.problems import Conflict
from tongban.directory import security_log
from tongban.directory.models import Account
from tongban.directory.services.identity import join_vouched
from tongban.directory.sign_in.adapter import Backend
from tongban.directory.sign_in.upstream.claims import is_strong, person_in
from tongban.directory.upstream import upstream_in_force

log = logging.getLogger(__name__)
PROVIDER = "openid_connect"
SECRET_FILE = "upstream-secret"  # noqa: S105


def client_secret() -> str:
    """What we prove ourselves with to the upstream; empty when the file is not there."""
    path = settings.TONGBAN_KEYS / SECRET_FILE
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one upstream of the environment; never one from the database.

        Its id is the issuer: that, with the subject, is what an account is bound to.
        """
        upstream = settings.ENVIRONMENT.upstream
        if upstream is None or provider not in (None, PROVIDER, upstream.issuer):
            return []
        if client_id not in (None, upstream.client_id):
            return []
        # Hidden from allauth's own lists of buttons: ours stand on our pages.
        own = {"scope": list(upstream.scope), "oauth_pkce_enabled": True, "hidden": True}
        return [
            SocialApp(
                provider=PROVIDER,
                provider_id=upstream.issuer,
                name=upstream.name,
                client_id=upstream.client_id,
                secret=client_secret(),
                settings=own,
            )
        ]

    def get_requests_session(self) -> Any:
        """Where the upstream says that something is, there it is: no redirect is followed."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, **more: Any
    ) -> None:
        if error == AuthError.CANCELLED:
            return
        problem = more.get("exception")
        why = getattr(problem, "code", type(problem).__name__ if problem else "state_or_error")
        log.warning("sign-in through the upstream failed: %s", why)
        security_log.note(request, security_log.SIGN_IN_FAILED, subject="upstream", why=why)

    # Signing in

    def pre_social_login(self, request: HttpRequest, login: Any) -> None:
        login.token = None  # Was needed for userinfo, and is not kept anywhere.
        login.state["strong"] = is_strong(login.claims, upstream_in_force(), time.time())
        if login.state.get("process") == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(self._connect(request, login))
        # As on the sign-in page: who proves it again keeps the session, another one does not.
        request.user = AnonymousUser()
        if login.is_existing and Backend().user_can_authenticate(login.user):
            _recognise(login.user, login.claims)

    def is_open_for_signup(self, request: HttpRequest, login: Any) -> bool:
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, login: Any) -> bool:
        """There is nothing to ask that the upstream has not said."""
        return True

    def populate_user(self, request: HttpRequest, login: Any, data: object) -> Account:
        """A name that says nothing; the person may choose to sign in with it later."""
        account: Account = login.user
        account.username = f"u-{secrets.token_hex(8)}"
        return account

    @transaction.atomic
    def save_user(self, request: HttpRequest, login: Any, form: object = None) -> Account:
        """Open the account and join it to its person; neither, when that can't be."""
        account: Account = super().save_user(request, login, form)
        _recognise(account, login.claims)
        return account

    # Connecting

    def _connect(self, request: HttpRequest, login: Any) -> Any:
        """Bind the identity to the account that asked for it and is still there."""
        actor = request.user
        back = redirect("directory:security")
        if not isinstance(actor, Account) or is_reauthentication_required(request, app=""):
            messages.error(request, _("It took too long. Nothing was connected; try again."))
            return back
        if login.is_existing and login.user != actor:
            raise Conflict(
                code="connected_elsewhere",
                title=_("This identity belongs to another account"),
                detail=_("Nothing was connected. Sign in with it, and disconnect it there first."),
            )
        with transaction.atomic():
            login.account.user = actor
            login.account.save()
            _recognise(actor, login.claims)
        name = upstream_in_force().name
        security_log.note(request, security_log.UPSTREAM_CONNECTED)
        self.send_notification_mail("socialaccount/email/connected", actor, {"name": name})
        messages.success(request, _("%(name)s is connected.") % {"name": name})
        return back


def _recognise(account: Account, claims: dict[str, Any]) -> None:
    """Join the account to the person that the claims vouch for, if they vouch for one."""
    upstream = upstream_in_force()
    found = person_in(claims, upstream)
    if found:
        name, number = found
        join_vouched(account, name=name, id_number=number, source=upstream.name)
