"""What a basic item fixes of its implementations, as the editor shows and keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tongban.catalogue.rules import Content, basis_key

# Not to be edited at all; only to be added to; only to be chosen from; a bound.
WHOLLY: Final = ("statutory_limit", "charges_fee", "result")
ADDED_TO: Final = ("legal_bases", "audience", "handling_forms")
CHOSEN_FROM: Final = ("conditions", "materials")


def is_fixed(basic: Content, name: str) -> bool:
    """Whether a part can't be edited here."""
    return name in WHOLLY and name in basic


def own_part(basic: Content, name: str, value: Any) -> Any:
    """What an implementation adds to what is fixed: what the editor lets people change."""
    if name == "legal_bases" and basic.get(name):
        fixed = {basis_key(one) for one in basic[name]}
        return [one for one in value or [] if basis_key(one) not in fixed]
    return value


def joined(
    basic: Content, typed: Mapping[str, Any], held: Content, fields: tuple[str, ...]
) -> dict[str, Any]:
    """What a section says after a saving: what was typed, with what can't be edited as it was.

    What a basic item wants everybody to be served with (audience, ways to apply) is always there.
    """
    found = {name: typed[name] for name in fields if name in typed and not is_fixed(basic, name)}
    for name in fields:
        if is_fixed(basic, name) and name in held:
            found[name] = held[name]
    for name in ("audience", "handling_forms"):
        if name in fields and basic.get(name):
            rest = [one for one in found.get(name, []) if one not in basic[name]]
            found[name] = [*basic[name], *rest]
    return found
