"""Give numbered entries their places; put salt and payload under one seal."""

from django.db import migrations
from django.db.models import F

from tongban.ledger.sealed import opened, ring

BATCH = 2_000


def join_openings(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for rows in batches(cursor, "salt, payload", "salt IS NOT NULL AND payload IS NOT NULL"):
            changed = []
            for key, salt, payload in rows:
                joined = opened(salt, "ledger_entry.salt") + opened(payload, "ledger_entry.payload")
                changed.append([ring().seal(joined, "ledger_entry.opening"), key])
            cursor.executemany("UPDATE ledger_entry SET opening = %s WHERE id = %s", changed)


def split_openings(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for rows in batches(cursor, "opening", "opening IS NOT NULL"):
            changed = []
            for key, opening in rows:
                joined = opened(opening, "ledger_entry.opening")
                salt = ring().seal(joined[:64], "ledger_entry.salt")
                changed.append([salt, ring().seal(joined[64:], "ledger_entry.payload"), key])
            cursor.executemany(
                "UPDATE ledger_entry SET salt = %s, payload = %s WHERE id = %s", changed
            )


def batches(cursor, columns, condition):
    last = 0
    while True:
        cursor.execute(
            f"SELECT id, {columns} FROM ledger_entry WHERE {condition} AND id > %s"
            " ORDER BY id LIMIT %s",
            [last, BATCH],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def give_places(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_place (seq, entry_id)"
            " SELECT seq, id FROM ledger_entry WHERE seq IS NOT NULL ORDER BY seq"
        )
        cursor.execute(
            "INSERT INTO ledger_waiting (entry_id) SELECT id FROM ledger_entry WHERE seq IS NULL"
        )


def take_places(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_entry SET seq = (SELECT p.seq FROM ledger_place p"
            " WHERE p.entry_id = ledger_entry.id)"
        )


def all_published(apps, schema_editor):
    apps.get_model("ledger", "Checkpoint").objects.update(published_at=F("signed_at"))


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_places_and_keys")]

    operations = [
        migrations.RunPython(give_places, take_places),
        migrations.RunPython(join_openings, split_openings),
        migrations.RunPython(all_published, migrations.RunPython.noop),
    ]
