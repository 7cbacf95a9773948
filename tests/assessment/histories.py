"""Cases with any history, written as rows: quick enough for properties of the tallies."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import World
from tongban.base.worktime import is_working_day
from tongban.cases.models import Case, CaseEvent
from tongban.cases.rules import (
    REASONED,
    STAFF_ACTS,
    SYSTEM_ACTS,
    Act,
    Happened,
    Terms,
    columns,
    replay,
)
from tongban.cases.rules.limits import Limit
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Organ
from tongban.directory.selectors import working_calendar

_numbers = itertools.count(1)
START = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
DECIDERS = {Act.APPROVE, Act.DENY, Act.START_SPECIAL, Act.END_SPECIAL}

Step = tuple[str, int, dict[str, Any]]
"""An act, so many days after the one before, and what it says."""


def write_case(
    world: World,
    steps: Sequence[Step],
    *,
    begins: int = 0,
    counter: bool = False,
    item: ServiceItem | None = None,
    organ: Organ | None = None,
) -> Case:
    """A case whose rows are what its events add up to, handed in `begins` days after START."""
    moment = START + timedelta(days=begins)
    happened = []
    for act, later, data in steps:
        moment += timedelta(days=later)
        who = Act(act)
        actor = None if who in SYSTEM_ACTS else world.clerk.pk
        if who in DECIDERS:
            actor = world.reviewer.pk
        elif who not in STAFF_ACTS and actor:
            actor = world.resident.pk
        happened.append(Happened(who, moment, actor, data))
    item = item or world.item
    organ = organ or item.organ
    key = uuid.uuid4()
    calendar = working_calendar()
    case = Case.objects.create(
        number=f"T{next(_numbers):08d}",
        draft_key=key,
        ledger_ref=key.hex,
        item=item,
        guide=world.guide,
        organ=organ,
        region_path=item.region_path,
        applicant=world.resident.person,
        channel="counter" if counter else "web",
        answers={},
        events_count=1,
        **columns(replay(happened[:1]), calendar),
    )
    before = ""
    for place, event in enumerate(happened):
        held = columns(replay(happened[: place + 1]), calendar)
        CaseEvent.objects.create(
            case=case,
            seq=place + 1,
            act=event.act.value,
            before=before,
            after=held["state"],
            at=event.at,
            actor_id=event.actor,
            organ=organ if event.act in STAFF_ACTS else None,
            text="有理由的" if event.act in REASONED else "",
            data=event.data,
        )
        Case.objects.filter(pk=case.pk).update(events_count=place + 1, **held)
        before = held["state"]
    case.refresh_from_db()
    return case


def terms(days: int) -> dict[str, Any]:
    """What an acceptance says: a promise of so many working days."""
    promise = Limit(days, "working_day") if days else Limit(0, "on_the_spot")
    return {"terms": Terms(promise=promise).as_data()}


def accepted(later: int, promise: int) -> Step:
    return "accept", later, terms(promise)


def naive_days(start: datetime, end: datetime) -> int:
    """Working days after the day of `start` up to that of `end`, one by one."""
    calendar, day, last = working_calendar(), _day(start), _day(end)
    count = 0
    while day < last:
        day += timedelta(days=1)
        count += is_working_day(day, calendar)
    return count


def _day(moment: datetime):
    from tongban.base.clocks import local_date

    return local_date(moment)
