"""The account behind a request."""

from __future__ import annotations

from django.http import HttpRequest

from tongban.directory.models import Account


def account_of(request: HttpRequest) -> Account:
    """The signed-in account; the gate lets nobody else through to views that ask."""
    assert isinstance(request.user, Account)
    return request.user
