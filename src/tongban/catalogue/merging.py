"""Two people wrote on one guide: what each changed, part by part, and the guide of their choices.

Pure functions on the content of records. An entry of a list (a material, a step) is a part of its
own where all three versions can tell their entries apart and keep their order; else the whole list is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.rules import KEYS, Content, identity_of, label_of

MINE: Final = "mine"
THEIRS: Final = "theirs"
Path = tuple[str, ...]
# The parts of a guide in the order in which people read them.
ORDER: Final = {name: place for place, name in enumerate(GuideRecord.model_fields)}


@dataclass(frozen=True)
class Unit:
    """A part in which two versions differ. None is not there.

    `suggested` is "mine" or "theirs" where only one of them changed it, "" where both did.
    """

    path: Path
    label: str
    base: Any
    theirs: Any
    mine: Any

    @property
    def suggested(self) -> str:
        if self.theirs == self.base:
            return MINE
        return THEIRS if self.mine == self.base else ""

    @property
    def key(self) -> str:
        """What a form calls it: the same, however the parts are ordered that day."""
        return hashlib.sha256("/".join(self.path).encode()).hexdigest()[:12]


def units(base: Content, theirs: Content, mine: Content) -> list[Unit]:
    """Parts in which `mine` differs from `theirs`, both begun from `base`, in their order."""
    listed = _entry_lists(base, theirs, mine)
    old, other, own = (_parts(content, listed) for content in (base, theirs, mine))
    paths = sorted({*other, *own}, key=lambda path: (ORDER.get(path[0], 0), path))
    return [
        Unit(path, _label_of(path, other.get(path) or own.get(path)), *values)
        for path in paths
        if (values := (old.get(path), other.get(path), own.get(path)))[1] != values[2]
    ]


def merged(
    base: Content, theirs: Content, mine: Content, choices: Mapping[str, str]
) -> dict[str, Any]:
    """The guide of the choices (`Unit.key` to "mine" or "theirs"). Raises KeyError without one."""
    listed = _entry_lists(base, theirs, mine)
    result = dict(theirs)
    chosen = [one for one in units(base, theirs, mine) if choices[one.key] == MINE]
    for unit in chosen:
        name = unit.path[0]
        if name in listed:
            result[name] = _with_entry(result.get(name) or [], unit, mine.get(name) or [])
        elif unit.mine is None:
            result.pop(name, None)
        else:
            result[name] = unit.mine
        if name in listed and not result[name]:
            del result[name]
    return result


def _entry_lists(*contents: Content) -> frozenset[str]:
    """Names of the lists whose entries can be merged one by one."""
    return frozenset(
        name
        for name in KEYS
        if all(_tells_apart(content.get(name), name) for content in contents)
        and _same_order([_identities(content.get(name) or [], name) for content in contents])
    )


def _identities(entries: Sequence[Content], name: str) -> list[Path]:
    return [identity_of(entry, KEYS[name]) for entry in entries]


def _tells_apart(entries: Any, name: str) -> bool:
    if not entries:
        return True
    known = _identities(entries, name)
    return len(set(known)) == len(known)


def _same_order(lists: Sequence[list[Path]]) -> bool:
    for one in lists:
        for other in lists:
            in_both = set(one) & set(other)
            if [key for key in one if key in in_both] != [key for key in other if key in in_both]:
                return False
    return True


def _parts(content: Content, listed: frozenset[str]) -> dict[Path, Any]:
    found: dict[Path, Any] = {}
    for name, value in content.items():
        if name in listed:
            found |= {
                (name, *key): entry
                for key, entry in zip(_identities(value, name), value, strict=True)
            }
        else:
            found[name,] = value
    return found


def _label_of(path: Path, value: Any) -> str:
    return label_of(value, KEYS[path[0]]) if len(path) > 1 and value else ""


def _with_entry(entries: Sequence[Any], unit: Unit, mine: Sequence[Any]) -> list[Any]:
    """A list with one entry as I have it: changed, gone, or new behind the one before it."""
    name, key = unit.path[0], unit.path[1:]
    known = _identities(entries, name)
    result = list(entries)
    if key in known:
        place = known.index(key)
        return [*result[:place], *([] if unit.mine is None else [unit.mine]), *result[place + 1 :]]
    own = _identities(mine, name)
    before = [known.index(one) + 1 for one in own[: own.index(key)] if one in known]
    place = max(before, default=0)
    return [*result[:place], unit.mine, *result[place:]]
