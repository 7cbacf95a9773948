"""Who: accounts, people, enterprises, posts, and who may act for whom."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongban.directory.models.places import Organ, Region
from tongban.ledger.sealed import BlindIndexField, SealedTextField
from tongban.ledger.services import new_case_ref


class Account(AbstractUser):
    """What somebody signs in with. Who that is: `person`; what they may do as staff: `posts`.

    `ledger_ref` links the public leaves of acts about the person; it says nothing about them.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(max_length=100, blank=True)
    demonstration = models.BooleanField(default=False)
    ledger_ref = models.CharField(max_length=32, unique=True, default=new_case_ref, editable=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class IdentityLevel(models.IntegerChoices):
    """How sure we are who somebody is; an item says which it needs (domain: 实名等级)."""

    REGISTERED = 1, _("registered")
    VERIFIED = 2, _("verified by a trusted source")
    IN_PERSON = 3, _("verified in person")


class Person(models.Model):
    """自然人. Resident ID numbers are checked before they are stored (GB 11643).

    What is sensitive is sealed in the database; `find_person` looks a number up.
    """

    account = models.OneToOneField(Account, models.PROTECT, null=True, related_name="person")
    name = models.CharField(max_length=100)
    id_number = SealedTextField()
    id_number_index = BlindIndexField(of="id_number", unique=True)
    phone = SealedTextField(blank=True)
    address = SealedTextField(blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    identity_level = models.PositiveSmallIntegerField(
        choices=IdentityLevel.choices, default=IdentityLevel.VERIFIED
    )
    identity_source = models.CharField(max_length=60, blank=True)
    identity_verified_at = models.DateTimeField(null=True)
    demonstration = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(identity_level__gte=2, identity_level__lte=3),
                name="person_is_verified",
            )
        ]
        # Whole names only: the workbench looks for applicants.
        indexes = [models.Index(fields=["name"], name="people_by_name")]

    def __str__(self) -> str:
        return self.name


class PopulationRecord(models.Model):
    """A row of the demonstration population register (人口库): people who don't exist.

    Stands for the trusted source that an installation asks; see `identity.py`.
    """

    name = models.CharField(max_length=100)
    id_number = SealedTextField()
    id_number_index = BlindIndexField(of="id_number", unique=True)
    phone = SealedTextField(blank=True)
    address = SealedTextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Enterprise(models.Model):
    """法人 and other bodies with a unified social credit code (GB 32100)."""

    uscc = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=200)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    legal_representative = models.ForeignKey(
        Person, models.PROTECT, related_name="represented_enterprises"
    )
    demonstration = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["name"], name="enterprises_by_name")]

    def __str__(self) -> str:
        return self.name


class Post(models.Model):
    """岗位: what an account may do in one organ. Several posts at once are usual."""

    class Role(models.TextChoices):
        CLERK = "clerk", _("counter clerk")
        REVIEWER = "reviewer", _("reviewer")
        HEAD = "head", _("head of the organ")
        ADMINISTRATOR = "administrator", _("organ administrator")
        SUPERVISOR = "supervisor", _("supervisor")

    account = models.ForeignKey(Account, models.CASCADE, related_name="posts")
    organ = models.ForeignKey(Organ, models.CASCADE, related_name="posts")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "organ", "role"], name="one_row_a_post"),
            models.CheckConstraint(
                condition=Q(role__in=["clerk", "reviewer", "head", "administrator", "supervisor"]),
                name="post_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.organ} · {self.role}"


class Substitution(models.Model):
    """代岗: a colleague has the posts that somebody holds in an organ while they are absent."""

    absent = models.ForeignKey(Account, models.CASCADE, related_name="absences")
    substitute = models.ForeignKey(Account, models.CASCADE, related_name="substitutions")
    organ = models.ForeignKey(Organ, models.CASCADE)
    valid_from = models.DateField()
    valid_to = models.DateField()
    reason = models.CharField(max_length=200)
    granted_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="substitution_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(absent=F("substitute")), name="substitute_is_somebody_else"
            ),
        ]
        indexes = [models.Index(fields=["substitute", "valid_to"], name="substitutions_of")]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.absent} at {self.organ}"


class Delegation(models.Model):
    """代办、代理、监护: `agent` may act for a person or an enterprise, within limits and until.

    It rests on a consent: given online by the principal, or in person at a counter, where a clerk
    saw the principal or the guardian's papers. Revoked at any time; what was done stays visible.
    """

    class Kind(models.TextChoices):
        HELPER = "helper", _("helper")
        GUARDIAN = "guardian", _("guardian")
        AGENT = "agent", _("agent of an enterprise")

    class Consent(models.TextChoices):
        ONLINE = "online", _("given online")
        IN_PERSON = "in_person", _("given at a counter")

    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="delegations")
    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, null=True, related_name="delegations"
    )
    agent = models.ForeignKey(Person, models.CASCADE, related_name="delegations_held")
    valid_from = models.DateField()
    valid_to = models.DateField()
    consent = models.CharField(max_length=10, choices=Consent.choices)
    consent_note = models.CharField(max_length=200, blank=True)
    recorded_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, enterprise__isnull=False, kind="agent")
                | Q(person__isnull=False, enterprise=None, kind__in=["helper", "guardian"]),
                name="delegation_has_one_principal",
            ),
            models.CheckConstraint(
                condition=Q(person=None) | ~Q(person=F("agent")), name="delegate_is_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="delegation_ends_after_it_begins"
            ),
        ]
        indexes = [models.Index(fields=["agent", "valid_to"], name="delegations_of_an_agent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class DelegatedItem(models.Model):
    """An item that a delegation names; a delegation that names none is for all items."""

    delegation = models.ForeignKey(Delegation, models.CASCADE, related_name="items")
    item_code = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delegation", "item_code"], name="one_row_a_delegated_item"
            )
        ]

    def __str__(self) -> str:
        return self.item_code


class CorrectionRequest(models.Model):
    """A person says that what is on file about them is wrong (个人信息保护法 art. 46)."""

    class State(models.TextChoices):
        OPEN = "open", _("being checked")
        DONE = "done", _("corrected")
        REFUSED = "refused", _("not corrected")

    FIELDS = [("name", _("name")), ("phone", _("phone")), ("address", _("address"))]

    person = models.ForeignKey(Person, models.CASCADE, related_name="correction_requests")
    field = models.CharField(max_length=10, choices=FIELDS)
    wanted = SealedTextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "field"],
                condition=Q(state="open"),
                name="one_open_correction_a_field",
            )
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.state}"
