"""Buttons of the editor that change what is typed and save nothing: add, take away, move an entry."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tongban.catalogue.editor.inputs import at_path


def changed_by(act: str, content: Mapping[str, Any], basic: Mapping[str, Any]) -> dict[str, Any]:
    """The content after a button such as `add:materials`, `drop:steps:2`, `up:steps:2`.

    `take:materials` copies what the basic item has. A button that fits nothing changes nothing.
    """
    found = copy.deepcopy(dict(content))
    verb, _colon, rest = act.partition(":")
    name, _colon, place = rest.partition(":")
    try:
        if verb == "take" and name in basic:
            found[name] = copy.deepcopy(basic[name])
            return found
        entries = at_path(found, name)
        if verb == "add":
            entries.append({})
            return found
        number = int(place)
        if not 0 <= number < len(entries):
            return dict(content)
        if verb == "drop":
            del entries[number]
        elif verb == "up" and number:
            entries[number - 1], entries[number] = entries[number], entries[number - 1]
        elif verb == "down" and number + 1 < len(entries):
            entries[number + 1], entries[number] = entries[number], entries[number + 1]
    except (LookupError, ValueError):
        return dict(content)
    return found
