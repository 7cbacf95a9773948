"""一件事 as somebody hands it in: one filing, a part for each item of the bundle."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.catalogue.models import Bundle, ServiceItem
from tongban.directory.models import Account, Enterprise, Person


class BundleFiling(models.Model):
    """A bundle that is being filled in (`number` empty) or was sent.

    What is typed stands in the drafts of its parts. `finished_at` is when the last part had its
    result: from then on there is one notice of all of them.
    """

    key = models.UUIDField(unique=True)
    number = models.CharField(max_length=32, unique=True, null=True)
    bundle = models.ForeignKey(Bundle, models.PROTECT, related_name="filings")
    account = models.ForeignKey(Account, models.PROTECT, related_name="bundle_filings")
    principal = models.ForeignKey(Person, models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    choices = models.JSONField(default=dict)
    ledger_ref = models.CharField(max_length=32, unique=True)
    updated_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "bundle"], condition=Q(sent_at=None), name="one_open_filing"
            ),
            models.CheckConstraint(
                condition=Q(number=None, sent_at=None)
                | Q(number__isnull=False, sent_at__isnull=False),
                name="filing_sent_with_a_number",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(sent_at__isnull=False),
                name="filing_finished_after_sending",
            ),
        ]
        indexes = [models.Index(fields=["account", "-updated_at"], name="filings_of_an_account")]

    def __str__(self) -> str:
        return self.number or f"filing {self.key}"


class BundlePart(models.Model):
    """One item of a filing. `draft_key` leads to its draft, and to its case once there is one.

    `stopped` says why it will not be handed in, `asks` what the applicant must still do for it.
    """

    class Stopped(models.TextChoices):
        EARLIER_FAILED = "earlier_failed"
        GIVEN_UP = "given_up"

    filing = models.ForeignKey(BundleFiling, models.CASCADE, related_name="parts")
    key = models.CharField(max_length=12)
    place = models.PositiveSmallIntegerField()
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="+")
    draft_key = models.UUIDField(unique=True)
    stopped = models.CharField(max_length=20, choices=Stopped.choices, blank=True, default="")
    asks = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["filing", "key"], name="one_part_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.filing_id} {self.key}"
