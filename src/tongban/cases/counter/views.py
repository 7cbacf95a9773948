"""Pages of the single window: file for somebody here, the receipt on paper, handing papers over."""

from __future__ import annotations

import uuid
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.clocks import utc_now
from tongban.base.fonts import chinese_font
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, DomainError, InvalidInput, NotFound
from tongban.cases.counter import assisting, papers
from tongban.cases.forms import Flow
from tongban.cases.models import Assistance, Office
from tongban.cases.receipt_paper import About, paper
from tongban.cases.views import step
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import material_row
from tongban.directory.requests import account_of, row_number
from tongban.directory.rules import mask
from tongban.ledger import acts, issuing
from tongban.ledger.listing import Trace, traces_of

FORM = ["GET", "HEAD", "POST"]


@opens_to(Permission.FILE_AT_COUNTER)
@require_http_methods(FORM)
def file_here(request: HttpRequest, office: str) -> HttpResponse:
    """Find the item, note the person and their consent, and open the form."""
    account, fault = account_of(request), None
    place = assisting.office_of(account, office)
    typed = {name: request.POST.get(name, "") for name in ("item", "name", "id_number", "consent")}
    if request.method == "POST":
        try:
            begun = assisting.begin(
                account,
                office,
                item=typed["item"],
                name=typed["name"],
                id_number=typed["id_number"],
                consent=typed["consent"],
            )
            flow = _flow(begun)
            return redirect(flow.url(flow.steps[0]))
        except DomainError as problem:
            if problem.status == 404:
                raise
            fault = problem
    wanted = request.GET.get("q", "")
    context = {
        "office": place,
        "items": assisting.services_of(place, wanted),
        "wanted": wanted,
        "typed": typed | {"item": typed["item"] or request.GET.get("item", "")},
        "consents": Assistance.Consent.choices,
        "served": assisting.served_today(account, place, utc_now()),
        "fault": fault,
    }
    status = fault.status if fault and not isinstance(fault, InvalidInput) else 200
    return render(request, "cases/file_here.html", context, status=status)


def _flow(assistance: Assistance) -> Flow:
    draft = assisting.open_draft(assistance)
    return Flow(
        draft,
        document_of(draft.guide),
        assistance.item.code,
        office=assistance.office.slug,
        assistance=assistance.key,
    )


@opens_to(Permission.FILE_AT_COUNTER)
@require_http_methods(FORM)
def page(request: HttpRequest, office: str, key: uuid.UUID, page: str) -> HttpResponse:
    """One page of the form that is filled in for the person."""
    found = assisting.assistance_of(account_of(request), office, key)
    if found.case is not None:  # A second click on «send».
        return redirect("cases:filed", office=office, key=key)
    return step(request, _flow(found), page, found.item)


@opens_to(Permission.FILE_AT_COUNTER)
@require_http_methods(FORM)
def filed(request: HttpRequest, office: str, key: uuid.UUID) -> HttpResponse:
    """What came of it: the receipt to print and sign; or the form put away for the person."""
    account = account_of(request)
    if request.method == "POST":
        assisting.leave(account, office, key)
        messages.success(request, _("Put away. The person goes on online, or here another day."))
        return redirect("cases:file-here", office=office)
    found = assisting.assistance_of(account, office, key)
    case = found.case
    if case is None:
        flow = _flow(found)
        return redirect(flow.url(flow.steps[0]))
    document = document_of(case.guide)
    names = {row.key: material_row(row)["name"] for row in document.materials}
    context = {
        "office": found.office,
        "assistance": found,
        "case": case,
        "masked": mask(found.person.id_number, "resident_id"),
        "files": list(case.files.order_by("id")),
        "material_names": names,
        "has_account": found.person.account_id is not None,
        "placed": _trace(found) is not None and chinese_font() is not None,
    }
    return render(request, "cases/filed.html", context)


def _trace(assistance: Assistance) -> Trace | None:
    """The entry of the handing in, when it has its place in the log."""
    case = assistance.case
    rows = traces_of([case.ledger_ref]).rows if case else ()
    found = (one for one in rows if one.leaf.act == acts.CASE_SUBMITTED and one.seq is not None)
    return next(found, None)


@opens_to(Permission.FILE_AT_COUNTER)
@require_safe
def receipt(request: HttpRequest, office: str, key: uuid.UUID) -> HttpResponse:
    """The receipt of the ledger for the person to take home, as a PDF."""
    found = assisting.assistance_of(account_of(request), office, key)
    trace, font, case = _trace(found), chinese_font(), found.case
    documents = issuing.receipts([trace], lambda _trace, _payload: True) if trace else []
    if case is None or trace is None or not documents or font is None:
        raise Conflict(
            code="no_place_yet",
            title=_("The act has no place in the signed log yet"),
            detail=_("Acts get their place a few seconds after they are done."),
            fix=_("Try again in a minute."),
        )
    path = f"{reverse('web:verify')}?entry={trace.seq}&leaf={trace.leaf_hash.hex()}"
    about = About(
        site=_("Tongban"),
        organ=case.organ.name,
        item=found.item.name,
        leaf_hash=trace.leaf_hash,
        address=request.build_absolute_uri(path),
        name=f"tongban-receipt-{trace.seq}.json",
    )
    answer = HttpResponse(paper(documents[0], about, font), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="tongban-receipt-{trace.seq}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


# Papers


def _bundles(request: HttpRequest) -> list[papers.Bundle]:
    return [
        papers.Bundle(
            number,
            request.POST.get(f"what-{number}", ""),
            row_number(request.POST.get(f"copies-{number}", "")),
        )
        for number in request.POST.getlist("number")
    ]


@opens_to(Permission.FILE_AT_COUNTER)
@require_http_methods(FORM)
def papers_here(request: HttpRequest, office: str) -> HttpResponse:
    """Papers that wait at the counter, and the lists on which they went."""
    account, fault = account_of(request), None
    place = assisting.office_of(account, office)
    if request.method == "POST":
        try:
            made = papers.hand_over(account, office, _bundles(request))
            codes = ", ".join(one.code for one in made)
            messages.success(request, _("Lists made: %(codes)s. Print them.") % {"codes": codes})
            return redirect("cases:papers-here", office=office)
        except (InvalidInput, Conflict, NotFound) as problem:
            fault = problem
    context = {
        "office": place,
        "groups": _waiting(place, request),
        "lists": papers.lists_of(place),
        "fault": fault,
    }
    status = fault.status if fault and not isinstance(fault, InvalidInput) else 200
    return render(request, "cases/papers_here.html", context, status=status)


def _waiting(office: Office, request: HttpRequest) -> list[dict[str, object]]:
    chosen = set(request.POST.getlist("number"))
    rows = [
        {
            "case": case,
            "chosen": case.number in chosen,
            "what": request.POST.get(f"what-{case.number}", ""),
            "copies": request.POST.get(f"copies-{case.number}", "1"),
        }
        for case in papers.waiting(office)
    ]
    return [
        {"organ": organ, "rows": list(group)}
        for organ, group in groupby(rows, key=lambda row: row["case"].organ)  # type: ignore[attr-defined]
    ]


@opens_to(Permission.RECEIVE_PAPERS)
@require_safe
def papers_to_sign(request: HttpRequest) -> HttpResponse:
    """Lists that counters sent to one's organs; those to sign for first."""
    return render(request, "cases/papers.html", {"lists": papers.lists_for(account_of(request))})


@opens_to(Permission.RECEIVE_PAPERS)
@require_http_methods(FORM)
def paper_list(request: HttpRequest, listed: str) -> HttpResponse:
    """A list: to print, and for the receiver to sign for."""
    account, fault = account_of(request), None
    found = papers.list_for(account, listed)
    if request.method == "POST":
        arrived = {row_number(one) for one in request.POST.getlist("arrived")}
        try:
            papers.receive(account, listed, arrived, remark=request.POST.get("remark", ""))
            messages.success(request, _("Signed for. The counter sees it."))
            return redirect("cases:paper-list", listed=listed)
        except DomainError as problem:
            fault = problem
    context = {
        "sheet": found,
        "papers": list(found.papers.select_related("case__item").order_by("pk")),
        "can_sign": found.received_at is None and found.made_by_id != account.pk,
        "fault": fault,
    }
    status = fault.status if fault and not isinstance(fault, InvalidInput) else 200
    return render(request, "cases/paper_list.html", context, status=status)
