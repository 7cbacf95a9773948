from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0007_what_happened_before"),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['organ', 'next_due_on', 'id'], name='cases_by_next_day'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'submitted')), fields=['next_due_on'], name='cases_to_answer'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('applicant_due_on__isnull', False)), fields=['applicant_due_on'], name='cases_that_may_lapse'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['submitted', 'correction', 'accepted', 'paused', 'refused', 'approved', 'denied', 'withdrawn', 'terminated', 'revoked'])), name='case_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('state__in', ['submitted', 'correction', 'refused'])), models.Q(('accepted_at__isnull', False), ('state__in', ['accepted', 'paused', 'approved', 'denied', 'revoked'])), ('state__in', ['withdrawn', 'terminated']), _connector='OR'), name='case_accepted_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('due_on', None), ('legal_due_on', None)), models.Q(('accepted_at__isnull', False), ('due_on__isnull', False), ('legal_due_on__isnull', False)), _connector='OR'), name='case_has_limits_from_acceptance'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'denied', 'revoked'])), models.Q(models.Q(('state__in', ['approved', 'denied', 'revoked']), _negated=True), ('decided_at', None)), _connector='OR'), name='case_decided_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('accepted_by', None), ('decided_by', None), models.Q(('accepted_by', models.F('decided_by')), _negated=True), _connector='OR'), name='case_decided_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), ('decided_at__isnull', False), _connector='OR'), name='case_decider_has_decided'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('accepted_by', None), ('accepted_at__isnull', False), _connector='OR'), name='case_accepter_has_accepted'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('delivered_at', None), ('state__in', ['approved', 'denied', 'revoked']), _connector='OR'), name='case_delivered_after_decision'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state__in', ['refused', 'withdrawn', 'terminated'])), models.Q(models.Q(('state__in', ['refused', 'withdrawn', 'terminated']), _negated=True), ('closed_at', None)), _connector='OR'), name='case_closed_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', False), ('state', 'revoked'), models.Q(('revocation_ground', ''), _negated=True)), models.Q(models.Q(('state', 'revoked'), _negated=True), ('revocation_ground', ''), ('revoked_at', None)), _connector='OR'), name='case_revoked_when_it_says_so'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('open_procedures__gt', 0), ('state', 'paused')), models.Q(models.Q(('state', 'paused'), _negated=True), ('open_procedures', 0)), _connector='OR'), name='case_paused_by_a_procedure'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_due_on__isnull', False), ('state__in', ['submitted', 'accepted'])), models.Q(('delivered_at', None), ('next_due_on__isnull', False), ('state__in', ['approved', 'denied'])), models.Q(('delivered_at__isnull', False), ('next_due_on', None), ('state__in', ['approved', 'denied'])), models.Q(('next_due_on', None), ('state__in', ['correction', 'paused', 'refused', 'withdrawn', 'terminated'])), models.Q(('next_due_on', None), ('state', 'revoked')), _connector='OR'), name='case_has_a_next_day_when_at_turn'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('applicant_due_on', None), ('state__in', ['correction', 'accepted', 'paused']), _connector='OR'), name='case_waits_for_the_applicant'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('extended_days', None), models.Q(('accepted_at__isnull', False), ('extended_days__gt', 0)), _connector='OR'), name='case_extended_after_acceptance'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(('seq__gt', 0)), name='event_has_a_place'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['viewed', 'revealed', 'emergency']), ('after', ''), ('before', '')), models.Q(('act', 'submit'), ('after', 'submitted'), ('before__in', [''])), models.Q(('act', 'accept'), ('after', 'accepted'), ('before__in', ['submitted'])), models.Q(('act', 'accept_tolerantly'), ('after', 'accepted'), ('before__in', ['submitted'])), models.Q(('act', 'accept_by_silence'), ('after', 'accepted'), ('before__in', ['submitted'])), models.Q(('act', 'request_correction'), ('after', 'correction'), ('before__in', ['submitted'])), models.Q(('act', 'correct'), ('after', 'submitted'), ('before__in', ['correction'])), models.Q(('act', 'refuse'), ('after', 'refused'), ('before__in', ['submitted'])), models.Q(('act', 'start_special'), ('after', 'paused'), ('before__in', ['accepted', 'paused'])), models.Q(('act', 'end_special'), ('after', 'accepted'), ('before__in', ['paused'])), models.Q(('act', 'approve'), ('after', 'approved'), ('before__in', ['accepted'])), models.Q(('act', 'deny'), ('after', 'denied'), ('before__in', ['accepted'])), models.Q(('act', 'withdraw'), ('after', 'withdrawn'), ('before__in', ['submitted', 'correction', 'accepted', 'paused'])), models.Q(('act', 'lapse'), ('after', 'withdrawn'), ('before__in', ['correction', 'accepted', 'paused'])), models.Q(('act', 'terminate'), ('after', 'terminated'), ('before__in', ['correction', 'accepted', 'paused'])), models.Q(('act', 'revoke'), ('after', 'revoked'), ('before__in', ['approved'])), models.Q(('act', 'supply'), ('after', models.F('before')), ('before__in', ['accepted', 'paused'])), models.Q(('act', 'extend'), ('after', models.F('before')), ('before__in', ['accepted', 'paused'])), models.Q(('act', 'end_special'), ('after', models.F('before')), ('before__in', ['paused'])), models.Q(('act', 'start_wait'), ('after', models.F('before')), ('before__in', ['accepted', 'paused'])), models.Q(('act', 'end_wait'), ('after', models.F('before')), ('before__in', ['accepted', 'paused'])), models.Q(('act', 'deliver'), ('after', models.F('before')), ('before__in', ['approved', 'denied'])), models.Q(('act', 'retract_commitment'), ('after', models.F('before')), ('before__in', ['submitted', 'accepted', 'paused'])), models.Q(('act', 'confirm_commitment'), ('after', models.F('before')), ('before__in', ['approved'])), models.Q(('act', 'order_repair'), ('after', models.F('before')), ('before__in', ['approved'])), models.Q(('act', 'due_recomputed'), ('after', models.F('before')), ('before__in', ['submitted', 'correction', 'accepted', 'paused', 'approved', 'denied'])), _connector='OR'), name='event_is_a_known_move'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.UniqueConstraint(condition=models.Q(('act__in', ['accept', 'accept_tolerantly', 'accept_by_silence'])), fields=('case',), name='one_acceptance_a_case'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.UniqueConstraint(condition=models.Q(('act__in', ['refuse', 'approve', 'deny', 'withdraw', 'lapse', 'terminate'])), fields=('case',), name='one_ending_a_case'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.UniqueConstraint(condition=models.Q(('act', 'extend')), fields=('case',), name='one_extension_a_case'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.UniqueConstraint(condition=models.Q(('act', 'deliver')), fields=('case',), name='one_delivery_a_case'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['request_correction', 'refuse', 'extend', 'start_special', 'end_special', 'start_wait', 'end_wait', 'approve', 'deny', 'terminate', 'revoke', 'confirm_commitment', 'order_repair']), _negated=True), models.Q(('text', ''), _negated=True), _connector='OR'), name='event_has_its_reasons'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['accept_by_silence', 'lapse', 'due_recomputed']), ('actor', None)), models.Q(models.Q(('act__in', ['accept_by_silence', 'lapse', 'due_recomputed']), _negated=True), ('actor__isnull', False)), _connector='OR'), name='event_has_who_acted'),
        ),
        migrations.AddConstraint(
            model_name='caseevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('act__in', ['request_correction', 'accept', 'accept_tolerantly', 'refuse', 'extend', 'start_special', 'end_special', 'start_wait', 'end_wait', 'approve', 'deny', 'deliver', 'terminate', 'revoke', 'confirm_commitment', 'order_repair']), _negated=True), ('organ__isnull', False), _connector='OR'), name='event_of_staff_has_its_organ'),
        ),
    ]
