"""On SQLite, what waits is seen in the keys; no row needs to say so.

SQLite has one writer at a time, so keys are given in the order of commits: whatever lies above the
last entry with a place waits. PostgreSQL gives keys before it commits, and keeps its table.

While the view exists, SQLite refuses to remake `ledger_entry` or `ledger_place`: a migration that
changes one of them calls `to_table` before and `to_view` after.
"""

from django.db import migrations

VIEW = (
    "CREATE VIEW ledger_waiting AS SELECT id AS entry_id FROM ledger_entry"
    " WHERE id > (SELECT coalesce(max(entry_id), 0) FROM ledger_place)"
)
TABLE = (
    "CREATE TABLE ledger_waiting (entry_id bigint NOT NULL PRIMARY KEY"
    " REFERENCES ledger_entry (id) DEFERRABLE INITIALLY DEFERRED)"
)
ROWS = (
    "INSERT INTO ledger_waiting SELECT id FROM ledger_entry"
    " WHERE id > (SELECT coalesce(max(entry_id), 0) FROM ledger_place)"
)


def to_view(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE ledger_waiting")
        schema_editor.execute(VIEW)


def to_table(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP VIEW ledger_waiting")
        schema_editor.execute(TABLE)
        schema_editor.execute(ROWS)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_only_what_entries_need")]

    operations = [migrations.RunPython(to_view, to_table)]
