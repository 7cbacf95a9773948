"""What the upstream says of somebody, read for us."""

from __future__ import annotations

from typing import Any

from tongban.base.identifiers import IdentifierError, check_resident_id
from tongban.base.upstream import Upstream
from tongban.directory.sign_in.factors import SECOND_FACTOR_SECONDS
from tongban.directory.sign_in.upstream.id_token import CLOCKS_DIFFER_SECONDS

NAME_CHARACTERS = 100


def person_in(claims: dict[str, Any], upstream: Upstream) -> tuple[str, str] | None:
    """Name and resident ID number that the claims vouch for; None without a valid number."""
    name, number = claims.get(upstream.name_claim), claims.get(upstream.id_claim)
    if not isinstance(name, str) or not isinstance(number, str):
        return None
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS:
        return None
    try:
        return name, check_resident_id(number.strip().upper())
    except IdentifierError:
        return None


def proven_since(claims: dict[str, Any], moment: float) -> bool:
    """Whether the person proved it there since a moment; where nothing is said of it, we believe it."""
    at = claims.get("auth_time")
    return not isinstance(at, int | float) or at >= moment - CLOCKS_DIFFER_SECONDS


def is_strong(claims: dict[str, Any], upstream: Upstream, now: float) -> bool:
    """Whether the upstream says, in words that the installation trusts, that two factors were used.

    As long ago as a second factor of ours lasts, at most.
    """
    if not proven_since(claims, now - SECOND_FACTOR_SECONDS):
        return False
    methods = claims.get("amr")
    said = [claims.get("acr"), *(methods if isinstance(methods, list) else ())]
    return any(isinstance(one, str) and one in upstream.strong for one in said)
