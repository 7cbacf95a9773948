"""The upstream as allauth's OpenID provider, with the checks that allauth leaves out."""

from __future__ import annotations

import secrets
import time
from typing import Any

from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from tongban.base.problems import NotPermitted
from tongban.directory import security_log
from tongban.directory.clients import client_reference
from tongban.directory.sign_in import limits
from tongban.directory.sign_in.upstream import discovery
from tongban.directory.sign_in.upstream.claims import person_in, proven_since
from tongban.directory.sign_in.upstream.id_token import checked_claims
from tongban.directory.sign_in.upstream.refused import Refused
from tongban.directory.upstream import upstream_in_force


class UpstreamAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """One sign-in, from the code to claims that can be believed.

    `nonce` is what we sent; `since` is when, if we asked for a fresh proof (0: we did not).
    """

    nonce = ""
    since = 0

    @property
    def openid_config(self) -> dict[str, Any]:
        return discovery.metadata(self.provider_id)

    @property
    def basic_auth(self) -> bool:
        """Discovery 3: a provider that names no method takes HTTP Basic."""
        methods = self.openid_config.get("token_endpoint_auth_methods_supported")
        return "client_secret_post" not in (methods or ["client_secret_basic"])

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        path = reverse("upstream_back")
        public: str = settings.ENVIRONMENT.issuer
        return public + path if public else request.build_absolute_uri(path)

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        """Hand in the code, if the answer that brought it is the upstream's (RFC 9207)."""
        promised = self.openid_config.get("authorization_response_iss_parameter_supported")
        if request.GET.get("iss", None if promised else self.provider_id) != self.provider_id:
            raise Refused("answer_issuer")
        self._count(request)
        try:
            answer: dict[str, Any] = super().get_access_token_data(
                request, app, client, pkce_code_verifier
            )
        except (KeyError, TypeError, ValueError):
            raise Refused("token_answer") from None
        return answer

    def _count(self, request: HttpRequest) -> None:
        """Codes that one client may hand in. The answer to a question of ours alone counts."""
        if limits.take(limits.UPSTREAM, client_reference(request)):
            return
        security_log.note(request, security_log.SIGN_IN_STOPPED, subject="upstream")
        raise NotPermitted(
            code="too_often",
            title=_("Too many attempts"),
            fix=_("Wait 15 minutes, or sign in another way."),
        )

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        return SocialToken(token=str(data["access_token"]))

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **options: Any
    ) -> Any:
        claims = checked_claims(
            options["response"].get("id_token"),
            keys=discovery.fetched(self.openid_config["jwks_uri"]),
            issuer=self.provider_id,
            client_id=app.client_id,
            nonce=self.nonce,
            access_token=token.token,
        )
        if not proven_since(claims, self.since):
            raise Refused("auth_time")
        claims = self._with_userinfo(claims, token.token)
        limits.give_back(limits.UPSTREAM, client_reference(request))
        login = self.get_provider().sociallogin_from_response(request, claims)
        login.claims = claims
        return login

    def _with_userinfo(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """What the ID token does not say of the person; what it says goes before (Core 5.3.2)."""
        address = self.openid_config.get("userinfo_endpoint")
        if not address or person_in(claims, upstream_in_force()):
            return claims
        more = discovery.fetched(address, access_token)
        if more.get("sub") != claims["sub"]:
            raise Refused("userinfo_sub")
        return more | claims


class UpstreamProvider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = UpstreamAdapter
    supports_token_authentication = False

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        **options: Any,
    ) -> HttpResponse:
        """Send the person there. What the address of our own page says adds nothing to it."""
        if not self.app.secret:
            raise Refused("no_secret")
        nonce, since = secrets.token_urlsafe(32), 0
        asked = {"nonce": nonce}
        if request.user.is_authenticated:  # Who is known here wants to prove it, not to be known.
            asked["prompt"], since = "login", int(time.time())
        answer: HttpResponse = super().redirect(
            request, process, next_url, data, auth_params=asked, nonce=nonce, since=since
        )
        return answer

    def get_login_url(self, request: HttpRequest, **options: Any) -> str:
        """The way there begins with a form; this is the page that has it."""
        return reverse("account_login")

    def get_callback_url(self) -> str:
        return reverse("upstream_back")

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing is kept in the clear: who the person is stands, sealed, in our own table."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Neither name nor address ties an upstream identity to an account."""
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class Back(OAuth2CallbackView):  # type: ignore[misc]
    def _get_state(self, request: HttpRequest, provider: UpstreamProvider) -> Any:
        state, answer = super()._get_state(request, provider)
        if state:
            self.adapter.nonce, self.adapter.since = state["nonce"], state["since"]
        return state, answer
