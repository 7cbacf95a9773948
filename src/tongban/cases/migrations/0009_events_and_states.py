"""What a check constraint can't see: events are never changed, and states change with an event.

SQLite drops the triggers of a table that a later migration makes anew (a new column or constraint):
that migration has to run `forwards` again. A test asks the migrated database.
"""

from django.db import migrations

SQLITE = {
    "case_event_is_never_changed": """
        BEFORE UPDATE ON cases_caseevent
        BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END""",
    "case_event_fits_the_case": """
        BEFORE INSERT ON cases_caseevent WHEN NEW.before <> ''
        AND NEW.before <> (SELECT state FROM cases_case WHERE id = NEW.case_id)
        BEGIN SELECT RAISE(ABORT, 'the case is not in the state that the event begins with'); END""",
    "case_moves_with_an_event": """
        BEFORE UPDATE OF state ON cases_case WHEN OLD.state <> NEW.state
        AND NOT EXISTS (SELECT 1 FROM cases_caseevent WHERE case_id = NEW.id
            AND seq = NEW.events_count AND before = OLD.state AND after = NEW.state)
        BEGIN SELECT RAISE(ABORT, 'no event leads the case to this state'); END""",
}
POSTGRESQL = """
CREATE OR REPLACE FUNCTION case_event_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an event is never changed' USING ERRCODE = 'check_violation';
END $$;
CREATE OR REPLACE FUNCTION case_event_fits_the_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.before <> (SELECT state FROM cases_case WHERE id = NEW.case_id) THEN
        RAISE EXCEPTION 'the case is not in the state that the event begins with'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION case_moves_with_an_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM cases_caseevent WHERE case_id = NEW.id
        AND seq = NEW.events_count AND before = OLD.state AND after = NEW.state) THEN
        RAISE EXCEPTION 'no event leads the case to this state' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_event_is_never_changed BEFORE UPDATE ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION case_event_is_never_changed();
CREATE TRIGGER case_event_fits_the_case BEFORE INSERT ON cases_caseevent
    FOR EACH ROW WHEN (NEW.before <> '') EXECUTE FUNCTION case_event_fits_the_case();
CREATE TRIGGER case_moves_with_an_event BEFORE UPDATE OF state ON cases_case
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION case_moves_with_an_event();
"""
TABLES = {
    "case_event_is_never_changed": "cases_caseevent",
    "case_event_fits_the_case": "cases_caseevent",
    "case_moves_with_an_event": "cases_case",
}


def forwards(apps, schema_editor):
    backwards(apps, schema_editor)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
        return
    for name, body in SQLITE.items():
        schema_editor.execute(f"CREATE TRIGGER {name} {body}", params=None)


def backwards(apps, schema_editor):
    for name, table in TABLES.items():
        on = f" ON {table}" if schema_editor.connection.vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}", params=None)


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0008_lifecycle_constraints"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
