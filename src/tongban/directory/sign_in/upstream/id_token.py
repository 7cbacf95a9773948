"""Checking an ID token (OpenID Connect Core 3.1.3.7), as a function of what we hold against it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import jwt

from tongban.directory.sign_in.upstream.refused import Refused

# Signatures with a public key alone: neither `none` nor one that is made with the client secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
CLOCKS_DIFFER_SECONDS = 30
SUBJECT_CHARACTERS = 191  # What allauth's table holds.


def checked_claims(
    id_token: object,
    *,
    keys: dict[str, Any],
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
) -> dict[str, Any]:
    """The claims of a token that the issuer signed for us, now, for this very sign-in.

    `keys` is the issuer's JWK set. Raises Refused.
    """
    if not isinstance(id_token, str):
        raise Refused("no_id_token")
    try:
        algorithm, key = _key(id_token, keys)
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=client_id,
            leeway=CLOCKS_DIFFER_SECONDS,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as problem:
        raise Refused(type(problem).__name__) from None
    _check_party(claims, client_id)
    _check_subject(claims["sub"])
    if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Refused("nonce")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token, key):
        raise Refused("at_hash")
    return claims


def _key(id_token: str, keys: dict[str, Any]) -> tuple[str, jwt.PyJWK]:
    """The algorithm that the token names, if it is one of ours, and the key that it names."""
    header = jwt.get_unverified_header(id_token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise Refused("algorithm")
    fitting = [
        key
        for key in keys.get("keys", ())
        if key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise Refused("key")
    return algorithm, jwt.PyJWK(fitting[0], algorithm)


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """A token that names others beside us says that it was made for us (3.1.3.7, steps 3 to 5)."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise Refused("azp")


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_CHARACTERS:
        raise Refused("sub")


def _half_hash(access_token: str, key: jwt.PyJWK) -> str:
    """The left half of the access token's hash (3.1.3.6)."""
    try:
        digest = key.Algorithm.compute_hash_digest(access_token.encode())
    except NotImplementedError:  # EdDSA brings its own hash: SHA-512 (RFC 8032).
        digest = hashlib.sha512(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
