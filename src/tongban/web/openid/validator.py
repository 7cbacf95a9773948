"""What the toolkit asks us: may this be, and what is in a token."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from oauth2_provider.models import Grant, RefreshToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauthlib.oauth2.rfc6749 import errors

from tongban.base.clocks import utc_now
from tongban.directory.models import Account, ConnectedSystem, SystemSignIn
from tongban.directory.openid import (
    ALL_CLAIMS,
    OPENID,
    SCOPES,
    id_token_claims,
    in_order,
    userinfo_claims,
)
from tongban.directory.selectors import duties_of, has_consented
from tongban.directory.services.systems import (
    begin_sign_in,
    end_family,
    family_of,
    note_data_handed_out,
    note_token_issued,
    stored,
)


class Scopes(BaseScopes):
    """The table of scopes; each system has those that it was registered with."""

    def get_all_scopes(self) -> dict[str, object]:
        return {scope.name: scope.gives for scope in SCOPES}

    def get_available_scopes(
        self, application: ConnectedSystem | None = None, *args: object, **kwargs: object
    ) -> list[str]:
        return in_order(application.allowed_scopes) if application else []

    def get_default_scopes(self, *args: object, **kwargs: object) -> list[str]:
        return []


def may_be_there(account: Account, system: ConnectedSystem) -> bool:
    """Whether somebody may be signed in at a system at all, consent aside."""
    if not account.is_active or (settings.ENVIRONMENT.production and account.demonstration):
        return False
    return not system.staff_only or duties_of(account).any


def _wait_for(rows: QuerySet[Any]) -> None:
    """Of two who bring the same code or token at once, the slower one comes second, not also first.

    The token endpoint is one transaction; SQLite has only one writer anyway.
    """
    list(rows.select_for_update().values_list("pk"))


class Validator(OAuth2Validator):
    # What may be asked for

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        return True

    def validate_grant_type(self, client_id: str, grant_type: str, *args: Any, **kw: Any) -> bool:
        return grant_type in ("authorization_code", "refresh_token")

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Only registered scopes, and always `openid` (Core 3.1.2.1)."""
        return OPENID in scopes and set(scopes) <= client.allowed_scopes

    def get_default_redirect_uri(self, client_id: str, request: Any, *args: Any, **kw: Any) -> None:
        """None: the address is required in each request (Core 3.1.2.1)."""
        return None

    # `views` decides on prompt=none, where the session is known.

    def validate_silent_login(self, request: Any) -> bool:
        return True

    def validate_silent_authorization(self, request: Any) -> bool:
        return True

    # Codes: only their hash is stored

    def _create_authorization_code(self, request: Any, code: Any, expires: Any = None) -> Any:
        begin_sign_in(
            request.user,
            request.client,
            code["code"],
            authenticated_at=request.signed_in_at,
            at=utc_now(),
        )
        return super()._create_authorization_code(request, {"code": stored(code["code"])}, expires)

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """RFC 6749 4.1.2: a code that comes a second time ends what came of the first."""
        _wait_for(Grant.objects.filter(code=stored(code)))
        if not super().validate_code(client_id, stored(code), client, request):
            end_family(family_of(code), client)
            return False
        return self._sign_in_holds(request, family_of(code), request.scopes)

    def get_code_challenge(self, code: str, request: Any) -> Any:
        return super().get_code_challenge(stored(code), request)

    def get_code_challenge_method(self, code: str, request: Any) -> Any:
        return super().get_code_challenge_method(stored(code), request)

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Any, *args: Any
    ) -> bool:
        """RFC 6749 5.2 calls an address that is not the code's own `invalid_grant`."""
        if not super().confirm_redirect_uri(client_id, stored(code), redirect_uri, client):
            raise errors.InvalidGrantError(request=request)
        return True

    def get_authorization_code_nonce(self, client_id: str, code: str, *args: Any) -> Any:
        return super().get_authorization_code_nonce(client_id, stored(code), *args)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kw: Any
    ) -> None:
        super().invalidate_authorization_code(client_id, stored(code), request)

    # Tokens

    def _sign_in_holds(self, request: Any, family: Any, scopes: Any) -> bool:
        """The person may still be there and still agrees; remembers the sign-in on the request."""
        request.sign_in = SystemSignIn.objects.filter(family=family).first()
        account, system = request.user, request.client
        return bool(
            request.sign_in
            and may_be_there(account, system)
            and has_consented(account, system, scopes)
        )

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        _wait_for(RefreshToken.objects.filter(token_checksum=stored(refresh_token)))
        if not super().validate_refresh_token(refresh_token, client, request):
            return False
        token = request.refresh_token_instance
        return self._sign_in_holds(request, token.token_family, token.access_token.scope.split())

    def _create_refresh_token(self, request: Any, *args: Any) -> Any:
        """All tokens of a sign-in are of the family that its code named."""
        token = super()._create_refresh_token(request, *args)
        token.token_family = request.sign_in.family
        token.save(update_fields=["token_family"])
        return token

    def _save_bearer_token(self, token: Any, request: Any, *args: Any, **kw: Any) -> None:
        super()._save_bearer_token(token, request, *args, **kw)
        note_token_issued(request.user, request.client, token["scope"].split(), at=utc_now())

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        if not super().validate_bearer_token(token, scopes, request):
            return False
        account, system = request.user, request.client
        return may_be_there(account, system) and has_consented(account, system, request.scopes)

    # What is in them

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Any) -> dict[str, object]:
        return id_token_claims(request.user, request.client, request.scopes)

    def get_id_token_dictionary(
        self, token: Any, token_handler: Any, request: Any
    ) -> tuple[dict[str, object], datetime]:
        """Core 2, 12.2: `auth_time` is that of the session that the code came from."""
        claims, expires = super().get_id_token_dictionary(token, token_handler, request)
        claims["aud"] = request.client.client_id
        del claims["auth_time"]
        if request.sign_in.authenticated_at is not None:
            claims["auth_time"] = int(request.sign_in.authenticated_at.timestamp())
        return claims, expires

    def get_userinfo_claims(self, request: Any) -> dict[str, object]:
        note_data_handed_out(request.user, request.client, request.scopes, at=utc_now())
        return userinfo_claims(request.user, request.client, request.scopes)

    def get_discovery_claims(self, request: Any) -> list[str]:
        return list(ALL_CLAIMS)
