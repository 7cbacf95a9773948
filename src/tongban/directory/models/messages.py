"""Messages to a person's account, what goes out of each, and what the person wants to get."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.directory.models.people import Account
from tongban.ledger.sealed import SealedJSONField


class Message(models.Model):
    """A message in an account: a kind and facts, from which the text is made in a reader's language.

    Queued by the act that it tells of, in its transaction: `available_at` is when the person could
    first read it in the account, `read_at` when they first did. A `legal` notice is never deleted
    while the account exists. `planned`: what goes out of it is decided (`Dispatch`).
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="messages")
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=40)
    legal = models.BooleanField()
    facts = SealedJSONField()
    link = models.CharField(max_length=200, blank=True)
    available_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    planned = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-available_at", "-id"], name="messages_of_an_account"),
            models.Index(
                fields=["account"], condition=Q(read_at=None), name="messages_not_read_yet"
            ),
            models.Index(fields=["id"], condition=Q(planned=False), name="messages_to_plan"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Dispatch(models.Model):
    """One way out of a message: tried until it is sent or given up. Holds no address."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        DROPPED = "dropped"

    message = models.ForeignKey(Message, models.CASCADE, related_name="dispatches")
    channel = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="one_dispatch_a_channel"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending", "sent", "failed", "dropped"]),
                name="dispatch_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sending"], ended_at=None)
                | Q(state__in=["sent", "failed", "dropped"], ended_at__isnull=False),
                name="dispatch_ended_when_it_says_so",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(claimed_at__isnull=False),
                name="dispatch_is_claimed_while_sending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state="waiting"), name="dispatches_to_send"
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(state="sending"), name="dispatches_under_way"
            ),
            models.Index(
                fields=["ended_at"], condition=Q(state="failed"), name="dispatches_that_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class MessagePreferences(models.Model):
    """What goes out to a person: topic -> channels, and in which language. No row: the defaults."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="message_preferences")
    language = models.CharField(max_length=10)
    channels = models.JSONField()

    def __str__(self) -> str:
        return f"preferences of {self.account_id}"
