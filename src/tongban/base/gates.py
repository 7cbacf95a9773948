"""Who a page or endpoint is open to, said where it is defined; `web` enforces it, default closed."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Audience(StrEnum):
    """Being let in says nothing about objects: services and selectors decide on each of them."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed_in"
    STAFF = "staff"


def opens_to(audience: Audience) -> Callable[[View], View]:
    """Declare a view's audience. A view without a declaration is closed to all."""

    def declare(view: View) -> View:
        view.audience = audience  # type: ignore[attr-defined]
        return view

    return declare


def audience_of(view: Callable[..., Any]) -> Audience | None:
    """The declared audience of a view, None when it has none."""
    return getattr(view, "audience", None)
