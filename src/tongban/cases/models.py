"""Applications and cases: drafts, cases, what happened to them, the files handed in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.catalogue.models import Guide, ServiceItem
from tongban.directory.models import Account, Delegation, Enterprise, Organ, Person
from tongban.ledger.sealed import SealedJSONField


class Draft(models.Model):
    """An application or a correction that is being filled in, kept until it is sent.

    An account has one new application an item; a case has one correction.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="drafts")
    item = models.ForeignKey(ServiceItem, models.PROTECT)
    guide = models.ForeignKey(Guide, models.PROTECT)
    case = models.OneToOneField("Case", models.CASCADE, null=True, related_name="correction")
    principal = models.ForeignKey(Person, models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    delegation = models.ForeignKey(Delegation, models.SET_NULL, null=True, related_name="+")
    key = models.UUIDField(unique=True)
    answers = SealedJSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "item"], condition=Q(case=None), name="one_draft_an_item"
            )
        ]

    def __str__(self) -> str:
        return f"draft {self.key}"


class Case(models.Model):
    """办件. `draft_key` makes a second submit of the same form find the first case.

    `applicant` is who applies, or who represents the `enterprise` that does; `delegation` is what
    an agent rests on who handed in for them. `state` and the dates are what the events add up to;
    `rules.py` says which act leads where.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Received, being checked")
        CORRECTION = "correction", _("Correction needed")
        ACCEPTED = "accepted", _("Accepted, being handled")
        REFUSED = "refused", _("Not accepted")
        APPROVED = "approved", _("Approved")
        DENIED = "denied", _("Denied")

    class Channel(models.TextChoices):
        WEB = "web", _("online")
        COUNTER = "counter", _("at the counter")

    number = models.CharField(max_length=32, unique=True)
    draft_key = models.UUIDField(unique=True)
    ledger_ref = models.CharField(max_length=32, unique=True)
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="cases")
    guide = models.ForeignKey(Guide, models.PROTECT)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="cases")
    region_path = models.CharField(max_length=12)
    applicant = models.ForeignKey(Person, models.PROTECT, related_name="cases")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="cases")
    delegation = models.ForeignKey(Delegation, models.PROTECT, null=True, related_name="cases")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=12, choices=State.choices)
    answers = SealedJSONField()
    submitted_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    due_provisional = models.BooleanField(default=False)
    events_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "submitted",
                        "correction",
                        "accepted",
                        "refused",
                        "approved",
                        "denied",
                    ]
                ),
                name="case_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["submitted", "correction", "refused"], accepted_at=None)
                | (Q(state__in=["accepted", "approved", "denied"], accepted_at__isnull=False)),
                name="case_accepted_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["approved", "denied"], decided_at__isnull=False)
                | (~Q(state__in=["approved", "denied"]) & Q(decided_at=None)),
                name="case_decided_when_it_says_so",
            ),
        ]
        indexes = [
            models.Index(fields=["organ", "state", "due_on", "id"], name="cases_by_deadline"),
            models.Index(fields=["applicant", "-submitted_at"], name="cases_of_a_person"),
            models.Index(fields=["enterprise", "-submitted_at"], name="cases_of_an_enterprise"),
            models.Index(
                fields=["due_on"],
                condition=Q(due_provisional=True),
                name="cases_with_provisional_due",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CaseEvent(models.Model):
    """What happened, in order: the history that the applicant sees (处处留痕)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    act = models.CharField(max_length=20)
    at = models.DateTimeField()
    actor = models.ForeignKey(Account, models.PROTECT, null=True)
    organ = models.ForeignKey(Organ, models.PROTECT, null=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="one_event_a_place"),
            # 行政许可法 art. 32(4): what must be corrected is told once.
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(act="request_correction"),
                name="one_correction_notice_a_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.seq} {self.act}"


class EmergencyAccess(models.Model):
    """Reading a case of another organ in an emergency: a reason, a second person, a day."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="emergencies")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    allowed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    allowed_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allowed_by=None) | ~Q(allowed_by=models.F("account")),
                name="emergency_needs_a_second_person",
            )
        ]
        indexes = [models.Index(fields=["account", "ends_at"], name="emergencies_of_an_account")]

    def __str__(self) -> str:
        return f"{self.account} reads {self.case}"


class MaterialFile(models.Model):
    """A file handed in for one material, of a draft first and then of the case."""

    # DO_NOTHING: sending moves the files to the case first; the database refuses to orphan them.
    draft = models.ForeignKey(Draft, models.DO_NOTHING, null=True, related_name="files")
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="files")
    key = models.UUIDField(unique=True)
    material = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    superseded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(draft=None) & Q(case__isnull=False))
                | (Q(draft__isnull=False) & Q(case=None)),
                name="file_belongs_to_a_draft_or_a_case",
            )
        ]
        indexes = [models.Index(fields=["sha256"], name="files_of_a_content")]

    def __str__(self) -> str:
        return self.name
