"""Sign-in: phones, known devices, attempts, and the security log."""

from __future__ import annotations

from django.db import models

from tongban.directory.models.people import Account
from tongban.ledger.sealed import BlindIndexField, SealedTextField


class AccountPhone(models.Model):
    """The phone that codes are sent to."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="phone_entry")
    phone = SealedTextField()
    phone_index = BlindIndexField(of="phone", unique=True)
    verified = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"phone of {self.account_id}"


class KnownDevice(models.Model):
    """A browser in which the account has signed in; the secret in its cookie is kept as a hash."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="devices")
    secret_hash = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "secret_hash"], name="one_row_a_device")
        ]

    def __str__(self) -> str:
        return self.name


class Attempts(models.Model):
    """How often something was tried in a span of time: sign-ins, codes, messages sent."""

    bucket = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.bucket


class SecurityEvent(models.Model):
    """An entry of the security log: references only, no personal data (see `security_log.py`)."""

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=40)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="security_events")
    client = models.CharField(max_length=16, blank=True)
    subject = models.CharField(max_length=100, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["kind", "at"], name="security_events_of_a_kind"),
            models.Index(fields=["account", "at"], name="security_events_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}"
