"""Acts as people read them: by reference (a case, a person), or one after the other by place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from tongban.ledger.models import Entry
from tongban.ledger.rules import Leaf, read_leaf

PAGE = 50
_UNREADABLE = Leaf(act="", at="", case="", commitment="", item="", organ="", region="")
_COLUMNS = ("place__seq", "leaf", "leaf_hash", "erased")


@dataclass(frozen=True)
class Trace:
    """An act in the log. `seq` is its place, None before it has one; `text` its public leaf.

    `opening` is there only where it was asked for, and None when it was erased.
    """

    seq: int | None
    text: str
    leaf_hash: bytes
    erased: bool
    opening: str | None = None

    @property
    def leaf(self) -> Leaf:
        """What the public line says; nothing when somebody changed it by hand."""
        try:
            return read_leaf(self.text)
        except ValueError:
            return _UNREADABLE

    @property
    def at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.leaf.at)
        except ValueError:
            return None


@dataclass(frozen=True)
class Traces:
    """A page of acts, newest first. `before` is where the next page begins, None after the last."""

    rows: tuple[Trace, ...]
    before: int | None


def _entries() -> QuerySet[Entry]:
    erased = ExpressionWrapper(Q(opening__isnull=True), output_field=BooleanField())
    return Entry.objects.annotate(erased=erased)


def _made(seq: int | None, text: str, digest: bytes, erased: bool, opening: str = "") -> Trace:
    return Trace(seq, text, bytes(digest), bool(erased), opening or None)


def traces_of(
    references: Collection[str], *, before: int | None = None, most: int = PAGE
) -> Traces:
    """Acts under references, newest first; those without a place yet come first. One query.

    `before`: only places below. The index on the reference finds them.
    """
    entries = _entries().filter(case_ref__in=references)
    if before is not None:
        entries = entries.filter(place__seq__lt=before)
    newest = F("place__seq").desc(nulls_first=True)
    found = entries.order_by(newest, "-pk").values_list(*_COLUMNS)[: most + 1]
    rows = tuple(_made(*row) for row in found)
    more = len(rows) > most and rows[most - 1].seq is not None
    return Traces(rows[:most], rows[most - 1].seq if more else None)


def placed_traces(references: Collection[str], *, most: int) -> list[Trace]:
    """The newest acts under references that have a place, with their openings. One query."""
    entries = _entries().filter(case_ref__in=references, place__isnull=False)
    found = entries.order_by("-place__seq").values_list(*_COLUMNS, "opening")[:most]
    return [_made(*row) for row in found]


def trace_at(seq: int) -> tuple[str, Trace] | None:
    """The act at a place with its reference and its opening; None when there is none. One query."""
    entries = _entries().filter(place__seq=seq)
    row = entries.values_list("case_ref", *_COLUMNS, "opening").first()
    return (row[0], _made(*row[1:])) if row else None


def public_traces(size: int, *, before: int | None = None, case_ref: str = "") -> Traces:
    """Entries of a log of `size` by place, newest first, also of one reference only. One query."""
    below = size if before is None else min(before, size)
    entries = _entries().filter(place__seq__lt=below)
    if case_ref:
        entries = entries.filter(case_ref=case_ref)
    found = entries.order_by("-place__seq").values_list(*_COLUMNS)[: PAGE + 1]
    rows = tuple(_made(*row) for row in found)
    return Traces(rows[:PAGE], rows[PAGE - 1].seq if len(rows) > PAGE else None)
