from django.db import migrations, models

import tongban.ledger.services


class Migration(migrations.Migration):
    dependencies = [("directory", "0006_fill_ledger_ref")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="ledger_ref",
            field=models.CharField(
                default=tongban.ledger.services.new_case_ref,
                editable=False,
                max_length=32,
                unique=True,
            ),
        )
    ]
