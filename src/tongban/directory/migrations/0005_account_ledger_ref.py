"""A reference for every account, under which the person finds the acts about them in the ledger.

In three steps, so that a big table is never rewritten under a lock: the column, the old rows, the
rule that none is without.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_openid")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="ledger_ref",
            field=models.CharField(editable=False, max_length=32, null=True),
        )
    ]
