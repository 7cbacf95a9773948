"""Pages that belong to no room below: home, region, sign-in, me, help, health."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.regions import NATION
from tongban.cases.bundles.following_views import filing_row
from tongban.cases.bundles.selectors import filings_of
from tongban.cases.reporting.selectors import my_reported
from tongban.cases.selectors import my_cases, my_drafts
from tongban.cases.views import case_row
from tongban.catalogue.search.index import exists as index_exists
from tongban.catalogue.selectors import guides_serving, organs_serving
from tongban.catalogue.views import guide_row
from tongban.directory.choice import REGION_COOKIE, current_region
from tongban.directory.models import Account
from tongban.directory.selectors import find_region, region_children, region_lineage
from tongban.ledger.services import oldest_waiting_seconds
from tongban.web.context import ELDER_COOKIE
from tongban.web.errors import error_answer
from tongban.web.middleware import LANGUAGE_COOKIE

YEAR_SECONDS = 365 * 24 * 3600
POPULAR = 16
COOKIE: dict[str, Any] = {
    "samesite": "Lax",
    "httponly": True,
    "secure": settings.SESSION_COOKIE_SECURE,
}
# An entry that waits longer for its number says that the integrator does not run.
LEDGER_BEHIND_SECONDS = 120

# What people want to do, in their words; each leads to a search.
LIFE_EVENTS = (
    (gettext_lazy("ID card"), gettext_lazy("Lost, expired, first one"), "身份证", "id-card"),
    (
        gettext_lazy("A child is born"),
        gettext_lazy("Birth certificate, registration"),
        "出生",
        "child",
    ),
    (
        gettext_lazy("Open a shop"),
        gettext_lazy("Self-employed, food licence"),
        "个体工商户",
        "shop",
    ),
    (
        gettext_lazy("Start a company"),
        gettext_lazy("Registration in one go"),
        "企业设立",
        "building",
    ),
    (gettext_lazy("Retire"), gettext_lazy("Pension, transfer, proof of life"), "养老保险", "elder"),
    (gettext_lazy("Out of work"), gettext_lazy("Benefit, registration, training"), "失业", "work"),
    (gettext_lazy("Move house"), gettext_lazy("Household, residence permit"), "户口", "home"),
    (gettext_lazy("Disability"), gettext_lazy("Certificate, aids, adaptations"), "残疾人", "care"),
)


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("web:home")


@opens_to(Permission.VISIT)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    region = current_region(request)
    organs = organs_serving(region)
    guides = guides_serving(region)
    events = [
        {
            "title": title,
            "note": note,
            "url": f"{reverse('catalogue:search')}?q={words}",
            "icon": icon,
        }
        for title, note, words, icon in LIFE_EVENTS
    ]
    context = {
        "life_events": events,
        "popular": [guide_row(guide) for guide in guides[:POPULAR]],
        "organs": [
            {
                "name": organ.name,
                "count": organ.count,
                "url": f"{reverse('catalogue:search')}?organ={organ.code}",
            }
            for organ in organs
        ],
        "counts": {
            "items": sum(organ.count for organ in organs),
            "guides": len(guides),
            "organs": len(organs),
        },
    }
    return render(request, "web/home.html", context)


@opens_to(Permission.VISIT)
@require_http_methods(["GET", "HEAD", "POST"])
def region(request: HttpRequest) -> HttpResponse:
    """Choose a region: GET walks down, POST takes one."""
    if request.method == "POST":
        chosen = find_region(request.POST.get("code", ""))
        response = redirect(_safe_next(request))
        if chosen is None:
            return _unknown_region(request)
        response.set_cookie(
            REGION_COOKIE,
            chosen.code,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
        return response
    inside = request.GET.get("in", NATION)
    here = find_region(inside)
    if here is None:
        return _unknown_region(request)
    base = reverse("web:region")
    following = request.GET.get("next", "")
    tail = f"&next={quote(following, safe='')}" if following else ""
    context = {
        "crumbs": [
            {"label": _("All provinces"), "url": f"{base}?in={NATION}{tail}"},
            *(
                {"label": above.name, "url": f"{base}?in={above.code}{tail}"}
                for above in region_lineage(here.code)
            ),
        ],
        "children": region_children(here.code),
        "current": current_region(request),
        "here": here,
        "is_nation": here.code == NATION,
        "next": following,
    }
    return render(request, "web/region.html", context)


def _unknown_region(request: HttpRequest) -> HttpResponse:
    return error_answer(
        request,
        404,
        _("There is no such region"),
        _(
            "The code is not one of the regions that are loaded. Choose one from the list of regions."
        ),
        code="unknown_region",
    )


@opens_to(Permission.VISIT)
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    response = redirect(_safe_next(request))
    chosen = "en" if request.POST.get("language") == "en" else "zh-hans"
    response.set_cookie(
        LANGUAGE_COOKIE,
        chosen,
        max_age=YEAR_SECONDS,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@opens_to(Permission.VISIT)
@require_POST
def elder(request: HttpRequest) -> HttpResponse:
    """Larger type and targets (长辈版), on or off."""
    response = redirect(_safe_next(request))
    value = "0" if request.COOKIES.get(ELDER_COOKIE) == "1" else "1"
    response.set_cookie(
        ELDER_COOKIE,
        value,
        max_age=YEAR_SECONDS,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


@opens_to(Permission.OWN_SPACE)
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, Account)
    context = {
        "cases": [case_row(case) for case in my_cases(request.user)],
        "bundles": [filing_row(filing) for filing in filings_of(request.user)],
        "drafts": [
            {
                "name": draft.item.name,
                "organ": draft.item.organ.name if draft.item.organ else "",
                "updated_at": draft.updated_at,
                "url": reverse("cases:apply", args=[draft.item.code]),
            }
            for draft in my_drafts(request.user)
        ],
        "reported": my_reported(request.user),
    }
    return render(request, "web/me.html", context)


def page(template: str):  # type: ignore[no-untyped-def]
    """A page that only shows its template."""

    @opens_to(Permission.VISIT)
    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template)

    return view


@opens_to(Permission.VISIT)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@opens_to(Permission.VISIT)
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database and search index are there: send people to this process."""
    checks = {"database": True, "search_index": index_exists(), "ledger": True}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["ledger"] = oldest_waiting_seconds(utc_now()) < LEDGER_BEHIND_SECONDS
    except Exception:  # Whatever the driver raises, the answer is the same: not ready.
        checks["database"] = False
    ok = all(checks.values())
    return JsonResponse(
        {"status": "ok" if ok else "not ready", **checks}, status=200 if ok else 503
    )
