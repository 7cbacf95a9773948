"""Service items and their guides."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.directory.models import Organ, Region


class ServiceItem(models.Model):
    """政务服务事项 as one organ implements it (实施清单). Codes and the source's row stay verbatim."""

    code = models.CharField(max_length=64, unique=True)
    code_pattern = models.CharField(max_length=20)
    basic_code = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=400)
    main_item = models.CharField(max_length=400, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="items")
    region_path = models.CharField(max_length=12)
    organ = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="items")
    source = models.CharField(max_length=40)
    source_row = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["region_path"], name="items_of_a_region")]

    def __str__(self) -> str:
        return self.name


class Guide(models.Model):
    """办事指南: one version. A published version never changes; a new one follows it.

    `document` is a `guide_schema.GuideDocument`; the columns beside it are those that lists,
    search and filters ask for.
    """

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="guides")
    version = models.PositiveIntegerField()
    slug = models.CharField(max_length=60)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    is_sample = models.BooleanField()
    case_type = models.CharField(max_length=10)
    promised_value = models.PositiveIntegerField()
    promised_unit = models.CharField(max_length=12)
    on_site_visits = models.PositiveSmallIntegerField()
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
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.version}"
