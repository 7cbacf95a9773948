"""Places beside entries; keys, witnesses and tallies of the log."""

from django.db import migrations, models
from django.db.models import PROTECT

from tongban.ledger.sealed import SealedTextField


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_sealed_salt")]

    operations = [
        migrations.CreateModel(
            "Waiting",
            [
                (
                    "entry",
                    models.OneToOneField(
                        "ledger.entry", PROTECT, primary_key=True, serialize=False
                    ),
                )
            ],
        ),
        migrations.CreateModel(
            "Place",
            [
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry", models.OneToOneField("ledger.entry", PROTECT)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(seq__gte=0), name="place_not_negative")
                ]
            },
        ),
        migrations.AddField("entry", "opening", SealedTextField(null=True)),
        migrations.AddField("checkpoint", "published_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "checkpoint",
            models.Index(
                fields=["size"],
                condition=models.Q(published_at=None),
                name="checkpoint_unpublished",
            ),
        ),
        migrations.CreateModel(
            "Cosignature",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "checkpoint",
                    models.ForeignKey("ledger.checkpoint", PROTECT, related_name="cosignatures"),
                ),
                ("witness", models.CharField(max_length=255)),
                ("key_id", models.CharField(max_length=8)),
                ("line", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["checkpoint", "witness", "key_id"], name="one_cosignature_a_witness"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "LogKey",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vkey", models.TextField(unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("origin", models.CharField(max_length=255)),
                ("announced_at", models.DateTimeField()),
                ("announced", models.OneToOneField("ledger.entry", PROTECT, related_name="+")),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "retired",
                    models.OneToOneField("ledger.entry", PROTECT, related_name="+", null=True),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(retired_at=None, retired=None)
                        | models.Q(retired_at__isnull=False, retired__isnull=False),
                        name="retired_with_an_entry",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "Tally",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("act", models.CharField(max_length=63)),
                ("organ", models.CharField(blank=True, max_length=32)),
                ("region", models.CharField(blank=True, max_length=12)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["day", "act", "organ", "region"], name="one_tally"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "Counted",
            [
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("upto", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(id=1), name="one_count")
                ]
            },
        ),
    ]
