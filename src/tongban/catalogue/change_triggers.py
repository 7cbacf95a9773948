"""Triggers that note every change of what search and open data show, in the change's own transaction.

Triggers, so that no way of writing (an import of a million rows, the editor, a console) can forget it.
Each writes one row of `catalogue_change` and names no other table: so other tables can be made anew.
SQLite drops the triggers of a table that a later migration makes anew (a new column or constraint):
that migration has to run `forwards` again. A test asks the migrated database.
"""

from __future__ import annotations

from typing import Any, Final

TABLE: Final = "catalogue_change"
# Name of the trigger: table, event, kind of change, the row's key.
TRIGGERS: Final = {
    "item_made": ("catalogue_serviceitem", "INSERT", "item", "NEW.id"),
    "item_changed": ("catalogue_serviceitem", "UPDATE", "item", "NEW.id"),
    "item_recoded": ("catalogue_serviceitem", "UPDATE OF code", "gone", "OLD.code"),
    "item_gone": ("catalogue_serviceitem", "DELETE", "gone", "OLD.code"),
    "guide_made": ("catalogue_guide", "INSERT", "item", "NEW.item_id"),
    "guide_changed": ("catalogue_guide", "UPDATE", "item", "NEW.item_id"),
    "guide_gone": ("catalogue_guide", "DELETE", "item", "OLD.item_id"),
    "organ_changed": ("directory_organ", "UPDATE OF name, code", "organ", "NEW.id"),
    "region_changed": ("directory_region", "UPDATE OF name, level", "region", "NEW.code"),
    "rank_made": ("catalogue_itemrank", "INSERT", "rank", "NEW.code"),
    "rank_changed": ("catalogue_itemrank", "UPDATE", "rank", "NEW.code"),
    "rank_gone": ("catalogue_itemrank", "DELETE", "rank", "OLD.code"),
}
# Only these changes count: an import that writes the same name again is none.
CONDITIONS: Final = {
    "item_recoded": "OLD.code <> NEW.code",
    "organ_changed": "OLD.name <> NEW.name OR OLD.code <> NEW.code",
    "region_changed": "OLD.name <> NEW.name OR OLD.level <> NEW.level",
    "rank_changed": "OLD.level <> NEW.level",
}
_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION catalogue_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {insert};
    RETURN NULL;
END $$;
"""


def _statement(vendor: str, name: str) -> str:
    table, event, kind, key = TRIGGERS[name]
    when = f" WHEN ({CONDITIONS[name]})" if name in CONDITIONS else ""
    head = f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW{when}"
    insert = f"INSERT INTO {TABLE} (kind, key) VALUES ('{kind}', CAST({key} AS text))"  # noqa: S608
    if vendor == "postgresql":
        function = _FUNCTION.format(name=name, insert=insert)
        return f"{function} {head} EXECUTE FUNCTION catalogue_{name}()"
    return f"{head} BEGIN {insert}; END"


def forwards(apps: Any, schema_editor: Any) -> None:
    """Make the triggers, also where some are there already."""
    backwards(apps, schema_editor)
    vendor = schema_editor.connection.vendor
    for name in TRIGGERS:
        schema_editor.execute(_statement(vendor, name), params=None)


def backwards(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name, (table, *_rest) in TRIGGERS.items():
        on = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)
        if vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION IF EXISTS catalogue_{name}()", params=None)
