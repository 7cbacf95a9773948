"""Who and where: regions, organs, posts, people, enterprises, accounts, the working calendar."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from jwcrypto.jwk import JWK
from oauth2_provider.models import AbstractApplication
from oauth2_provider.settings import oauth2_settings

from tongban.directory.openid_keys import signing_keys


class Region(models.Model):
    """区划. `path` is the significant part of the code, so that a prefix finds all below."""

    class Level(models.IntegerChoices):
        NATIONAL = 1, _("nation")
        PROVINCIAL = 2, _("province")
        MUNICIPAL = 3, _("city")
        COUNTY = 4, _("district or county")
        TOWN = 5, _("town or street")
        VILLAGE = 6, _("village or community")

    code = models.CharField(primary_key=True, max_length=12)
    name = models.CharField(max_length=100)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=12)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["path"], name="regions_below_a_path")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None)
                | Q(valid_from=None)
                | Q(valid_to__gte=models.F("valid_from")),
                name="region_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Organ(models.Model):
    """机构: a body that handles items. `code` is unique and stable; `uscc` only when it is valid."""

    code = models.CharField(max_length=100, unique=True)
    uscc = models.CharField(max_length=18, null=True, unique=True)
    name = models.CharField(max_length=200)
    region = models.ForeignKey(Region, models.PROTECT, related_name="organs")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"], name="one_organ_of_a_name_in_a_region"
            )
        ]

    def __str__(self) -> str:
        return self.name


class OrganCode(models.Model):
    """A code that some source uses for the organ, kept verbatim."""

    organ = models.ForeignKey(Organ, models.CASCADE, related_name="source_codes")
    code = models.CharField(max_length=64)
    style = models.CharField(max_length=30)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organ", "code"], name="one_row_a_source_code")
        ]

    def __str__(self) -> str:
        return self.code


class Account(AbstractUser):
    """What somebody signs in with. Who that is: `person`; what they may do as staff: `posts`."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(max_length=100, blank=True)
    demonstration = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class Person(models.Model):
    """自然人. Resident ID numbers are checked before they are stored (GB 11643)."""

    account = models.OneToOneField(Account, models.PROTECT, null=True, related_name="person")
    name = models.CharField(max_length=100)
    id_number = models.CharField(max_length=18, unique=True)
    phone = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=200, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True)
    demonstration = models.BooleanField(default=False)

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


class CalendarYear(models.Model):
    """A year whose holiday notice (国务院办公厅放假安排) is loaded."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    source = models.CharField(max_length=200)

    def __str__(self) -> str:
        return str(self.year)


class CalendarDay(models.Model):
    """A day that differs from Monday-to-Friday work."""

    day = models.DateField(primary_key=True)
    kind = models.CharField(
        max_length=20,
        choices=[
            ("holiday", _("statutory holiday")),
            ("in_lieu", _("day off in lieu")),
            ("adjusted_workday", _("adjusted working day")),
        ],
    )
    name = models.CharField(max_length=50, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["holiday", "in_lieu", "adjusted_workday"]),
                name="calendar_day_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class ConnectedSystem(AbstractApplication):
    """A department's system that people sign in to through us (OpenID Connect: the client).

    Only one way in is possible: confidential, authorization code, RS256, hashed secret.
    """

    scopes = models.TextField()
    full_id_number = models.BooleanField(default=False)
    staff_only = models.BooleanField(default=False)
    purpose = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
                    authorization_grant_type=AbstractApplication.GRANT_AUTHORIZATION_CODE,
                    algorithm=AbstractApplication.RS256_ALGORITHM,
                    hash_client_secret=True,
                    skip_authorization=False,
                ),
                name="connected_system_signs_in_one_way",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed_scopes(self) -> frozenset[str]:
        return frozenset(self.scopes.split())

    @property
    def jwk_key(self) -> JWK:
        return signing_keys()[0]

    def get_allowed_schemes(self) -> list[str]:
        return list(oauth2_settings.ALLOWED_REDIRECT_URI_SCHEMES)

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Character by character (RFC 9700 2.1); the toolkit would let loopback ports differ."""
        return uri in self.redirect_uris.split()

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        return uri in self.post_logout_redirect_uris.split()


class DataConsent(models.Model):
    """That a person agreed to what a system gets, until withdrawn (个人信息保护法 art. 14, 15)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="data_consents")
    system = models.ForeignKey(ConnectedSystem, models.CASCADE, related_name="data_consents")
    scopes = models.TextField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "system"],
                condition=Q(withdrawn_at=None),
                name="one_consent_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} · {self.system_id}"


class SystemSignIn(models.Model):
    """One sign-in to a system: what its tokens have in common, however often they are renewed.

    `family` names the tokens; `authenticated_at` is when the person last proved who they are.
    """

    family = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="system_sign_ins")
    system = models.ForeignKey(ConnectedSystem, models.CASCADE, related_name="sign_ins")
    begun_at = models.DateTimeField()
    authenticated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["begun_at"], name="sign_ins_by_age")]

    def __str__(self) -> str:
        return str(self.family)
