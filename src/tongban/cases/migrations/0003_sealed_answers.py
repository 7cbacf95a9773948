"""Seal the answers of drafts and cases."""

from django.db import migrations

from tongban.ledger.sealed import SealedJSONField, open_stored, seal_stored

TABLES = ("cases_case", "cases_draft")


def seal(apps, schema_editor):
    for table in TABLES:
        seal_stored(schema_editor, table, ["answers"])


def unseal(apps, schema_editor):
    for table in TABLES:
        open_stored(schema_editor, table, ["answers"])


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial")]

    operations = [
        migrations.AlterField("case", "answers", SealedJSONField()),
        migrations.AlterField("draft", "answers", SealedJSONField(default=dict)),
        migrations.RunPython(seal, unseal),
    ]
