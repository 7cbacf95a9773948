"""Entries lose what stands elsewhere now: number, salt, payload."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_move_openings")]

    operations = [
        migrations.RemoveConstraint("entry", "seq_not_negative"),
        migrations.RemoveIndex("entry", "entry_waiting_for_number"),
        migrations.RemoveField("entry", "payload"),
        migrations.RemoveField("entry", "salt"),
        migrations.RemoveField("entry", "seq"),
    ]
