"""What surrounds the files of a case: uploads that are under way, notes on a page."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from tongban.cases.models.cases import MaterialFile
from tongban.directory.models import Account
from tongban.ledger.sealed import SealedTextField


class Upload(models.Model):
    """A file that arrives in pieces (tus 1.0), for a material of a draft; gone when it is whole.

    `offset` bytes are flushed to disk; what lies behind them in the file does not count.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    # Not a foreign key: an upload that is under way keeps nobody from handing in.
    draft_key = models.UUIDField()
    key = models.UUIDField(unique=True)
    material = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    length = models.PositiveIntegerField()
    offset = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(length__gt=0, offset__lte=F("length")), name="upload_has_an_end"
            )
        ]

    def __str__(self) -> str:
        return f"upload {self.key}"


class Annotation(models.Model):
    """A note of the staff on a page of a file, with the place on it when there is one.

    Left, top, width and height are thousandths of the page as it is shown. What is `for_applicant`
    is told with the correction notice (`told_at`); the rest stays with the staff.
    """

    file = models.ForeignKey(MaterialFile, models.CASCADE, related_name="annotations")
    key = models.UUIDField(unique=True)
    page = models.PositiveSmallIntegerField()
    left = models.PositiveSmallIntegerField(null=True)
    top = models.PositiveSmallIntegerField(null=True)
    width = models.PositiveSmallIntegerField(null=True)
    height = models.PositiveSmallIntegerField(null=True)
    text = SealedTextField()
    for_applicant = models.BooleanField()
    author = models.ForeignKey(Account, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(left=None, top=None, width=None, height=None)
                | (
                    Q(left__lte=1000 - F("width"), top__lte=1000 - F("height"))
                    & Q(width__gt=0, height__gt=0)
                ),
                name="annotation_lies_on_the_page",
            ),
            models.CheckConstraint(condition=Q(page__gt=0), name="annotation_has_a_page"),
            models.CheckConstraint(
                condition=Q(told_at=None) | Q(for_applicant=True), name="annotation_told_if_meant"
            ),
        ]

    def __str__(self) -> str:
        return f"note on page {self.page}"
