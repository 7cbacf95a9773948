"""The JSON interface: its root, its errors. Endpoints live in the rooms that answer them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from tongban import __version__
from tongban.base.problems import DomainError, FieldError, InvalidInput, NotFound, problem_document
from tongban.cases.reporting.api import NOBODY
from tongban.cases.reporting.api import router as reporting_router
from tongban.catalogue.api import router as catalogue_router
from tongban.catalogue.api_items import router as items_router

api = NinjaAPI(
    title="Tongban API",
    version=__version__,
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
api.add_router("", catalogue_router)
api.add_router("", items_router)
api.add_router("", reporting_router)


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    answer = JsonResponse(
        problem_document(error, request.path),
        status=error.status,
        content_type="application/problem+json",
    )
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="tongban", charset="UTF-8"'
    return answer


@api.exception_handler(DomainError)
def domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    return _answer(request, error)


@api.exception_handler(AuthenticationError)
def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _answer(request, NOBODY)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return _answer(request, NotFound(code="not_found", title="There is no such thing"))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = tuple(
        FieldError("/" + "/".join(str(part) for part in fault["loc"]), fault["type"], fault["msg"])
        for fault in error.errors
    )
    return _answer(
        request,
        InvalidInput(code="invalid_request", title="The request is not valid", errors=faults),
    )
