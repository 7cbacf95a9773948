"""Handing in a bundle, and what follows when one of its parts has its result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import make_case_number
from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict, DomainError, FieldError, InvalidInput, NotFound
from tongban.cases.answers import Unfit, check_answer
from tongban.cases.bundles.filing import Opened, cases_of, opened, own_filing
from tongban.cases.bundles.rules import PartNow, PartState, is_finished, next_steps, state_of_case
from tongban.cases.models import BundleFiling, BundlePart, Case, CaseEvent, Draft
from tongban.cases.rules import Act
from tongban.cases.services import submitting
from tongban.catalogue.bundles.schema import BundlePart as PartOfGuide
from tongban.catalogue.bundles.schema import chosen_parts
from tongban.catalogue.bundles.selectors import bundle_document
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

ASKS_LONGEST = 500


def parts_now(
    rows: Sequence[BundlePart],
    order: Mapping[str, PartOfGuide],
    cases: Mapping[uuid.UUID, Case],
    *,
    sent: bool,
) -> list[PartNow]:
    """How the parts stand, in their order."""
    found = []
    for row in rows:
        case = cases.get(row.draft_key)
        if case is not None:
            state = state_of_case(case.state)
        elif row.stopped:
            state = PartState.STOPPED
        elif row.asks:
            state = PartState.ASKED
        else:
            state = PartState.WAITING if sent else PartState.DRAFT
        found.append(PartNow(row.key, order[row.key].after, state))
    return found


def _faults(now: Opened, id_number: str) -> list[FieldError]:
    """What is wrong with every part, told once each at the question of the one form."""
    found: dict[tuple[str, str], FieldError] = {}
    for part in now.parts:
        draft = now.drafts[part.key]
        files = submitting.files_of_draft(draft.pk)
        for fault in submitting.faults_of(
            now.guides[part.key], draft.answers, files, id_number, committed=draft.committed
        ):
            key = fault.pointer.lstrip("/")
            if key in part.fills:
                continue
            merged = now.form.key_of(part.key, key) or key
            found.setdefault(
                (merged, fault.code), FieldError(f"/{merged}", fault.code, fault.detail)
            )
    return list(found.values())


@leaves_trace(acts.BUNDLE_SENT, acts.CASE_SUBMITTED)
@transaction.atomic
def send(
    actor: Account,
    key: uuid.UUID,
    *,
    channel: str = Case.Channel.WEB,
    at: datetime | None = None,
) -> BundleFiling:
    """Hand in a bundle: what waits for nothing becomes a case now, the rest when its turn comes.

    Sent twice, the second call returns the filing of the first. Raises InvalidInput that lists every
    fault of every part, NotFound for another's.
    """
    moment = at or utc_now()
    already = BundleFiling.objects.filter(account=actor, key=key, sent_at__isnull=False).first()
    if already:
        return already
    now = opened(own_filing(actor, key, lock=True))
    errors = _faults(now, now.filing.principal.id_number)
    if errors:
        raise InvalidInput(
            code="application_incomplete",
            title=_("The application is not complete"),
            detail=_("Some answers or documents are missing or wrong."),
            errors=tuple(errors),
        )
    filing = now.filing
    filing.number = make_case_number(now.document.region, local_date(moment))
    filing.sent_at = filing.updated_at = moment
    filing.save(update_fields=["number", "sent_at", "updated_at"])
    told = []
    for part in now.parts:
        case = None
        if not part.after:
            case = submitting.submit(actor, now.drafts[part.key].key, channel=channel, at=moment)
        told.append(
            {
                "part": part.key,
                "item": part.item_code,
                "number": case.number if case else "",
                "after": list(part.after),
            }
        )
    record(
        acts.BUNDLE_SENT,
        at=moment,
        region=now.document.region,
        case_ref=filing.ledger_ref,
        payload={
            "number": filing.number,
            "slug": filing.bundle.slug,
            "version": filing.bundle.version,
            "by": actor.username,
            "parts": told,
        },
    )
    return filing


@leaves_trace(acts.CASE_SUBMITTED, acts.BUNDLE_PART_DROPPED, acts.BUNDLE_FINISHED)
def go_on(case: Case, at: datetime) -> None:
    """A case has ended: hand in what waited for it, stop what can't be any more, tell the whole.

    Inside the transaction of the act that ended it. One query for a case of no bundle.
    """
    part = BundlePart.objects.filter(draft_key=case.draft_key).only("filing_id").first()
    if part is not None:
        _move(part.filing_id, at)


def _move(filing_id: int, at: datetime) -> None:
    filing = (
        BundleFiling.objects.select_for_update(of=("self",))
        .select_related("bundle", "account")
        .get(pk=filing_id)
    )
    if filing.sent_at is None:  # A part was sent by itself before the whole was.
        return
    order = _order(filing)
    rows = list(filing.parts.select_related("item").order_by("place"))
    cases = cases_of([row.draft_key for row in rows])
    by_key = {row.key: row for row in rows}
    send_now, stop_now = next_steps(parts_now(rows, order, cases, sent=True))
    for key in stop_now:
        _stop(filing, by_key[key], BundlePart.Stopped.EARLIER_FAILED, "", at)
    for key in send_now:
        _send_part(filing, by_key[key], order[key], by_key, cases, at)
    if send_now:
        cases = cases_of([row.draft_key for row in rows])
    if filing.finished_at is None and is_finished(parts_now(rows, order, cases, sent=True)):
        _finish(filing, rows, cases, at)


def _order(filing: BundleFiling) -> dict[str, PartOfGuide]:
    parts = chosen_parts(bundle_document(filing.bundle), filing.choices)
    return {part.key: part for part in parts}


@leaves_trace(acts.CASE_SUBMITTED)
def _send_part(
    filing: BundleFiling,
    row: BundlePart,
    part: PartOfGuide,
    rows: Mapping[str, BundlePart],
    cases: Mapping[uuid.UUID, Case],
    at: datetime,
) -> None:
    """Hand the part in for who sent the bundle; what stands in the way is asked of them."""
    try:
        with transaction.atomic():
            _fill(row, part, rows, cases)
            submitting.submit(filing.account, row.draft_key, at=at)
    except DomainError as problem:
        details = [fault.detail for fault in problem.errors] or [str(problem.detail)]
        row.asks = f"{problem.title}: {' '.join(details)}"[:ASKS_LONGEST]
        row.save(update_fields=["asks"])


def _fill(
    row: BundlePart,
    part: PartOfGuide,
    rows: Mapping[str, BundlePart],
    cases: Mapping[uuid.UUID, Case],
) -> None:
    """Answer with the numbers of earlier results what can be answered so."""
    draft = Draft.objects.select_related("guide").filter(key=row.draft_key).first()
    if draft is None:
        return
    fields = {
        field.key: field for page in document_of(draft.guide).form_pages for field in page.fields
    }
    for key, earlier in part.fills.items():
        number = result_number(cases[rows[earlier].draft_key])
        try:
            draft.answers[key] = check_answer(fields[key], number)
        except (Unfit, KeyError):
            continue  # Asked of the applicant when the part can't be handed in without it.
    draft.save(update_fields=["answers"])


def result_number(case: Case) -> str:
    """The number of the document that the case was decided with; "" when none was given. One query."""
    event = CaseEvent.objects.filter(case=case, act=Act.APPROVE).only("data").first()
    return str(event.data.get("result_number", "")) if event else ""


def _stop(filing: BundleFiling, row: BundlePart, why: str, by: str, at: datetime) -> None:
    row.stopped, row.asks = why, ""
    row.save(update_fields=["stopped", "asks"])
    record(
        acts.BUNDLE_PART_DROPPED,
        at=at,
        region=bundle_document(filing.bundle).region,
        item=row.item.code,
        case_ref=filing.ledger_ref,
        payload={"number": filing.number or "", "part": row.key, "by": by, "reason": why},
    )


def _finish(
    filing: BundleFiling,
    rows: Sequence[BundlePart],
    cases: Mapping[uuid.UUID, Case],
    at: datetime,
) -> None:
    filing.finished_at = at
    filing.save(update_fields=["finished_at"])
    results = [
        {
            "part": row.key,
            "number": cases[row.draft_key].number if row.draft_key in cases else "",
            "result": cases[row.draft_key].state if row.draft_key in cases else row.stopped,
        }
        for row in rows
    ]
    record(
        acts.BUNDLE_FINISHED,
        at=at,
        region=bundle_document(filing.bundle).region,
        case_ref=filing.ledger_ref,
        payload={"number": filing.number or "", "parts": results},
    )


@leaves_trace(acts.BUNDLE_PART_DROPPED, acts.BUNDLE_FINISHED)
@transaction.atomic
def give_up(actor: Account, number: str, part: str, *, at: datetime | None = None) -> BundleFiling:
    """The applicant gives up a part that is not handed in yet; what waits for it stops, too.

    Raises NotFound for another's, Conflict for a part that is a case already (withdraw that).
    """
    moment = at or utc_now()
    filing = (
        BundleFiling.objects.select_for_update(of=("self",))
        .select_related("bundle")
        .filter(account=actor, number=number)
        .first()
    )
    row = filing.parts.select_related("item").filter(key=part).first() if filing else None
    if filing is None or row is None:
        raise NotFound(code="part_not_found", title=_("There is no such part"))
    if row.stopped or Case.objects.filter(draft_key=row.draft_key).exists():
        raise Conflict(
            code="not_possible_now",
            title=_("This can't be done now"),
            detail=_("The part is handed in already, or it has stopped."),
            fix=_("Open its case to withdraw it."),
        )
    _stop(filing, row, BundlePart.Stopped.GIVEN_UP, actor.username, moment)
    _move(filing.pk, moment)
    filing.refresh_from_db()
    return filing
