"""The national identity that people may sign in with: an OpenID provider above us."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Upstream:
    """`issuer` verbatim as its discovery document says it. `strong`: values of `acr` or `amr`."""

    issuer: str
    client_id: str
    name: str
    scope: tuple[str, ...] = ("openid", "profile")
    id_claim: str = "id_number"
    name_claim: str = "name"
    strong: frozenset[str] = frozenset()
