"""ID tokens that come back to us as a hint: were they really ours?"""

from __future__ import annotations

import json
from typing import Any

from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from tongban.directory.openid_keys import signing_keys


def read_own_token(token: str, issuer: str) -> dict[str, Any] | None:
    """Claims of an ID token that we signed, expired or not; None for any other.

    RS256 alone is accepted: neither `none` nor a public key taken for a shared secret (RFC 8725
    3.1, 3.2). An expired token is still a hint (RP-Initiated Logout 4).
    """
    for key in signing_keys():
        claims = _verified(token, key)
        if claims is not None:
            return claims if claims.get("iss") == issuer else None
    return None


def _verified(token: str, key: JWK) -> dict[str, Any] | None:
    signed = JWS()
    signed.allowed_algs = ["RS256"]
    try:
        signed.deserialize(token, key)
        claims = json.loads(signed.payload)
    except (JWException, ValueError):
        return None
    return claims if isinstance(claims, dict) else None
