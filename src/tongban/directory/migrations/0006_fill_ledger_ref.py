"""Give the accounts of before their references. Interrupted, it goes on where it stopped."""

import secrets

from django.db import migrations

BATCH = 1_000


def fill(apps, schema_editor):
    accounts = apps.get_model("directory", "Account").objects.filter(ledger_ref=None)
    while batch := list(accounts.order_by("pk").only("pk")[:BATCH]):
        for account in batch:
            account.ledger_ref = secrets.token_hex(16)
        accounts.bulk_update(batch, ["ledger_ref"])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("directory", "0005_account_ledger_ref")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
