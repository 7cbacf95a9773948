"""What the law and the house say about acting for others and proving who one is (pure functions)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

# How long a delegation may last at most, in days (house rule; 民法典 art. 163-175 sets no span).
LONGEST_DAYS = {"helper": 366, "guardian": 5 * 366, "agent": 3 * 366}


@dataclass(frozen=True)
class Mandate:
    """What a delegation allows: items by code (none named: all), from one day to another."""

    kind: str
    items: frozenset[str]
    valid_from: date
    valid_to: date
    revoked: bool = False

    def in_force(self, on: date) -> bool:
        """民法典 art. 173: it ends with its term, and when it is taken back."""
        return not self.revoked and self.valid_from <= on <= self.valid_to

    def covers(self, item_code: str, on: date) -> bool:
        """Whether the agent may act in this item on this day (民法典 art. 162, 165)."""
        return self.in_force(on) and (not self.items or item_code in self.items)


def fault_of_term(kind: str, start: date, end: date, today: date) -> str | None:
    """Why a delegation may not last from `start` to `end`: "past", "order", "too_long" or None."""
    if end < today:
        return "past"
    if end < start:
        return "order"
    if end - start > timedelta(days=LONGEST_DAYS[kind]):
        return "too_long"
    return None


def items_needed(kind: str, items: Collection[str]) -> bool:
    """Whether items must still be named: a helper acts in named items only (代办)."""
    return kind == "helper" and not items


# What the levels are called in guides, and their order (实名等级).
IDENTITY_LEVELS = {"registered": 1, "verified": 2, "in_person": 3}


def level_suffices(held: int, needed: str) -> bool:
    """Whether an account of level `held` may do what needs the level named. Raises KeyError."""
    return held >= IDENTITY_LEVELS[needed]


def mask(value: str, kind: str) -> str:
    """What lists and pages show of a number: `1101**********0021`, `138****5678`.

    `kind` is "resident_id", "phone" or "address"; anything else is given back as it is.
    """
    if not value:
        return ""
    if kind == "resident_id":
        ends = (4, 4) if len(value) > 8 else (0, 0)
    elif kind == "phone":
        ends = (3, 4) if len(value) > 9 else (0, 2)
    elif kind == "address":
        ends = (min(6, len(value) // 2), 0)
    else:
        return value
    first, last = ends
    hidden = len(value) - first - last
    return value[:first] + "*" * hidden + (value[-last:] if last else "")
