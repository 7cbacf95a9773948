from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0007_every_account_has_a_ledger_ref"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="enterprise",
            index=models.Index(fields=["name"], name="enterprises_by_name"),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(fields=["name"], name="people_by_name"),
        ),
    ]
