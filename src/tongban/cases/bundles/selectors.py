"""Reads of bundles as handed in: the lists, the page of one, what staff see of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date
from tongban.base.problems import NotFound
from tongban.cases.bundles.filing import cases_of
from tongban.cases.bundles.rules import OneDay, PartNow, PartState, Span, one_day
from tongban.cases.bundles.sending import parts_now
from tongban.cases.models import BundleFiling, BundlePart, Case, CaseEvent
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.rules import ENDINGS, Limit, State
from tongban.catalogue.bundles.publishing import guides_of
from tongban.catalogue.bundles.schema import BundleDocument, chosen_parts
from tongban.catalogue.bundles.schema import BundlePart as PartOfGuide
from tongban.catalogue.bundles.selectors import bundle_document
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.directory.selectors import working_calendar

FILINGS_MOST = 100
REASONED = [act.value for act in ENDINGS]


def filings_of(account: Account) -> list[BundleFiling]:
    """The account's bundles, begun and sent, last touched first. One query."""
    filings = BundleFiling.objects.filter(
        Q(account=account) | Q(principal__account=account, sent_at__isnull=False)
    )
    return list(filings.select_related("bundle").order_by("-updated_at")[:FILINGS_MOST])


@dataclass(frozen=True)
class PartSeen:
    """A part as its page shows it. `reasons` are those of the decision, as they were told."""

    row: BundlePart
    part: PartOfGuide
    state: PartState
    case: Case | None
    reasons: str


@dataclass(frozen=True)
class FilingSeen:
    filing: BundleFiling
    document: BundleDocument
    parts: tuple[PartSeen, ...]
    day: OneDay

    @property
    def approved(self) -> int:
        return sum(part.state is PartState.APPROVED for part in self.parts)


def find_filing(account: Account, number: str) -> BundleFiling:
    """A bundle that the account sent, that was sent for them, or one of whose cases they follow.

    Three queries. Raises NotFound.
    """
    if "\x00" not in number:
        of_cases = cases_of_applicant(account).values("draft_key")
        sent_for = Q(pk__in=BundlePart.objects.filter(draft_key__in=of_cases).values("filing"))
        mine = Q(account=account) | Q(principal__account=account, enterprise=None) | sent_for
        filing = BundleFiling.objects.select_related("bundle", "enterprise", "principal").filter(
            mine, number=number
        )
        if found := filing.first():
            return found
    raise NotFound(
        code="filing_not_found",
        title=_("There is no such bundle"),
        detail=_("The number is wrong, or it is not yours to see."),
        fix=_("See «My cases» for what you have sent."),
    )


def seen(filing: BundleFiling) -> FilingSeen:
    """A sent bundle with its parts, their cases and reasons. Four queries."""
    document = bundle_document(filing.bundle)
    parts = {part.key: part for part in chosen_parts(document, filing.choices)}
    rows = list(filing.parts.select_related("item__organ").order_by("place"))
    cases = cases_of([row.draft_key for row in rows])
    reasons = _reasons(list(cases.values()))
    now = parts_now(rows, parts, cases, sent=True)
    return FilingSeen(
        filing=filing,
        document=document,
        parts=tuple(
            PartSeen(
                row=row,
                part=parts[row.key],
                state=part.state,
                case=cases.get(row.draft_key),
                reasons=reasons.get(cases[row.draft_key].pk, "") if row.draft_key in cases else "",
            )
            for row, part in zip(rows, now, strict=True)
        ),
        day=_day(filing, document, list(zip(rows, now, strict=True)), parts, cases),
    )


def _reasons(cases: list[Case]) -> dict[int, str]:
    events = CaseEvent.objects.filter(case__in=cases, act__in=REASONED)
    return {event.case_id: event.text for event in events.only("case_id", "text")}


def _day(
    filing: BundleFiling,
    document: BundleDocument,
    rows: list[tuple[BundlePart, PartNow]],
    parts: dict[str, PartOfGuide],
    cases: dict[uuid.UUID, Case],
) -> OneDay:
    assert filing.sent_at is not None
    guides = {key: document_of(guide) for key, guide in guides_of(list(parts.values())).items()}
    spans = [
        Span(
            key=row.key,
            after=now.after,
            state=now.state,
            promise=_promise(cases.get(row.draft_key), guides.get(row.key)),
            ends_on=_ends_on(cases.get(row.draft_key), filing, now.state),
            answer_by=_answer_by(cases.get(row.draft_key)),
        )
        for row, now in rows
    ]
    promise = document.promise
    return one_day(
        spans,
        Limit(promise.value, promise.unit) if promise else None,
        local_date(filing.sent_at),
        working_calendar(),
    )


def _promise(case: Case | None, guide: object) -> Limit:
    document = document_of(case.guide) if case else guide
    promised = getattr(document, "promised_limit", None)
    return Limit(promised.value, promised.unit) if promised else Limit(20, "working_day")


def _ends_on(case: Case | None, filing: BundleFiling, state: PartState) -> date | None:
    if case is None:
        return None
    ended = case.decided_at or case.closed_at
    if ended is not None:
        return local_date(ended)
    if case.state == State.REFUSED:
        return local_date(case.submitted_at)
    return case.due_on


def _answer_by(case: Case | None) -> date | None:
    return case.next_due_on if case is not None and case.state == State.SUBMITTED else None


@dataclass(frozen=True)
class Beside:
    """What staff see of the bundle that a case belongs to: names and states, nothing typed."""

    name: object
    number: str
    parts: tuple[tuple[str, str, PartState, bool], ...]


def beside(case: Case) -> Beside | None:
    """The bundle of a case, None when it belongs to none. One query, four when it does."""
    row = (
        BundlePart.objects.select_related("filing__bundle")
        .filter(draft_key=case.draft_key, filing__sent_at__isnull=False)
        .first()
    )
    if row is None:
        return None
    whole = seen(row.filing)
    return Beside(
        name=whole.document.name,
        number=row.filing.number or "",
        parts=tuple(
            (
                one.row.item.name,
                one.row.item.organ.name if one.row.item.organ else "",
                one.state,
                one.row.pk == row.pk,
            )
            for one in whole.parts
        ),
    )
