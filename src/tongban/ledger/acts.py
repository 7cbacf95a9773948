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
CASE_VIEWED: Final = "case.viewed"
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

ACTS: Final = {
    CASE_SUBMITTED: _("application handed in"),
    CASE_CORRECTION_REQUESTED: _("correction requested"),
    CASE_CORRECTED: _("correction handed in"),
    CASE_ACCEPTED: _("application accepted"),
    CASE_REFUSED: _("application not accepted"),
    CASE_DECIDED: _("case decided"),
    CASE_DUE_RECOMPUTED: _("deadline recomputed"),
    CASE_VIEWED: _("case opened by staff"),
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
}
