"""The upstream that this installation signs people in through."""

from __future__ import annotations

from django.conf import settings

from tongban.base.upstream import Upstream


def upstream_in_force() -> Upstream:
    """The upstream, where there is one: its addresses answer 404 otherwise."""
    upstream = settings.ENVIRONMENT.upstream
    assert upstream is not None
    return upstream
