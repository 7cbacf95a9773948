"""The pages of a file as pictures, with the notes on them: for the applicant and for the staff."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.models import Annotation, Case, MaterialFile
from tongban.cases.permissions import applicant_case, staff_case
from tongban.cases.rules import OPEN_STATES, Part, State
from tongban.cases.rules.trust import can_be_verified
from tongban.cases.services import examining
from tongban.cases.services.examining import Place
from tongban.cases.services.handling import open_case
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import material_row
from tongban.directory.requests import account_of, row_number


def _file(case: Case, key: uuid.UUID) -> MaterialFile:
    file = case.files.select_related("verified_by", "replaces", "reused_from").filter(key=key)
    found = file.first()
    if found is None:
        raise Http404
    return found


def _picture(file: MaterialFile, sheet: int) -> FileResponse:
    """A drawn page. What the file holds can't act in it: it is a picture of ours."""
    picture = examining.page_picture(file, sheet)
    answer = FileResponse(picture.open("rb"), content_type="image/webp")
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    return answer


def _sheet(request: HttpRequest, file: MaterialFile) -> int:
    wanted = row_number(request.GET.get("sheet", "1"))
    return wanted if 1 <= wanted <= file.pages else 1


def _context(
    request: HttpRequest, case: Case, file: MaterialFile, *, for_staff: bool
) -> dict[str, object]:
    sheet = _sheet(request, file)
    notes = examining.notes_on([file], told_only=not for_staff).get(file.pk, [])
    names = {row.key: material_row(row)["name"] for row in document_of(case.guide).materials}
    picture, pages = (
        ("cases:work-page", "cases:work-file-pages")
        if for_staff
        else (
            "cases:page",
            "cases:file-pages",
        )
    )
    here = reverse(pages, args=[case.number, file.key])
    return {
        "case": case,
        "file": file,
        "material": names.get(file.material, ""),
        "sheet": sheet,
        "picture_url": reverse(picture, args=[case.number, file.key, sheet]),
        "previous_url": f"{here}?sheet={sheet - 1}" if sheet > 1 else "",
        "next_url": f"{here}?sheet={sheet + 1}" if sheet < file.pages else "",
        "here_url": here,
        "notes": [_note(note, number) for number, note in _numbered(notes) if note.page == sheet],
        "other_notes": [
            {"url": f"{here}?sheet={note.page}", "sheet": note.page, "text": note.text}
            for note in notes
            if note.page != sheet
        ],
    }


def _numbered(notes: list[Annotation]) -> list[tuple[int, Annotation]]:
    return list(enumerate(notes, start=1))


def _note(note: Annotation, number: int) -> dict[str, object]:
    return {
        "number": number,
        "key": note.key,
        "text": note.text,
        "author": note.author,
        "at": note.at,
        "for_applicant": note.for_applicant,
        "told_at": note.told_at,
        "place": note if note.left is not None else None,
    }


def told_notes(case: Case) -> dict[str, list[dict[str, object]]]:
    """By material: what the correction notice says of pages of its files. Two queries."""
    files = {file.pk: file for file in case.files.all()}
    notes: dict[str, list[dict[str, object]]] = {}
    for key, found in examining.notes_on(list(files.values()), told_only=True).items():
        file = files[key]
        url = reverse("cases:file-pages", args=[case.number, file.key])
        notes.setdefault(file.material, []).extend(
            {
                "file": file.name,
                "sheet": note.page,
                "text": note.text,
                "url": f"{url}?sheet={note.page}",
            }
            for note in found
        )
    return notes


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def file_pages(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """A file of one's own case, page by page, with the notes of the correction notice."""
    case = applicant_case(account_of(request), number)
    context = _context(request, case, _file(case, key), for_staff=False)
    context["download_url"] = reverse("cases:file", args=[case.number, key])
    context["back_url"] = reverse("cases:case", args=[case.number])
    return render(request, "cases/file_pages.html", context)


@opens_to(Permission.FOLLOW_CASE)
@require_safe
def page(request: HttpRequest, number: str, key: uuid.UUID, sheet: int) -> FileResponse:
    case = applicant_case(account_of(request), number)
    return _picture(_file(case, key), sheet)


@opens_to(Permission.READ_CASE)
@require_safe
def work_page(request: HttpRequest, number: str, key: uuid.UUID, sheet: int) -> FileResponse:
    case = open_case(account_of(request), number)
    return _picture(_file(case, key), sheet)


@opens_to(Permission.READ_CASE)
@require_http_methods(["GET", "HEAD", "POST"])
def work_file_pages(request: HttpRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """A file page by page for the staff: notes, and the comparison with the original."""
    account = account_of(request)
    open_case(account, number)
    case, parts = staff_case(account, number)
    file, fault = _file(case, key), None
    if request.method == "POST":
        try:
            return _do(request, case, file)
        except DomainError as problem:
            fault = problem
    compares = Part.CLERK in parts and can_be_verified(file.trust) and not file.superseded
    context = _context(request, case, file, for_staff=True) | {
        "download_url": reverse("cases:work-file", args=[case.number, key]),
        "back_url": reverse("cases:work-case", args=[case.number]),
        "staff": True,
        "account": account,
        "can_note": bool(parts) and State(case.state) in OPEN_STATES,
        "can_tell": case.state == State.SUBMITTED,
        "can_verify": compares,
        "can_scan": compares and State(case.state) in OPEN_STATES,
        "fault": fault,
        "typed": request.POST,
    }
    status = fault.status if fault else 200
    return render(request, "cases/file_pages.html", context, status=status)


def _do(request: HttpRequest, case: Case, file: MaterialFile) -> HttpResponse:
    account, act = account_of(request), request.POST.get("act", "")
    sheet = row_number(request.POST.get("sheet", "1"))
    shown = file
    if act == "note":
        examining.annotate(
            account,
            case.number,
            file.key,
            page=sheet,
            text=request.POST.get("text", ""),
            place=_place(request),
            for_applicant=request.POST.get("for_applicant") == "yes",
        )
        messages.success(request, _("The note is written."))
    elif act == "erase":
        examining.erase_note(account, case.number, _key(request.POST.get("note", "")))
        messages.success(request, _("The note is gone."))
    elif act == "verify":
        examining.verify_original(account, case.number, file.key)
        messages.success(request, _("Written down: compared with the original."))
    elif act == "scan":
        upload = request.FILES.get("scan")
        if upload is None:
            raise InvalidInput(code="missing_file", title=_("Choose the scan"), field="scan")
        shown = examining.scan_original(account, case.number, file.key, upload)
        messages.success(request, _("The scan took the place of the upload."))
        sheet = 1
    else:
        raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    here = reverse("cases:work-file-pages", args=[case.number, shown.key])
    return redirect(f"{here}?sheet={sheet}")


def _key(typed: str) -> uuid.UUID:
    try:
        return uuid.UUID(typed)
    except ValueError:
        raise Http404 from None


def _place(request: HttpRequest) -> Place | None:
    """The rectangle that was typed or drawn; None when there is none. Raises InvalidInput."""
    typed = [request.POST.get(side, "").strip() for side in Place._fields]
    if not any(typed):
        return None
    if not all(side.isascii() and side.isdigit() and len(side) < 5 for side in typed):
        raise InvalidInput(
            code="place",
            title=_("This place is not on a page of the file"),
            detail=_("Left, top, width and height are thousandths of the page, from 0 to 1000."),
            field="left",
        )
    return Place(*(int(side) for side in typed))
