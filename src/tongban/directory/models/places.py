"""Where: regions, organs, the working calendar."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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
