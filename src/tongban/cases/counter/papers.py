"""Papers that a window hands to the organ that handles the case (材料交接): a list, signed for.

Who gives does not sign for who takes; what did not arrive is written down, for the applicant, too.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases.counter.assisting import office_of
from tongban.cases.models import Case, Office, Paper, PaperList
from tongban.cases.services.writing import trace
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of
from tongban.ledger import acts
from tongban.ledger.traces import leaves_trace

WAITING_MOST = 200
WHAT_MOST = 200
COPIES_MOST = 999
REMARK_MOST = 500
LISTS_SHOWN = 50
# Without letters that are misread.
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"


@dataclass(frozen=True)
class Bundle:
    """What the counter gives along with a case."""

    number: str
    what: str
    copies: int


def waiting(office: Office) -> list[Case]:
    """Cases filed at the office whose papers stand on no list yet, by organ. One query."""
    cases = Case.objects.filter(assistance__office=office, papers=None)
    cases = cases.select_related("organ", "item", "applicant")
    return list(cases.order_by("organ__name", "organ", "pk").defer("answers")[:WAITING_MOST])


def _checked(bundles: Sequence[Bundle]) -> None:
    if not bundles:
        raise InvalidInput(
            code="nothing_chosen", title=_("Choose the cases whose papers you hand over")
        )
    for one in bundles:
        if not one.what.strip() or len(one.what) > WHAT_MOST or not 1 <= one.copies <= COPIES_MOST:
            raise InvalidInput(
                code="papers",
                title=_("Say what you hand over, and how many"),
                detail=_("Case %(number)s: at least one paper.") % {"number": one.number},
                field=f"what-{one.number}",
            )


def _new_code(at: datetime) -> str:
    tail = "".join(secrets.choice(LETTERS) for _place in range(6))
    return f"{local_date(at):%y%m%d}-{tail}"


@leaves_trace(acts.PAPERS_SENT)
@transaction.atomic
def hand_over(
    actor: Account, slug: str, bundles: Sequence[Bundle], *, at: datetime | None = None
) -> list[PaperList]:
    """Make a handover list for each organ of the chosen cases. Raises NotFound, InvalidInput,
    Conflict when the papers of one stand on a list already.
    """
    moment, office = at or utc_now(), office_of(actor, slug)
    _checked(bundles)
    by_number = {one.number: one for one in bundles}
    cases = list(
        Case.objects.select_for_update(of=("self",))
        .filter(number__in=by_number, assistance__office=office)
        .select_related("organ", "item")
        .order_by("organ", "pk")
    )
    if len(cases) != len(by_number):
        raise NotFound(code="case_not_found", title=_("There is no such case"))
    if Paper.objects.filter(case__in=cases).exists():
        raise Conflict(
            code="handed_over_already",
            title=_("The papers of one of the cases are handed over already"),
            fix=_("Reload the page."),
        )
    made = []
    for organ, group in groupby(cases, key=lambda one: one.organ):
        sheet = PaperList.objects.create(
            code=_new_code(moment), office=office, to_organ=organ, made_by=actor, made_at=moment
        )
        made.append(sheet)
        for case in group:
            one = by_number[case.number]
            Paper.objects.create(list=sheet, case=case, what=one.what.strip(), copies=one.copies)
            trace(
                case,
                acts.PAPERS_SENT,
                moment,
                {
                    "list": sheet.code,
                    "by": actor.username,
                    "papers": [{"what": one.what.strip(), "copies": one.copies}],
                },
            )
    return made


def lists_of(office: Office) -> list[PaperList]:
    """Lists of an office, the newest first. Two queries."""
    found = office.paper_lists.select_related("to_organ", "made_by", "received_by")
    return list(found.prefetch_related("papers__case").order_by("-made_at", "-pk")[:LISTS_SHOWN])


def lists_for(account: Account) -> list[PaperList]:
    """Lists to sign for, and those that were, of one's organs; open ones first. Three queries."""
    organs = duties_of(account).organs_for(Permission.RECEIVE_PAPERS)
    found = PaperList.objects.filter(to_organ__in=organs)
    found = found.select_related("office", "to_organ", "made_by", "received_by")
    rows = list(found.prefetch_related("papers__case").order_by("-made_at", "-pk")[:LISTS_SHOWN])
    return sorted(rows, key=lambda one: one.received_at is not None)


def list_for(account: Account, code: str, *, lock: bool = False) -> PaperList:
    """A list to or from one's organs. Raises NotFound."""
    duties = duties_of(account)
    found = PaperList.objects.select_related("office", "to_organ", "made_by", "received_by")
    if lock:
        found = found.select_for_update(of=("self",))
    sheet = found.filter(code=code).first()
    allowed = sheet and (
        sheet.to_organ_id in duties.organs_for(Permission.RECEIVE_PAPERS)
        or sheet.office.organ_id in duties.organs_for(Permission.FILE_AT_COUNTER)
    )
    if sheet is None or not allowed:
        raise NotFound(code="list_not_found", title=_("There is no such list"))
    return sheet


@leaves_trace(acts.PAPERS_RECEIVED)
@transaction.atomic
def receive(
    actor: Account,
    code: str,
    arrived: Collection[int],
    *,
    remark: str = "",
    at: datetime | None = None,
) -> PaperList:
    """Sign for a list: `arrived` are the keys of the papers that are there.

    Raises NotFound for a list of others, NotPermitted for who made it, Conflict when it is signed
    for, InvalidInput when something is missing and no remark says so.
    """
    moment = at or utc_now()
    sheet = list_for(actor, code, lock=True)
    if sheet.to_organ_id not in duties_of(actor).organs_for(Permission.RECEIVE_PAPERS):
        raise NotPermitted(code="not_your_part", title=_("Somebody of the receiving organ signs"))
    if sheet.made_by_id == actor.pk:
        raise NotPermitted(
            code="own_list",
            title=_("Who hands over does not sign for who receives"),
            detail=_("A colleague signs."),
        )
    if sheet.received_at:
        raise Conflict(code="received_already", title=_("The list is signed for already"))
    papers = list(sheet.papers.select_related("case__organ", "case__item").order_by("pk"))
    missing = [one for one in papers if one.pk not in arrived]
    remark = remark.strip().replace("\x00", "")[:REMARK_MOST]
    if missing and not remark:
        raise InvalidInput(
            code="remark",
            title=_("Say what is missing"),
            detail=_("The counter and the applicant read it."),
            field="remark",
        )
    sheet.received_by, sheet.received_at, sheet.remark = actor, moment, remark
    sheet.save(update_fields=["received_by", "received_at", "remark"])
    for paper in papers:
        paper.arrived = paper.pk in arrived
        paper.save(update_fields=["arrived"])
        trace(
            paper.case,
            acts.PAPERS_RECEIVED,
            moment,
            {
                "list": sheet.code,
                "by": actor.username,
                "missing": [] if paper.arrived else [paper.what],
                "remark": remark if not paper.arrived else "",
            },
        )
    return sheet
