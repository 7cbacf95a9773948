"""What systems call by themselves: tokens, userinfo, revocation, keys, discovery."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oauth2_provider.oauth2_backends import get_oauthlib_core
from oauth2_provider.settings import oauth2_settings

from tongban.base.permissions import Permission, opens_to
from tongban.directory.openid import ALL_CLAIMS, SCOPES
from tongban.directory.openid_keys import public_keys

Answer = tuple[str | None, dict[str, str], str | None, int]
# After a rotation nobody waits longer for the new key; a client that meets an unknown key id reads
# the key set anew at once.
KEYS_KEPT_SECONDS = 300
# RFC 6749 5.2: who shows a wrong secret is told how to show one.
HOW_TO_PROVE = 'Basic realm="openid"'


def _answered(
    ask: Callable[[HttpRequest], Answer], request: HttpRequest, *, challenge: str = ""
) -> HttpResponse:
    """The toolkit's answer; one transaction, so that a token and its ledger entry stand together."""
    if request.META.get("QUERY_STRING"):  # RFC 6749 3.2, RFC 9700 4.3.2: nothing secret in a URL.
        return _refused("invalid_request", "Parameters belong in the body.")
    if any("\x00" in value for values in request.POST.lists() for value in values[1]):
        return _refused("invalid_request", "NUL in a parameter.")
    with transaction.atomic():
        _uri, headers, body, status = ask(request)
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in {"Cache-Control": "no-store", "Pragma": "no-cache", **headers}.items():
        response[name] = value
    if status == 401 and challenge:
        response["WWW-Authenticate"] = challenge
    return response


def _refused(error: str, description: str) -> HttpResponse:
    document = {"error": error, "error_description": description}
    return JsonResponse(document, status=400, headers={"Cache-Control": "no-store"})


@opens_to(Permission.VISIT)
@csrf_exempt
@sensitive_post_parameters()
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """A code or a refresh token for tokens (OpenID Connect Core 3.1.3, 12)."""
    return _answered(get_oauthlib_core().create_token_response, request, challenge=HOW_TO_PROVE)


@opens_to(Permission.VISIT)
@csrf_exempt
@sensitive_post_parameters()
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009. A system can end its own tokens only."""
    return _answered(
        get_oauthlib_core().create_revocation_response, request, challenge=HOW_TO_PROVE
    )


@opens_to(Permission.VISIT)
@csrf_exempt
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """The person's data, by the scopes of the access token (Core 5.3)."""
    return _answered(get_oauthlib_core().create_userinfo_response, request)


@opens_to(Permission.VISIT)
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """Public keys, the one in use first (RFC 7517)."""
    return _public({"keys": public_keys()})


@opens_to(Permission.VISIT)
@require_safe
def discovery(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 3: only what we really do."""
    issuer: str = oauth2_settings.oidc_issuer(request)

    def address(name: str) -> str:
        return issuer + reverse(f"openid:{name}")

    return _public(
        {
            "issuer": issuer,
            "authorization_endpoint": address("authorize"),
            "token_endpoint": address("token"),
            "userinfo_endpoint": address("userinfo"),
            "jwks_uri": address("jwks"),
            "revocation_endpoint": address("revoke"),
            "end_session_endpoint": address("logout"),
            "scopes_supported": [scope.name for scope in SCOPES],
            "claims_supported": [*ALL_CLAIMS, "iss", "aud", "exp", "iat", "auth_time", "nonce"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
        }
    )


def _public(document: dict[str, object]) -> HttpResponse:
    response = HttpResponse(json.dumps(document), content_type="application/json")
    response["Cache-Control"] = f"public, max-age={KEYS_KEPT_SECONDS}"
    response["Access-Control-Allow-Origin"] = "*"
    return response
