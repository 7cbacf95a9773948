"""What the law says of catalogues: what a basic item fixes, and how two versions differ.

Pure functions on the content of records (`guide_schema.content_of`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from pydantic import Field

from tongban.catalogue.guide_schema.parts import (
    Audience,
    Condition,
    HandlingForm,
    LegalBasis,
    Limit,
    Material,
    Result,
    Strict,
    Text,
)

Content = Mapping[str, Any]


class BasicDocument(Strict):
    """基本目录 entry: what is fixed once. What is None or empty is left to the implementations.

    `materials` are all that may be asked for; `conditions` all that may be demanded.
    """

    code: str = Field(min_length=1, max_length=24)
    name: Text
    kind: str
    parent_code: str = ""
    effective_from: date
    legal_bases: tuple[LegalBasis, ...] = Field(min_length=1)
    statutory_limit: Limit | None = None
    audience: tuple[Audience, ...] = ()
    conditions: tuple[Condition, ...] = ()
    materials: tuple[Material, ...] = ()
    charges_fee: bool | None = None
    result: Result | None = None
    handling_forms: tuple[HandlingForm, ...] = ()
    on_site_visits: int | None = Field(default=None, ge=0, le=9)


# What an implementation takes over when it says nothing itself.
INHERITED: Final = (
    "legal_bases",
    "statutory_limit",
    "audience",
    "conditions",
    "materials",
    "charges_fee",
    "result",
    "handling_forms",
    "on_site_visits",
)


def inherited(basic: Content, record: Content) -> dict[str, Any]:
    """The record with what its basic item fixes: taken over where it says nothing, joined in law.

    Legal bases of both count: the implementation adds its local rules to those of the law.
    """
    content = dict(record)
    for name in INHERITED:
        if name in basic and not content.get(name) and content.get(name) is not False:
            content[name] = basic[name]
    if basic.get("legal_bases") and record.get("legal_bases"):
        own = {basis_key(one) for one in record["legal_bases"]}
        missing = [one for one in basic["legal_bases"] if basis_key(one) not in own]
        content["legal_bases"] = [*missing, *record["legal_bases"]]
    return content


def basis_key(basis: Content) -> tuple[str, str]:
    """What makes two legal bases the same: instrument without brackets and country, and article."""
    name = basis["instrument"].strip("《》").removeprefix("中华人民共和国")
    return name, basis.get("article", "")


@dataclass(frozen=True)
class Change:
    """One difference. `before` None: new; `after` None: gone."""

    path: str
    before: Any
    after: Any


# What an entry of a list is known by, so that inserting one does not change all behind it.
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "legal_bases": ("instrument", "article"),
    "materials": ("key", "name"),
    "steps": ("name",),
    "fees": ("name",),
    "faq": ("question",),
    "joint_organs": ("name",),
    "special_procedures": ("name",),
    "further_results": ("name",),
    "form_pages": ("key",),
    "fields": ("key",),
    "options": ("value",),
}


def differences(before: Content, after: Content, path: str = "") -> list[Change]:
    """How a record became another, part by part, in the order of their names."""
    found = []
    for name in sorted({*before, *after}):
        found += _compared(before.get(name), after.get(name), f"{path}{name}", name)
    return found


def _compared(before: Any, after: Any, path: str, name: str) -> list[Change]:
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        return differences(before, after, f"{path}.")
    if name in KEYS and isinstance(before, list) and isinstance(after, list):
        return _compared_lists(before, after, path, KEYS[name])
    return [Change(path, before, after)]


def label_of(entry: Content, keys: Iterable[str]) -> str:
    """What an entry is called, for the path; its words, not its number."""
    for key in keys:
        value = entry.get(key)
        if isinstance(value, dict) and value.get("zh"):
            return str(value["zh"])
        if value:
            return str(value)
    return "?"


def identity_of(entry: Content, keys: tuple[str, ...]) -> tuple[str, ...]:
    """What makes an entry of a list the same in another version."""
    first = entry.get(keys[0])
    used = keys if keys == KEYS["legal_bases"] or not first else keys[:1]
    return tuple(_as_text(entry.get(key)) for key in used)


def _as_text(value: Any) -> str:
    """The same for the same value: PostgreSQL gives the parts of a text in an order of its own."""
    if isinstance(value, dict):
        return str(dict(sorted(value.items())))
    return str(value)


def _compared_lists(
    before: list[Any], after: list[Any], path: str, keys: tuple[str, ...]
) -> list[Change]:
    old = {identity_of(entry, keys): entry for entry in before}
    new = {identity_of(entry, keys): entry for entry in after}
    if len(old) < len(before) or len(new) < len(after):  # Not told apart by their keys.
        return [Change(path, before, after)]
    found = []
    for key, entry in old.items():
        at = f"{path}[{label_of(entry, keys)}]"
        if key not in new:
            found.append(Change(at, entry, None))
        else:
            found += differences(entry, new[key], f"{at}.")
    for key, entry in new.items():
        if key not in old:
            found.append(Change(f"{path}[{label_of(entry, keys)}]", None, entry))
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        order = (
            [label_of(entry, keys) for entry in before],
            [label_of(entry, keys) for entry in after],
        )
        found.append(Change(f"{path}[…]", *order))
    return found
