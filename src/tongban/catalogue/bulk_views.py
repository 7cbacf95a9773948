"""One field for many items: choose, fill in, see before and after, then a draft for each."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, InvalidInput
from tongban.catalogue import desk, listing
from tongban.catalogue.editor import showing
from tongban.catalogue.editor.inputs import input_of, read_fields
from tongban.catalogue.editor.labels import label_of_part
from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.services import drafting
from tongban.catalogue.services.drafting import Planned, Wanted
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of

# What many items have in common. A list of entries has its own place: the editor.
FIELDS: Final = (
    "place", "opening_hours", "enquiry_phone", "complaint_phone", "enquiry_channel",
    "promised_limit", "handling_forms", "online_capabilities", "online_url", "on_site_visits",
    "cross_region_range", "supports_appointment", "supports_delivery", "supports_online_payment",
    "enters_hall", "self_service", "charges_fee", "audience", "personal_themes",
    "corporate_themes", "level", "handling_office", "power_source", "remedies", "effective_from",
)  # fmt: skip
ITEMS_MOST: Final = 300


@opens_to(Permission.EDIT_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """The three pages of a change of many; what was chosen travels in the form."""
    account = account_of(request)
    mine = duties_of(account).organs_for(Permission.EDIT_GUIDES)
    part = request.POST.get("field", "")
    codes = list(dict.fromkeys(request.POST.getlist("code")))[:ITEMS_MOST]
    if request.method != "POST" or not codes or part not in FIELDS:
        return _choose(request, mine, codes, part)
    step = request.POST.get("step", "")
    if step not in ("preview", "write"):
        return _fill_in(request, codes, part)
    content = read_fields(request.POST, request.POST.getlist, (part,))
    if not content:
        return _fill_in(request, codes, part, _("Fill this in."))
    wanted = [Wanted(place, code, content) for place, code in enumerate(codes, start=1)]
    plan = list(drafting.plan(mine, wanted))
    if step == "preview":
        return _preview(request, codes, part, plan)
    try:
        counts = drafting.write_drafts(
            account,
            wanted,
            shown=request.POST.get("shown", ""),
            partial=request.POST.get("partial") == "yes",
        )
    except (Conflict, InvalidInput) as problem:
        return _preview(request, codes, part, plan, problem)
    made = counts[drafting.NEW] + counts[drafting.CHANGED]
    messages.success(
        request,
        ngettext("%(n)d draft is written.", "%(n)d drafts are written.", made) % {"n": made},
    )
    return redirect(f"{reverse('catalogue:own-items')}?state=draft")


def _choose(
    request: HttpRequest, mine: frozenset[int], codes: list[str], part: str
) -> HttpResponse:
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    items = ServiceItem.objects.filter(organ__in=mine)
    if words:
        items = items.filter(name__icontains=words)
    shown = list(
        items.order_by("sort_key", "pk").values("code", "name", "organ__name")[: ITEMS_MOST + 1]
    )
    context = {
        "items": [one | {"chosen": one["code"] in codes} for one in shown[:ITEMS_MOST]],
        "more": len(shown) > ITEMS_MOST,
        "most": ITEMS_MOST,
        "words": words,
        "fields": [
            {"name": name, "label": label_of_part(name), "chosen": name == part} for name in FIELDS
        ],
        "error": _("Choose at least one item, and what to change.")
        if request.method == "POST"
        else "",
    }
    return render(request, "catalogue/work/bulk.html", context)


def _fill_in(request: HttpRequest, codes: list[str], part: str, error: str = "") -> HttpResponse:
    content = read_fields(request.POST, request.POST.getlist, (part,))
    one = input_of(GuideRecord, part, content)
    if error:
        one.errors.append(error)
    context = {
        "codes": codes,
        "part": part,
        "one": one,
        "count": len(codes),
        "errors": [{"field_id": showing.target_of(one), "message": error}] if error else [],
    }
    return render(request, "catalogue/work/bulk_value.html", context, status=422 if error else 200)


def _preview(
    request: HttpRequest,
    codes: list[str],
    part: str,
    plan: list[Planned],
    problem: Conflict | InvalidInput | None = None,
) -> HttpResponse:
    fingerprint = drafting.Fingerprint()
    for one in plan:
        fingerprint.add(one)
    content = [
        (name, value)
        for name in request.POST
        if name == part or name.startswith(f"{part}-")
        for value in request.POST.getlist(name)
    ]
    outcomes = [one.outcome for one in plan]
    context = {
        "part": part,
        "label": label_of_part(part),
        "codes": codes,
        "content": content,
        "shown": str(fingerprint),
        "rows": [
            {
                "planned": one,
                "outcome": outcome_label(one.outcome),
                "reason": reason_words(one.reason, one.detail),
                "before": listing.words_of(one.before.get(part)),
                "after": listing.words_of(one.after.get(part)),
            }
            for one in plan
        ],
        "writes": outcomes.count(drafting.NEW) + outcomes.count(drafting.CHANGED),
        "refused": outcomes.count(drafting.REFUSED),
        "problem": problem,
        "desk": desk.STATES,
    }
    status = problem.status if problem else 200
    return render(request, "catalogue/work/bulk_preview.html", context, status=status)


def outcome_label(outcome: str) -> str:
    return {
        drafting.NEW: _("new"),
        drafting.CHANGED: _("changed"),
        drafting.UNCHANGED: _("unchanged"),
        drafting.REFUSED: _("refused"),
    }[outcome]


def reason_words(reason: str, detail: str = "") -> str:
    """Why a row is refused and what to do, in the language of the page."""
    if not reason:
        return ""
    words = {
        "unknown_item": _("No item has this code."),
        "other_organ": _("The item is another organ's."),
        "in_review": _("A version waits for approval: decide on it first."),
        "loosened": _("The basic catalogue does not allow this."),
        "bad_guide": _("This can't be part of a guide."),
        "code_twice": _("The code stands above with other content: keep one of the rows."),
        "row_twice": _("The same row stands above: delete one of them."),
        "cyclic_parent": _("The main item stands below its own sub-item: correct the parent code."),
        "missing": _("Something that is needed is missing."),
        "too_long": _("A text is longer than fits."),
        "bad_value": _("A value can't be read."),
        "unknown_field": _("There is no such field."),
        "cells": _("The row has more or fewer cells than the heading."),
        "quote": _("A quote in this row is not closed."),
        "encoding": _("Characters are damaged: save the file as UTF-8."),
        "not_csv": _("The row can't be read as CSV."),
        "not_json": _("The line is not JSON."),
        "spreadsheet_damage": _("A spreadsheet has rounded the code: keep the column as text."),
    }.get(reason, reason)
    return f"{words} {detail}".strip()
