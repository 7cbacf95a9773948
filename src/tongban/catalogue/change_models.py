"""What changed in the catalogue, and how it is looked for: tables beside the catalogue itself."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Change(models.Model):
    """A change that waits for its place in the feed. Triggers write it (`change_triggers.py`).

    `key`: the id of the item or organ, the code of the region, the code of an item (rank, gone).
    """

    class Kind(models.TextChoices):
        ITEM = "item"
        ORGAN = "organ"
        REGION = "region"
        RANK = "rank"
        GONE = "gone"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    key = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ItemChange(models.Model):
    """The last change of an item: one row an item, also of one that is gone.

    `place` grows with every change, so that a reader goes on after the place it has read to.
    """

    class What(models.TextChoices):
        CHANGED = "changed"
        WITHDRAWN = "withdrawn"
        GONE = "gone"

    code = models.CharField(max_length=64, primary_key=True)
    place = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    what = models.CharField(max_length=9, choices=What.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["changed", "withdrawn", "gone"]), name="item_change_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.code} {self.what}"


class ItemUse(models.Model):
    """How often an item's guide was opened and applied for in a month, by everybody together."""

    code = models.CharField(max_length=64)
    month = models.DateField()
    opened = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "month"], name="one_use_an_item_and_month")
        ]
        indexes = [models.Index(fields=["month"], name="item_uses_of_a_month")]

    def __str__(self) -> str:
        return f"{self.code} {self.month}"


class ItemRank(models.Model):
    """How much an item is used, 1 to 5; no row: hardly. What search adds to its points."""

    code = models.CharField(max_length=64, primary_key=True)
    level = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gte=1, level__lte=5), name="item_rank_is_1_to_5"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.level}"


class VainQuery(models.Model):
    """What was looked for in vain in a month: text without numbers of people, and how often."""

    text = models.CharField(max_length=60)
    month = models.DateField()
    region_path = models.CharField(max_length=6, blank=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["text", "month", "region_path"], name="one_vain_query_a_month_and_region"
            )
        ]
        indexes = [models.Index(fields=["month", "-count"], name="vain_queries_of_a_month")]

    def __str__(self) -> str:
        return f"{self.text} {self.count}"
