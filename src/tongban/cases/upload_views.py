"""Uploads in pieces: the core of tus 1.0.0 with creation and termination (https://tus.io).

A page uses it when it can; the ordinary form does the same without JavaScript.
"""

from __future__ import annotations

import base64
import binascii
import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import Conflict, DomainError, InvalidInput, problem_document
from tongban.cases.services import uploading
from tongban.directory.requests import account_of

VERSION = "1.0.0"
BODY = "application/offset+octet-stream"


def _answer(status: int, **headers: object) -> HttpResponse:
    answer = HttpResponse(status=status)
    answer["Tus-Resumable"] = VERSION
    for name, value in headers.items():
        answer[name.replace("_", "-")] = str(value)
    return answer


def _problem(problem: DomainError) -> HttpResponse:
    answer = JsonResponse(
        problem_document(problem), status=problem.status, content_type="application/problem+json"
    )
    answer["Tus-Resumable"] = VERSION
    return answer


def _spoken(request: HttpRequest) -> bool:
    return request.headers.get("Tus-Resumable") == VERSION


def _other_version() -> HttpResponse:
    return _answer(412, Tus_Version=VERSION)


def _number(request: HttpRequest, name: str) -> int:
    """A header that is a number. Raises InvalidInput for any other."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise InvalidInput(
            code="header", title=_("The request can't be read"), detail=name, field=name
        )
    return int(text)


def _metadata(request: HttpRequest) -> dict[str, str]:
    """`Upload-Metadata`: pairs of a key and its value in base64. Raises InvalidInput."""
    found = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _space, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidInput(
                code="header", title=_("The request can't be read"), detail="Upload-Metadata"
            ) from None
    return found


@opens_to(Permission.APPLY)
@require_http_methods(["OPTIONS", "POST"])
def uploads(request: HttpRequest) -> HttpResponse:
    """Begin an upload; its metadata name the draft, the material and the file."""
    if request.method == "OPTIONS":
        return _answer(204, Tus_Version=VERSION, Tus_Extension="creation,termination")
    if not _spoken(request):
        return _other_version()
    try:
        told = _metadata(request)
        upload = uploading.begin(
            account_of(request),
            _draft_key(told.get("draft", "")),
            told.get("material", ""),
            name=told.get("filename", ""),
            length=_number(request, "Upload-Length"),
        )
    except DomainError as problem:
        return _problem(problem)
    return _answer(201, Location=reverse("cases:upload", args=[upload.key]), Upload_Offset=0)


def _draft_key(typed: str) -> uuid.UUID:
    try:
        return uuid.UUID(typed)
    except ValueError:
        raise InvalidInput(
            code="header", title=_("The request can't be read"), detail="draft"
        ) from None


@opens_to(Permission.APPLY)
@require_http_methods(["HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Where an upload stands; the next bytes of it; giving it up."""
    if not _spoken(request):
        return _other_version()
    account = account_of(request)
    try:
        if request.method == "HEAD":
            found = uploading.upload_of(account, key)
            return _answer(200, Upload_Offset=found.offset, Upload_Length=found.length)
        if request.method == "DELETE":
            uploading.give_up(account, key)
            return _answer(204)
        return _patch(request, key)
    except DomainError as problem:
        return _problem(problem)


def _patch(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    if request.content_type != BODY:
        return _answer(415)
    account = account_of(request)
    try:
        found = uploading.receive(account, key, _number(request, "Upload-Offset"), request.read)
    except UnreadablePostError:  # The line broke: what arrived whole is kept.
        raise Conflict(
            code="line_broken", title=_("The line broke"), fix=_("Ask where the upload stands.")
        ) from None
    if found.offset == found.length:
        uploading.finish(account, key)
    return _answer(204, Upload_Offset=found.offset)
