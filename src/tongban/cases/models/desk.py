"""What staff need around a case: notes, texts for reasons, saved views; serving at a counter, papers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.cases.models.appointments import Office
from tongban.cases.models.cases import Case
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Organ, Person
from tongban.ledger.sealed import SealedTextField


class SavedView(models.Model):
    """A list of the workbench that somebody wants again: its filters as the address has them."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="one_saved_view_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class CaseNote(models.Model):
    """A note among colleagues (内部批注): information of the process, never shown to the applicant.

    政府信息公开条例 (2019) art. 16(2). What has effect on the applicant is an event, not a note.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="notes")
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = SealedTextField()

    def __str__(self) -> str:
        return f"note on {self.case_id}"


class ReasonText(models.Model):
    """A text that staff of an organ begin their reasons with; `act` as in the table of acts."""

    organ = models.ForeignKey(Organ, models.CASCADE, related_name="reason_texts")
    act = models.CharField(max_length=20)
    title = models.CharField(max_length=60)
    text = models.TextField(max_length=2000)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organ", "act", "title"], name="one_reason_text_a_title"
            )
        ]

    def __str__(self) -> str:
        return self.title


class Assistance(models.Model):
    """帮办: a clerk fills in for a person who stands in front of them, with their consent.

    It opens the one form to the one clerk until it is sent or the day is over. The person goes on
    online with the same draft, or brings a draft begun online.
    """

    class Consent(models.TextChoices):
        SPOKEN = "spoken", _("said so at the counter")
        SIGNED = "signed", _("signed on paper")

    key = models.UUIDField(unique=True)
    office = models.ForeignKey(Office, models.PROTECT, related_name="+")
    clerk = models.ForeignKey(Account, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="assistances")
    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="+")
    # Of the form, and then of the case: `submit` deletes the draft.
    draft_key = models.UUIDField()
    case = models.OneToOneField(Case, models.CASCADE, null=True, related_name="assistance")
    consent = models.CharField(max_length=10, choices=Consent.choices)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(case=None) | Q(ended_at__isnull=False),
                name="assistance_ends_with_the_case",
            ),
            models.UniqueConstraint(
                fields=["clerk", "person", "item"],
                condition=Q(ended_at=None),
                name="one_open_assistance",
            ),
        ]
        indexes = [models.Index(fields=["clerk", "-begun_at"], name="assistances_of_a_clerk")]

    def __str__(self) -> str:
        return f"assistance {self.key}"


class PaperList(models.Model):
    """交接单: papers that a window hands to the organ that handles the cases; signed on receipt."""

    code = models.CharField(max_length=20, unique=True)
    office = models.ForeignKey(Office, models.PROTECT, related_name="paper_lists")
    to_organ = models.ForeignKey(Organ, models.PROTECT, related_name="paper_lists")
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    received_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(null=True)
    remark = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(received_by=None, received_at=None)
                | Q(received_by__isnull=False, received_at__isnull=False),
                name="papers_received_by_somebody",
            ),
            # 交接: who gives does not sign for who takes.
            models.CheckConstraint(
                condition=Q(received_by=None) | ~Q(received_by=models.F("made_by")),
                name="papers_change_hands",
            ),
        ]
        indexes = [
            models.Index(
                fields=["to_organ", "-made_at"],
                condition=Q(received_at=None),
                name="papers_on_their_way",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Paper(models.Model):
    """Papers of one case on a list: what, how many sheets or copies; whether they arrived."""

    list = models.ForeignKey(PaperList, models.CASCADE, related_name="papers")
    case = models.ForeignKey(Case, models.CASCADE, related_name="papers")
    what = models.CharField(max_length=200)
    copies = models.PositiveSmallIntegerField()
    arrived = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(copies__gte=1, copies__lte=999), name="papers_are_some"
            )
        ]

    def __str__(self) -> str:
        return self.what
