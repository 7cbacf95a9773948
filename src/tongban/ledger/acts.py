"""Kinds of acts that leave a trace, with their names. A kind is never renamed: leaves quote it."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

CASE_SUBMITTED: Final = "case.submitted"
CASE_CORRECTION_REQUESTED: Final = "case.correction_requested"
CASE_CORRECTED: Final = "case.corrected"
CASE_ACCEPTED: Final = "case.accepted"
CASE_REFUSED: Final = "case.refused"
CASE_DECIDED: Final = "case.decided"
CASE_DUE_RECOMPUTED: Final = "case.due_recomputed"
APPOINTMENT_BOOKED: Final = "appointment.booked"
APPOINTMENT_CHANGED: Final = "appointment.changed"
APPOINTMENT_CANCELLED: Final = "appointment.cancelled"
APPOINTMENT_CHECKED_IN: Final = "appointment.checked_in"
APPOINTMENT_MISSED: Final = "appointment.missed"
CASE_VIEWED: Final = "case.viewed"
CASE_ACCEPTED_BY_SILENCE: Final = "case.accepted_by_silence"
CASE_SUPPLIED: Final = "case.supplied"
CASE_EXTENDED: Final = "case.extended"
CASE_PAUSED: Final = "case.special_procedure_begun"
CASE_RESUMED: Final = "case.special_procedure_ended"
CASE_WAIT_BEGUN: Final = "case.wait_begun"
CASE_WAIT_ENDED: Final = "case.wait_ended"
CASE_DELIVERED: Final = "case.delivered"
CASE_WITHDRAWN: Final = "case.withdrawn"
CASE_LAPSED: Final = "case.lapsed"
CASE_TERMINATED: Final = "case.terminated"
CASE_REVOKED: Final = "case.revoked"
COMMITMENT_RETRACTED: Final = "case.commitment_retracted"
COMMITMENT_CONFIRMED: Final = "case.commitment_confirmed"
COMMITMENT_REPAIR_ORDERED: Final = "case.commitment_repair_ordered"
CASE_HANDED_OVER: Final = "case.handed_over"
COUNTER_SERVICE_BEGUN: Final = "counter.service_begun"
PAPERS_SENT: Final = "counter.papers_sent"
PAPERS_RECEIVED: Final = "counter.papers_received"
CASE_REPORTED: Final = "case.reported"
REPORTING_ALLOWED: Final = "case.reporting_allowed"
CASES_EXPORTED: Final = "case.exported"
IDENTITY_VERIFIED: Final = "directory.identity_verified"
DELEGATION_GRANTED: Final = "directory.delegation_granted"
DELEGATION_REVOKED: Final = "directory.delegation_revoked"
POST_GIVEN: Final = "directory.post_given"
POST_TAKEN: Final = "directory.post_taken"
SUBSTITUTE_NAMED: Final = "directory.substitute_named"
SUBSTITUTE_ENDED: Final = "directory.substitute_ended"
CORRECTION_ASKED: Final = "directory.correction_asked"
CORRECTION_ANSWERED: Final = "directory.correction_answered"
DATA_EXPORTED: Final = "directory.data_exported"
ACCOUNT_CLOSED: Final = "directory.account_closed"
MATERIAL_VERIFIED: Final = "case.material_verified"
MATERIAL_SCANNED: Final = "case.material_scanned"
DATA_REVEALED: Final = "case.data_revealed"
EMERGENCY_ASKED: Final = "case.emergency_asked"
EMERGENCY_ALLOWED: Final = "case.emergency_allowed"
LEDGER_KEY_ANNOUNCED: Final = "ledger.key_announced"
LEDGER_KEY_RETIRED: Final = "ledger.key_retired"
LEDGER_RESUMED: Final = "ledger.resumed"
LEDGER_ERASED: Final = "ledger.erased"
KEY_MADE: Final = "keys.made"
KEY_RETIRED: Final = "keys.retired"
RETENTION_APPLIED: Final = "retention.applied"
CALENDAR_LOADED: Final = "directory.calendar_loaded"
REGIONS_LOADED: Final = "directory.regions_loaded"
DEMONSTRATION_LOADED: Final = "directory.demonstration_loaded"
DATA_CONSENTED: Final = "directory.data_consented"
CONSENT_WITHDRAWN: Final = "directory.consent_withdrawn"
TOKEN_ISSUED: Final = "directory.token_issued"  # noqa: S105 - the name of an act
DATA_HANDED_OUT: Final = "directory.data_handed_out"
SYSTEM_REGISTERED: Final = "directory.system_registered"
ITEMS_LOADED: Final = "catalogue.items_loaded"
GUIDE_PUBLISHED: Final = "catalogue.guide_published"
GUIDE_SENT_TO_REVIEW: Final = "catalogue.guide_sent_to_review"
GUIDE_RETURNED: Final = "catalogue.guide_returned"
GUIDE_APPROVED: Final = "catalogue.guide_approved"
GUIDE_WITHDRAWN: Final = "catalogue.guide_withdrawn"
LINT_OVERRIDDEN: Final = "catalogue.lint_overridden"
BASIC_PUBLISHED: Final = "catalogue.basic_published"
BUNDLE_PUBLISHED: Final = "catalogue.bundle_published"
BUNDLE_SENT: Final = "case.bundle_sent"
BUNDLE_PART_DROPPED: Final = "case.bundle_part_dropped"
BUNDLE_FINISHED: Final = "case.bundle_finished"
ASSESSMENT_KEPT: Final = "assessment.kept"
ASSESSMENT_PUBLISHED: Final = "assessment.published"
FRAMEWORK_PUBLISHED: Final = "assessment.framework_published"
PROCEDURE_PUBLISHED: Final = "procedures.published"
PROCEDURE_WITHDRAWN: Final = "procedures.withdrawn"
STEP_DONE: Final = "procedures.step_done"
STEP_SIGNED: Final = "procedures.step_signed"
STEP_RETURNED: Final = "procedures.step_returned"
STEP_TIMED_OUT: Final = "procedures.step_timed_out"

ACTS: Final = {
    CASE_SUBMITTED: _("application handed in"),
    CASE_CORRECTION_REQUESTED: _("correction requested"),
    CASE_CORRECTED: _("correction handed in"),
    CASE_ACCEPTED: _("application accepted"),
    CASE_REFUSED: _("application not accepted"),
    CASE_DECIDED: _("case decided"),
    CASE_DUE_RECOMPUTED: _("deadline recomputed"),
    APPOINTMENT_BOOKED: _("appointment booked"),
    APPOINTMENT_CHANGED: _("appointment moved"),
    APPOINTMENT_CANCELLED: _("appointment cancelled"),
    APPOINTMENT_CHECKED_IN: _("checked in for an appointment"),
    APPOINTMENT_MISSED: _("appointment missed"),
    CASE_VIEWED: _("case opened by staff"),
    CASE_ACCEPTED_BY_SILENCE: _("accepted, since no answer came in time"),
    CASE_SUPPLIED: _("missing papers handed in"),
    CASE_EXTENDED: _("time limit extended"),
    CASE_PAUSED: _("special procedure begun, the clock stands"),
    CASE_RESUMED: _("special procedure ended"),
    CASE_WAIT_BEGUN: _("wait begun that counts as time"),
    CASE_WAIT_ENDED: _("wait ended that counts as time"),
    CASE_DELIVERED: _("decision delivered"),
    CASE_WITHDRAWN: _("application withdrawn"),
    CASE_LAPSED: _("application lapsed, since the applicant did not answer"),
    CASE_TERMINATED: _("case ended without a decision"),
    CASE_REVOKED: _("approval revoked"),
    COMMITMENT_RETRACTED: _("commitment taken back"),
    COMMITMENT_CONFIRMED: _("commitment checked and found kept"),
    COMMITMENT_REPAIR_ORDERED: _("repair of a broken commitment ordered"),
    CASE_HANDED_OVER: _("case handed over to a colleague"),
    COUNTER_SERVICE_BEGUN: _("filled in at a counter, with the person's consent"),
    PAPERS_SENT: _("papers handed over by a counter"),
    PAPERS_RECEIVED: _("papers received from a counter"),
    CASE_REPORTED: _("case reported by another system"),
    REPORTING_ALLOWED: _("system allowed to report an organ's cases"),
    CASES_EXPORTED: _("cases exported at the command line"),
    IDENTITY_VERIFIED: _("identity verified"),
    DELEGATION_GRANTED: _("delegation granted"),
    DELEGATION_REVOKED: _("delegation taken back"),
    POST_GIVEN: _("post given"),
    POST_TAKEN: _("post taken away"),
    SUBSTITUTE_NAMED: _("substitute named"),
    SUBSTITUTE_ENDED: _("substitution ended"),
    CORRECTION_ASKED: _("correction of personal data asked for"),
    CORRECTION_ANSWERED: _("correction of personal data answered"),
    DATA_EXPORTED: _("personal data exported by the person"),
    ACCOUNT_CLOSED: _("account closed"),
    MATERIAL_VERIFIED: _("material compared with its original"),
    MATERIAL_SCANNED: _("material scanned at the counter from its original"),
    DATA_REVEALED: _("masked data revealed"),
    EMERGENCY_ASKED: _("emergency access asked for"),
    EMERGENCY_ALLOWED: _("emergency access allowed"),
    LEDGER_KEY_ANNOUNCED: _("key of the ledger announced"),
    LEDGER_KEY_RETIRED: _("key of the ledger retired"),
    LEDGER_RESUMED: _("ledger goes on after a restored backup"),
    LEDGER_ERASED: _("opening of an entry erased on legal order"),
    KEY_MADE: _("new key for sealed data"),
    KEY_RETIRED: _("old key of sealed data retired"),
    RETENTION_APPLIED: _("data deleted whose time was over"),
    CALENDAR_LOADED: _("working calendar loaded"),
    REGIONS_LOADED: _("regions loaded"),
    DEMONSTRATION_LOADED: _("demonstration people loaded"),
    DATA_CONSENTED: _("consent to a system's use of data"),
    CONSENT_WITHDRAWN: _("consent withdrawn, system disconnected"),
    TOKEN_ISSUED: _("signed in to a department's system"),
    DATA_HANDED_OUT: _("data handed to a department's system"),
    SYSTEM_REGISTERED: _("department's system registered"),
    ITEMS_LOADED: _("service items loaded"),
    GUIDE_PUBLISHED: _("guide published"),
    GUIDE_SENT_TO_REVIEW: _("guide sent to be approved"),
    GUIDE_RETURNED: _("guide sent back to its author"),
    GUIDE_APPROVED: _("guide approved"),
    GUIDE_WITHDRAWN: _("guide withdrawn"),
    LINT_OVERRIDDEN: _("guide published in spite of errors, with reasons"),
    BASIC_PUBLISHED: _("basic item published"),
    BUNDLE_PUBLISHED: _("bundle of items published"),
    BUNDLE_SENT: _("bundle handed in"),
    BUNDLE_PART_DROPPED: _("part of a bundle given up"),
    BUNDLE_FINISHED: _("bundle finished"),
    ASSESSMENT_KEPT: _("assessment kept"),
    ASSESSMENT_PUBLISHED: _("assessment published"),
    FRAMEWORK_PUBLISHED: _("assessment framework published"),
    PROCEDURE_PUBLISHED: _("procedure of an item published"),
    PROCEDURE_WITHDRAWN: _("procedure of an item withdrawn"),
    STEP_DONE: _("step of a procedure done"),
    STEP_SIGNED: _("step of a procedure signed"),
    STEP_RETURNED: _("case sent back to an earlier step"),
    STEP_TIMED_OUT: _("time of a procedure ran out"),
}
