"""Reporting cases as JSON: a department's system says how far the cases are that it handles."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBasicAuth
from pydantic import Field

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import FieldError, InvalidInput, documented
from tongban.cases.reporting.taking import NotSignedIn, numbered, system_of, take
from tongban.directory.models import ConnectedSystem

router = Router(tags=["cases"])
ROWS_MOST = 500
NOBODY = NotSignedIn(
    code="unknown_system",
    title="The system is not known",
    detail="Send its id and its secret by HTTP Basic authentication.",
)


class SystemAuth(HttpBasicAuth):
    """The id and the secret that `tongban openid register` gave."""

    def authenticate(
        self, request: HttpRequest, username: str, password: str
    ) -> ConnectedSystem | None:
        return system_of(username, password)


class Reports(Schema):
    records: list[dict[str, Any]] = Field(
        min_length=1,
        max_length=ROWS_MOST,
        description="Cases, each with the sections application, acceptance, handling, conclusion",
    )


class RowFault(Schema):
    pointer: str = Field(description="JSON pointer into the request (RFC 6901)")
    code: str
    detail: str


class ReportsAnswer(Schema):
    read: int
    created: int
    advanced: int
    unchanged: int
    refused: int
    errors: list[RowFault]


@router.post(
    "/cases/reports",
    auth=SystemAuth(),
    response=ReportsAnswer,
    summary="Report cases that another system handles (GB/T 39046-2020 tables 5-8)",
    openapi_extra=documented(400, 401, 422),
)
@opens_to(Permission.REPORT_CASES)
def report_cases(request: HttpRequest, reports: Reports) -> dict[str, object]:
    """The same rows again change nothing; later ones advance their cases. What can't be taken is
    named row by row and keeps none of the others; when none can be, the answer is 422.
    """
    system = request.auth  # type: ignore[attr-defined]
    taken = take(system, numbered(reports.records, 0))
    faults = [
        FieldError(f"/records/{place}{one.pointer}", one.code, one.detail)
        for place, one in taken.problems
    ]
    if taken.refused == taken.read:
        raise InvalidInput(
            code="no_row_taken", title="None of the rows can be taken", errors=tuple(faults)
        )
    return taken.as_json() | {"errors": [vars(one) for one in faults]}
