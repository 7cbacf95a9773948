"""Pages of the second person: what a new version changes, approving or sending it back, withdrawing."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, InvalidInput
from tongban.catalogue import desk, listing
from tongban.catalogue.editor import showing
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.models import Proposal, ServiceItem
from tongban.catalogue.rules import Content, differences
from tongban.catalogue.services import editing, proposals
from tongban.directory.requests import account_of

ANYBODY = (Permission.EDIT_GUIDES, Permission.PUBLISH_GUIDES)
DRAFT = "draft"


def change_rows(before: Content, after: Content) -> list[dict[str, str]]:
    """How one document differs from another, in words."""
    old, new = ({**one} for one in (before, after))
    for content in (old, new):
        content.pop("item_code", None)
    return [
        {
            "place": showing.path_words(change.path),
            "path": change.path,
            "before": listing.words_of(change.before),
            "after": listing.words_of(change.after),
        }
        for change in differences(old, new)
    ]


@opens_to(Permission.CHECK_GUIDES)
@require_safe
def changes(request: HttpRequest, code: str) -> HttpResponse:
    """How any two versions differ, the one that is being written among them."""
    item = desk.item_of(account_of(request), code, *ANYBODY)
    proposal = desk.open_proposal(item)
    numbers = [str(one.number) for one in listing.versions_of(item)]
    choices = [*([DRAFT] if proposal else []), *numbers]
    if not choices:
        raise Http404
    after = request.GET.get("to") or choices[0]
    before = request.GET.get("from") or (choices[1] if len(choices) > 1 else choices[0])
    if before not in choices or after not in choices:
        raise Http404
    context = {
        "item": item,
        "choices": [
            {"value": one, "label": _("the draft") if one == DRAFT else one} for one in choices
        ],
        "before": before,
        "after": after,
        "changes": change_rows(_document(item, proposal, before), _document(item, proposal, after)),
    }
    return render(request, "catalogue/work/changes.html", context)


def _document(item: ServiceItem, proposal: Proposal | None, which: str) -> Content:
    if which == DRAFT:
        assert proposal is not None
        return dict(proposal.document)
    guide = listing.guide_version(item, int(which))
    assert guide is not None
    return content_of(GuideRecord.model_validate(guide.document))


@opens_to(Permission.EDIT_GUIDES)
@require_POST
def send(request: HttpRequest, code: str) -> HttpResponse:
    """Ask a second person to approve."""
    proposals.send_to_review(account_of(request), code)
    messages.success(request, _("Sent. Somebody else has to approve it now."))
    return redirect("catalogue:item-desk", code)


@opens_to(Permission.PUBLISH_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, code: str) -> HttpResponse:
    """What a version changes and what lint says; approve it or send it back."""
    account = account_of(request)
    item = desk.item_of(account, code, Permission.PUBLISH_GUIDES)
    proposal = desk.open_proposal(item)
    if proposal is None or proposal.state == Proposal.State.DRAFT:
        messages.info(request, _("Nothing waits for approval here."))
        return redirect("catalogue:item-desk", code)
    problem: InvalidInput | Conflict | None = None
    if request.method == "POST":
        try:
            if request.POST.get("act") == "send_back":
                proposals.send_back(account, code, reasons=request.POST.get("reasons", ""))
                messages.success(request, _("Sent back to the author."))
                return redirect("catalogue:item-desk", code)
            done = proposals.approve(
                account, code, override_reason=request.POST.get("override_reason", "")
            )
            published = done.state == Proposal.State.PUBLISHED
            messages.success(
                request,
                _("Published: it is in force.")
                if published
                else _("Approved: it comes in force on its day."),
            )
            return redirect("catalogue:item-desk", code)
        except (InvalidInput, Conflict) as refused:
            problem = refused
    return _review_page(request, item, proposal, problem)


def _review_page(
    request: HttpRequest,
    item: ServiceItem,
    proposal: Proposal,
    problem: InvalidInput | Conflict | None,
) -> HttpResponse:
    basic = editing.basic_content(item)
    guide = item.guides.filter(effective_to=None).first()
    whole = content_of(editing.whole_record(proposal.document, basic))
    findings = editing.findings_in(item, proposal.document, basic)
    rows = [showing.finding_row(one) for one in findings]
    held = content_of(GuideRecord.model_validate(guide.document)) if guide else {}
    context = {
        "item": item,
        "proposal": proposal,
        "own": proposal.author_id == account_of(request).pk,
        "waiting": proposal.state == Proposal.State.APPROVED,
        "guide": guide,
        "changes": change_rows(held, whole),
        "findings": rows,
        "errors_found": [row for row in rows if row["severity"] == "error"],
        "previews": showing.previews(item, proposal.document, basic),
        "problem": problem,
        "comes_on": desk.comes_on(proposal, local_date(utc_now())),
        "typed": request.POST,
    }
    status = problem.status if problem else 200
    return render(request, "catalogue/work/review.html", context, status=status)


@opens_to(Permission.PUBLISH_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take the guide out of force, after a page that says what that means."""
    account = account_of(request)
    item = desk.item_of(account, code, Permission.PUBLISH_GUIDES)
    guide = item.guides.filter(effective_to=None).first()
    if guide is None:
        messages.info(request, _("The item has no guide in force"))
        return redirect("catalogue:item-desk", code)
    error = ""
    if request.method == "POST":
        try:
            proposals.withdraw(account, code, reasons=request.POST.get("reasons", ""))
            messages.success(request, _("Withdrawn. Nobody can apply with it any more."))
            return redirect("catalogue:item-desk", code)
        except InvalidInput as problem:
            error = str(problem.detail)
    context = {
        "item": item,
        "guide": guide,
        "error": error,
        "typed": request.POST.get("reasons", ""),
    }
    return render(request, "catalogue/work/withdraw.html", context, status=422 if error else 200)
