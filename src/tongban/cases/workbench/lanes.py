"""Lists of a million cases in a few index steps: a list is the merge of lanes.

A lane is what one index holds in the order in which it is shown: the cases of one organ (or item, or
colleague) in one state, by their next day. Each gives at most a page; the page is the first of all.
No lane sorts and none reads what it does not show, however many cases there are. Written as SQL,
since Django can't cut the parts of a union on SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from tongban.cases.models import Case, ReportedCase
from tongban.cases.rules import DECIDED_STATES, ENDED_UNDECIDED, State

PAGE: Final = 30
# Counts say «1000+» beyond this: nobody needs the rest, and it would have to be read.
COUNTED_MOST: Final = 1000
# SQLite takes 500 parts in one statement.
LANES_AT_ONCE: Final = 150


class Kind(NamedTuple):
    """Cases in a state that have a next day, or that have none."""

    state: str
    dated: bool


DECIDED: Final = tuple(sorted(DECIDED_STATES - {State.REVOKED}))
NEW, RUNNING = Kind(State.SUBMITTED, True), Kind(State.ACCEPTED, True)
PAUSED = Kind(State.PAUSED, False)
ELSEWHERE: Final = ("applied", "accepted", "paused")
QUEUES: Final[dict[str, tuple[Kind, ...]]] = {
    "open": (NEW, RUNNING, PAUSED),
    "new": (NEW,),
    "accepted": (RUNNING,),
    "paused": (PAUSED,),
    "waiting": (Kind(State.CORRECTION, False),),
    "deliver": tuple(Kind(state, True) for state in DECIDED),
    "done": tuple(
        Kind(state, False) for state in (*sorted(ENDED_UNDECIDED), *DECIDED, State.REVOKED)
    ),
    # Cases of other systems, which can only be looked at.
    "elsewhere": tuple(Kind(state, dated) for state in ELSEWHERE for dated in (True, False)),
    "elsewhere_done": (Kind("concluded", True), Kind("concluded", False)),
}
# The newest first: they are looked up, not worked off.
BACKWARDS: Final = frozenset({"done", "elsewhere_done"})
DUE: Final = ("today", "late")
WHOSE: Final = ("mine", "unclaimed")


@dataclass(frozen=True)
class Table:
    name: str
    due: str
    by_organ: str
    by_item: str


CASES = Table(Case._meta.db_table, "next_due_on", "cases_of_an_organ", "cases_of_an_item")
REPORTED = Table(
    ReportedCase._meta.db_table, "due_on", "reported_of_an_organ", "reported_of_an_item"
)
UNCLAIMED = {
    CASES.by_organ: "cases_nobody_claimed",
    CASES.by_item: "cases_of_an_item_unclaimed",
}
CLAIMED = "cases_somebody_claimed"


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; `organs` are those that they serve, or the one they chose."""

    show: str
    organs: tuple[int, ...]
    account: int
    today: date
    item: int | None = None
    due: str = ""
    whose: str = ""

    @property
    def reported(self) -> bool:
        return self.show.startswith("elsewhere")


class Place(NamedTuple):
    """The last row of a page: its next day, None when it has none, and its key."""

    due: date | None
    key: int


def place_of(text: str) -> Place | None:
    """The place that an address names; None for the beginning, and for nonsense."""
    found = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d)\.)?(\d{1,18})", text, re.ASCII)
    if not found:
        return None
    try:
        return Place(date.fromisoformat(found[1]) if found[1] else None, int(found[2]))
    except ValueError:
        return None


def text_of(place: Place) -> str:
    return f"{place.due.isoformat()}.{place.key}" if place.due else str(place.key)


@dataclass(frozen=True)
class Lane:
    """One ordered piece of an index, as conditions of SQL with their values."""

    table: Table
    index: str
    dated: bool
    backwards: bool
    conditions: tuple[str, ...]
    values: tuple[Any, ...] = ()
    # The one day that all of it has, when that is a condition.
    on: date | None = None

    def sql(self, what: str, most: int, after: Place | None = None) -> tuple[str, list[Any]] | None:
        """A SELECT of at most `most` rows behind `after`; None when all of it lies before."""
        conditions, values = list(self.conditions), list(self.values)
        due, sign = self.table.due, "<" if self.backwards else ">"
        if after is not None:
            if self.dated and after.due is None:
                return None  # What has a day comes before what has none.
            if self.on is not None and after.due is not None:
                if self.on != after.due:
                    return None  # Only a forged address leads here.
                conditions.append(f"id {sign} %s")
                values.append(after.key)
            elif self.dated and after.due is not None:
                conditions.append(f"({due}, id) {sign} (%s, %s)")
                values += [after.due.isoformat(), after.key]
            elif after.due is None:
                conditions.append(f"id {sign} %s")
                values.append(after.key)
        # SQLite keeps no statistics here and would guess; PostgreSQL knows.
        by = f" INDEXED BY {self.index}" if connection.vendor == "sqlite" else ""
        down = " DESC" if self.backwards else ""
        text = (
            f"SELECT {what} FROM {self.table.name}{by} WHERE {' AND '.join(conditions)}"  # noqa: S608
            f" ORDER BY {due}{down}, id{down} LIMIT {most}"
        )
        return text, values


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def lanes_of(wanted: Wanted) -> list[Lane]:
    """The lanes whose merge is the list; none when nothing can be in it."""
    if not wanted.organs:
        return []
    table = REPORTED if wanted.reported else CASES
    found = []
    for kind in QUEUES[wanted.show]:
        if wanted.due and not kind.dated:
            continue
        for index, conditions, values in _starts(wanted, table):
            found.append(
                _lane(wanted, table, kind, index, (*conditions, f"state = '{kind.state}'"), values)
            )
    return found


def _starts(wanted: Wanted, table: Table) -> Iterable[tuple[str, tuple[str, ...], tuple[Any, ...]]]:
    """With which index a list begins, and its first columns: colleague, item, or each organ.

    `+ 0` keeps a condition out of the choice of an index: it is checked on the few rows found.
    """
    of_organs = f"organ_id + 0 IN ({_marks(wanted.organs)})"
    if wanted.whose == "mine" and not wanted.reported:
        conditions: tuple[str, ...] = ("claimed_by_id = %s", of_organs)
        values: tuple[Any, ...] = (wanted.account, *wanted.organs)
        if wanted.item is not None:
            conditions, values = (*conditions, "item_id + 0 = %s"), (*values, wanted.item)
        return [(CLAIMED, conditions, values)]
    free: tuple[str, ...] = ()
    by_item, by_organ = table.by_item, table.by_organ
    if wanted.whose == "unclaimed" and not wanted.reported:
        free = ("claimed_by_id IS NULL",)
        by_item, by_organ = UNCLAIMED[by_item], UNCLAIMED[by_organ]
    if wanted.item is not None:
        return [(by_item, ("item_id = %s", of_organs, *free), (wanted.item, *wanted.organs))]
    return [(by_organ, ("organ_id = %s", *free), (organ,)) for organ in wanted.organs]


def _lane(
    wanted: Wanted,
    table: Table,
    kind: Kind,
    index: str,
    conditions: tuple[str, ...],
    values: tuple[Any, ...],
) -> Lane:
    if not kind.dated:
        conditions = (*conditions, f"{table.due} IS NULL")
    elif wanted.due:
        sign = "=" if wanted.due == "today" else "<"
        conditions = (*conditions, f"{table.due} {sign} %s")
        values = (*values, wanted.today.isoformat())
    elif wanted.reported or kind.state in DECIDED:
        conditions = (*conditions, f"{table.due} IS NOT NULL")
    on = wanted.today if wanted.due == "today" else None
    return Lane(table, index, kind.dated, wanted.show in BACKWARDS, conditions, values, on)


def page_sql(lanes: Sequence[Lane], after: Place | None, most: int) -> tuple[str, list[Any]]:
    """One statement for the first rows of each lane; "" when there is none."""
    parts: list[str] = []
    values: list[Any] = []
    for lane in lanes:
        one = lane.sql(f"{lane.table.due} AS due, id", most, after)
        if one:
            parts.append(f"SELECT * FROM ({one[0]}) AS lane_{len(parts)}")  # noqa: S608
            values += one[1]
    return " UNION ALL ".join(parts), values


def first_keys(wanted: Wanted, after: Place | None, most: int = PAGE + 1) -> list[Place]:
    """The first places of a list behind `after`, in order. One query (one for 150 lanes)."""
    lanes, found = lanes_of(wanted), []
    for start in range(0, len(lanes), LANES_AT_ONCE):
        sql, values = page_sql(lanes[start : start + LANES_AT_ONCE], after, most)
        if not sql:
            continue
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found += [Place(_day(due), key) for due, key in cursor.fetchall()]
    backwards = wanted.show in BACKWARDS
    if backwards:
        found.sort(key=lambda one: (one.due is None, -(one.due or date.max).toordinal(), -one.key))
    else:
        found.sort(key=lambda one: (one.due is None, one.due or date.max, one.key))
    return found[:most]


def _day(value: object) -> date | None:
    if value is None or isinstance(value, date):
        return value
    return date.fromisoformat(str(value))


def counts_sql(lists: Sequence[Wanted]) -> tuple[str, list[Any]]:
    """One statement that counts each list up to a bound, as columns in their order."""
    columns: list[str] = []
    values: list[Any] = []
    for wanted in lists:
        parts: list[str] = []
        for lane in lanes_of(wanted)[:LANES_AT_ONCE]:
            one = lane.sql("1 AS one", COUNTED_MOST + 1)
            assert one is not None
            parts.append(f"SELECT one FROM ({one[0]}) AS lane_{len(parts)}")  # noqa: S608
            values += one[1]
        within = " UNION ALL ".join(parts) or "SELECT 1 AS one WHERE 1 = 0"
        columns.append(
            f"(SELECT COUNT(*) FROM (SELECT one FROM ({within}) AS lanes"  # noqa: S608
            f" LIMIT {COUNTED_MOST + 1}) AS counted)"
        )
    return f"SELECT {', '.join(columns)}", values


def counted(lists: Sequence[Wanted]) -> list[int]:
    """How long each list is, at most `COUNTED_MOST` + 1. One query."""
    sql, values = counts_sql(lists)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [int(one) for one in cursor.fetchone()]
