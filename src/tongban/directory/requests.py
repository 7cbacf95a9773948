"""The account behind a request."""

from __future__ import annotations

from django.http import HttpRequest

from tongban.directory.models import Account


def account_of(request: HttpRequest) -> Account:
    """The signed-in account; the gate lets nobody else through to views that ask."""
    assert isinstance(request.user, Account)
    return request.user


def row_number(text: str) -> int:
    """The number of a row that a form names; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
