from __future__ import annotations

import pytest

from tongban.base.problems import Conflict, FieldError, InvalidInput, NotFound, problem_document


def test_a_problem_reads_as_rfc_9457_says():
    error = InvalidInput(
        code="too_long", title="Too long", detail="At most 10.", field="name", fix="Cut it."
    )
    assert problem_document(error, "/cases/1") == {
        "type": "/problems/too_long",
        "title": "Too long",
        "status": 422,
        "detail": "At most 10. Cut it.",
        "instance": "/cases/1",
        "errors": [{"pointer": "/name", "code": "too_long", "detail": "At most 10."}],
    }


def test_every_fault_is_listed():
    faults = (FieldError("/a", "missing", "x"), FieldError("/b", "missing", "y"))
    document = problem_document(InvalidInput(code="c", title="t", errors=faults))
    assert [fault["pointer"] for fault in document["errors"]] == ["/a", "/b"]


@pytest.mark.parametrize(("kind", "status"), [(NotFound, 404), (Conflict, 409)])
def test_the_kind_of_error_is_the_status(kind, status):
    assert problem_document(kind(code="c", title="t"))["status"] == status
