"""What the page frame shows on every page."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongban.directory.choice import current_region, region_name
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of

ELDER_COOKIE = "tongban_elder"


@dataclass(frozen=True)
class Frame:
    site_name: str
    region_code: str
    region_name: str
    elder: bool
    is_staff: bool
    display_name: str
    demonstration: bool
    version: str
    language: str
    path: str


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `frame` for `web/frame.html`."""
    user = getattr(request, "user", None)
    account = user if isinstance(user, Account) else None
    code = current_region(request)
    path = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return {
        "frame": Frame(
            site_name=_("Tongban"),
            region_code=code,
            region_name=region_name(code),
            elder=request.COOKIES.get(ELDER_COOKIE) == "1",
            is_staff=duties_of(account).any if account else False,
            display_name=str(account) if account else "",
            demonstration=account.demonstration if account else False,
            version=settings.TONGBAN_VERSION,
            language=get_language() or settings.LANGUAGE_CODE,
            path=path,
        )
    }
