"""Words of lint: severity, rule, subject, finding. Nothing here knows the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Record = Mapping[str, Any]
# Where in the guide ("materials.2.name"), and the words that show it.
Spot = tuple[str, str]
NOTHING: Final[tuple[Spot, ...]] = ()


class Severity(StrEnum):
    """An error keeps a guide from being published; a warning should be mended; a note may be."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


# Points that a finding costs an item, of 100; an organ's score is the mean of its items'.
COSTS: Final = {Severity.ERROR: 20, Severity.WARNING: 5, Severity.NOTE: 1}

# People apply for these kinds; for the others nobody hands anything in (domain.md, section 2).
APPLIED_FOR: Final = frozenset(
    {"licence", "benefit", "confirmation", "reward", "adjudication", "other", "public_service"}
)
LICENCE_LIKE: Final = frozenset({"licence", "confirmation", "benefit", "reward", "adjudication"})

# What a source has columns for. What it has none for can't be missing by anybody's fault. A complete
# guide is ours, whatever list its item came from, and is judged whole.
DELIVERED: Final[dict[str, frozenset[str]]] = {
    "guangdong": frozenset(
        {
            "name",
            "audience",
            "handling_forms",
            "materials",
            "themes",
            "online_url",
            "enquiry_phone",
            "complaint_phone",
            "joint_organs",
            "supports_appointment",
            "supports_delivery",
            "level",
            "conditions",
            "place",
            "statutory_limit",
            "promised_limit",
        }
    ),
}


@dataclass(frozen=True)
class Happened:
    """What happened with an item: cases decided, their median time, what staff asked for besides."""

    decided: int = 0
    median_working_days: float = 0.0
    corrected: int = 0
    asked_for: tuple[str, ...] = ()


@dataclass(slots=True)
class Subject:
    """One item with the content of its guide (`GuideRecord`), or {} when it has none."""

    code: str
    name: str
    kind: str
    organ: str
    organ_code: str
    region: str
    source: str
    guide: Record
    has_guide: bool = True
    basic_code: str = ""
    happened: Happened | None = None
    neighbours: Neighbours | None = None
    # What the basic item fixes (`rules.BasicDocument`), None where nothing is.
    basic: Record | None = None
    # What several rules look at, put together once.
    _asked: list[tuple[int, Record, str]] | None = None
    _texts: list[tuple[str, str]] | None = None
    _joined: str = ""

    @property
    def asked_for(self) -> list[tuple[int, Record, str]]:
        """Place, material and name of what people have to bring or upload."""
        if self._asked is None:
            self._asked = [
                (place, material, material["name"]["zh"])
                for place, material in enumerate(self.guide.get("materials") or ())
                if material.get("how") not in NO_NEED
            ]
        return self._asked

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Paths and Chinese of the longer texts that people read."""
        if self._texts is None:
            self._texts = _texts_of(self.guide)
            self._joined = "\n".join(text for _path, text in self._texts)
        return self._texts

    @property
    def joined_texts(self) -> str:
        """All of them in one, to see at once that a pattern is in none."""
        return self._joined if self.texts else ""


SINGLE_TEXTS: Final = (
    "summary",
    "place",
    "remedies",
    "quantity_limit",
    "intermediary_service",
    "on_site_reason",
)
NO_NEED: Final = frozenset({"shared", "on_file"})


def _texts_of(guide: Record) -> list[tuple[str, str]]:
    found = [(name, text["zh"]) for name in SINGLE_TEXTS if (text := guide.get(name))]
    for place, one in enumerate(guide.get("conditions") or ()):
        found.append((f"conditions.{place}", one["zh"]))
    for place, one in enumerate(guide.get("faq") or ()):
        found.append((f"faq.{place}.answer", one["answer"]["zh"]))
    for place, one in enumerate(guide.get("materials") or ()):
        if note := one.get("note"):
            found.append((f"materials.{place}.note", note["zh"]))
    return found


@dataclass(frozen=True)
class Neighbours:
    """What most of the other organs promise for the same basic item, in working days."""

    organs: int
    usual_days: float


Check = Callable[[Subject], Iterable[Spot]]


@dataclass(frozen=True)
class Rule:
    """One rule. Each text in Chinese and English; `source` is the rule of law or practice behind it.

    `part`: the part of a record that must be delivered for the rule to be fair. `on_guides`: asks
    nothing of an item without a guide.
    """

    code: str
    severity: Severity
    check: Check
    message: tuple[str, str]
    source: tuple[str, str]
    fix: tuple[str, str]
    part: str = ""
    on_guides: bool = True

    @property
    def family(self) -> str:
        return FAMILIES[self.code[0]]


FAMILIES: Final = {
    "B": "basic catalogue",
    "C": "completeness",
    "K": "consistency",
    "V": "vagueness",
    "N": "needless proof",
    "L": "legal basis",
    "R": "readability",
    "X": "what happened",
}


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    item: str
    path: str
    detail: str

    @property
    def fingerprint(self) -> str:
        """What a baseline knows it by: the item, the rule and the words, not the place in a list."""
        words = f"{self.item}|{self.rule.code}|{self.path.split('.')[0]}|{self.detail}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def zh(value: Record | None) -> str:
    """The Chinese of a bilingual text, "" for none."""
    return value["zh"] if value else ""
