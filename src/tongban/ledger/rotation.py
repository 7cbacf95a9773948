"""Sealing every row anew under a new key, while everybody goes on working.

A new key goes on the ring first; from then on what is written is sealed under it, and everything
is found under the old and the new index alike. Then the rows are gone through by their keys, some
at a time, each some in one short transaction with the place reached: an interrupted rotation goes
on from there. The old key is retired when no row needs it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from tongban.base.clocks import utc_now
from tongban.ledger import acts
from tongban.ledger.direct import fetch
from tongban.ledger.models import KeyRotation
from tongban.ledger.sealed import (
    LOOK_AGAIN_SECONDS,
    BlindIndexField,
    SealedTextField,
    change_ring,
    opened,
    ring,
)
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

ROWS_A_TIME = 1_000
# Any number will do, as long as every rotation of this database asks for the same one.
ROTATION_LOCK = 0x6B657973
Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns, and the blind indexes made of them (index column: source)."""

    table: str
    key: str
    columns: tuple[str, ...]
    blind: dict[str, str]


def sealed_tables() -> list[SealedTable]:
    """Every table that has a sealed column, told by the models themselves."""
    found = []
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        columns = tuple(str(one.column) for one in fields if isinstance(one, SealedTextField))
        blind = {str(one.column): one.of for one in fields if isinstance(one, BlindIndexField)}
        if columns and not model._meta.proxy:
            key = str(model._meta.pk.column)
            found.append(SealedTable(model._meta.db_table, key, columns, blind))
    return found


@leaves_trace(acts.KEY_MADE)
@transaction.atomic
def _make_key(algorithm: str) -> None:
    """Put a new key on the ring; what is written from now on is sealed under it."""
    _only_one_rotation()
    if unfinished():  # Somebody else has just begun: go on with theirs.
        return
    now = utc_now()
    fresh = ring().with_new_key(algorithm, now.isoformat())
    record(acts.KEY_MADE, at=now, payload={"key": fresh.current.id, "algorithm": algorithm})
    change_ring(lambda _old: fresh)


def _only_one_rotation() -> None:
    # SQLite needs nothing: the transaction is IMMEDIATE and so already the only writer.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROTATION_LOCK])


def unfinished() -> bool:
    """Whether rows may still need an older key: a rotation was begun and not brought to its end."""
    keys = ring(afresh=True).keys
    return sum(not key.retired for key in keys) > 1


def rotate(algorithm: str, progress: Progress = lambda done, what: None) -> int:
    """Seal everything under a new key, or go on where a rotation stopped; returns rows resealed.

    Readers and writers go on meanwhile. The old keys are retired at the end. Raises KeyError for
    an algorithm that is not known.
    """
    if not unfinished():
        _make_key(algorithm)
        time.sleep(2 * LOOK_AGAIN_SECONDS)  # Until every process seals under the new key.
    resealed = sum(_reseal_table(table, progress) for table in sealed_tables())
    _retire_older()
    return resealed


def _reseal_table(table: SealedTable, progress: Progress) -> int:
    resealed = 0
    for count in _reseal_in_steps(table):
        resealed += count
        progress(resealed, table.table)
    return resealed


def _reseal_in_steps(table: SealedTable) -> Iterator[int]:
    """Rows resealed in each short transaction, until none is left."""
    while True:
        with transaction.atomic():
            state, _made = KeyRotation.objects.select_for_update().get_or_create(
                table=table.table, key=ring().current.id
            )
            if state.finished_at:
                return
            rows = _next_rows(table, state.done_to)
            count = _reseal_rows(table, rows)
            if rows:
                state.done_to = rows[-1][0]
            else:
                state.finished_at = utc_now()
            state.save()
        yield count


def _next_rows(table: SealedTable, after: int) -> list[tuple[Any, ...]]:
    locking = " FOR UPDATE" if connection.vendor == "postgresql" else ""
    return fetch(
        f"SELECT {table.key}, {', '.join(table.columns)} FROM {table.table}"  # noqa: S608
        f" WHERE {table.key} > %s ORDER BY {table.key} LIMIT {ROWS_A_TIME}{locking}",
        [after],
    )


def _reseal_rows(table: SealedTable, rows: list[tuple[Any, ...]]) -> int:
    keys = ring()
    changed = []
    for key, *sealed in rows:
        if all(text is None or keys.is_current(text) for text in sealed):
            continue
        plain = {
            name: None if text is None else opened(text, f"{table.table}.{name}")
            for name, text in zip(table.columns, sealed, strict=True)
        }
        values: list[Any] = [
            None if text is None else keys.seal(text, f"{table.table}.{name}")
            for name, text in plain.items()
        ]
        values += [
            keys.blind(plain[of] or "", f"{table.table}.{of}") for of in table.blind.values()
        ]
        changed.append([*values, key])
    sets = ", ".join(f"{name} = %s" for name in (*table.columns, *table.blind))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table.table} SET {sets} WHERE {table.key} = %s",  # noqa: S608
            changed,
        )
    return len(changed)


@leaves_trace(acts.KEY_RETIRED)
@transaction.atomic
def _retire_older() -> None:
    """Retire every key but the current one. Backups of before still open with them."""
    _only_one_rotation()
    keys = ring(afresh=True)
    older = [key.id for key in keys.keys if not key.retired and key.id != keys.current.id]
    if older:
        record(acts.KEY_RETIRED, at=utc_now(), payload={"keys": older})
        change_ring(lambda old: old.without(older))
