"""Seal what is sensitive of a person, and find a number by its blind index."""

from django.db import migrations

from tongban.ledger.sealed import (
    BlindIndexField,
    SealedTextField,
    open_stored,
    seal_stored,
)

COLUMNS = ["id_number", "phone", "address"]


def seal(apps, schema_editor):
    seal_stored(schema_editor, "directory_person", COLUMNS, {"id_number_index": "id_number"})


def unseal(apps, schema_editor):
    open_stored(schema_editor, "directory_person", COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.AddField("person", "id_number_index", BlindIndexField(of="id_number", null=True)),
        migrations.AlterField("person", "address", SealedTextField(blank=True)),
        migrations.AlterField("person", "id_number", SealedTextField()),
        migrations.AlterField("person", "phone", SealedTextField(blank=True)),
        migrations.RunPython(seal, unseal),
        migrations.AlterField(
            "person", "id_number_index", BlindIndexField(of="id_number", unique=True)
        ),
    ]
