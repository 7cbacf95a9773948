"""Pages of the acts about oneself in the ledger, and their receipts to take home."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.fonts import chinese_font
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, DomainError
from tongban.cases import own_acts
from tongban.cases.receipt_paper import About, paper
from tongban.catalogue.selectors import item_names
from tongban.directory.requests import account_of
from tongban.directory.selectors import organ_names
from tongban.ledger.listing import Trace
from tongban.ledger.rules import split_opening
from tongban.ledger.wording import act_name, payload_rows


def act_rows(traces: Iterable[Trace], organs: Mapping[str, str]) -> list[dict[str, object]]:
    """Acts for `cases/acts.html`; `organs`: names of organs by their codes."""
    return [
        {
            "name": act_name(trace.leaf.act),
            "at": trace.at,
            "organ": organs.get(trace.leaf.organ, trace.leaf.organ),
            "seq": trace.seq,
            "erased": trace.erased,
        }
        for trace in traces
    ]


def _before(request: HttpRequest) -> int | None:
    """The place below which a page begins; nonsense begins at the newest."""
    said = request.GET.get("before", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


@opens_to(Permission.OWN_SPACE)
@require_safe
def acts(request: HttpRequest) -> HttpResponse:
    """All acts about me and my cases, newest first."""
    account = account_of(request)
    found = own_acts.own_acts(account, before=_before(request))
    organs = organ_names({trace.leaf.organ for trace in found.rows})
    older = f"?before={found.before}" if found.before is not None else ""
    context = {
        "acts": act_rows(found.rows, organs),
        "older_url": older,
        "newest": _before(request) is None,
        "reference": account.ledger_ref,
        "pdf": chinese_font() is not None,
    }
    return render(request, "cases/own_acts.html", context)


@opens_to(Permission.OWN_SPACE)
@require_safe
def act(request: HttpRequest, seq: int) -> HttpResponse:
    """One act: what the public sees of it, what was sealed with it, its receipts."""
    account = account_of(request)
    found = own_acts.own_act(account, seq)
    trace = found.trace
    payload = ""
    if trace.opening is not None:
        payload = split_opening(trace.opening)[1]
    shown = bool(payload) and own_acts.may_open(account, trace, payload, found.case)
    leaf = trace.leaf
    context = {
        "act": act_rows([trace], organ_names({leaf.organ}))[0],
        "leaf": leaf,
        "leaf_text": trace.text,
        "leaf_hash": trace.leaf_hash.hex(),
        "item": item_names([leaf.item]).get(leaf.item, leaf.item),
        "case": found.case,
        "shown": shown,
        "payload": payload_rows(leaf.act, json.loads(payload)) if shown else (),
        "pdf": chinese_font() is not None,
        "verify_url": _verify_path(trace),
    }
    return render(request, "cases/own_act.html", context)


def _verify_path(trace: Trace) -> str:
    asked = urlencode({"entry": trace.seq, "leaf": trace.leaf_hash.hex()})
    return f"{reverse('web:verify')}?{asked}"


@opens_to(Permission.OWN_SPACE)
@require_safe
def download(request: HttpRequest, seq: int, form: str) -> HttpResponse:
    """The receipt of an act, for machines (JSON) or to print and keep (PDF)."""
    if form not in ("json", "pdf"):
        raise Http404
    account = account_of(request)
    found = own_acts.own_act(account, seq)
    document = own_acts.receipt(account, found)
    if document is None:
        raise _not_yet()
    if form == "json":
        return _as_file(_json(document), f"tongban-receipt-{seq}.json")
    return _as_file(_pdf(request, document, found.trace), f"tongban-receipt-{seq}.pdf")


def _pdf(request: HttpRequest, document: dict[str, object], trace: Trace) -> HttpResponse:
    font = chinese_font()
    if font is None:
        raise Conflict(
            code="no_font",
            title=_("This server can't make the PDF"),
            detail=_("It has no font with Chinese characters."),
            fix=_("Download the JSON receipt: it proves the same. The PDF only shows it on paper."),
        )
    leaf = trace.leaf
    about = About(
        site=_("Tongban"),
        organ=organ_names({leaf.organ}).get(leaf.organ, leaf.organ),
        item=item_names([leaf.item]).get(leaf.item, leaf.item),
        leaf_hash=trace.leaf_hash,
        address=request.build_absolute_uri(_verify_path(trace)),
        name=f"tongban-receipt-{trace.seq}.json",
    )
    return HttpResponse(paper(document, about, font), content_type="application/pdf")


def _not_yet() -> DomainError:
    return Conflict(
        code="no_place_yet",
        title=_("The act has no place in the signed log yet"),
        detail=_("Acts get their place a few seconds after they are done."),
        fix=_("Try again in a minute."),
    )


@opens_to(Permission.OWN_SPACE)
@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All receipts of my own acts in one file, with my references for a monitor."""
    return _as_file(_json(own_acts.all_receipts(account_of(request))), "tongban-receipts.json")


def _json(document: dict[str, object]) -> HttpResponse:
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})


def _as_file(answer: HttpResponse, name: str) -> HttpResponse:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
