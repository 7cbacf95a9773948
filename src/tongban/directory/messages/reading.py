"""The account: the list of messages, reading one, and what a person wants to get outside."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import InvalidInput, NotFound
from tongban.directory.messages.kinds import DEFAULTS, Channel, Topic
from tongban.directory.models import Account, Message, MessagePreferences
from tongban.ledger.traces import leaves_no_trace

PAGE = 20
# More than so many are not counted: «99+».
COUNTED_MOST = 100


def unread_count(account: Account) -> int:
    """Messages that were not read yet, at most `COUNTED_MOST`. One query."""
    return Message.objects.filter(account=account, read_at=None)[:COUNTED_MOST].count()


@dataclass(frozen=True)
class Page:
    """Messages, newest first; `older` is the key after which the next page goes on, "" at the end."""

    messages: tuple[Message, ...]
    older: str


def messages_of(
    account: Account, *, before: uuid.UUID | None = None, legal_only: bool = False
) -> Page:
    """A page of the account's messages by keyset, after the message `before`. At most two queries.

    Raises NotFound when `before` is not a message of the account.
    """
    found = Message.objects.filter(account=account)
    if legal_only:
        found = found.filter(legal=True)
    if before is not None:
        last = _own(account, before)
        at = last.available_at
        found = found.filter(Q(available_at__lt=at) | Q(available_at=at, pk__lt=last.pk))
    rows = list(found.order_by("-available_at", "-pk")[: PAGE + 1])
    older = str(rows[PAGE - 1].key) if len(rows) > PAGE else ""
    return Page(tuple(rows[:PAGE]), older)


def _own(account: Account, key: uuid.UUID) -> Message:
    message = Message.objects.filter(account=account, key=key).first()
    if message is None:
        raise NotFound(
            code="message_not_found",
            title=_("There is no such message"),
            detail=_("It is in another account, or it was deleted after its time."),
        )
    return message


@leaves_no_trace("the person's own account")
@transaction.atomic
def read(account: Account, key: uuid.UUID, *, at: datetime | None = None) -> Message:
    """One message, and when it was first read. Raises NotFound for another's. Two queries at most."""
    message = _own(account, key)
    if message.read_at is None:
        moment = max(at or utc_now(), message.available_at)
        # Read in two windows at once: the first one counts.
        unread = Message.objects.filter(pk=message.pk, read_at=None)
        if unread.update(read_at=moment):
            message.read_at = moment
        else:
            message.refresh_from_db(fields=["read_at"])
    return message


@leaves_no_trace("the person's own account")
@transaction.atomic
def mark_all_read(account: Account, *, at: datetime | None = None) -> int:
    """Count everything as read but the legal notices: those are read one by one. How many it were."""
    unread = Message.objects.filter(account=account, read_at=None, legal=False)
    return unread.update(read_at=at or utc_now())


@dataclass(frozen=True)
class Wanted:
    """What goes out to a person, by topic, and the language in which it is written."""

    language: str
    channels: Mapping[Topic, frozenset[Channel]]

    def by(self, topic: Topic) -> frozenset[Channel]:
        return self.channels.get(topic, DEFAULTS[topic])


UNCHOSEN = Wanted(settings.LANGUAGE_CODE, DEFAULTS)


def wanted_by(accounts: Collection[int]) -> dict[int, Wanted]:
    """What accounts have chosen; those that chose nothing are not in it. One query."""
    rows = MessagePreferences.objects.filter(account__in=accounts)
    return {row.account_id: _wanted(row) for row in rows}


def _wanted(row: MessagePreferences) -> Wanted:
    known = {channel.value for channel in Channel}
    return Wanted(
        row.language,
        {
            topic: frozenset(Channel(name) for name in row.channels[topic] if name in known)
            for topic in Topic
            if topic in row.channels
        },
    )


def wanted(account: Account) -> Wanted:
    """What the account has chosen, or the defaults. One query."""
    return wanted_by([account.pk]).get(account.pk, UNCHOSEN)


@leaves_no_trace("what the person wants to get outside; everything is in the account all the same")
@transaction.atomic
def choose(
    account: Account, *, language: str, channels: Mapping[Topic, Iterable[Channel]]
) -> Wanted:
    """Keep a person's choice. In the account everything arrives, whatever is chosen.

    Raises InvalidInput for a language that the site does not have.
    """
    if language not in dict(settings.LANGUAGES):
        raise InvalidInput(code="language", title=_("Choose a language"), field="language")
    row, _created = MessagePreferences.objects.update_or_create(
        account=account,
        defaults={
            "language": language,
            "channels": {
                topic.value: sorted(channel.value for channel in channels.get(topic, ()))
                for topic in Topic
            },
        },
    )
    return _wanted(row)
