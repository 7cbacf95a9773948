"""The region that a visitor chose: a cookie, no personal data."""

from __future__ import annotations

import time
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from tongban.directory.selectors import find_region

REGION_COOKIE = "tongban_region"
NAME_KEPT_SECONDS = 300


@lru_cache(maxsize=4_096)
def _region_name(code: str, period: int) -> str:
    region = find_region(code)
    return region.name if region else ""


def region_name(code: str) -> str:
    """Name of a region, "" when it is unknown; asked of the database once in five minutes."""
    return _region_name(code, int(time.monotonic() // NAME_KEPT_SECONDS))


def current_region(request: HttpRequest) -> str:
    """Code of the region that the visitor chose; the installation's own when they chose none."""
    code = request.COOKIES.get(REGION_COOKIE, "")
    return code if code and region_name(code) else str(settings.TONGBAN_REGION)
