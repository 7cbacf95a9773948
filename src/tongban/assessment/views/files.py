"""Assessments as files to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language

from tongban.assessment.report.files import safe
from tongban.assessment.report.page import figures, render
from tongban.assessment.report.view import View
from tongban.indices import Assessment


def csv_answer(rows: Iterable[list[Any]], name: str) -> HttpResponse:
    """A table that spreadsheets read: with a byte order mark, and no formula in it."""
    sink = io.StringIO()
    writer = csv.writer(sink)
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    answer = HttpResponse("\ufeff" + sink.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def report_answer(result: Assessment, name: str) -> HttpResponse:
    """The report of an assessment in the reader's language: one page that stands alone."""
    language = get_language() or "zh-hans"
    view = View(result, language)
    answer = HttpResponse(
        render(view, figures(view), ("", "")), content_type="text/html; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.html"'
    return answer
