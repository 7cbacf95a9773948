"""Counting what happened to cases, by day, region, organ, item and theme, as events come in.

Idempotent: how far it went is written with the counts, in one transaction. Counted anew from the
first event the sums are the same (`tests/assessment/test_tallying.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import Max

from tongban.assessment.models import TalliedUpto, Tally
from tongban.assessment.rules.catalogue import LEVELS
from tongban.assessment.rules.counts import Counts, add
from tongban.assessment.rules.facts import (
    COUNTED,
    RULES_VERSION,
    Line,
    Subject,
    WorkingDays,
    facts_of,
)
from tongban.assessment.rules.themes import THEMES_FILE, themes_of
from tongban.base.clocks import local_date, utc_now
from tongban.base.worktime import Calendar
from tongban.cases.models import LOOKS, Case, CaseEvent
from tongban.catalogue.models import Guide
from tongban.directory.selectors import working_calendar
from tongban.ledger.traces import leaves_no_trace

MOST: Final = 20_000
CHUNK: Final = 400
NO_NEED: Final = frozenset({"shared", "on_file"})
KEPT_GUIDES: Final = 50_000
# Materials that a version of a guide asks for, None where it says nothing. Versions never change.
_materials: dict[int, int | None] = {}

Key = tuple[str, bool, date]


@dataclass
class Batch:
    """Counts of some events: by region path and day, organ and day, theme, item and day."""

    places: dict[tuple[str, date], Counts] = field(default_factory=lambda: defaultdict(dict))
    organs: dict[tuple[int, date], Counts] = field(default_factory=lambda: defaultdict(dict))
    items: dict[tuple[int, int, str, date], Counts] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def rows(self) -> dict[Key, Counts]:
        """What to add to which tally: each place with all above it, days and months."""
        found: dict[Key, Counts] = defaultdict(dict)
        for (path, day), counts in self.places.items():
            theme, _colon, place = path.rpartition("|")
            for level in LEVELS:
                if level > len(place):
                    break
                scope = f"t:{theme}:{place[:level]}" if theme else f"r:{place[:level]}"
                add(found[scope, False, day], counts)
                add(found[scope, True, day.replace(day=1)], counts)
        for (organ, day), counts in self.organs.items():
            add(found[f"o:{organ}", False, day], counts)
            add(found[f"o:{organ}", True, day.replace(day=1)], counts)
        for (item, _organ, _path, day), counts in self.items.items():
            add(found[f"i:{item}", False, day], counts)
        return found

    def homes(self) -> dict[str, tuple[int, str]]:
        """Organ and region path of each item."""
        return {f"i:{item}": (organ, path) for item, organ, path, _day in self.items}


def made_of(calendar: Calendar, upto: date) -> str:
    """What the counting of events up to a day rests on: the day, and a hash of rules, themes and of
    the calendar up to that day. Days to come don't matter: a new year's notice changes nothing.
    """
    days = sorted(
        (day.isoformat(), kind.value) for day, kind in calendar.exceptions.items() if day <= upto
    )
    words = json.dumps([RULES_VERSION, days])
    digest = hashlib.sha256(words.encode() + THEMES_FILE.read_bytes()).hexdigest()
    return f"{upto.isoformat()} {digest[:53]}"


def still_holds(held: str, calendar: Calendar) -> bool:
    """Whether what was counted then would be counted the same today."""
    try:
        upto = date.fromisoformat(held[:10])
    except ValueError:
        return False
    return held == made_of(calendar, upto)


@leaves_no_trace("counts what the events of cases say")
def tally(most: int = MOST, *, at: datetime | None = None) -> int:
    """Count at most `most` events that are not counted yet; how many were looked at.

    Another theme list or rule, or a calendar that changes days that were counted, has everything
    counted anew, from the first event. Two at once count nothing twice.
    """
    calendar = working_calendar()
    upto = TalliedUpto.objects.filter(id=1).first()
    before = upto.made_of if upto else ""
    holds = still_holds(before, calendar)
    first = upto.event if upto and holds else 0
    last = _last_event()
    if last is None:
        return 0
    events = list(
        CaseEvent.objects.filter(pk__gt=first, pk__lte=last)
        .order_by("pk")
        .values_list("pk", "case_id", "seq", "act")[:most]
    )
    reached = events[-1][0] if events else first
    moment = at or utc_now()
    if holds and not events:
        TalliedUpto.objects.filter(id=1, event=first).update(at=moment)
        return 0
    batch = counted_in(events, WorkingDays(calendar))
    rows, homes = batch.rows(), batch.homes()
    with transaction.atomic():
        TalliedUpto.objects.get_or_create(id=1)
        held = TalliedUpto.objects.select_for_update().get(id=1)
        if held.made_of != before or (holds and held.event != first):
            return 0  # Somebody else was faster.
        if not holds:
            Tally.objects.all().delete()
        known = [date.fromisoformat(before[:10])] if holds else [date.min]
        held.made_of = made_of(calendar, max([*known, *(day for _place, day in batch.places)]))
        _add(rows, homes)
        held.event = reached
        if len(events) < most:  # All that there is: as of now.
            held.at = moment
        held.save(update_fields=["event", "made_of", "at"])
    return len(events)


def tally_all(*, most: int = MOST, at: datetime | None = None) -> int:
    """Count all that is not counted yet, `most` events at a time."""
    done = 0
    while counted := tally(most, at=at):
        done += counted
    return done


@leaves_no_trace("counts again what the events of cases say")
@transaction.atomic
def forget_tallies() -> None:
    """Throw the tallies away, so that the next `tally` begins at the first event."""
    Tally.objects.all().delete()
    TalliedUpto.objects.filter(id=1).update(event=0, made_of="")


@leaves_no_trace("waits for writers, and writes nothing")
def _last_event() -> int | None:
    """The newest event up to which none can still appear; None when that can't be said now.

    Keys are given before transactions end: on PostgreSQL a smaller one may be committed later. A
    share lock waits for those that write now; SQLite has one writer.
    """
    if connection.vendor != "postgresql":
        return CaseEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                cursor.execute(f"LOCK TABLE {CaseEvent._meta.db_table} IN SHARE MODE")
            return CaseEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    except OperationalError:  # Somebody writes for long: next time.
        return None


def counted_in(events: list[tuple[int, int, int, str]], days: WorkingDays) -> Batch:
    """What these events (key, case, place, act) count for, by place, organ and item."""
    batch = Batch()
    wanted = [event for event in events if event[3] in COUNTED]
    if not wanted:
        return batch
    keys = {case for _pk, case, _seq, _act in wanted}
    cases = {
        row[0]: row[1:]
        for chunk in _chunks(sorted(keys))
        for row in Case.objects.filter(pk__in=chunk).values_list(
            "pk", "item_id", "organ_id", "region_path", "channel", "guide_id",
            "item__name", "item__basic_code",
        )
    }  # fmt: skip
    materials = _materials_of({row[4] for row in cases.values()})
    histories = _histories(keys)
    for _pk, case, seq, _act in wanted:
        item, organ, path, channel, guide, name, basic = cases[case]
        history = histories[case]
        place = next(at for at, line in enumerate(history) if line.seq == seq)
        subject = Subject(channel == "counter", materials[guide])
        facts = facts_of(history, place, subject, days)
        if not facts:
            continue
        day = history[place].day
        homes = [batch.places[path, day], batch.organs[organ, day]]
        homes.append(batch.items[item, organ, path, day])
        homes += [batch.places[f"{theme}|{path}", day] for theme in themes_of(name, basic)]
        for measure, value in facts:
            for counts in homes:
                spread = counts.setdefault(measure.value, {})
                spread[value] = spread.get(value, 0) + 1
    return batch


def _histories(cases: set[int]) -> dict[int, list[Line]]:
    """All events of these cases that do something, in order."""
    found: dict[int, list[Line]] = defaultdict(list)
    for chunk in _chunks(sorted(cases)):
        rows = (
            CaseEvent.objects.filter(case__in=chunk)
            .exclude(act__in=LOOKS)
            .order_by("case_id", "seq")
            .values_list("case_id", "seq", "act", "at", "data")
        )
        for case, seq, act, at, data in rows:
            found[case].append(Line(seq, act, local_date(at), data))
    return found


def _materials_of(guides: set[int]) -> dict[int, int | None]:
    unknown = guides - _materials.keys()
    if len(_materials) > KEPT_GUIDES:
        _materials.clear()
        unknown = guides
    for chunk in _chunks(sorted(unknown)):
        for pk, document in Guide.objects.filter(pk__in=chunk).values_list("pk", "document"):
            _materials[pk] = materials_asked(document)
    return {guide: _materials[guide] for guide in guides}


def materials_asked(document: Mapping[str, Any]) -> int | None:
    """Materials that people must bring or upload; None where the guide says nothing of any."""
    listed = document.get("materials")
    if listed is None:
        return 0 if document.get("needs_materials") is False else None
    return sum(one.get("how") not in NO_NEED for one in listed)


def _add(rows: Mapping[Key, Counts], homes: Mapping[str, tuple[int, str]]) -> None:
    """Add counts to the tallies that are there, and make those that are not."""
    by_scope: dict[str, dict[tuple[bool, date], Counts]] = defaultdict(dict)
    for (scope, monthly, day), counts in rows.items():
        by_scope[scope][monthly, day] = counts
    for scopes in _chunks(sorted(by_scope)):
        days = {day for scope in scopes for _monthly, day in by_scope[scope]}
        held = Tally.objects.filter(scope__in=scopes, day__gte=min(days), day__lte=max(days))
        before = {
            (scope, monthly, day): counts
            for scope, monthly, day, counts in held.values_list("scope", "monthly", "day", "counts")
            if (monthly, day) in by_scope[scope]
        }
        written = []
        for scope in scopes:
            for (monthly, day), counts in by_scope[scope].items():
                if held_before := before.get((scope, monthly, day)):
                    add(counts, held_before)
                written.append(_row(scope, monthly, day, counts, homes.get(scope)))
        with connection.cursor() as cursor:
            cursor.executemany(_PUT[connection.vendor], written)


_COLUMNS: Final = (
    "scope, monthly, day, organ_id, under, counts, received, at_counter, decided, late, corrected,"
    " silent"
)
_SET: Final = ", ".join(
    f"{name} = excluded.{name}"
    for name in ("counts", "received", "at_counter", "decided", "late", "corrected", "silent")
)
# By hand: a million cases are millions of rows, and composing each anew takes longer than writing it.
_PUT: Final = {
    vendor: f"INSERT INTO assessment_tally ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, {counts}, %s,"  # noqa: S608
    f" %s, %s, %s, %s, %s) ON CONFLICT (scope, monthly, day) DO UPDATE SET {_SET}"
    for vendor, counts in (("sqlite", "%s"), ("postgresql", "%s::jsonb"))
}


def _row(
    scope: str, monthly: bool, day: date, counts: Counts, home: tuple[int, str] | None
) -> tuple[str | int | None, ...]:
    received = counts.get("received", {})
    organ, under = home or (None, "")
    return (
        scope,
        monthly,
        day.isoformat(),
        organ,
        under,
        json.dumps(counts, separators=(",", ":")),
        sum(received.values()),
        received.get(1, 0),
        *(
            sum(counts.get(measure, {}).values())
            for measure in ("decided", "late", "corrected", "silent")
        ),
    )


def _chunks(keys: list[Any]) -> Iterable[list[Any]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
