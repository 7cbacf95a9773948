"""The desk of the staff: claims, notes, views, serving at a counter, cases of other systems."""

from importlib import import_module

import django.db.models.deletion
import tongban.ledger.sealed
from django.conf import settings
from django.db import migrations, models

triggers = import_module("tongban.cases.migrations.0009_events_and_states")
of_procedures = import_module("tongban.cases.migrations.0012_procedures")


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0012_procedures'),
        ('catalogue', '0004_versions'),
        ('directory', '0008_names'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [
        # SQLite makes tables anew, which their triggers don't survive: away first, again at last.
        migrations.RunPython(triggers.backwards, triggers.forwards),
        migrations.RunPython(of_procedures.backwards, of_procedures.forwards),
        migrations.CreateModel(
            name='Assistance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(unique=True)),
                ('draft_key', models.UUIDField()),
                ('consent', models.CharField(choices=[('spoken', 'said so at the counter'), ('signed', 'signed on paper')], max_length=10)),
                ('begun_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='CaseNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', tongban.ledger.sealed.SealedTextField()),
            ],
        ),
        migrations.CreateModel(
            name='Paper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=200)),
                ('copies', models.PositiveSmallIntegerField()),
                ('arrived', models.BooleanField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PaperList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True)),
                ('made_at', models.DateTimeField()),
                ('received_at', models.DateTimeField(null=True)),
                ('remark', models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name='ReasonText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=20)),
                ('title', models.CharField(max_length=60)),
                ('text', models.TextField(max_length=2000)),
            ],
        ),
        migrations.CreateModel(
            name='ReportedCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_number', models.CharField(max_length=50)),
                ('item_name', models.CharField(max_length=400)),
                ('region_path', models.CharField(max_length=12)),
                ('ledger_ref', models.CharField(max_length=32, unique=True)),
                ('applicant_name', models.CharField(blank=True, max_length=100)),
                ('applicant_number', tongban.ledger.sealed.SealedTextField(blank=True)),
                ('applicant_number_index', tongban.ledger.sealed.BlindIndexField(of='applicant_number')),
                ('state', models.CharField(choices=[('applied', 'Received elsewhere'), ('accepted', 'Being handled elsewhere'), ('paused', 'Paused elsewhere'), ('concluded', 'Concluded elsewhere')], max_length=12)),
                ('applied_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('concluded_at', models.DateTimeField(null=True)),
                ('due_on', models.DateField(null=True)),
                ('record', tongban.ledger.sealed.SealedJSONField()),
                ('reported_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ReportedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ReportingRight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('given_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('query', models.CharField(max_length=300)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='case',
            name='cases_by_deadline',
        ),
        migrations.RemoveIndex(
            model_name='case',
            name='cases_by_next_day',
        ),
        migrations.AddField(
            model_name='case',
            name='claimed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='claimed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='draft',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['organ', 'state', 'next_due_on', 'id'], name='cases_of_an_organ'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['item', 'state', 'next_due_on', 'id'], name='cases_of_an_item'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('claimed_by', None)), fields=['organ', 'state', 'next_due_on', 'id'], name='cases_nobody_claimed'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('claimed_by', None)), fields=['item', 'state', 'next_due_on', 'id'], name='cases_of_an_item_unclaimed'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('claimed_by__isnull', False)), fields=['claimed_by', 'state', 'next_due_on', 'id', 'organ'], name='cases_somebody_claimed'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(condition=models.Q(('account', None), ('case', None)), fields=('principal', 'item'), name='one_counter_draft_an_item'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='case',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='assistance', to='cases.case'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='clerk',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='assistance',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.serviceitem'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='office',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.office'),
        ),
        migrations.AddField(
            model_name='assistance',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assistances', to='directory.person'),
        ),
        migrations.AddField(
            model_name='casenote',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='casenote',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='cases.case'),
        ),
        migrations.AddField(
            model_name='paper',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='cases.case'),
        ),
        migrations.AddField(
            model_name='paperlist',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='paperlist',
            name='office',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_lists', to='cases.office'),
        ),
        migrations.AddField(
            model_name='paperlist',
            name='received_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='paperlist',
            name='to_organ',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_lists', to='directory.organ'),
        ),
        migrations.AddField(
            model_name='paper',
            name='list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='papers', to='cases.paperlist'),
        ),
        migrations.AddField(
            model_name='reasontext',
            name='organ',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reason_texts', to='directory.organ'),
        ),
        migrations.AddField(
            model_name='reportedcase',
            name='item',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reported_cases', to='catalogue.serviceitem'),
        ),
        migrations.AddField(
            model_name='reportedcase',
            name='organ',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reported_cases', to='directory.organ'),
        ),
        migrations.AddField(
            model_name='reportedcase',
            name='system',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reported_cases', to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
        ),
        migrations.AddField(
            model_name='reportedrow',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='cases.reportedcase'),
        ),
        migrations.AddField(
            model_name='reportingright',
            name='organ',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reporting_rights', to='directory.organ'),
        ),
        migrations.AddField(
            model_name='reportingright',
            name='system',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reporting_rights', to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
        ),
        migrations.AddField(
            model_name='savedview',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='assistance',
            index=models.Index(fields=['clerk', '-begun_at'], name='assistances_of_a_clerk'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.CheckConstraint(condition=models.Q(('case', None), ('ended_at__isnull', False), _connector='OR'), name='assistance_ends_with_the_case'),
        ),
        migrations.AddConstraint(
            model_name='assistance',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('clerk', 'person', 'item'), name='one_open_assistance'),
        ),
        migrations.AddIndex(
            model_name='paperlist',
            index=models.Index(condition=models.Q(('received_at', None)), fields=['to_organ', '-made_at'], name='papers_on_their_way'),
        ),
        migrations.AddConstraint(
            model_name='paperlist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('received_at', None), ('received_by', None)), models.Q(('received_at__isnull', False), ('received_by__isnull', False)), _connector='OR'), name='papers_received_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='paperlist',
            constraint=models.CheckConstraint(condition=models.Q(('received_by', None), models.Q(('received_by', models.F('made_by')), _negated=True), _connector='OR'), name='papers_change_hands'),
        ),
        migrations.AddConstraint(
            model_name='paper',
            constraint=models.CheckConstraint(condition=models.Q(('copies__gte', 1), ('copies__lte', 999)), name='papers_are_some'),
        ),
        migrations.AddConstraint(
            model_name='reasontext',
            constraint=models.UniqueConstraint(fields=('organ', 'act', 'title'), name='one_reason_text_a_title'),
        ),
        migrations.AddIndex(
            model_name='reportedcase',
            index=models.Index(fields=['organ', 'state', 'due_on', 'id'], name='reported_of_an_organ'),
        ),
        migrations.AddIndex(
            model_name='reportedcase',
            index=models.Index(fields=['item', 'state', 'due_on', 'id'], name='reported_of_an_item'),
        ),
        migrations.AddIndex(
            model_name='reportedcase',
            index=models.Index(fields=['applicant_number_index', '-applied_at'], name='reported_of_an_applicant'),
        ),
        migrations.AddIndex(
            model_name='reportedcase',
            index=models.Index(fields=['region_path', 'id'], name='reported_of_a_region'),
        ),
        migrations.AddConstraint(
            model_name='reportedcase',
            constraint=models.UniqueConstraint(fields=('system', 'source_number'), name='one_reported_case_a_number'),
        ),
        migrations.AddConstraint(
            model_name='reportedcase',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['applied', 'accepted', 'paused', 'concluded'])), name='reported_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='reportedcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('concluded_at__isnull', False), ('state', 'concluded')), models.Q(models.Q(('state', 'concluded'), _negated=True), ('concluded_at', None)), _connector='OR'), name='reported_concluded_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='reportedrow',
            constraint=models.UniqueConstraint(fields=('case', 'digest'), name='a_reported_row_once'),
        ),
        migrations.AddConstraint(
            model_name='reportingright',
            constraint=models.UniqueConstraint(fields=('system', 'organ'), name='one_right_a_system_and_organ'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='one_saved_view_a_name'),
        ),
        migrations.RunPython(triggers.forwards, triggers.backwards),
        migrations.RunPython(of_procedures.forwards, of_procedures.backwards),
    ]
