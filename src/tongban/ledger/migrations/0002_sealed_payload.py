"""Seal the payloads: they hold what was handed in."""

from django.db import migrations

from tongban.ledger.sealed import SealedTextField, open_stored, seal_stored


def seal(apps, schema_editor):
    seal_stored(schema_editor, "ledger_entry", ["payload"])


def unseal(apps, schema_editor):
    open_stored(schema_editor, "ledger_entry", ["payload"])


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.AlterField("entry", "payload", SealedTextField(null=True)),
        migrations.RunPython(seal, unseal),
    ]
