"""Domain errors: what went wrong, where, and what to do; rendered once, as a page or RFC 9457."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field's fault. `pointer` is a JSON pointer into the request (RFC 6901)."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """An act that can't be done. `code` is stable; the texts may be lazily translated."""

    status = 422

    def __init__(
        self,
        *,
        code: str,
        title: object,
        detail: object = "",
        field: str | None = None,
        fix: object = "",
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.detail = detail
        self.field = field
        self.fix = fix
        self.errors = errors


class InvalidInput(DomainError):
    """The input is not what the act needs."""


class NotPermitted(DomainError):
    """The actor may see the object, but not do this with it."""

    status = 403


class NotFound(DomainError):
    """There is no such thing, or the actor may not know that there is."""

    status = 404


class Conflict(DomainError):
    """The object is not in a state for the act, or somebody was faster."""

    status = 409


def problem_document(error: DomainError, instance: str | None = None) -> dict[str, object]:
    """The error as RFC 9457 problem details."""
    document: dict[str, object] = {
        "type": f"/problems/{error.code}",
        "title": str(error.title),
        "status": error.status,
        "detail": " ".join(part for part in (str(error.detail), str(error.fix)) if part),
    }
    if instance:
        document["instance"] = instance
    errors = error.errors
    if not errors and error.field:
        errors = (FieldError(f"/{error.field}", error.code, str(error.detail)),)
    document["errors"] = [
        {"pointer": one.pointer, "code": one.code, "detail": str(one.detail)} for one in errors
    ]
    return document


# RFC 9457 as a JSON schema, for the OpenAPI document.
PROBLEM_SCHEMA: dict[str, object] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
MEANINGS = {
    400: "The request can't be read",
    401: "Who asks is not known",
    404: "There is no such thing",
    405: "The address does not work like that",
    503: "Not now: try again later",
    410: "There was such a thing, and there is no longer",
    422: "The request is not valid",
    429: "Too many requests at once; see Retry-After",
}


def documented(*statuses: int) -> dict[str, object]:
    """What an operation may answer besides success, for the OpenAPI document."""
    content = {"application/problem+json": {"schema": PROBLEM_SCHEMA}}
    return {
        "responses": {
            status: {"description": MEANINGS[status], "content": content}
            for status in sorted({*statuses, 429})
        }
    }
