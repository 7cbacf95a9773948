"""Single rows without building a query, for acts that thousands wait for.

Django composes the SQL of every call anew, which takes longer than the database takes to run it.
Here it is composed once a process (`insert`, `update`) or written by hand (`fetch`, `execute`). Fields,
constraints and transactions are those of the models all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model


@lru_cache(maxsize=64)
def _insert_of(model: type[Model], vendor: str) -> tuple[str, tuple[Field[Any, Any], ...]]:
    quote = connection.ops.quote_name
    key = model._meta.pk
    fields = tuple(
        field for field in model._meta.concrete_fields if not isinstance(field, AutoField)
    )
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING {quote(str(key.column))}"  # noqa: S608
    return sql, fields


def insert(row: Model) -> None:
    """Insert a new row with every field as it is set on the instance, and give it its key.

    No signals and no `save()` of the model. Raises what the database raises (IntegrityError …).
    """
    sql, fields = _insert_of(type(row), connection.vendor)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


@lru_cache(maxsize=256)
def _update_of(
    model: type[Model], names: tuple[str, ...], guards: tuple[str, ...], vendor: str
) -> tuple[str, tuple[Field[Any, Any], ...]]:
    quote = connection.ops.quote_name
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = tuple(known[name] for name in (*names, *guards))
    marks = [f"{quote(str(field.column))} = %s" for field in fields]
    changed, kept = ", ".join(marks[: len(names)]), " AND ".join(marks[len(names) :])
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    sql = f"UPDATE {table} SET {changed} WHERE {key} = %s"  # noqa: S608
    return (f"{sql} AND {kept}" if kept else sql), fields


def update(row: Model, *names: str, **while_it_is: Any) -> int:
    """Write fields of a row as they are set on the instance; how many rows that was, 1 or 0.

    `while_it_is`: what other fields must still be in the database, else nothing is written.
    """
    guards = tuple(while_it_is)
    sql, fields = _update_of(type(row), names, guards, connection.vendor)
    wanted = [*(getattr(row, field.attname) for field in fields[: len(names)])]
    values = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(fields, [*wanted, *while_it_is.values()], strict=True)
    ]
    values.insert(len(names), row.pk)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a hand-written SELECT that both databases understand."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def execute(sql: str, values: Sequence[Any]) -> None:
    """Run a hand-written UPDATE or DELETE that both databases understand."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def locked(alias: str) -> str:
    """The clause that locks the rows of `alias` until the transaction ends.

    SQLite needs none: its transactions here are IMMEDIATE, one writer at a time.
    """
    return f" FOR UPDATE OF {alias}" if connection.vendor == "postgresql" else ""


# Any number will do, as long as every integrator of this database asks for the same one.
INTEGRATOR_LOCK = 0x746F6E67


def only_one_integrator() -> None:
    """Wait until nobody else extends the log; held until the transaction ends.

    SQLite needs nothing: the transaction is IMMEDIATE and so already the only writer.
    """
    if connection.vendor == "postgresql":
        execute("SELECT pg_advisory_xact_lock(%s)", [INTEGRATOR_LOCK])
