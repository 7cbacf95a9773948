"""Seal the salts: with one in the open, short payloads could be guessed from the public leaf."""

from django.db import migrations

from tongban.ledger.sealed import SealedBytesField, opened, ring

PLACE = "ledger_entry.salt"


def hexadecimal(stored):
    """The salt as the old column left it: bytes on SQLite, `\\x…` on PostgreSQL."""
    return stored[2:] if isinstance(stored, str) else bytes(stored).hex()


def seal(apps, schema_editor):
    change(schema_editor, lambda stored: ring().seal(hexadecimal(stored), PLACE))


def unseal(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"

    def plain(sealed):
        text = opened(sealed, PLACE)
        return f"\\x{text}" if postgresql else bytes.fromhex(text)

    change(schema_editor, plain)


def change(schema_editor, to):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, salt FROM ledger_entry WHERE salt IS NOT NULL")
        for key, stored in cursor.fetchall():
            cursor.execute("UPDATE ledger_entry SET salt = %s WHERE id = %s", [to(stored), key])


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_key_rotation")]

    operations = [
        migrations.AlterField("entry", "salt", SealedBytesField(null=True)),
        migrations.RunPython(seal, unseal),
    ]
