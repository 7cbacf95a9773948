"""Cases that systems of departments handle and report here (GB/T 39046-2020 tables 5-8).

They are shown, never acted on: who handles them answers for them. The key is the system and its own
number; the rows that were taken are remembered, so that the same row again changes nothing.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.catalogue.models import ServiceItem
from tongban.directory.models import ConnectedSystem, Organ
from tongban.ledger.sealed import BlindIndexField, SealedJSONField, SealedTextField


class ReportingRight(models.Model):
    """That a system may report the cases of an organ; given at the command line."""

    system = models.ForeignKey(ConnectedSystem, models.CASCADE, related_name="reporting_rights")
    organ = models.ForeignKey(Organ, models.CASCADE, related_name="reporting_rights")
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "organ"], name="one_right_a_system_and_organ")
        ]

    def __str__(self) -> str:
        return f"{self.system} reports for {self.organ}"


class ReportedCase(models.Model):
    """A case of another system as it was last reported. `record` is all that was said of it.

    The applicant is found by the blind index of the number, whenever they join.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Received elsewhere")
        ACCEPTED = "accepted", _("Being handled elsewhere")
        PAUSED = "paused", _("Paused elsewhere")
        CONCLUDED = "concluded", _("Concluded elsewhere")

    system = models.ForeignKey(ConnectedSystem, models.PROTECT, related_name="reported_cases")
    source_number = models.CharField(max_length=50)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="reported_cases")
    item = models.ForeignKey(ServiceItem, models.PROTECT, null=True, related_name="reported_cases")
    item_name = models.CharField(max_length=400)
    region_path = models.CharField(max_length=12)
    ledger_ref = models.CharField(max_length=32, unique=True)
    applicant_name = models.CharField(max_length=100, blank=True)
    applicant_number = SealedTextField(blank=True)
    applicant_number_index = BlindIndexField(of="applicant_number")
    state = models.CharField(max_length=12, choices=State.choices)
    applied_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    concluded_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    record = SealedJSONField()
    reported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "source_number"], name="one_reported_case_a_number"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["applied", "accepted", "paused", "concluded"]),
                name="reported_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="concluded", concluded_at__isnull=False)
                | (~Q(state="concluded") & Q(concluded_at=None)),
                name="reported_concluded_when_it_says_so",
            ),
        ]
        indexes = [
            models.Index(fields=["organ", "state", "due_on", "id"], name="reported_of_an_organ"),
            models.Index(fields=["item", "state", "due_on", "id"], name="reported_of_an_item"),
            models.Index(
                fields=["applicant_number_index", "-applied_at"], name="reported_of_an_applicant"
            ),
            models.Index(fields=["region_path", "id"], name="reported_of_a_region"),
        ]

    def __str__(self) -> str:
        return self.source_number


class ReportedRow(models.Model):
    """That a row was taken: SHA-256 of its content. The same row again changes nothing."""

    case = models.ForeignKey(ReportedCase, models.CASCADE, related_name="rows")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "digest"], name="a_reported_row_once")
        ]

    def __str__(self) -> str:
        return self.digest
