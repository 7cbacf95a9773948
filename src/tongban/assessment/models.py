"""Daily tallies of what happened and what is published; runs that are kept; frameworks in the making.

Tallies are derived data: `services.tallying` makes them from the events of cases, `services.surveying`
from the catalogue, and both make the same again from the beginning. No page adds up cases or items.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.directory.models import Account, Organ, Region


class TalliedUpto(models.Model):
    """How far the events of cases are counted, and what the counting rested on.

    `made_of`: the last day counted and a hash of the working calendar up to it, the themes and the
    rules; with another one, all is counted anew.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    event = models.BigIntegerField(default=0)
    made_of = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(null=True)
    surveyed_at = models.DateTimeField(null=True)
    survey_changed = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_row_of_tallied_upto")]

    def __str__(self) -> str:
        return str(self.event)


class Tally(models.Model):
    """What happened to the cases of a scope on a day, or in a month (then `day` is its first).

    `scope`: "r:<path>" a region with all below, "o:<id>" an organ, "i:<id>" an item, and
    "t:<theme>:<path>" the items of a theme in a region. Items have days only.
    `counts`: {measure: {value: cases}}, see `rules.facts.Measure`. The columns repeat what lists of
    items sort by; only tallies of items have `organ` and `under`, where the item belongs.
    """

    scope = models.CharField(max_length=40)
    monthly = models.BooleanField()
    day = models.DateField()
    under = models.CharField(max_length=12, blank=True)
    organ = models.ForeignKey(Organ, models.CASCADE, null=True, related_name="+")
    counts = models.JSONField()
    received = models.PositiveIntegerField()
    at_counter = models.PositiveIntegerField()
    decided = models.PositiveIntegerField()
    late = models.PositiveIntegerField()
    corrected = models.PositiveIntegerField()
    silent = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "monthly", "day"], name="one_tally_a_day")
        ]
        indexes = [
            # Which items of a region or organ cost points.
            models.Index(
                fields=["under", "day"],
                condition=Q(organ__isnull=False),
                name="tallies_of_items_of_a_place",
            ),
            models.Index(
                fields=["organ", "day"],
                condition=Q(organ__isnull=False),
                name="tallies_of_items_of_an_organ",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.day}"


class ItemFact(models.Model):
    """What the catalogue says of one item, as it was last looked at (`checked_at`).

    `guide` is the key of the version in force, 0 for none. `depth` 0 to 4 (online_depth).
    `findings` are the codes of lint's errors and warnings.
    """

    item = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=400)
    organ = models.ForeignKey(Organ, models.CASCADE, null=True, related_name="+")
    region_path = models.CharField(max_length=12)
    basic_code = models.CharField(max_length=24, blank=True)
    on_basic = models.BooleanField()
    guide = models.BigIntegerField()
    complete = models.BooleanField()
    online = models.BooleanField()
    depth = models.PositiveSmallIntegerField()
    ways = models.PositiveSmallIntegerField()
    visits = models.PositiveSmallIntegerField(null=True)
    materials = models.PositiveSmallIntegerField(null=True)
    bookable = models.BooleanField(null=True)
    delivered = models.BooleanField(null=True)
    points = models.PositiveSmallIntegerField()
    errors = models.PositiveSmallIntegerField()
    practised = models.BooleanField()
    contradicted = models.BooleanField()
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["region_path"], name="item_facts_of_a_place"),
            models.Index(fields=["checked_at"], name="item_facts_by_age"),
        ]

    def __str__(self) -> str:
        return self.code


class CatalogueTally(models.Model):
    """The sums of the item facts of a scope ("r:<path>", "o:<id>"), by `rules.catalogue.SUMS`."""

    scope = models.CharField(max_length=40, primary_key=True)
    sums = models.JSONField()
    oldest = models.DateTimeField()

    def __str__(self) -> str:
        return self.scope


class Run(models.Model):
    """An assessment that is kept: of the platform's own data, or of a table.

    `inputs` are the figures it was computed from, `results` the JSON document; both are committed to
    in the ledger by their hashes. Published by a second person, everybody reads it.
    """

    class Kind(models.TextChoices):
        LIVE = "live", _("live data")
        TABLE = "table", _("a table")

    class State(models.TextChoices):
        KEPT = "kept", _("kept")
        PROPOSED = "proposed", _("proposed for publication")
        PUBLISHED = "published", _("published")

    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.KEPT)
    title = models.CharField(max_length=200)
    framework = models.TextField()
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+")
    organ = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="+")
    period_from = models.DateField(null=True)
    period_to = models.DateField(null=True)
    upto_event = models.BigIntegerField(default=0)
    inputs = models.JSONField()
    results = models.JSONField()
    inputs_sha256 = models.CharField(max_length=64)
    results_sha256 = models.CharField(max_length=64)
    entry = models.BigIntegerField(null=True)
    made_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    published_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_by=None)
                | Q(made_by=None)
                | ~Q(made_by=models.F("published_by")),
                name="two_people_publish_a_run",
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False)
                | (~Q(state="published") & Q(published_at=None)),
                name="run_published_when_it_says_so",
            ),
        ]
        indexes = [models.Index(fields=["state", "-made_at"], name="runs_by_state")]

    def __str__(self) -> str:
        return self.code


class FrameworkDraft(models.Model):
    """A framework that somebody writes: their organ's alone until a second person publishes it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being written")
        PROPOSED = "proposed", _("proposed for publication")
        PUBLISHED = "published", _("published")

    slug = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="+")
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    published_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(author=models.F("published_by")),
                name="two_people_publish_a_framework",
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False)
                | (~Q(state="published") & Q(published_at=None)),
                name="framework_published_when_it_says_so",
            ),
        ]

    def __str__(self) -> str:
        return self.slug
