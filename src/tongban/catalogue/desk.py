"""Reads for those who write guides: their organs' items, their state, what a draft says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Case, CharField, Count, FilteredRelation, Q, QuerySet, Value, When

from tongban.base.permissions import Permission
from tongban.base.problems import NotFound
from tongban.catalogue.lint.reporting import score_of
from tongban.catalogue.lint.rules import findings_of
from tongban.catalogue.lint.running import subject_of_record, subjects_of
from tongban.catalogue.models import Guide, Proposal, ServiceItem
from tongban.catalogue.rules import inherited
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of

PAGE: Final = 50
OPEN: Final = ("draft", "review", "approved")
# What the list can be narrowed to, in the order of the links.
STATES: Final = ("draft", "review", "approved", "published", "withdrawn", "none")


@dataclass(frozen=True)
class DeskRow:
    """An item as its organ's list shows it. `score` is that of the version being written, if any."""

    code: str
    name: str
    organ: str
    organ_key: int | None
    version: int
    since: Any
    proposal: str
    proposal_label: str
    withdrawn: bool
    complete: bool
    score: int
    errors: int
    warnings: int


def _joined(items: QuerySet[ServiceItem]) -> QuerySet[ServiceItem]:
    return items.annotate(
        in_force=FilteredRelation("guides", condition=Q(guides__effective_to=None)),
        in_hand=FilteredRelation("proposals", condition=Q(proposals__state__in=OPEN)),
    )


def counts_by_state(organs: Collection[int]) -> dict[str, int]:
    """How many items of some organs are in each state, and "all". Two queries.

    An item that is written anew while a version is in force counts in both.
    """
    mine = ServiceItem.objects.filter(organ__in=organs)
    state = Case(
        When(in_force__isnull=False, then=Value("published")),
        default=Value("none"),
        output_field=CharField(),
    )
    rows = (
        _joined(mine)
        .annotate(public=state)
        .order_by()
        .values_list("public", "in_hand__state")
        .annotate(count=Count("id"))
    )
    counts = dict.fromkeys(("all", *STATES), 0)
    for public, proposal, count in rows:
        counts["all"] += count
        counts[public] += count
        if proposal:
            counts[proposal] += count
    withdrawn = _withdrawn(mine).count()
    counts["withdrawn"] = withdrawn
    counts["none"] -= withdrawn
    return counts


def _withdrawn(items: QuerySet[ServiceItem]) -> QuerySet[ServiceItem]:
    """Items whose guide was withdrawn and has no follower."""
    gone = Guide.objects.filter(state=Guide.State.WITHDRAWN).values("item")
    held = Guide.objects.filter(effective_to=None).values("item")
    return items.filter(pk__in=gone).exclude(pk__in=held)


def in_state(items: QuerySet[ServiceItem], state: str) -> QuerySet[ServiceItem]:
    """Items in one of `STATES`; all for anything else."""
    if state in OPEN:
        return items.filter(pk__in=Proposal.objects.filter(state=state).values("item"))
    held = Guide.objects.filter(effective_to=None).values("item")
    if state == "published":
        return items.filter(pk__in=held)
    if state == "withdrawn":
        return _withdrawn(items)
    if state == "none":
        gone = Guide.objects.filter(state=Guide.State.WITHDRAWN).values("item")
        return items.exclude(pk__in=held).exclude(pk__in=gone)
    return items


@dataclass(frozen=True)
class DeskPage:
    rows: tuple[DeskRow, ...]
    after: str


def items_of_organs(
    organs: Collection[int], *, state: str = "", words: str = "", after: tuple[str, int] | None
) -> tuple[list[DeskRow], tuple[str, int] | None]:
    """A page of the items of some organs, by name, and where the next one begins. Seven queries."""
    items = in_state(ServiceItem.objects.filter(organ__in=organs), state)
    if words:
        items = items.filter(Q(name__icontains=words) | Q(code__startswith=words))
    if after:
        items = items.filter(Q(sort_key__gt=after[0]) | Q(sort_key=after[0], pk__gt=after[1]))
    found = list(items.select_related("organ").order_by("sort_key", "pk")[: PAGE + 1])
    following = (found[PAGE - 1].sort_key, found[PAGE - 1].pk) if len(found) > PAGE else None
    return _rows(found[:PAGE]), following


def _rows(items: list[ServiceItem]) -> list[DeskRow]:
    keys = [item.pk for item in items]
    guides = {
        guide.item_id: guide for guide in Guide.objects.filter(item__in=keys, effective_to=None)
    }
    proposals = {one.item_id: one for one in Proposal.objects.filter(item__in=keys, state__in=OPEN)}
    gone = set(
        Guide.objects.filter(item__in=keys, state=Guide.State.WITHDRAWN).values_list(
            "item_id", flat=True
        )
    )
    basics = {item.basic_code for item in items if item.basic_code}
    subjects = {
        one.code: one for one in subjects_of(ServiceItem.objects.filter(pk__in=keys), basics=basics)
    }
    rows = []
    for item in items:
        guide, proposal = guides.get(item.pk), proposals.get(item.pk)
        subject = subjects[item.code]
        if proposal is not None:
            fixed = subject.basic
            document = inherited(fixed, proposal.document) if fixed else proposal.document
            subject = subject_of_record(item, document, fixed)
        findings = findings_of(subject)
        severities = [one.rule.severity.value for one in findings]
        rows.append(
            DeskRow(
                code=item.code,
                name=item.name,
                organ=item.organ.name if item.organ else "",
                organ_key=item.organ_id,
                version=guide.version if guide else 0,
                since=guide.effective_from if guide else None,
                proposal=proposal.state if proposal else "",
                proposal_label=str(proposal.get_state_display()) if proposal else "",
                withdrawn=guide is None and item.pk in gone,
                complete=bool(guide and guide.is_complete),
                score=score_of(findings),
                errors=severities.count("error"),
                warnings=severities.count("warning"),
            )
        )
    return rows


def item_of(account: Account, code: str, *permissions: Permission) -> ServiceItem:
    """An item of an organ in which the account has one of the permissions. Two queries.

    Raises NotFound for every other: who may not write on it does not learn that it is there.
    """
    duties = duties_of(account)
    organs = frozenset().union(*(duties.organs_for(one) for one in permissions))
    item = (
        ServiceItem.objects.select_related("organ", "region", "basic")
        .filter(code=code, organ__in=organs)
        .first()
        if "\x00" not in code
        else None
    )
    if item is None:
        raise NotFound(code="item_not_found", title="There is no such item")
    return item


def comes_on(proposal: Proposal | None, today: date) -> date | None:
    """The day to come on which a version is to be in force; None for at once."""
    day = proposal.effective_from if proposal else None
    return day if day and day > today else None


def open_proposal(item: ServiceItem) -> Proposal | None:
    """The version that is being written, reviewed or waiting. One query."""
    return item.proposals.filter(state__in=OPEN).select_related("author", "approver").first()
