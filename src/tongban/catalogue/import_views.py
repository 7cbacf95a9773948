"""The import wizard: a file, what each row would do, then drafts; nothing before somebody confirms."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, InvalidInput
from tongban.catalogue import listing
from tongban.catalogue.bulk_views import outcome_label, reason_words
from tongban.catalogue.editor.labels import label_of_part
from tongban.catalogue.importing import uploads
from tongban.catalogue.models import GuideImport
from tongban.catalogue.services import drafting
from tongban.directory.models import Organ
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of

OUTCOMES = (drafting.REFUSED, drafting.NEW, drafting.CHANGED, drafting.UNCHANGED)
RUNS_SHOWN = 10


@opens_to(Permission.EDIT_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; it is read and compared, nothing is filed."""
    account = account_of(request)
    mine = duties_of(account).organs_for(Permission.EDIT_GUIDES)
    organs = list(Organ.objects.filter(pk__in=mine).order_by("name", "pk"))
    errors = []
    if request.method == "POST":
        wanted = request.POST.get("organ", "")
        organ = next((one for one in organs if one.code == wanted), organs[0])
        file = request.FILES.get("file")
        if file is None:
            errors.append({"field_id": "file", "message": _("Choose a file.")})
        else:
            try:
                run = uploads.examine(account, organ, file.chunks(), file.name or "file.csv")
                return redirect("catalogue:import-report", run.key)
            except InvalidInput as problem:
                message = file_problem(problem)
                errors.append({"field_id": "file", "message": message})
    runs = GuideImport.objects.filter(organ__in=mine).select_related("organ", "account")
    context = {
        "organs": organs,
        "errors": errors,
        "runs": runs.order_by("-at")[:RUNS_SHOWN],
        "most": uploads.ROWS_MOST,
    }
    return render(request, "catalogue/work/import.html", context, status=422 if errors else 200)


def file_problem(problem: InvalidInput) -> str:
    """Why a whole file can't be read and what to do, in the language of the page."""
    words = {
        "workbook": _("This is a workbook. In the spreadsheet choose «save as», «CSV UTF-8»."),
        "empty": _("The file is empty."),
        "missing_column": _("A column is missing that says what an item's code is."),
        "column_twice": _("A column stands twice."),
        "encoding": _("The file is neither UTF-8 nor GB18030. Save it as UTF-8."),
        "binary": _("This is not a text file. Export the list as CSV or JSON Lines."),
        "not_csv": _("The file can't be read as CSV."),
        "line_too_long": _("A line is too long to be a row."),
        "too_many_rows": _("The file has too many rows for this page."),
        "unreadable": _("The file can't be opened."),
    }.get(problem.code, str(problem.title))
    return f"{words} ({problem.detail})"


@opens_to(Permission.EDIT_GUIDES)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, imported: uuid.UUID) -> HttpResponse:
    """What each row would do; file it, or give it up."""
    account = account_of(request)
    run = uploads.find_upload(account, imported)
    problem: Conflict | InvalidInput | None = None
    if request.method == "POST":
        if request.POST.get("act") == "give_up":
            uploads.give_up(account, imported)
            messages.success(request, _("The upload is given up. Nothing was written."))
            return redirect("catalogue:import")
        try:
            partial = request.POST.get("partial") == "yes"
            uploads.file_upload(account, imported, partial=partial)
            made = run.counts[drafting.NEW] + run.counts[drafting.CHANGED]
            messages.success(
                request,
                ngettext("%(n)d draft is written.", "%(n)d drafts are written.", made)
                % {"n": made},
            )
            return redirect(f"{reverse('catalogue:own-items')}?state=draft")
        except Conflict as refused:
            problem = refused
            run = uploads.compare_again(account, imported)
        except InvalidInput as refused:
            problem = refused
    return _report_page(request, run, problem)


def _report_page(
    request: HttpRequest, run: GuideImport, problem: Conflict | InvalidInput | None
) -> HttpResponse:
    outcome = request.GET.get("show", "")
    outcome = outcome if outcome in OUTCOMES else ""
    after = request.GET.get("after", "0")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 12 else 0
    rows, following = uploads.report_rows(run, after=place, outcome=outcome)
    counts = run.counts
    context = {
        "run": run,
        "ready": run.state == GuideImport.State.READY,
        "problem": problem,
        "outcomes": [
            {
                "key": key,
                "label": outcome_label(key),
                "count": counts[key],
                "current": key == outcome,
                "url": listing.link({"show": "" if key == outcome else key}),
            }
            for key in OUTCOMES
        ],
        "rows": [
            {
                "one": row,
                "outcome": outcome_label(row.outcome),
                "reason": reason_words(row.reason, row.detail),
                "changed": ", ".join(label_of_part(name) for name in row.changed),
            }
            for row in rows
        ],
        "remarks": sorted(counts.get("remarks", {}).items()),
        "writes": counts[drafting.NEW] + counts[drafting.CHANGED],
        "refused": counts[drafting.REFUSED],
        "next_url": listing.link({"show": outcome, "after": str(following)}) if following else "",
    }
    status = problem.status if problem else 200
    return render(request, "catalogue/work/import_report.html", context, status=status)


@opens_to(Permission.EDIT_GUIDES)
@require_safe
def rows(request: HttpRequest, imported: uuid.UUID) -> StreamingHttpResponse:
    """The whole report as a table."""
    run = uploads.find_upload(account_of(request), imported)
    answer = StreamingHttpResponse(uploads.report_csv(run), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{run.key}.csv"'
    return answer
