"""Pages on which organs write their guides: the list, an item, its sections, what others wrote too."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, FieldError, InvalidInput
from tongban.catalogue import desk, listing, merging
from tongban.catalogue.editor import showing
from tongban.catalogue.editor.changing import changed_by
from tongban.catalogue.editor.inputs import read_fields
from tongban.catalogue.editor.sections import BY_KEY, SECTIONS, Section
from tongban.catalogue.lint.reporting import score_of
from tongban.catalogue.models import Proposal, ServiceItem
from tongban.catalogue.rules import Content
from tongban.catalogue.services import editing, proposals
from tongban.catalogue.shelves.reading import mark_of, place_of
from tongban.directory.models import Organ
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of

ANYBODY = (Permission.EDIT_GUIDES, Permission.PUBLISH_GUIDES)


@opens_to(Permission.CHECK_GUIDES)
@require_safe
def own_items(request: HttpRequest) -> HttpResponse:
    """The items of one's organs with state and score."""
    duties = duties_of(account_of(request))
    mine = duties.organs_for(Permission.CHECK_GUIDES)
    organs = list(Organ.objects.filter(pk__in=mine).order_by("name", "pk"))
    chosen = next((one for one in organs if one.code == request.GET.get("organ")), None)
    keys = {chosen.pk} if chosen else mine
    state = request.GET.get("state", "")
    state = state if state in desk.STATES else ""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    after = place_of(request.GET.get("after", ""))
    rows, following = desk.items_of_organs(keys, state=state, words=words, after=after)
    counts = desk.counts_by_state(keys)
    asked = {"organ": chosen.code if chosen else "", "q": words}
    context = {
        "organs": organs,
        "chosen": chosen,
        "rows": rows,
        "words": words,
        "state": state,
        "states": [
            {
                "label": label,
                "count": counts[key or "all"],
                "current": key == state,
                "url": listing.link(asked | {"state": key}),
            }
            for key, label in (("", _("All")), *((one, state_label(one)) for one in desk.STATES))
        ],
        "next_url": listing.link(asked | {"state": state, "after": mark_of(*following)})
        if following
        else "",
        "may_edit": bool(duties.organs_for(Permission.EDIT_GUIDES) & keys),
        # Who only checks guides is led to what the public reads.
        "may_open": frozenset().union(*(duties.organs_for(one) for one in ANYBODY)),
    }
    return render(request, "catalogue/work/items.html", context)


def state_label(state: str) -> str:
    return {
        "draft": _("being written"),
        "review": _("waits for approval"),
        "approved": _("approved, waits for its day"),
        "published": _("in force"),
        "withdrawn": _("withdrawn"),
        "none": _("no guide"),
    }[state]


@opens_to(Permission.CHECK_GUIDES)
@require_safe
def item_desk(request: HttpRequest, code: str) -> HttpResponse:
    """One item: what is in force, what is being written, what can be done."""
    account = account_of(request)
    item = desk.item_of(account, code, *ANYBODY)
    duties = duties_of(account)
    proposal = desk.open_proposal(item)
    versions = listing.versions_of(item)
    in_force = next((one for one in versions if one.state == "published"), None)
    basic = editing.basic_content(item)
    document: Content = {}
    if proposal:
        document = proposal.document
    elif in_force:
        guide = listing.guide_version(item, in_force.number)
        document = guide.document if guide else {}
    findings = editing.findings_in(item, document, basic) if document else []
    context = {
        "item": item,
        "proposal": proposal,
        "proposal_label": proposal.get_state_display() if proposal else "",
        "own": proposal is not None and proposal.author_id == account.pk,
        "versions": versions,
        "in_force": in_force,
        "may_edit": item.organ_id in duties.organs_for(Permission.EDIT_GUIDES),
        "may_publish": item.organ_id in duties.organs_for(Permission.PUBLISH_GUIDES),
        "findings": [showing.finding_row(one) for one in findings],
        "score": score_of(findings),
        "sections": showing.sections_of(item, "", findings),
        "missing": showing.missing_parts(document, basic) if document else [],
        "can_undo": proposal is not None
        and proposal.state == "draft"
        and proposal.revisions.filter(number=proposal.revision, before__gt=0).exists(),
        "behind": proposal is not None
        and proposal.based_on != (in_force.number if in_force else 0),
        "has_basic": bool(basic),
        "comes_on": desk.comes_on(proposal, local_date(utc_now())),
    }
    return render(request, "catalogue/work/item.html", context)


@opens_to(Permission.EDIT_GUIDES)
@require_POST
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a new version, or go on with the one that is being written."""
    proposals.begin(account_of(request), code)
    return redirect("catalogue:edit", code, SECTIONS[0].key)


@opens_to(Permission.EDIT_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, code: str, section: str) -> HttpResponse:
    """One section of the version that is being written, with the public page beside it."""
    account = account_of(request)
    item = desk.item_of(account, code, Permission.EDIT_GUIDES)
    where = BY_KEY.get(section)
    if where is None:
        raise Http404
    proposal = desk.open_proposal(item)
    if proposal is None or proposal.state != Proposal.State.DRAFT:
        messages.info(request, _("No version is being written now. Begin one here."))
        return redirect("catalogue:item-desk", code)
    basic = editing.basic_content(item)
    if request.method != "POST":
        return _page(request, item, where, proposal, proposal.document, basic)
    typed = read_fields(request.POST, request.POST.getlist, where.fields)
    base = _base_of(proposal, request.POST.get("revision", ""))
    document = editing.in_section(basic, base, typed, where.fields)
    act = request.POST.get("act", "save")
    if act == "live":
        return _live(request, item, where, proposal, document, basic)
    if act not in ("save", "next"):
        document = changed_by(act, document, basic)
        return _page(request, item, where, proposal, document, basic)
    try:
        editing.save_section(
            account, item, base, typed, where.fields, revision=_number(request, "revision")
        )
    except InvalidInput as problem:
        return _page(request, item, where, proposal, document, basic, problem.errors)
    except Conflict as problem:
        if problem.code != "saved_by_another":
            raise
        return _both(request, item, where, proposal, base, document)
    messages.success(request, _("Saved."))
    if act == "next":
        place = SECTIONS.index(where) + 1
        if place < len(SECTIONS):
            return redirect("catalogue:edit", code, SECTIONS[place].key)
        return redirect("catalogue:item-desk", code)
    return redirect("catalogue:edit", code, section)


def _number(request: HttpRequest, name: str) -> int:
    said = request.POST.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _base_of(proposal: Proposal, revision: str) -> dict[str, Any]:
    """What the revision said from which somebody began to type; {} when it is not known."""
    if revision == str(proposal.revision):
        return dict(proposal.document)
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 9 else 0
    held = proposal.revisions.filter(number=number).first()
    return dict(held.document) if held else {}


def _page(
    request: HttpRequest,
    item: ServiceItem,
    section: Section,
    proposal: Proposal,
    document: Content,
    basic: Content,
    problems: tuple[FieldError, ...] = (),
) -> HttpResponse:
    findings = _findings(item, document, basic)
    inputs = showing.inputs_for(section, document, basic)
    summary = showing.attach(inputs, problems, findings)
    revision = request.POST.get("revision") or str(proposal.revision)
    place = SECTIONS.index(section)
    context = {
        "item": item,
        "section": section,
        "inputs": inputs,
        "errors": summary,
        "revision": revision,
        "others_saved": revision != str(proposal.revision),
        "proposal": proposal,
        "sections": showing.sections_of(item, section.key, findings),
        "score": score_of(findings),
        "previews": showing.previews(item, document, basic),
        "is_last": place + 1 == len(SECTIONS),
        "has_basic": bool(basic),
        "live_url": request.path,
    }
    status = 422 if problems else 200
    return render(request, "catalogue/work/edit.html", context, status=status)


def _findings(item: ServiceItem, document: Content, basic: Content) -> list[Any]:
    """What lint says of what was typed; nothing while it can't be read as a guide."""
    try:
        return editing.findings_in(item, proposals.checked(document, item), basic)
    except InvalidInput:
        return []


def _live(
    request: HttpRequest,
    item: ServiceItem,
    section: Section,
    proposal: Proposal,
    document: Content,
    basic: Content,
) -> HttpResponse:
    """What changes beside the form while somebody types (htmx)."""
    findings = _findings(item, document, basic)
    inputs = showing.inputs_for(section, document, basic)
    showing.attach(inputs, (), findings)
    context = {
        "item": item,
        "proposal": proposal,
        "slots": [one for top in inputs for one in top.within()],
        "sections": showing.sections_of(item, section.key, findings),
        "score": score_of(findings),
        "previews": showing.previews(item, document, basic),
        "others_saved": request.POST.get("revision") != str(proposal.revision),
    }
    return render(request, "catalogue/work/live.html", context)


def _both(
    request: HttpRequest,
    item: ServiceItem,
    section: Section,
    proposal: Proposal,
    base: Content,
    mine: Content,
    problems: tuple[FieldError, ...] = (),
    missing: frozenset[str] = frozenset(),
) -> HttpResponse:
    """Both versions, part by part: the second to save chooses, and nothing is lost."""
    held = Proposal.objects.select_related("author").get(pk=proposal.pk)
    parts = merging.units(base, held.document, mine)
    context = {
        "item": item,
        "section": section,
        "proposal": held,
        "problems": [showing.problem_words(one) for one in problems],
        "units": [
            {
                "key": unit.key,
                "name": f"choice-{unit.key}",
                "place": showing.path_words(unit.path[0])
                + (f" «{unit.label}»" if unit.label else ""),
                "base": listing.words_of(unit.base),
                "theirs": listing.words_of(unit.theirs),
                "mine": listing.words_of(unit.mine),
                "chosen": request.POST.get(f"choice-{unit.key}", unit.suggested),
                "both": not unit.suggested,
                "missing": unit.key in missing,
            }
            for unit in parts
        ],
        "mine_json": json.dumps(mine, ensure_ascii=False),
        "base_json": json.dumps(base, ensure_ascii=False),
        "revision": held.revision,
    }
    return render(request, "catalogue/work/merge.html", context, status=409)


@opens_to(Permission.EDIT_GUIDES)
@require_POST
def merge(request: HttpRequest, code: str, section: str) -> HttpResponse:
    """Save the choices between one's own version and what somebody else saved meanwhile."""
    account = account_of(request)
    item = desk.item_of(account, code, Permission.EDIT_GUIDES)
    where = BY_KEY.get(section)
    proposal = desk.open_proposal(item)
    if where is None or proposal is None:
        raise Http404
    mine, base = _json(request, "mine"), _json(request, "base")
    # What was typed is read anew: nobody can put in by this way what the editor would refuse.
    mine, base = proposals.checked(mine, item), proposals.checked(base, item)
    parts = merging.units(base, proposal.document, mine)
    choices = {unit.key: request.POST.get(f"choice-{unit.key}", "") for unit in parts}
    undecided = frozenset(
        key for key, chosen in choices.items() if chosen not in (merging.MINE, merging.THEIRS)
    )
    if undecided or _number(request, "revision") != proposal.revision:
        return _both(request, item, where, proposal, base, mine, (), undecided)
    document = merging.merged(base, proposal.document, mine, choices)
    fields = tuple(dict.fromkeys(unit.path[0] for unit in parts))
    try:
        editing.save_section(
            account, item, proposal.document, document, fields, revision=proposal.revision
        )
    except InvalidInput as problem:
        return _both(request, item, where, proposal, base, mine, problem.errors)
    except Conflict as problem:
        if problem.code != "saved_by_another":
            raise
        return _both(request, item, where, proposal, base, mine)
    messages.success(request, _("Saved: both versions are in it, as you chose."))
    return redirect("catalogue:edit", code, section)


def _json(request: HttpRequest, name: str) -> dict[str, Any]:
    try:
        content = json.loads(request.POST.get(name, ""))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InvalidInput(
            code="bad_guide",
            title=_("The guide can't be read"),
            detail=_("Go back, reload the page and try again."),
        )
    content.pop("item_code", None)
    return content


@opens_to(Permission.EDIT_GUIDES)
@require_POST
def undo(request: HttpRequest, code: str) -> HttpResponse:
    """Take the last saving back."""
    proposals.undo(account_of(request), code, revision=_number(request, "revision"))
    messages.success(request, _("The last saving is taken back."))
    return redirect(reverse("catalogue:item-desk", args=[code]))


@opens_to(Permission.EDIT_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, code: str) -> HttpResponse:
    """Give up the whole draft, after a page that asks."""
    account = account_of(request)
    item = desk.item_of(account, code, Permission.EDIT_GUIDES)
    proposal = desk.open_proposal(item)
    if proposal is None:
        return redirect("catalogue:item-desk", code)
    if request.method != "POST":
        return render(request, "catalogue/work/discard.html", {"item": item, "proposal": proposal})
    proposals.discard(account, code)
    messages.success(request, _("The draft is given up. What is in force stays."))
    return redirect("catalogue:item-desk", code)
