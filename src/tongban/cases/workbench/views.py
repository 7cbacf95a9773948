"""Pages of the workbench: the list, search, batches, what colleagues have; acts at one's desk."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.labels import BUTTONS
from tongban.cases.models import ReasonText
from tongban.cases.workbench import batch, claims, notes
from tongban.cases.workbench.lists import (
    RAIL,
    Desk,
    Filters,
    Page,
    capped,
    counts_of,
    desk_of,
    items_to_choose,
    number_of,
    page_of,
    search,
    team_load,
)
from tongban.directory.requests import account_of

SHOWN = {
    "open": gettext_lazy("To do"),
    "today": gettext_lazy("Due today"),
    "late": gettext_lazy("Late"),
    "mine": gettext_lazy("Mine"),
    "unclaimed": gettext_lazy("Nobody's"),
    "new": gettext_lazy("New"),
    "accepted": gettext_lazy("In examination"),
    "paused": gettext_lazy("Paused"),
    "waiting": gettext_lazy("With the applicant"),
    "deliver": gettext_lazy("To deliver"),
    "done": gettext_lazy("Finished"),
    "elsewhere": gettext_lazy("In other systems"),
    "elsewhere_done": gettext_lazy("Finished elsewhere"),
}
# Lists that most installations have nothing in stand in the rail when there is something.
ONLY_WHEN_FILLED = frozenset({"elsewhere", "elsewhere_done"})
DUE_LABELS = {"today": gettext_lazy("due today"), "late": gettext_lazy("late")}
WHOSE_LABELS = {"mine": gettext_lazy("mine"), "unclaimed": gettext_lazy("nobody's")}
# Keys and what they do, for the dialog that ? opens; `static/web/workbench.js` has the same.
KEYS = (
    ("j", gettext_lazy("next case")),
    ("k", gettext_lazy("case before")),
    ("Enter", gettext_lazy("open the case")),
    ("x", gettext_lazy("choose the case for a batch")),
    ("c", gettext_lazy("claim the case")),
    ("/", gettext_lazy("search")),
    ("n", gettext_lazy("next page")),
    ("g", gettext_lazy("back to the list")),
    ("?", gettext_lazy("this help")),
)


def desk_for(request: HttpRequest) -> Desk:
    return desk_of(account_of(request), local_date(utc_now()))


def rail_of(desk: Desk, here: Filters | None) -> list[dict[str, object]]:
    """The lists with their counts, for the staff's frame."""
    counts = counts_of(desk)
    return [
        {
            "url": reverse("cases:work") + RAIL[name].query(),
            "label": label,
            "count": counts[name],
            "current": RAIL[name] == here,
        }
        for name, label in SHOWN.items()
        if name not in ONLY_WHEN_FILLED or counts[name] != "0"
    ]


def _label(filters: Filters) -> str:
    known = next((name for name, one in RAIL.items() if one == filters), filters.show)
    return str(SHOWN[known])


@opens_to(Permission.WORKBENCH)
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """The list: by the next day, with filters; a case number in `number` leads to the case."""
    desk = desk_for(request)
    wanted = request.GET.get("number", "").strip()
    if wanted:
        number = number_of(desk, wanted)
        if number:
            return redirect("cases:work-case", number=number)
    filters = Filters.of(request.GET.dict())
    after = request.GET.get("after", "")
    found = page_of(desk, filters, after)
    return render(request, "cases/work.html", _list(desk, filters, found, after, wanted))


def _list(desk: Desk, filters: Filters, found: Page, after: str, unknown: str) -> dict[str, object]:
    return {
        "rows": found.rows,
        "show_label": _label(filters),
        "filters": filters,
        "rail": rail_of(desk, filters),
        "unknown": unknown,
        "items": items_to_choose(desk),
        "organs": sorted(desk.organs.values(), key=lambda one: one.name),
        "due_options": DUE_LABELS.items(),
        "whose_options": WHOSE_LABELS.items(),
        "views": notes.saved_views(desk.account),
        "keys": KEYS,
        "can_choose": not filters.show.startswith("elsewhere"),
        "first_url": filters.query() if after else "",
        "next_url": f"{filters.query()}&after={found.after}" if found.after else "",
    }


@opens_to(Permission.WORKBENCH)
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Search by number or applicant. A form that is sent, so that no name stands in an address."""
    text = request.POST.get("q", "").strip()
    if request.method != "POST" or not text:
        return redirect("cases:work")
    desk = desk_for(request)
    number = number_of(desk, text)
    if number:
        return redirect("cases:work-case", number=number)
    context = _list(desk, Filters(), Page(search(desk, text), ""), "", "")
    context |= {
        "rail": rail_of(desk, None),
        "show_label": _("Found"),
        "asked": text,
        "unknown": "" if context["rows"] else text,
    }
    return render(request, "cases/work.html", context)


@opens_to(Permission.WORKBENCH)
@require_POST
def views(request: HttpRequest) -> HttpResponse:
    """Save the list that is shown under a name, or forget a saved one."""
    account, filters = account_of(request), Filters.of(request.POST.dict())
    name = request.POST.get("name", "")
    if request.POST.get("act") == "forget":
        notes.forget_view(account, name)
        messages.success(request, _("Deleted."))
    else:
        notes.save_view(account, name, filters)
        messages.success(request, _("Saved: it stands above the list."))
    return redirect(reverse("cases:work") + filters.query())


BATCHES = {"accept": batch.accept_all, "claim": batch.claim_all}


@opens_to(Permission.READ_CASE)
@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """Accept or claim several cases; accepting is asked once more, since it can't be taken back."""
    account, act = account_of(request), request.POST.get("act", "")
    numbers: Sequence[str] = request.POST.getlist("number")
    if act not in BATCHES:
        raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    context: dict[str, object] = {"numbers": numbers, "act": act, "label": _batch_label(act)}
    if act == "accept" and request.POST.get("confirmed") != "yes" and numbers:
        return render(request, "cases/batch_confirm.html", context)
    outcomes = BATCHES[act](account, numbers)
    context |= {
        "done": [one for one in outcomes if one.done],
        "failed": [one for one in outcomes if not one.done],
        "rail": rail_of(desk_for(request), None),
    }
    return render(request, "cases/batch.html", context)


def _batch_label(act: str) -> str:
    return str(BUTTONS["accept"]) if act == "accept" else _("Claim")


@opens_to(Permission.READ_CASE)
@require_POST
def desk_act(request: HttpRequest, number: str) -> HttpResponse:
    """Claim, let go, hand over, or write a note on a case."""
    account, act = account_of(request), request.POST.get("act", "")
    try:
        if act == "claim":
            claims.claim(account, number)
            said = _("The case is yours.")
        elif act == "release":
            claims.release(account, number)
            said = _("Any colleague can take the case now.")
        elif act == "hand_over":
            to, why = request.POST.get("to", ""), request.POST.get("reason", "")
            case = claims.hand_over(account, number, to=to, reason=why)
            said = _("Handed over to %(name)s.") % {"name": case.claimed_by}
        elif act == "note":
            notes.add_note(account, number, request.POST.get("text", ""))
            said = _("Written. The applicant does not see it.")
        else:
            raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
        messages.success(request, said)
    except DomainError as fault:
        if fault.status == 404:
            raise
        words = " ".join(str(part) for part in (fault.title, fault.detail, fault.fix) if part)
        messages.error(request, words)
    return redirect(reverse("cases:work-case", args=[number]) + "#desk")


@opens_to(Permission.DIRECT_CASE)
@require_safe
def team(request: HttpRequest) -> HttpResponse:
    """For a head: how much each colleague looks after, and what nobody does."""
    desk = desk_for(request)
    loads, unclaimed = team_load(desk)
    context = {"rail": rail_of(desk, None), "loads": loads, "unclaimed": capped(unclaimed)}
    return render(request, "cases/team.html", context)


@opens_to(Permission.WRITE_REASON_TEXTS)
@require_http_methods(["GET", "HEAD", "POST"])
def texts(request: HttpRequest) -> HttpResponse:
    """Texts with which colleagues of an organ begin their reasons."""
    account, fault = account_of(request), None
    typed = {name: request.POST.get(name, "") for name in ("organ", "act", "title", "text")}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "forget":
                typed.pop("text")
                notes.forget_reason_text(account, **typed)
                messages.success(request, _("Deleted."))
            else:
                notes.save_reason_text(account, **typed)
                messages.success(request, _("Saved: colleagues can begin with it now."))
            return redirect("cases:reason-texts")
        except InvalidInput as problem:
            fault = problem
    organs = notes.organs_for_texts(account)
    context = {
        "organs": [
            {"organ": one, "texts": [_text_row(text) for text in notes.all_reason_texts(one.pk)]}
            for one in organs
        ],
        "acts": [(act, BUTTONS[act]) for act in notes.ACTS],
        "typed": typed if fault else {},
        "fault": fault,
    }
    return render(request, "cases/reason_texts.html", context)


def _text_row(text: ReasonText) -> dict[str, object]:
    return {"act": text.act, "label": BUTTONS[text.act], "title": text.title, "text": text.text}
