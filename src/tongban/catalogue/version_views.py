"""Pages of versions and of an organ's powers; for the staff, what is wrong with their guides."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.catalogue import listing
from tongban.catalogue.guide_schema import Limit
from tongban.catalogue.lint.model import Finding
from tongban.catalogue.selectors import find_item
from tongban.catalogue.wording import kind_label, limit_words
from tongban.directory.models import Organ
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of

ITEMS_SHOWN = 100


def _version_number(request: HttpRequest, name: str) -> int | None:
    asked = request.GET.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else None


@opens_to(Permission.VISIT)
@require_safe
def versions(request: HttpRequest, code: str) -> HttpResponse:
    """The versions of a guide; with `from` and `to`, how one differs from the other."""
    item = find_item(code)
    if item is None:
        raise Http404
    known = listing.versions_of(item)
    context: dict[str, object] = {"item": item, "versions": known}
    before, after = _version_number(request, "from"), _version_number(request, "to")
    if before is None and after is None and len(known) > 1:
        before, after = known[1].number, known[0].number
    if before is not None and after is not None:
        old, new = listing.guide_version(item, before), listing.guide_version(item, after)
        if old is None or new is None:
            raise Http404
        context |= {
            "before": before,
            "after": after,
            "changes": [
                {
                    "path": change.path,
                    "before": listing.words_of(change.before),
                    "after": listing.words_of(change.after),
                }
                for change in listing.version_differences(old, new)
            ],
        }
    return render(request, "catalogue/versions.html", context)


@opens_to(Permission.VISIT)
@require_safe
def powers(request: HttpRequest, organ: str) -> HttpResponse:
    """An organ's powers and duties (权责清单), by kind."""
    found = get_object_or_404(Organ.objects.select_related("region"), code=organ)
    groups = [
        {
            "kind": kind_label(kind),
            "powers": [
                {
                    "power": power,
                    "statutory": _limit(power.statutory),
                    "promised": _limit(power.promised),
                }
                for power in powers
            ],
        }
        for kind, powers in listing.powers_of(found).items()
    ]
    return render(request, "catalogue/powers.html", {"organ": found, "groups": groups})


def _limit(limit: dict[str, object] | None) -> str:
    if not limit:
        return ""
    known = Limit.model_validate(limit)
    return limit_words(known.value, known.unit)


@opens_to(Permission.CHECK_GUIDES)
@require_safe
def guide_scores(request: HttpRequest) -> HttpResponse:
    """What lint says of the guides of one's organs."""
    organs = duties_of(account_of(request)).organs_for(Permission.CHECK_GUIDES)
    scores = listing.organ_scores(sorted(organs))
    rows = [
        {
            "organ": score,
            "errors": score.findings["error"],
            "warnings": score.findings["warning"],
            "notes": score.findings["note"],
        }
        for score in scores
    ]
    return render(request, "catalogue/guide_scores.html", {"rows": rows})


@opens_to(Permission.CHECK_GUIDES)
@require_safe
def organ_guides(request: HttpRequest, organ: str) -> HttpResponse:
    """The items of one's organ with something wrong, worst first."""
    mine = duties_of(account_of(request)).organs_for(Permission.CHECK_GUIDES)
    found = get_object_or_404(Organ.objects.select_related("region"), code=organ, pk__in=mine)
    score, items = listing.checked_items(found)
    context = {
        "organ": found,
        "score": score,
        "items": [
            {
                "code": item.code,
                "name": item.name,
                "score": item.score,
                "findings": [_finding_row(finding) for finding in item.findings],
            }
            for item in items[:ITEMS_SHOWN]
        ],
        "more": max(0, len(items) - ITEMS_SHOWN),
    }
    return render(request, "catalogue/organ_guides.html", context)


def _finding_row(finding: Finding) -> dict[str, object]:
    language = 1 if (get_language() or "").startswith("en") else 0
    rule = finding.rule
    return {
        "code": rule.code,
        "severity": rule.severity.value,
        "message": rule.message[language],
        "source": rule.source[language],
        "fix": rule.fix[language],
        "path": finding.path,
        "detail": finding.detail,
    }
