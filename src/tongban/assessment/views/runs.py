"""Assessments that were kept: published for everybody, the others for the organ that keeps them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongban.assessment.library import shipped
from tongban.assessment.live.figures import COUNTS
from tongban.assessment.models import FrameworkDraft, Run
from tongban.assessment.permissions import run_in_sight, runs_for
from tongban.assessment.recomputing import assessments_of
from tongban.assessment.report.page import figures, units_table
from tongban.assessment.report.view import View
from tongban.assessment.services.keeping import propose_run, publish_run
from tongban.assessment.views.files import csv_answer, report_answer
from tongban.base.permissions import Permission, opens_to
from tongban.directory.models import Account
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of
from tongban.indices import Assessment, in_language

SHOWN = 100


def _reader(request: HttpRequest) -> Account | None:
    return request.user if isinstance(request.user, Account) else None


@opens_to(Permission.VISIT)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Published assessments for everybody; beside them what one's posts open."""
    account = _reader(request)
    language = get_language() or "zh-hans"
    runs = list(runs_for(account).order_by("-made_at")[:SHOWN])
    duties = duties_of(account) if account else None
    published = [run for run in runs if run.state == Run.State.PUBLISHED]
    context = {
        "published": published,
        "own": [run for run in runs if run.state != Run.State.PUBLISHED],
        "frameworks": [
            {"code": code, "name": in_language(names, language)}
            for code, names in shipped().items()
        ],
        "written": FrameworkDraft.objects.filter(state="published").order_by("slug")[:SHOWN],
        "reads_live": bool(duties and duties.organs_for(Permission.READ_INDICATORS)),
        "assesses": bool(duties and duties.organs_for(Permission.ASSESS)),
    }
    return render(request, "assessment/index.html", context)


@opens_to(Permission.VISIT)
@require_safe
def run(request: HttpRequest, run: str) -> HttpResponse:
    """One assessment: ranks, parts, how it was made, and how to check it."""
    account = _reader(request)
    found = run_in_sight(account, run)
    own, ranked = assessments_of(found)
    view = View(ranked, get_language() or "zh-hans")
    drawn = [one for one in figures(view) if one.code in ("ranks", "parts", "map", "moves")]
    duties = duties_of(account) if account else None
    mine = found.owner_id is not None
    context = {
        "run": found,
        "view": view,
        "figures": drawn if len(view.ranked) > 1 else [],
        "units": units_table(view),
        "own": _own(own, found) if own else None,
        "assumptions": [in_language(one, view.language) for one in ranked.framework.assumptions],
        "warnings": [one for one in view.warnings if one],
        "may_propose": bool(
            mine
            and duties
            and found.state == Run.State.KEPT
            and found.owner_id in duties.organs_for(Permission.ASSESS)
        ),
        "may_publish": bool(
            mine
            and duties
            and account
            and found.state == Run.State.PROPOSED
            and found.made_by_id != account.pk
            and found.owner_id in duties.organs_for(Permission.PUBLISH_ASSESSMENT)
        ),
    }
    return render(request, "assessment/run.html", context)


def _own(own: Assessment, found: Run) -> dict[str, Any]:
    """The unit that a live run is about, with its figures."""
    view = View(own, get_language() or "zh-hans")
    figures_of = found.inputs["figures"][found.inputs["unit"]]
    language = "en" if view.language.startswith("en") else "zh"
    one = own.units[0]
    return {
        "name": one.title,
        "score": view.number(one.score),
        "tier": view.tier(one.tier),
        "rows": [
            {
                "name": in_language(indicator.names, view.language),
                "value": "–"
                if figures_of[indicator.code]["value"] is None
                else f"{figures_of[indicator.code]['value']:.1f}",
                "width": round(figures_of[indicator.code]["value"] or 0),
                "state": figures_of[indicator.code]["state"],
                "reasons": figures_of[indicator.code]["reason_texts"][language],
            }
            for indicator in own.framework.indicators
            if indicator.code in COUNTS
        ],
    }


@opens_to(Permission.VISIT)
@require_safe
def run_file(request: HttpRequest, run: str, form: str) -> HttpResponse:
    """The results as `json` or `csv`, the `report`, or the `inputs` to compute it anew."""
    found = run_in_sight(_reader(request), run)
    if form in ("json", "inputs"):
        document = found.results if form == "json" else {
            "framework": found.framework, "inputs": found.inputs,
            "inputs_sha256": found.inputs_sha256, "results_sha256": found.results_sha256,
        }  # fmt: skip
        answer = JsonResponse(document, json_dumps_params={"ensure_ascii": False})
        answer["Content-Disposition"] = f'attachment; filename="{found.code}-{form}.json"'
        return answer
    _unit, ranked = assessments_of(found)
    if form == "report":
        return report_answer(ranked, found.code)
    if form == "csv":
        table = units_table(View(ranked, get_language() or "zh-hans"))
        return csv_answer([table.head, *table.rows], found.code)
    raise Http404


@opens_to(Permission.VISIT)
@require_safe
def published_framework(request: HttpRequest, draft: str) -> HttpResponse:
    """The text of a framework that an organ published."""
    found = FrameworkDraft.objects.filter(slug=draft, state=FrameworkDraft.State.PUBLISHED).first()
    if found is None:
        raise Http404
    return HttpResponse(found.text, content_type="text/plain; charset=utf-8")


@opens_to(Permission.WORKBENCH)
@require_POST
def act_on_run(request: HttpRequest, run: str) -> HttpResponse:
    """Propose a run for publication, or publish it as the second person."""
    account = account_of(request)
    if request.POST.get("act") == "publish":
        publish_run(account, run)
        messages.success(request, _("Published: everybody can read it now."))
    else:
        propose_run(account, run)
        messages.success(request, _("Proposed: a second person publishes it."))
    return redirect("assessment:run", run=run)
