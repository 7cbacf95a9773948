"""The page of a bundle that was sent: how each part stands, and the one notice of all results."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.cases.bundles import sending
from tongban.cases.bundles.rules import ENDED, PartState
from tongban.cases.bundles.selectors import FilingSeen, PartSeen, find_filing, seen
from tongban.cases.models import BundleFiling, BundlePart
from tongban.catalogue.bundles.selectors import bundle_document
from tongban.catalogue.wording import said
from tongban.directory.requests import account_of

LABELS: dict[PartState, Promise] = {
    PartState.DRAFT: gettext_lazy("Being filled in"),
    PartState.WAITING: gettext_lazy("Waits for its turn"),
    PartState.ASKED: gettext_lazy("You are asked"),
    PartState.GOING: gettext_lazy("Being handled"),
    PartState.APPROVED: gettext_lazy("Approved"),
    PartState.FAILED: gettext_lazy("Ended without approval"),
    PartState.STOPPED: gettext_lazy("Not handed in"),
}
# The look of a state, by the states of cases that the design has a tag for.
TAGS = {
    PartState.DRAFT: "submitted",
    PartState.WAITING: "paused",
    PartState.ASKED: "correction",
    PartState.GOING: "accepted",
    PartState.APPROVED: "approved",
    PartState.FAILED: "denied",
    PartState.STOPPED: "withdrawn",
}


def filing_row(filing: BundleFiling) -> dict[str, object]:
    """A bundle in the list «My cases»."""
    document = bundle_document(filing.bundle)
    if filing.number is None:
        url = reverse("cases:bundle-apply", args=[filing.bundle.slug])
        label = _("Begun, not sent")
    else:
        url = reverse("cases:bundle", args=[filing.number])
        label = _("All results are there") if filing.finished_at else _("Being handled")
    return {
        "name": said(document.name),
        "number": filing.number or "",
        "url": url,
        "label": label,
        "tag": "approved" if filing.finished_at else "accepted" if filing.number else "submitted",
        "at": filing.sent_at or filing.updated_at,
    }


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def bundle(request: HttpRequest, filing: str) -> HttpResponse:
    """A bundle that was sent."""
    whole = seen(find_filing(account_of(request), filing))
    own = whole.filing.account_id == account_of(request).pk
    context = {
        "filing": whole.filing,
        "name": said(whole.document.name),
        "sent": request.GET.get("sent") == "1",
        "parts": [part_row(part, whole, own=own) for part in whole.parts],
        "day": whole.day,
        "approved": whole.approved,
        "count": len(whole.parts),
        "all_approved": whole.approved == len(whole.parts),
    }
    return render(request, "cases/bundle.html", context)


def part_row(part: PartSeen, whole: FilingSeen, *, own: bool) -> dict[str, object]:
    """A part in words: how it stands, why, what comes next."""
    organ = part.row.item.organ
    return {
        "key": part.row.key,
        "name": part.row.item.name,
        "organ": organ.name if organ else "",
        "label": LABELS[part.state],
        "tag": TAGS[part.state],
        "number": part.case.number if part.case else "",
        "url": reverse("cases:case", args=[part.case.number]) if part.case else "",
        "what": _what(part, whole),
        "reasons": part.reasons if part.state in ENDED else "",
        "asks": part.row.asks if part.state is PartState.ASKED else "",
        "form_url": reverse("cases:apply", args=[part.row.item.code])
        if part.state is PartState.ASKED and own
        else "",
        "can_give_up": own and part.state in (PartState.WAITING, PartState.ASKED),
    }


def _what(part: PartSeen, whole: FilingSeen) -> str:
    names = {one.row.key: one.row.item.name for one in whole.parts}
    lost = [
        names[one.row.key]
        for one in whole.parts
        if one.row.key in part.part.after and one.state in (PartState.FAILED, PartState.STOPPED)
    ]
    before = "、".join(names[key] for key in part.part.after)
    if part.state is PartState.WAITING:
        return _("It is handed in for you as soon as this is approved: %(names)s.") % {
            "names": before
        }
    if part.state is PartState.STOPPED and part.row.stopped == BundlePart.Stopped.GIVEN_UP:
        return _("You gave it up. You can apply for it alone at any time.")
    if part.state is PartState.STOPPED:
        return _(
            "It could not be handed in, because this was not approved: %(names)s. Once that is"
            " settled you can apply for it alone; what you filled in is kept."
        ) % {"names": "、".join(lost) or before}
    if part.state is PartState.ASKED:
        return _("It is its turn, but something is missing. Complete it and send it.")
    if part.state is PartState.FAILED:
        return _("Its case says why, and how you can turn against it.")
    return ""


@opens_to(Permission.APPLY)
@require_http_methods(["GET", "HEAD", "POST"])
def give_up(request: HttpRequest, filing: str, part: str) -> HttpResponse:
    """Give up a part that is not handed in yet: asked once more, since it can't be taken back."""
    account = account_of(request)
    found = find_filing(account, filing)
    if request.method != "POST":
        return redirect("cases:bundle", filing=found.number)
    if request.POST.get("confirmed") != "yes":
        whole = seen(found)
        row = next((one for one in whole.parts if one.row.key == part), None)
        waiting = [one.row.item.name for one in whole.parts if part in one.part.after]
        context = {
            "filing": found,
            "name": row.row.item.name if row else "",
            "part": part,
            "waiting": waiting,
            "back_url": reverse("cases:bundle", args=[found.number]),
        }
        return render(request, "cases/bundle_give_up.html", context)
    sending.give_up(account, str(found.number), part)
    messages.success(request, _("Given up."))
    return redirect("cases:bundle", filing=found.number)
