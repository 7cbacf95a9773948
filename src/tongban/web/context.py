"""What the page frame shows on every page."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tongban.base.permissions import Permission, roles_for
from tongban.directory.choice import current_region, region_name
from tongban.directory.messages.reading import COUNTED_MOST, unread_count
from tongban.directory.models import Account
from tongban.directory.selectors import duties_of

ELDER_COOKIE = "tongban_elder"


@dataclass(frozen=True)
class StaffPage:
    """A page of the staff that the person's posts open."""

    url: str
    label: str
    current: bool


# In the order in which they are needed through the day.
STAFF_PAGES = (
    ("cases:work", Permission.READ_CASE, gettext_lazy("Cases")),
    ("cases:steps", Permission.DO_STEPS, gettext_lazy("Steps")),
    ("cases:counters", Permission.RUN_COUNTER, gettext_lazy("Counters")),
    ("cases:papers", Permission.RECEIVE_PAPERS, gettext_lazy("Papers from counters")),
    ("cases:work-team", Permission.DIRECT_CASE, gettext_lazy("Load of colleagues")),
    ("cases:reason-texts", Permission.WRITE_REASON_TEXTS, gettext_lazy("Texts for reasons")),
    ("directory:people", Permission.SERVE_PEOPLE, gettext_lazy("People at the counter")),
    ("directory:corrections", Permission.ANSWER_CORRECTION, gettext_lazy("Corrections")),
    ("cases:emergency", Permission.ASK_EMERGENCY, gettext_lazy("Emergency access")),
    ("catalogue:own-items", Permission.CHECK_GUIDES, gettext_lazy("Our items")),
    ("catalogue:guide-scores", Permission.CHECK_GUIDES, gettext_lazy("Guides to mend")),
    ("assessment:live", Permission.READ_INDICATORS, gettext_lazy("Live figures")),
    ("cases:procedures", Permission.READ_PROCEDURES, gettext_lazy("Procedures")),
    ("catalogue:searches", Permission.READ_SEARCHES, gettext_lazy("Looked for in vain")),
    ("directory:posts", Permission.MANAGE_POSTS, gettext_lazy("Posts and absences")),
    ("directory:log", Permission.READ_SECURITY_LOG, gettext_lazy("Security log")),
)


def _staff_pages(roles: frozenset[str], path: str) -> tuple[StaffPage, ...]:
    return tuple(
        StaffPage(url, str(label), url == path)
        for name, permission, label in STAFF_PAGES
        if roles & set(roles_for(permission))
        for url in (reverse(name),)
    )


@dataclass(frozen=True)
class Frame:
    site_name: str
    region_code: str
    region_name: str
    elder: bool
    is_staff: bool
    staff_pages: tuple[StaffPage, ...]
    display_name: str
    demonstration: bool
    unread: str
    version: str
    language: str
    path: str


def _unread(account: Account | None) -> str:
    """How many messages wait to be read, as it is shown; "" for none. One query."""
    count = unread_count(account) if account else 0
    return f"{count - 1}+" if count == COUNTED_MOST else str(count or "")


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `frame` for `web/frame.html`."""
    user = getattr(request, "user", None)
    account = user if isinstance(user, Account) else None
    code = current_region(request)
    duties = duties_of(account) if account else None
    path = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
    return {
        "frame": Frame(
            site_name=_("Tongban"),
            region_code=code,
            region_name=region_name(code),
            elder=request.COOKIES.get(ELDER_COOKIE) == "1",
            is_staff=duties.any if duties else False,
            staff_pages=_staff_pages(duties.roles, request.path) if duties else (),
            display_name=str(account) if account else "",
            demonstration=account.demonstration if account else False,
            unread=_unread(account),
            version=settings.TONGBAN_VERSION,
            language=get_language() or settings.LANGUAGE_CODE,
            path=path,
        )
    }
