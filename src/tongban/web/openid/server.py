"""Which flows exist: authorization code with PKCE, and renewal. Nothing else is even built.

No implicit, hybrid, password, client-credentials or device flow (RFC 9700 2.1.2, 2.4).
"""

from __future__ import annotations

import re
from typing import Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.endpoints import (
    AuthorizationEndpoint,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid.connect.core.endpoints.userinfo import UserInfoEndpoint
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant

# RFC 7636 4.2: base64url of a SHA-256.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
NONCE_LONGEST = 255


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint, UserInfoEndpoint):
    def __init__(
        self,
        request_validator: Any,
        token_expires_in: int | None = None,
        token_generator: Any = None,
        refresh_token_generator: Any = None,
        **others: object,
    ) -> None:
        tokens = BearerToken(
            request_validator, token_generator, token_expires_in, refresh_token_generator
        )
        code = AuthorizationCodeGrant(request_validator)
        code.proxy_target._code_challenge_methods = {"S256": code_challenge_method_s256}
        code.custom_validators.pre_auth.append(refuse_what_we_do_not_do)
        code.custom_validators.post_auth.append(refuse_what_can_not_be_kept)
        AuthorizationEndpoint.__init__(
            self,
            default_response_type="code",
            response_types={"code": code},
            default_token_type=tokens,
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",
            grant_types={
                "authorization_code": code,
                "refresh_token": RefreshTokenGrant(request_validator),
            },
            default_token_type=tokens,
        )
        RevocationEndpoint.__init__(self, request_validator)
        UserInfoEndpoint.__init__(self, request_validator)


def refuse_what_we_do_not_do(request: Any) -> dict[str, object]:
    """Request objects (Core 6) and answers elsewhere than in the query are not supported."""
    for parameter in ("request", "request_uri"):
        if getattr(request, parameter, None):
            raise errors.CustomOAuth2Error(error=f"{parameter}_not_supported", request=request)
    if request.response_mode not in (None, "query"):
        request.response_mode = None  # Our own answer goes into the query, too.
        raise errors.InvalidRequestError(
            description="Only response_mode=query is supported.", request=request
        )
    request.claims = None  # Core 5.5: claims are asked for by scopes alone.
    return {}


def refuse_what_can_not_be_kept(request: Any) -> dict[str, object]:
    """A challenge that no verifier fits, or a nonce that would not come back unchanged."""
    if not CHALLENGE.fullmatch(request.code_challenge or ""):
        raise errors.InvalidRequestError(
            description="code_challenge is no S256 challenge.", request=request
        )
    nonce = request.nonce or ""
    if len(nonce) > NONCE_LONGEST or "\x00" in nonce:
        raise errors.InvalidRequestError(
            description="nonce is longer than 255 characters.", request=request
        )
    return {}
