"""Taking values out of a TOML document, noting every fault with its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.indices.framework.model import Bounds, Names


class Reader:
    """Takes values out of TOML tables and notes each fault with its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []

    def fault(self, place: str, reason: str) -> None:
        self.faults.append(f"{place}: {reason}")

    def unknown(self, place: str, table: Mapping[str, Any], known: str) -> None:
        for key in table:
            if key not in known.split():
                self.fault(f"{place}.{key}", f"is not known; known are {known}")

    def number(self, place: str, table: Mapping[str, Any], key: str, default: Any) -> Any:
        value = table.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.fault(f"{place}.{key}", f"must be a number, is {value!r}")
            return default
        return value

    def choice(
        self, place: str, table: Mapping[str, Any], key: str, default: str, allowed: Any
    ) -> str:
        value = str(table.get(key, default))
        if value not in allowed:
            self.fault(f"{place}.{key}", f"{value!r} is none of {', '.join(sorted(allowed))}")
            return default
        return value

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, ())
        return (value,) if isinstance(value, str) else tuple(str(one) for one in value)

    def bounds(self, place: str, table: Mapping[str, Any], key: str) -> Bounds:
        value = table.get(key)
        if value is None:
            return (None, None)
        if isinstance(value, list) and len(value) == 2:
            low, high = (None if one == "" else one for one in value)
            if all(one is None or isinstance(one, int | float) for one in (low, high)):
                if low is None or high is None or low < high:
                    return (low, high)
                self.fault(f"{place}.{key}", f"the lower bound {low} is not below {high}")
                return (None, None)
        self.fault(f"{place}.{key}", 'must be [low, high], with "" for an open end')
        return (None, None)


def names(value: Any, otherwise: str = "") -> Names:
    """A name as `"text"` or `{ en = "…", zh = "…" }`."""
    if isinstance(value, Mapping):
        return {str(key): str(text) for key, text in value.items()}
    return {"en": str(value if value is not None else otherwise)}
