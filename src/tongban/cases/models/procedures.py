"""Procedures of items and how cases run through them: versions, runs, steps, timers.

What a check constraint can't see is refused by triggers (`migrations/0011`): a change of a version
that was in force, of a step that is finished, of a run that is over, and a decision before that.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongban.cases.models.cases import Case
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Organ

# A step that somebody still has to do something with.
OPEN_STEPS = ("open", "claimed", "signing")


class ItemProcedure(models.Model):
    """办理流程 of an item: one version. `document` is what `procedures.document` reads.

    One person draws it, another one puts it in force; then it never changes. `author` is empty for
    one that an operator stored from the command line. A case is run by the version that was in
    force when it was handed in.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being drawn")
        PUBLISHED = "published", _("in force")
        SUPERSEDED = "superseded", _("followed by a newer version")
        WITHDRAWN = "withdrawn", _("withdrawn")

    item = models.ForeignKey(ServiceItem, models.PROTECT, related_name="procedures")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    document = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    author = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField()
    approver = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    in_force_from = models.DateTimeField(null=True)
    in_force_to = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "version"], name="one_procedure_a_version"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="draft"), name="one_procedure_being_drawn"
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="published"), name="one_procedure_in_force"
            ),
            models.CheckConstraint(
                condition=Q(author=None) | Q(approver=None) | ~Q(author=F("approver")),
                name="two_people_publish_a_procedure",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="draft", approver=None, in_force_from__isnull=True, in_force_to=None
                )
                | Q(
                    state="published",
                    approver__isnull=False,
                    in_force_from__isnull=False,
                    in_force_to=None,
                )
                | Q(
                    state__in=["superseded", "withdrawn"],
                    approver__isnull=False,
                    in_force_to__gte=F("in_force_from"),
                ),
                name="procedure_in_force_was_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.version}"


class CaseRun(models.Model):
    """A case in its procedure: where the tokens are. `turn` counts the acts, so that of two that
    read the same turn one is refused. `alone`: steps that were open with nothing beside them; the
    run may go back to those."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="run")
    procedure = models.ForeignKey(ItemProcedure, models.PROTECT, related_name="runs")
    state = models.JSONField()
    alone = models.JSONField(default=list)
    turn = models.PositiveIntegerField(default=0)
    finished = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.case_id} {self.turn}"


class CaseStep(models.Model):
    """A step of a case that somebody of an organ has to do, or a choice of the way to go on.

    `token` is its number in the run; a step that is done once more is a new row. `text` is what
    who did it wrote down, for the staff. `chosen` is the flow that was chosen.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to do")
        CLAIMED = "claimed", _("being done")
        SIGNING = "signing", _("to sign")
        DONE = "done", _("done")
        RETURNED = "returned", _("sent back")
        DROPPED = "dropped", _("given up")

    class Kind(models.TextChoices):
        TASK = "task", _("step")
        CHOICE = "choice", _("choice")

    run = models.ForeignKey(CaseRun, models.CASCADE, related_name="steps")
    case = models.ForeignKey(Case, models.CASCADE, related_name="steps")
    token = models.PositiveIntegerField()
    node = models.CharField(max_length=200)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.TASK)
    name = models.CharField(max_length=200)
    stage = models.CharField(max_length=200, blank=True)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    signed_by = models.CharField(max_length=20, blank=True)
    special = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_at = models.DateTimeField()
    due_on = models.DateField(null=True)
    claimed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    signer = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    text = models.TextField(blank=True)
    chosen = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "token"], name="one_step_a_token"),
            models.UniqueConstraint(
                fields=["run", "node"],
                condition=Q(state__in=list(OPEN_STEPS)),
                name="one_open_step_a_node",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "claimed", "signing"], ended_at=None)
                | Q(state__in=["done", "returned", "dropped"], ended_at__isnull=False),
                name="step_ended_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["signing", "done"])
                | Q(done_by__isnull=False, done_at__isnull=False),
                name="step_done_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claimed_by__isnull=False),
                name="step_claimed_by_somebody",
            ),
            # 签批: who signs is not who did it.
            models.CheckConstraint(
                condition=Q(signer=None) | ~Q(signer=F("done_by")),
                name="step_signed_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(signed_by="") | Q(signer__isnull=False),
                name="step_is_done_when_signed",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(text=""), name="step_returned_with_a_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organ", "role", "due_on", "id"],
                condition=Q(state__in=["open", "claimed"]),
                name="steps_to_do",
            ),
            models.Index(
                fields=["organ", "signed_by", "due_on", "id"],
                condition=Q(state="signing"),
                name="steps_to_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.token} {self.node}"


class CaseTimer(models.Model):
    """A timer between steps, or a limit on one, whose time runs: gone when it ran out or is not
    needed any more."""

    run = models.ForeignKey(CaseRun, models.CASCADE, related_name="timers")
    token = models.PositiveIntegerField()
    node = models.CharField(max_length=200)
    runs_out_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "token", "node"], name="one_timer_a_token")
        ]
        indexes = [models.Index(fields=["runs_out_at"], name="timers_by_moment")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.node}"
