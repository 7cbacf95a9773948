"""Canonical JSON (RFC 8785) for the values that entries are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping

# RFC 8785 writes numbers as ECMAScript does; integers beyond this are not exact there.
SAFE_INTEGER = 2**53


def _check(value: object) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > SAFE_INTEGER:
            raise TypeError(f"{value} is beyond the integers that JSON keeps exact")
        return
    if isinstance(value, list | tuple):
        for part in value:
            _check(part)
        return
    if isinstance(value, Mapping):
        for key, part in value.items():
            # ASCII keys sort alike by code point and by UTF-16 unit, which the RFC asks for.
            if not (isinstance(key, str) and key.isascii()):
                raise TypeError(f"key {key!r} is not an ASCII string")
            _check(part)
        return
    raise TypeError(f"{type(value).__name__} has no canonical JSON form here")


def canonical_json(value: object) -> bytes:
    """The one UTF-8 text of a value: sorted keys, no spaces, shortest escapes (RFC 8785).

    Takes str, int, bool, None, lists and mappings with ASCII keys. Raises TypeError for anything
    else (floats among it), ValueError for text with a lone surrogate.
    """
    _check(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()
