"""The feed of changes, what is used, what was looked for in vain."""

from django.db import migrations, models

from tongban.catalogue import change_triggers

ALL = "INSERT INTO catalogue_change (kind, key) SELECT 'item', CAST(id AS text) FROM catalogue_serviceitem"


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0007_on_shelves'),
    ]

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('item', 'Item'), ('organ', 'Organ'), ('region', 'Region'), ('rank', 'Rank'), ('gone', 'Gone')], max_length=6)),
                ('key', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='ItemChange',
            fields=[
                ('code', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('place', models.BigIntegerField(unique=True)),
                ('at', models.DateTimeField()),
                ('what', models.CharField(choices=[('changed', 'Changed'), ('withdrawn', 'Withdrawn'), ('gone', 'Gone')], max_length=9)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('what__in', ['changed', 'withdrawn', 'gone'])), name='item_change_is_known')],
            },
        ),
        migrations.CreateModel(
            name='ItemRank',
            fields=[
                ('code', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('level', models.PositiveSmallIntegerField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('level__gte', 1), ('level__lte', 5)), name='item_rank_is_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='ItemUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64)),
                ('month', models.DateField()),
                ('opened', models.PositiveIntegerField(default=0)),
                ('applied', models.PositiveIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['month'], name='item_uses_of_a_month')],
                'constraints': [models.UniqueConstraint(fields=('code', 'month'), name='one_use_an_item_and_month')],
            },
        ),
        migrations.CreateModel(
            name='VainQuery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=60)),
                ('month', models.DateField()),
                ('region_path', models.CharField(blank=True, max_length=6)),
                ('count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['month', '-count'], name='vain_queries_of_a_month')],
                'constraints': [models.UniqueConstraint(fields=('text', 'month', 'region_path'), name='one_vain_query_a_month_and_region')],
            },
        ),
        migrations.RunPython(change_triggers.forwards, change_triggers.backwards),
        # What is in the catalogue already is new to the feed.
        migrations.RunSQL(ALL, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name='serviceitem', name='items_of_a_region'),
        migrations.AddIndex(
            model_name='serviceitem',
            index=models.Index(fields=['region_path', 'code'], name='items_by_region_and_code'),
        ),
    ]
