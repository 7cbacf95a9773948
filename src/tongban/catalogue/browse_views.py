"""Looking around without a search: shelves, letters, departments; comparing; paper and code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.catalogue import comparing, listing
from tongban.catalogue.guide_page import guide_context
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.selectors import find_item, guide_in_force, organs_serving
from tongban.catalogue.shelves import reading
from tongban.catalogue.shelves.rules import LETTERS, OTHER_LETTER, ShelfRule, shelf_rules
from tongban.catalogue.views import listing_row
from tongban.catalogue.wording import in_chinese, kind_label
from tongban.directory.choice import current_region, region_name
from tongban.directory.models import Organ

OTHER_IN_ADDRESS: Final = "other"


def _region(request: HttpRequest) -> str:
    """The region asked for, else the visitor's. Raises Http404 for one that is not loaded."""
    asked = request.GET.get("region", "")
    if asked and not region_name(asked):
        raise Http404
    return asked or current_region(request)


def _families() -> list[tuple[str, str]]:
    return [("event", _("In your life")), ("for", _("For whom")), ("theme", _("By theme"))]


def shelf_label(rule: ShelfRule) -> str:
    return rule.zh if in_chinese() else rule.en


@opens_to(Permission.VISIT)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All shelves, departments and letters with how many items a region has on each."""
    region = _region(request)
    tail = (
        listing.link({"region": request.GET.get("region", "")}) if request.GET.get("region") else ""
    )
    counts = reading.counts_by_shelf(region)
    letters = reading.counts_by_letter(region)
    context = {
        "region_name": region_name(region),
        "families": [
            {
                "key": family,
                "title": title,
                "shelves": [
                    {
                        "label": shelf_label(rule),
                        "count": counts[rule.key],
                        "url": reverse("catalogue:browse-shelf", args=rule.key.split(":")) + tail,
                    }
                    for rule in shelf_rules().values()
                    if rule.family == family and counts[rule.key]
                ],
            }
            for family, title in _families()
        ],
        "organs": [
            {
                "name": organ.name,
                "count": organ.count,
                "url": reverse("catalogue:browse-organ", args=[organ.code]),
            }
            for organ in organs_serving(region)
        ],
        "letters": [one | {"count": letters[str(one["key"])]} for one in _letters(tail, "")],
        "total": letters.total(),
    }
    return render(request, "catalogue/browse.html", context)


def _letters(tail: str, here: str) -> list[dict[str, object]]:
    return [
        {
            "key": letter,
            "label": _("others") if letter == OTHER_LETTER else letter,
            "url": reverse(
                "catalogue:browse-letter",
                args=[OTHER_IN_ADDRESS if letter == OTHER_LETTER else letter],
            )
            + tail,
            "current": letter == here,
            "count": 1,
        }
        for letter in LETTERS
    ]


@opens_to(Permission.VISIT)
@require_safe
def shelf(request: HttpRequest, family: str, shelf: str) -> HttpResponse:
    """What stands on a shelf, by name."""
    rule = shelf_rules().get(f"{family}:{shelf}")
    if rule is None:
        raise Http404
    region = _region(request)
    page = reading.items_on_shelf(region, rule.key, after=request.GET.get("after", ""))
    title = next(title for key, title in _families() if key == rule.family)
    return _list(request, page, region, shelf_label(rule), title)


@opens_to(Permission.VISIT)
@require_safe
def letter(request: HttpRequest, letter: str) -> HttpResponse:
    """The items whose name begins with a letter of pinyin."""
    wanted = OTHER_LETTER if letter == OTHER_IN_ADDRESS else letter
    if wanted not in LETTERS or letter == OTHER_LETTER:
        raise Http404
    region = _region(request)
    page = reading.items_of_letter(region, wanted, after=request.GET.get("after", ""))
    asked = request.GET.get("region", "")
    tail = listing.link({"region": asked}) if asked else ""
    more = {"letters": _letters(tail, wanted)}
    title = _("others") if wanted == OTHER_LETTER else wanted
    return _list(request, page, region, title, _("By letter"), more)


@opens_to(Permission.VISIT)
@require_safe
def organ(request: HttpRequest, organ: str) -> HttpResponse:
    """The items of a department, by name."""
    found = get_object_or_404(Organ.objects.select_related("region"), code=organ)
    page = reading.items_of_organ(found, after=request.GET.get("after", ""))
    more = {"powers_url": reverse("catalogue:powers", args=[found.code])}
    return _list(request, page, found.region.code, found.name, _("By department"), more)


def _list(
    request: HttpRequest,
    page: reading.Page,
    region: str,
    title: str,
    family: str,
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    asked = {name: request.GET.get(name, "") for name in ("region",)}
    context = {
        "title": title,
        "family": family,
        "region_name": region_name(region),
        "hits": [listing_row(one) for one in page.listings],
        "first_url": listing.link(asked) if request.GET.get("after") else "",
        "next_url": listing.link(asked | {"after": page.after}) if page.after else "",
        **(more or {}),
    }
    return render(request, "catalogue/browse_list.html", context)


def _found(code: str) -> ServiceItem:
    item = find_item(code)
    if item is None:
        raise Http404
    return item


@opens_to(Permission.VISIT)
@require_safe
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """The same item side by side as several districts do it."""
    item = _found(code)
    others = [one for one in reading.other_districts(item, most=comparing.OFFERED) if one != item]
    others = [one for one in others if one.organ_id != item.organ_id]
    wanted = set(request.GET.getlist("with"))
    chosen = [one for one in others if one.code in wanted] or others
    chosen = chosen[: comparing.BESIDE]
    context = {
        "item": item,
        "columns": (columns := comparing.columns_of([item, *chosen])),
        "rows": comparing.rows_of(columns),
        "others": [{"item": one, "chosen": one in chosen} for one in others],
        "most": comparing.BESIDE,
    }
    return render(request, "catalogue/compare.html", context)


@opens_to(Permission.VISIT)
@require_safe
def printable(request: HttpRequest, code: str) -> HttpResponse:
    """The guide on paper: all of it on a few sheets, with the code that leads back here."""
    item = _found(code)
    guide = guide_in_force(item)
    if guide is None:
        raise Http404
    context = {
        "item": item,
        "kind_label": kind_label(item.kind),
        "address": _address(request, item),
        "today": local_date(utc_now()),
        **guide_context(guide),
    }
    return render(request, "catalogue/print.html", context)


def _address(request: HttpRequest, item: ServiceItem) -> str:
    """The lasting address of a guide: the implementation code never changes, the version may."""
    return request.build_absolute_uri(reverse("catalogue:item", args=[item.code]))


@opens_to(Permission.VISIT)
@require_safe
def code_picture(request: HttpRequest, code: str) -> HttpResponse:
    """A QR code of the guide's lasting address."""
    picture = io.BytesIO()
    segno.make(_address(request, _found(code)), error="m", micro=False).save(
        picture, kind="svg", scale=4, border=4, xmldecl=False, light="#ffffff"
    )
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")
