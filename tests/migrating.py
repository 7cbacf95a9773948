"""A database that is empty, to be brought through the versions: the shared one stays as it is.

Going back from the newest version costs Django a picture of all models for every step; going forward
from nothing to an old version costs little.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@contextmanager
def empty_database(folder: Path) -> Iterator[None]:
    """Point the connection to nothing but tables to come; afterwards back to where it was."""
    settings, name = connection.settings_dict, f"empty_{uuid.uuid4().hex[:8]}"
    before = {key: settings[key] for key in ("NAME", "OPTIONS")}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {name}")
        settings["OPTIONS"] = before["OPTIONS"] | {"options": f"-c search_path={name}"}
    else:
        settings["NAME"] = folder / "empty.sqlite3"
    connection.close()
    try:
        yield
    finally:
        connection.close()
        settings.update(before)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA {name} CASCADE")


def newest() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def migrated(targets: list[tuple[str, str]]) -> Apps:
    """The models of these versions, to which the database was brought."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps
