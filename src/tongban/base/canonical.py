"""Canonical JSON (RFC 8785) for the values that entries are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

# RFC 8785 writes numbers as ECMAScript does; integers beyond this are not exact there.
SAFE_INTEGER = 2**53


_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
# JSON's shortest escapes, in quotes, as the encoder writes a text.
quoted: Callable[[str], str] = json.encoder.encode_basestring


def _check(value: object) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if isinstance(value, str):
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
            if type(part) is not str:
                _check(part)
        return
    raise TypeError(f"{kind.__name__} has no canonical JSON form here")


def canonical_json(value: object) -> bytes:
    """The one UTF-8 text of a value: sorted keys, no spaces, shortest escapes (RFC 8785).

    Takes str, int, bool, None, lists and mappings with ASCII keys. Raises TypeError for anything
    else (floats among it), ValueError for text with a lone surrogate.
    """
    _check(value)
    return _encoder.encode(value).encode()
