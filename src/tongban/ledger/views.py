"""What the log publishes about itself."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.ledger.models import Checkpoint


@opens_to(Permission.VISIT)
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The latest signed checkpoint (C2SP tlog-tiles: `<prefix>/checkpoint`)."""
    latest = Checkpoint.objects.order_by("-size").first()
    if latest is None:
        raise Http404
    answer = HttpResponse(latest.note, content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
