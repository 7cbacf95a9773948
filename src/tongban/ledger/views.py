"""What the log publishes about itself (C2SP tlog-tiles)."""

from __future__ import annotations

import gzip

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.ledger import selectors, tiles
from tongban.ledger.models import Entry, LogKey
from tongban.ledger.publishing import latest_published
from tongban.ledger.rules import split_opening

FOREVER = "public, max-age=31536000, immutable"
LEVEL_MOST = 63


@opens_to(Permission.VISIT)
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest signed checkpoint (C2SP tlog-tiles: `<prefix>/checkpoint`)."""
    latest = latest_published()
    if latest is None:
        raise Http404
    answer = HttpResponse(
        selectors.note_of(latest).encode(), content_type="text/plain; charset=utf-8"
    )
    answer["Cache-Control"] = "no-cache"
    return answer


@opens_to(Permission.VISIT)
@require_safe
def tile(request: HttpRequest, level: str, path: str) -> HttpResponse:
    """A tile of hashes (`<prefix>/tile/<L>/<N>[.p/<W>]`)."""
    index, width = _parsed(path)
    content = selectors.tile(int(level), index, width) if int(level) <= LEVEL_MOST else None
    if content is None:
        raise Http404
    return _forever(content)


@opens_to(Permission.VISIT)
@require_safe
def entries(request: HttpRequest, path: str) -> HttpResponse:
    """An entry bundle (`<prefix>/tile/entries/<N>[.p/<W>]`)."""
    content = selectors.bundle(*_parsed(path))
    if content is None:
        raise Http404
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = _forever(gzip.compress(content, 6, mtime=0) if zipped else content)
    if zipped:
        answer["Content-Encoding"] = "gzip"
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer


def _parsed(path: str) -> tuple[int, int]:
    try:
        return tiles.parse_path(path)
    except ValueError:
        raise Http404 from None


def _forever(content: bytes) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer["Cache-Control"] = FOREVER
    return answer


@opens_to(Permission.VISIT)
@require_safe
def keys(request: HttpRequest) -> JsonResponse:
    """The log's keys, each with the entry that announced it and what opens that entry."""
    found = LogKey.objects.select_related(
        "announced", "announced__place", "retired", "retired__place"
    ).order_by("pk")
    rows = [
        {
            "vkey": key.vkey,
            "type": key.kind,
            "origin": key.origin,
            "announced": _shown(key.announced),
            "retired": _shown(key.retired) if key.retired else None,
        }
        for key in found
    ]
    answer = JsonResponse({"keys": rows}, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "no-cache"
    return answer


def _shown(entry: Entry) -> dict[str, object]:
    salt, payload = split_opening(entry.opening) if entry.opening else (b"", None)
    place = getattr(entry, "place", None)
    return {
        "entry": place.seq if place else None,
        "leaf": entry.leaf,
        "salt": salt.hex() or None,
        "payload": payload,
    }
