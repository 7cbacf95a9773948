"""Reading a framework from TOML: every fault at once, each with its place in the file."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongban.indices.framework.model import Edition, Framework, Recognition
from tongban.indices.framework.reader import Reader
from tongban.indices.framework.sections import build


class FrameworkProblem(ValueError):
    """The framework can't be used. `faults` are lines of place and reason."""

    def __init__(self, where: str, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        shown = "; ".join(self.faults[:8])
        more = f" (and {len(self.faults) - 8} more)" if len(self.faults) > 8 else ""
        super().__init__(f"{where}: {shown}{more}")


@dataclass(frozen=True)
class FrameworkFile:
    """A framework file: the common rules and those of each edition."""

    path: Path
    document: Mapping[str, Any]
    editions: tuple[Edition, ...]
    newest: str

    @property
    def has_editions(self) -> bool:
        return bool(self.editions)

    def edition(self, code: str = "") -> Framework:
        """The framework with the rules of an edition; without editions, as it stands.

        Raises FrameworkProblem when there is no such edition.
        """
        if not self.editions:
            return _framework(self.path, self.document, code)
        code = code or self.newest
        for one in self.editions:
            if one.code == code:
                return _framework(self.path, _laid_over(self.document, one.overlay), code)
        known = ", ".join(one.code for one in self.editions)
        raise FrameworkProblem(self.path.name, [f"there is no edition {code}; known: {known}"])


def read_framework(path: Path) -> FrameworkFile:
    """The framework of a TOML file. Raises FrameworkProblem naming every fault found."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise FrameworkProblem(str(path), [problem.strerror or "can't be read"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise FrameworkProblem(path.name, [f"not TOML: {problem}"]) from None
    raw = document.pop("editions", {})
    newest = str(raw.pop("newest", "")) if isinstance(raw, dict) else ""
    if not isinstance(raw, dict) or not all(isinstance(one, dict) for one in raw.values()):
        raise FrameworkProblem(path.name, ["[editions]: each edition is a table"])
    editions = tuple(_edition(code, overlay) for code, overlay in raw.items())
    if editions and newest not in raw:
        raise FrameworkProblem(path.name, ["[editions] newest: names no edition"])
    file = FrameworkFile(path, document, editions, newest)
    for one in editions or (None,):
        file.edition(one.code if one else "")
    return file


def _edition(code: str, overlay: dict[str, Any]) -> Edition:
    overlay = dict(overlay)
    known = overlay.pop("recognise", [])
    return Edition(code, overlay, tuple(Recognition(**one) for one in known))


def _laid_over(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the edition's keys on top; `weights` and `indicators` go by code."""
    whole = copy.deepcopy(dict(base))
    for key, value in overlay.items():
        if key == "weights":
            for part in whole.get("indicator", []) + whole.get("node", []):
                part["weight"] = value.get(part.get("code"), part.get("weight", 1.0))
        elif key == "indicators":
            for part in whole.get("indicator", []):
                part.update(value.get("all", {}) | value.get(part.get("code"), {}))
        elif isinstance(value, Mapping) and isinstance(whole.get(key), Mapping):
            whole[key] = {**whole[key], **value}
        else:
            whole[key] = value
    return whole


def _framework(path: Path, document: Mapping[str, Any], edition: str) -> Framework:
    reader = Reader(path.parent)
    framework = build(reader, document, edition)
    if reader.faults or framework is None:
        raise FrameworkProblem(path.name, reader.faults)
    return framework
