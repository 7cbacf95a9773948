"""The editor of frameworks: what is wrong with one, and what it makes of a table."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tongban.assessment.library import FOLDER, shipped
from tongban.assessment.models import FrameworkDraft
from tongban.assessment.permissions import draft_in_sight, drafts_for
from tongban.assessment.report.page import figures, units_table
from tongban.assessment.report.view import View
from tongban.assessment.sandbox import TABLE_BYTES_MOST, assess_texts, checked_framework
from tongban.assessment.services.frameworks import (
    begin_draft,
    propose_framework,
    publish_framework,
    save_draft,
)
from tongban.assessment.services.keeping import keep_table
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.base.tables import TableError
from tongban.directory.models import Organ
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of
from tongban.indices import Assessment, FrameworkProblem, InvalidTable, in_language

SHOWN_FAULTS = 30
START = """id = "my-index"
name = { en = "My index", zh = "我的指数" }
decimals = 2

[table]
unit = "code"
name = "name"

[[node]]
code = "index"
name = { en = "Index", zh = "指数" }

[[indicator]]
code = "online_share"
name = { en = "Online share", zh = "网办率" }
parent = "index"
weight = 2
valid = [0, 100]

[[indicator]]
code = "days"
name = { en = "Days", zh = "办理天数" }
parent = "index"
direction = "down"
"""


@opens_to(Permission.ASSESS)
@require_http_methods(["GET", "HEAD", "POST"])
def frameworks(request: HttpRequest) -> HttpResponse:
    """The frameworks of one's organs; begin one anew or from one that ships."""
    account = account_of(request)
    fault: DomainError | None = None
    if request.method == "POST":
        try:
            draft = begin_draft(
                account,
                slug=request.POST.get("slug", ""),
                text=_beginning(request.POST.get("like", "")),
                organ=request.POST.get("owner", ""),
            )
            return redirect("assessment:framework", draft=draft.slug)
        except DomainError as problem:
            if problem.status == 403:
                raise
            fault = problem
    language = get_language() or "zh-hans"
    context = {
        "drafts": drafts_for(account).order_by("-updated_at"),
        "organs": Organ.objects.filter(
            pk__in=duties_of(account).organs_for(Permission.ASSESS)
        ).order_by("name"),
        "shipped": [(code, in_language(names, language)) for code, names in shipped().items()],
        "fault": fault,
        "slug": request.POST.get("slug", ""),
    }
    return render(request, "assessment/frameworks.html", context, status=422 if fault else 200)


def _beginning(like: str) -> str:
    if like in shipped():
        return (FOLDER / f"{like}.toml").read_text(encoding="utf-8")
    return START


@opens_to(Permission.ASSESS)
@require_http_methods(["GET", "HEAD", "POST"])
def framework(request: HttpRequest, draft: str) -> HttpResponse:
    """One framework: its text, its faults, a table to try it on. Trying keeps nothing."""
    account = account_of(request)
    held = draft_in_sight(account, draft)
    act = request.POST.get("act", "")
    text = request.POST.get("text", held.text).replace("\r\n", "\n")
    fault: DomainError | None = None
    tried: dict[str, Any] = {}
    if request.method == "POST":
        try:
            answer = _do(request, held, act, text)
            if answer is not None:
                return answer
        except DomainError as problem:
            if problem.status in (403, 404):
                raise
            fault = problem
        if act == "try":
            tried = _tried(request, text)
    duties = duties_of(account)
    context = {
        "draft": held,
        "text": text,
        "revision": request.POST.get("revision", held.revision),
        "faults": _faults(text),
        "fault": fault,
        "table": request.POST.get("table", ""),
        "may_write": held.organ_id in duties.organs_for(Permission.ASSESS)
        and held.state != FrameworkDraft.State.PUBLISHED,
        "may_publish": held.state == FrameworkDraft.State.PROPOSED
        and held.author_id != account.pk
        and held.organ_id in duties.organs_for(Permission.PUBLISH_ASSESSMENT),
        **tried,
    }
    return render(
        request, "assessment/framework.html", context, status=fault.status if fault else 200
    )


def _do(request: HttpRequest, held: FrameworkDraft, act: str, text: str) -> HttpResponse | None:
    account = account_of(request)
    if act == "save":
        typed = request.POST.get("revision", "")
        revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0
        save_draft(account, held.slug, text=text, revision=revision)
        messages.success(request, _("Saved."))
    elif act == "propose":
        propose_framework(account, held.slug)
        messages.success(request, _("Proposed: a second person publishes it."))
    elif act == "publish":
        publish_framework(account, held.slug)
        messages.success(request, _("Published: everybody can read it now."))
    elif act == "keep":
        try:
            result = assess_texts(text, table=_table(request))
        except (FrameworkProblem, InvalidTable, TableError, ValueError):
            return None
        run = keep_table(
            account,
            result,
            framework=text,
            table=_table(request),
            title=request.POST.get("title", "") or held.title,
            owner=held.organ.code,
        )
        return redirect("assessment:run", run=run.code)
    else:
        return None
    return redirect("assessment:framework", draft=held.slug)


def _faults(text: str) -> list[str]:
    try:
        checked_framework(text)
    except FrameworkProblem as problem:
        return list(problem.faults[:SHOWN_FAULTS])
    return []


def _table(request: HttpRequest) -> str:
    """The table that was typed or uploaded."""
    upload = request.FILES.get("file")
    if isinstance(upload, UploadedFile) and (upload.size or 0) <= TABLE_BYTES_MOST:
        return str(upload.read(), "utf-8-sig", "replace")
    return request.POST.get("table", "").replace("\r\n", "\n")


def _tried(request: HttpRequest, text: str) -> dict[str, Any]:
    """What the framework makes of the table, or what is wrong with the table."""
    table = _table(request)
    try:
        result: Assessment = assess_texts(text, table=table)
    except FrameworkProblem:
        return {"table": table}
    except InvalidTable as problem:
        lines = problem.lines()
        return {"table": table, "table_faults": lines[:SHOWN_FAULTS]}
    except (TableError, ValueError) as problem:
        return {"table": table, "table_faults": [str(problem)]}
    view = View(result, get_language() or "zh-hans")
    drawn = [one for one in figures(view) if one.code in ("ranks", "parts")]
    return {
        "table": table,
        "tried": True,
        "units": units_table(view),
        "figures": drawn if len(view.ranked) > 1 else [],
        "warnings": view.warnings,
    }
