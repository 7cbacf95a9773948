"""Service items and their guides."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.directory.models import Account, Organ, Region


class BasicItem(models.Model):
    """基本目录: an item as the law knows it, once for the country or the province.

    A main item (主项) is the `parent` of its sub-items (子项).
    """

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=400)
    kind = models.CharField(max_length=20, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    source = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=models.F("id")),
                name="basic_item_is_not_its_own_parent",
            )
        ]

    def __str__(self) -> str:
        return self.name


class BasicVersion(models.Model):
    """What the law fixes for a basic item from a day on; `document` is a `BasicDocument`'s content.

    A published version never changes. Implementations inherit it when they are published.
    """

    class State(models.TextChoices):
        PUBLISHED = "published", _("in force")
        SUPERSEDED = "superseded", _("followed by a newer version")
        WITHDRAWN = "withdrawn", _("withdrawn")

    basic = models.ForeignKey(BasicItem, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PUBLISHED)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["basic", "version"], name="one_basic_version"),
            models.UniqueConstraint(
                fields=["basic"], condition=Q(effective_to=None), name="one_basic_in_force"
            ),
            models.CheckConstraint(
                condition=Q(effective_to=None, state="published")
                | Q(effective_to__isnull=False, state__in=["superseded", "withdrawn"]),
                name="basic_in_force_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.basic_id} {self.version}"


class ServiceItem(models.Model):
    """政务服务事项 as one organ implements it (实施清单). Codes and the source's row stay verbatim."""

    code = models.CharField(max_length=64, unique=True)
    code_pattern = models.CharField(max_length=20)
    basic_code = models.CharField(max_length=24, blank=True)
    basic = models.ForeignKey(BasicItem, models.PROTECT, null=True, related_name="implementations")
    name = models.CharField(max_length=400)
    main_item = models.CharField(max_length=400, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="items")
    region_path = models.CharField(max_length=12)
    organ = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="items")
    source = models.CharField(max_length=40)
    source_row = models.JSONField()
    # The name's pinyin, capital initial first: what lists are ordered by (`shelves/rules.py`).
    sort_key = models.CharField(max_length=60, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["region_path", "code"], name="items_by_region_and_code"),
            models.Index(fields=["region_path", "sort_key", "id"], name="items_by_letter"),
            models.Index(fields=["organ", "sort_key", "id"], name="items_of_an_organ_by_name"),
            models.Index(fields=["basic_code"], name="implementations_of_a_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Guide(models.Model):
    """办事指南: one version. A published version never changes; a new one follows it.

    `document` is the content of a `guide_schema.GuideRecord`; when it `is_complete` it is also a
    `GuideDocument`, and only then it can take applications. The columns beside it are those that
    lists, search and filters ask for; "", 0 and null are not known.
    """

    class State(models.TextChoices):
        PUBLISHED = "published", _("in force")
        SUPERSEDED = "superseded", _("followed by a newer version")
        WITHDRAWN = "withdrawn", _("withdrawn")

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="guides")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PUBLISHED)
    is_complete = models.BooleanField(default=True)
    slug = models.CharField(max_length=60, blank=True)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    is_sample = models.BooleanField()
    case_type = models.CharField(max_length=10, blank=True)
    promised_value = models.PositiveIntegerField()
    promised_unit = models.CharField(max_length=12, blank=True)
    on_site_visits = models.PositiveSmallIntegerField(null=True)
    accepts_online = models.BooleanField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "version"], name="one_guide_a_version"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(effective_to=None), name="one_guide_in_force"
            ),
            models.CheckConstraint(
                condition=Q(effective_to=None) | Q(effective_to__gte=models.F("effective_from")),
                name="guide_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(effective_to=None, state="published")
                | Q(effective_to__isnull=False, state__in=["superseded", "withdrawn"]),
                name="guide_in_force_is_published",
            ),
            models.CheckConstraint(
                condition=Q(is_complete=True) | Q(accepts_online=False),
                name="guide_that_accepts_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"


class Proposal(models.Model):
    """A version of a guide in the making: draft, review, approved and waiting for its day.

    `document` is the content of a `GuideRecord`. `based_on` is the version that was in force when it
    was begun, 0 for none. `revision` counts the savings, so that nobody overwrites another's.
    Published, it is a `Guide`, and the proposal stays as the trace of who wrote and who approved.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        REVIEW = "review", _("waits for approval")
        APPROVED = "approved", _("approved, waits for its day")
        PUBLISHED = "published", _("published")
        DISCARDED = "discarded", _("discarded")

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="proposals")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    document = models.JSONField()
    based_on = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=1)
    effective_from = models.DateField(null=True)
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    approver = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    override_reason = models.CharField(max_length=500, blank=True)
    guide = models.OneToOneField(Guide, models.PROTECT, null=True, related_name="proposal")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(state__in=["draft", "review", "approved"]),
                name="one_open_proposal_an_item",
            ),
            models.CheckConstraint(
                condition=~Q(author=models.F("approver")), name="two_people_publish_a_guide"
            ),
            models.CheckConstraint(
                condition=Q(state="published", guide__isnull=False)
                | (~Q(state="published") & Q(guide=None)),
                name="published_proposal_is_a_guide",
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_from"],
                condition=Q(state="approved"),
                name="proposals_that_wait_for_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.state}"


class ProposalRevision(models.Model):
    """What a proposal said at one saving. `before`: the revision to which an undo leads, or 0."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    before = models.PositiveIntegerField()
    document = models.JSONField()
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="one_revision_a_number"),
            models.CheckConstraint(
                condition=Q(before__lt=models.F("number")), name="undo_leads_to_an_older_revision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id} {self.number}"


class GuideImport(models.Model):
    """A file of guides that somebody uploaded: read and compared, then filed as drafts, or not.

    The file and its report lie under `key` in the data folder until it is filed or given up.
    """

    class State(models.TextChoices):
        READY = "ready", _("read, nothing filed yet")
        FILED = "filed", _("filed as drafts")
        DISCARDED = "discarded", _("given up")

    key = models.UUIDField(unique=True)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.READY)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    form = models.CharField(max_length=20)
    encoding = models.CharField(max_length=20)
    counts = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organ", "-at"], name="imports_of_an_organ")]

    def __str__(self) -> str:
        return f"{self.file_name} {self.state}"


class Shelf(models.Model):
    """Where an item stands for people who look around: a theme, a life event, an audience.

    Derived from the item and its guide in force by `shelves/rules.py`; can be made anew at any time.
    """

    item = models.ForeignKey(ServiceItem, models.CASCADE, related_name="shelves")
    shelf = models.CharField(max_length=40)
    region_path = models.CharField(max_length=12)
    sort_key = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "shelf"], name="one_place_a_shelf"),
        ]
        indexes = [
            models.Index(fields=["region_path", "shelf"], name="shelves_of_a_region"),
            models.Index(
                fields=["shelf", "region_path", "sort_key", "item"], name="items_on_a_shelf"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shelf} {self.item_id}"


class Bundle(models.Model):
    """一件事: one version of a bundle; `document` is the content of a `bundles.schema.BundleDocument`.

    A published version never changes; who began under it goes on under it.
    """

    slug = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    region_path = models.CharField(max_length=12, blank=True)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    is_sample = models.BooleanField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="one_bundle_a_version"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(effective_to=None), name="one_bundle_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"


from tongban.catalogue.change_models import (  # noqa: E402
    Change,
    ItemChange,
    ItemRank,
    ItemUse,
    VainQuery,
)

__all__ = [
    "BasicItem",
    "BasicVersion",
    "Bundle",
    "Change",
    "Guide",
    "GuideImport",
    "ItemChange",
    "ItemRank",
    "ItemUse",
    "Proposal",
    "ProposalRevision",
    "ServiceItem",
    "Shelf",
    "VainQuery",
]
