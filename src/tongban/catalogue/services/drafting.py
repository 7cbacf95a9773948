"""Many drafts at once, from a file or from one field for many items: planned, shown, then written.

A plan says what each row would do, and writes nothing. Writing plans again with the items locked,
and stops when the plan is not the one that was shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.catalogue import codes
from tongban.catalogue.models import (
    BasicItem,
    BasicVersion,
    Guide,
    Proposal,
    ProposalRevision,
    ServiceItem,
)
from tongban.catalogue.rules import Content, inherited
from tongban.catalogue.services import proposals
from tongban.catalogue.services.editing import LOOSENED, day_of, findings_in
from tongban.catalogue.shelves.rules import sort_key
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_no_trace, leaves_trace

BATCH: Final = 300
NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
# A new item is in nobody's results until two people have looked at its guide.
NOWHERE: Final = "?"


@dataclass(frozen=True)
class Wanted:
    """What one row wants an item's guide to say; what it does not say stays as it is.

    `refused`: why the row can't be used at all. `name` and what follows are for an item that is new.
    """

    row: int
    code: str
    content: Mapping[str, Any]
    name: str = ""
    kind: str = ""
    basic_code: str = ""
    main_item: str = ""
    refused: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Planned:
    """What a row would do. `reason` is a stable code where it is refused."""

    row: int
    code: str
    name: str
    outcome: str
    reason: str = ""
    detail: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def laid_over(held: Content, said: Content) -> dict[str, Any]:
    """A document with what a row says. A new Chinese text without English takes the old English out:
    it would say something else."""
    found = dict(held)
    for name, value in said.items():
        if name == "item_code":
            continue
        old = held.get(name)
        same_chinese = (
            isinstance(value, dict)
            and isinstance(old, dict)
            and "zh" in value
            and value.get("zh") == old.get("zh")
        )
        found[name] = {**old, **value} if same_chinese and old else value
    return found


def plan(
    organs: frozenset[int], wanted: Iterable[Wanted], *, new_for: Organ | None = None
) -> Iterator[Planned]:
    """What each row would do to the items of some organs. Four queries for each 300 rows.

    `new_for`: the organ whose items become those that are not in the catalogue; None: none may.
    """
    source = iter(wanted)
    while batch := list(islice(source, BATCH)):
        held = _Held(batch)
        for row in batch:
            yield _planned(row, held, organs, new_for)


class _Held:
    """What the catalogue has for the rows of a batch."""

    def __init__(self, batch: list[Wanted], *, locked: bool = False) -> None:
        items = ServiceItem.objects.filter(code__in=[row.code for row in batch])
        self.items = {item.code: item for item in (items.select_for_update() if locked else items)}
        keys = [item.pk for item in self.items.values()]
        self.guides = {
            one.item_id: one for one in Guide.objects.filter(item__in=keys, effective_to=None)
        }
        self.proposals = {
            one.item_id: one
            for one in Proposal.objects.filter(item__in=keys, state__in=proposals.OPEN)
        }
        fixed = {item.basic_id for item in self.items.values() if item.basic_id}
        self.basics: dict[int | None, dict[str, Any]] = {
            one.basic_id: one.document
            for one in BasicVersion.objects.filter(basic__in=fixed, effective_to=None)
        }


def _planned(row: Wanted, held: _Held, organs: frozenset[int], new_for: Organ | None) -> Planned:
    item = held.items.get(row.code)
    name = item.name if item else row.name
    if row.refused:
        return Planned(row.row, row.code, name, REFUSED, row.refused, row.detail)
    if item is None and new_for is None:
        return Planned(row.row, row.code, name, REFUSED, "unknown_item")
    if item is not None and item.organ_id not in organs:
        return Planned(row.row, row.code, name, REFUSED, "other_organ")
    proposal = held.proposals.get(item.pk) if item else None
    if proposal is not None and proposal.state != Proposal.State.DRAFT:
        return Planned(row.row, row.code, name, REFUSED, "in_review")
    guide = held.guides.get(item.pk) if item else None
    before = proposal.document if proposal else guide.document if guide else {}
    target = item or ServiceItem(code=row.code, name=row.name, kind=row.kind, organ=new_for)
    try:
        after = proposals.checked(laid_over(before, row.content), target)
        same = bool(before) and proposals.checked(before, target) == after
    except InvalidInput as problem:
        first = problem.errors[0]
        detail = f"{first.pointer}: {first.detail}"
        return Planned(row.row, row.code, name, REFUSED, "bad_guide", detail)
    if same or (item is not None and not before and set(after) <= {"item_code"}):
        return Planned(row.row, row.code, name, UNCHANGED, before=before, after=before)
    basic = held.basics.get(item.basic_id, {}) if item else {}
    if loose := _loosened(target, before, after, basic):
        return Planned(row.row, row.code, name, REFUSED, "loosened", loose)
    outcome = CHANGED if before else NEW
    return Planned(row.row, row.code, name, outcome, before=before, after=after)


def _loosened(item: ServiceItem, before: Content, after: Content, basic: Content) -> str:
    """What the row would loosen of what the basic item fixes, "" for nothing."""
    if not basic:
        return ""
    old = {
        (one.rule.code, one.detail) for one in findings_in(item, inherited(basic, before), basic)
    }
    return "; ".join(
        f"{one.rule.code} {one.detail}".strip()
        for one in findings_in(item, after, basic)
        if one.rule.code in LOOSENED and (one.rule.code, one.detail) not in old
    )


class Fingerprint:
    """A plan in a few bytes, to see that what is written is what was shown."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def add(self, one: Planned) -> None:
        parts = [one.row, one.code, one.outcome, one.reason, one.before, one.after]
        self.hash.update(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())

    def __str__(self) -> str:
        return self.hash.hexdigest()


@leaves_trace(acts.ITEMS_LOADED)
@transaction.atomic
def write_drafts(
    actor: Account,
    wanted: Iterable[Wanted],
    *,
    shown: str,
    partial: bool = False,
    new_for: Organ | None = None,
    source: str = "editor",
    sha256: str = "",
    at: datetime | None = None,
) -> dict[str, int]:
    """Write a draft for each row that is new or changed; how many of each outcome.

    `shown` is the fingerprint of the plan that somebody saw. Raises Conflict when the catalogue has
    changed since then, InvalidInput when rows are refused and `partial` was not asked for; then
    nothing is written.
    """
    now = at or utc_now()
    organs = duties_of(actor).organs_for(Permission.EDIT_GUIDES)
    if new_for is not None and new_for.pk not in organs:
        raise NotFound(code="item_not_found", title=_("There is no such organ of yours"))
    counts = dict.fromkeys((NEW, CHANGED, UNCHANGED, REFUSED), 0)
    made = 0
    fingerprint = Fingerprint()
    stream = iter(wanted)
    while batch := list(islice(stream, BATCH)):
        held = _Held(batch, locked=True)
        to_write = []
        for row in batch:
            one = _planned(row, held, organs, new_for)
            fingerprint.add(one)
            counts[one.outcome] += 1
            if one.outcome in (NEW, CHANGED):
                to_write.append((row, one))
        made += _write(actor, to_write, held, new_for, now)
    if str(fingerprint) != shown:
        raise Conflict(
            code="plan_changed",
            title=_("The catalogue has changed since you looked"),
            detail=_("Nothing was written."),
            fix=_("Look at the new list and confirm again."),
        )
    if counts[REFUSED] and not partial:
        raise InvalidInput(
            code="rows_refused",
            title=_("Some rows can't be used"),
            detail=_("Nothing was written."),
            fix=_("Mend them, or ask for the others to be taken."),
        )
    if made and new_for is not None:
        record(
            acts.ITEMS_LOADED,
            at=now,
            organ=new_for.code,
            region=new_for.region_id,
            payload={
                "sha256": sha256 or hashlib.sha256(b"").hexdigest(),
                "source": source,
                "read": sum(counts.values()),
                "created": made,
                "updated": 0,
                "problems": counts[REFUSED],
            },
        )
    return counts


@leaves_no_trace("write_drafts, which calls it, traces what is made")
def _write(
    actor: Account,
    rows: list[tuple[Wanted, Planned]],
    held: _Held,
    new_for: Organ | None,
    now: datetime,
) -> int:
    """Write the drafts of a batch, and the items that are new; how many those are."""
    new = [row for row, _one in rows if row.code not in held.items]
    known = {
        basic.code: basic
        for basic in BasicItem.objects.filter(code__in={row.basic_code for row in new})
    }
    for item in ServiceItem.objects.bulk_create(
        [_new_item(row, known.get(row.basic_code), new_for) for row in new]
    ):
        held.items[item.code] = item
    begun, revised = [], []
    for _row, one in rows:
        item = held.items[one.code]
        proposal = held.proposals.get(item.pk)
        if proposal is None:
            guide = held.guides.get(item.pk)
            proposal = Proposal(item=item, based_on=guide.version if guide else 0)
            begun.append(proposal)
        else:
            proposal.revision += 1
            revised.append(proposal)
        proposal.document = dict(one.after)
        proposal.effective_from = day_of(one.after)
        proposal.author = actor
        proposal.updated_at = now
    Proposal.objects.bulk_create(begun)
    Proposal.objects.bulk_update(
        revised, ["document", "effective_from", "revision", "author", "updated_at"], batch_size=200
    )
    ProposalRevision.objects.bulk_create(
        ProposalRevision(
            proposal=one,
            number=one.revision,
            before=one.revision - 1,
            document=one.document,
            author=actor,
            at=now,
        )
        for one in (*begun, *revised)
    )
    return len(new)


def _new_item(row: Wanted, basic: BasicItem | None, organ: Organ | None) -> ServiceItem:
    return ServiceItem(
        code=row.code,
        code_pattern=codes.parse_item_code(row.code).pattern,
        basic_code=row.basic_code,
        basic=basic,
        name=row.name,
        main_item=row.main_item,
        kind=row.kind,
        region=None,
        region_path=NOWHERE,
        organ=organ,
        source="tongban",
        source_row={},
        sort_key=sort_key(row.name),
    )
