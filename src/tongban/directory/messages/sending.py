"""Bringing messages outside: plan, claim, send, try again. Runs beside the server, by any number.

Each row is claimed by exactly one sender (`FOR UPDATE SKIP LOCKED`, on SQLite one writer at a time)
in a transaction that ends before anything is sent. A sender that dies in between leaves its rows
claimed; after `CLAIM_ENDS` they are tried again under the same reference, so that a gateway can tell
a second time from a new message: rather twice than never.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tongban.base.clocks import utc_now
from tongban.directory.messages.channels import Outgoing, Way, ways
from tongban.directory.messages.kinds import KINDS, Channel
from tongban.directory.messages.reading import UNCHOSEN, Wanted, wanted_by
from tongban.directory.models import Dispatch, Message
from tongban.ledger.traces import leaves_no_trace

log = logging.getLogger(__name__)
State = Dispatch.State
PLANNED_AT_ONCE = 500
# So few that all of them are sent, or have timed out, before their claim ends.
CLAIMED_AT_ONCE = 20
CLAIM_ENDS = timedelta(minutes=20)
# A minute, two, four … about two hours in all; then somebody has to look.
TRIES_MOST = 8
FIRST_WAIT = timedelta(minutes=1)
WAITING_LONG = timedelta(minutes=30)


@dataclass(frozen=True)
class Done:
    """What a round did: messages planned, and dispatches sent, put off, given up or dropped."""

    planned: int = 0
    sent: int = 0
    put_off: int = 0
    failed: int = 0
    dropped: int = 0

    def __bool__(self) -> bool:
        return any((self.planned, self.sent, self.put_off, self.failed, self.dropped))


def send_round(*, at: datetime | None = None) -> Done:
    """Plan what is new and send what is due. Four small queries when there is nothing to do."""
    moment, open_ways = at or utc_now(), ways()
    planned = plan(moment, open_ways)
    free_stuck(moment)
    counts: dict[str, int] = {}
    claimed = claim(moment, open_ways)
    for outcome in _send_all(claimed, open_ways, moment):
        counts[outcome] = counts.get(outcome, 0) + 1
    return Done(
        planned,
        counts.get(State.SENT, 0),
        counts.get(State.WAITING, 0),
        counts.get(State.FAILED, 0),
        counts.get(State.DROPPED, 0),
    )


@leaves_no_trace("decides what goes out of messages; the acts that they tell of have their traces")
@transaction.atomic
def plan(at: datetime, open_ways: dict[Channel, Way]) -> int:
    """Make a dispatch for each way that a person wants and has an address for. How many messages."""
    rows = Message.objects.filter(planned=False).order_by("pk").defer("facts")
    messages = list(rows.select_for_update(skip_locked=True)[:PLANNED_AT_ONCE])
    if not messages:
        return 0
    accounts = {message.account_id for message in messages}
    chosen = wanted_by(accounts)
    held = {channel: way.addresses(accounts) for channel, way in open_ways.items()}
    Dispatch.objects.bulk_create(
        Dispatch(message=message, channel=channel, due_at=at)
        for message in messages
        for channel in sorted(_channels(message, chosen))
        if message.account_id in held.get(channel, {}) and not _too_late(message, at)
    )
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(planned=True)
    return len(messages)


def _channels(message: Message, chosen: dict[int, Wanted]) -> frozenset[Channel]:
    told = KINDS.get(message.kind)
    if told is None:  # A kind of another release: it can be read once that is back.
        return frozenset()
    return chosen.get(message.account_id, UNCHOSEN).by(told.topic)


def _too_late(message: Message, at: datetime) -> bool:
    hours = KINDS[message.kind].useful_hours
    return hours is not None and at - message.available_at > timedelta(hours=hours)


@leaves_no_trace("takes rows to be sent")
@transaction.atomic
def claim(at: datetime, open_ways: Collection[Channel]) -> list[Dispatch]:
    """Take some dispatches that are due: no other sender gets them."""
    due = Dispatch.objects.filter(state=State.WAITING, due_at__lte=at, channel__in=list(open_ways))
    rows = due.order_by("due_at", "pk").select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:CLAIMED_AT_ONCE])
    if not keys:
        return []
    Dispatch.objects.filter(pk__in=keys).update(
        state=State.SENDING, claimed_at=at, attempts=F("attempts") + 1
    )
    return list(Dispatch.objects.filter(pk__in=keys).select_related("message").order_by("pk"))


@leaves_no_trace("gives rows back that a sender died with")
def free_stuck(at: datetime) -> int:
    """Let claims end whose sender is gone; how many. Those with too many tries are given up."""
    stuck = Dispatch.objects.filter(state=State.SENDING, claimed_at__lt=at - CLAIM_ENDS)
    given_up = stuck.filter(attempts__gte=TRIES_MOST).update(
        state=State.FAILED, ended_at=at, problem="the sender ended in the middle"
    )
    freed = stuck.update(state=State.WAITING, due_at=at)
    if freed or given_up:
        log.warning("%s messages were under way when their sender ended", freed + given_up)
    return freed + given_up


def _send_all(claimed: list[Dispatch], open_ways: dict[Channel, Way], at: datetime) -> list[str]:
    accounts = {one.message.account_id for one in claimed}
    chosen = wanted_by(accounts) if claimed else {}
    wanted_ways = {Channel(one.channel) for one in claimed}
    held = {channel: open_ways[channel].addresses(accounts) for channel in wanted_ways}
    outcomes = []
    for one in claimed:
        channel = Channel(one.channel)
        address = held[channel].get(one.message.account_id)
        language = chosen.get(one.message.account_id, UNCHOSEN).language
        outcomes.append(_send(one, open_ways[channel], address, language, at))
    return outcomes


def _send(one: Dispatch, way: Way, address: str | None, language: str, at: datetime) -> str:
    if address is None:
        return _end(one, State.DROPPED, at, "no address any more")
    try:
        with translation.override(language):
            way.send(address, outgoing(one))
    except Exception as problem:  # Whatever a gateway does: the next message is sent all the same.
        return _try_again(one, type(problem).__name__, at)
    return _end(one, State.SENT, at)


def outgoing(one: Dispatch) -> Outgoing:
    """What leaves: the title and where to read it, in the active language. No name, no item, no
    reason: a phone lies on the table, a mailbox is read by others.
    """
    title = str(KINDS[one.message.kind].title)
    path = reverse("directory:message", args=[one.message.key])
    site = settings.ENVIRONMENT.issuer
    text = _("%(title)s. Sign in and read it under «Messages».") % {"title": title}
    if site and one.channel == Channel.EMAIL:
        text = f"{text}\n{site}{path}"
    return Outgoing(f"{one.message.key}-{one.channel}", title, text)


@leaves_no_trace("says what became of a message outside")
def _end(one: Dispatch, state: State, at: datetime, problem: str = "") -> str:
    mine = Dispatch.objects.filter(pk=one.pk, state=State.SENDING, attempts=one.attempts)
    mine.update(state=state, ended_at=at, problem=problem)
    return state


@leaves_no_trace("says when a message is tried again")
def _try_again(one: Dispatch, problem: str, at: datetime) -> str:
    """Put it off, twice as long each time; after `TRIES_MOST` give it up and say so in the log.

    The log names the kind of failure only: what a gateway says may hold the address.
    """
    if one.attempts >= TRIES_MOST:
        log.error(
            "message %s was not sent by %s after %s tries: %s; see `tongban messages status`",
            one.message.key,
            one.channel,
            one.attempts,
            problem,
        )
        return _end(one, State.FAILED, at, problem)
    mine = Dispatch.objects.filter(pk=one.pk, state=State.SENDING, attempts=one.attempts)
    wait = FIRST_WAIT * 2 ** (one.attempts - 1)
    mine.update(state=State.WAITING, due_at=at + wait, problem=problem)
    return State.WAITING


@dataclass(frozen=True)
class Backlog:
    """What waits and what failed; `oldest` is when the first that waits should have gone."""

    unplanned: int
    waiting: int
    failed: int
    oldest: datetime | None

    def is_late(self, at: datetime) -> bool:
        return self.oldest is not None and at - self.oldest > WAITING_LONG


def backlog() -> Backlog:
    """Two counts of what is not out, and of what was given up. Five small queries."""
    new = Message.objects.filter(planned=False)
    under_way = Dispatch.objects.filter(state=State.WAITING)
    first = [
        new.order_by("pk").values_list("available_at", flat=True).first(),
        under_way.aggregate(first=Min("due_at"))["first"],
    ]
    return Backlog(
        new.count(),
        under_way.count() + Dispatch.objects.filter(state=State.SENDING).count(),
        Dispatch.objects.filter(state=State.FAILED).count(),
        min((moment for moment in first if moment), default=None),
    )


@leaves_no_trace("an operator has mended the gateway")
def retry_failed(*, at: datetime | None = None) -> int:
    """Try once more what was given up; how many."""
    failed = Dispatch.objects.filter(state=State.FAILED)
    return failed.update(
        state=State.WAITING, ended_at=None, attempts=0, due_at=at or utc_now(), problem=""
    )
