"""Public pages of the log: at a glance, entry by entry, and where a receipt is checked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from threading import Lock

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.catalogue.selectors import item_names
from tongban.directory.selectors import organ_names, region_names
from tongban.ledger.listing import public_traces
from tongban.ledger.overview import Overview, Rate, Stretch, overview
from tongban.ledger.receipts import BYTES_MOST
from tongban.ledger.rules import Leaf, read_leaf
from tongban.ledger.selectors import published_size
from tongban.ledger.wording import act_name, payload_rows
from tongban.web.public_log.checking import (
    HASH_LETTERS,
    Found,
    Looked,
    Verdict,
    look_up,
    verdict_on,
)
from tongban.web.public_log.plots import days_plot, share

# Everybody may ask, and the answer costs fourteen queries: so often it is made anew.
KEPT_SECONDS = 20.0
_REFERENCE = re.compile(r"[0-9a-f]{32}")
_PLACE = re.compile(r"[0-9]{1,18}")

_kept: tuple[float, datetime, Overview] | None = None
_lock = Lock()


def forget_overview() -> None:
    """Read the log anew for the next page."""
    global _kept
    _kept = None


def _overview() -> tuple[datetime, Overview]:
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > KEPT_SECONDS:
            now = utc_now()
            _kept = (time.monotonic(), now, overview(now))
        return _kept[1], _kept[2]


def _rates(rates: Iterable[Rate], names: dict[str, str], none: str) -> list[dict[str, object]]:
    rows = list(rates)
    highest = max((one.month for one in rows), default=0)
    return [
        {
            "name": names.get(one.code, one.code) or none,
            "today": one.today,
            "yesterday": one.yesterday,
            "month": one.month,
            "share": share(one.month, highest),
        }
        for one in rows
    ]


def _long(stretch: Stretch) -> str:
    """How long a stretch was, in words; "" for none."""
    if stretch.start is None or stretch.end is None:
        return ""
    if stretch.end - stretch.start < timedelta(minutes=1):
        return _("less than a minute")
    return timesince(stretch.start, stretch.end)


@opens_to(Permission.VISIT)
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """The log at a glance: how many acts of which kind, gaps, checkpoints, keys."""
    at, found = _overview()
    organs = organ_names({one.code for one in found.by_organ})
    regions = region_names({one.code for one in found.by_region})
    acts = {one.code: act_name(one.code) for one in found.by_act}
    context = {
        "at": at,
        "log": found,
        "missing": found.size - found.counted,
        "latest": found.checkpoints[0] if found.checkpoints else None,
        "tables": [
            (_("By kind"), _rates(found.by_act, acts, "—")),
            (_("By organ"), _rates(found.by_organ, organs, _("no organ: by people themselves"))),
            (_("By region"), _rates(found.by_region, regions, _("no region"))),
        ],
        "longest": _long(found.stretch),
        "plot": days_plot(found.by_day),
        "days": found.by_day[::-1],
        "address": request.build_absolute_uri(reverse("ledger:checkpoint")).removesuffix(
            "/checkpoint"
        ),
        "signing": [key for key in found.keys if key.retired_at is None],
    }
    return render(request, "web/ledger.html", context)


@opens_to(Permission.VISIT)
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The public lines of the log by place, newest first, also of one case."""
    case = request.GET.get("case", "").strip().lower()
    wrong = bool(case) and not _REFERENCE.fullmatch(case)
    before = _place(request.GET.get("before", ""))
    size = published_size()
    found = public_traces(0 if wrong else size, before=before, case_ref="" if wrong else case)
    leaves = [(trace, trace.leaf) for trace in found.rows]
    organs = organ_names({leaf.organ for _trace, leaf in leaves})
    regions = region_names({leaf.region for _trace, leaf in leaves})
    context = {
        "size": size,
        "case": case,
        "wrong": wrong,
        "newest": before is None,
        "rows": [
            {
                "seq": trace.seq,
                "name": act_name(leaf.act),
                "at": trace.at,
                "organ": organs.get(leaf.organ, leaf.organ),
                "region": regions.get(leaf.region, leaf.region),
                "item": leaf.item,
                "case": leaf.case,
                "url": f"{reverse('web:verify')}?entry={trace.seq}&leaf={trace.leaf_hash.hex()}",
            }
            for trace, leaf in leaves
        ],
        "older": found.before,
    }
    return render(request, "web/ledger_entries.html", context)


def _place(said: str) -> int | None:
    return int(said) if _PLACE.fullmatch(said) else None


@opens_to(Permission.VISIT)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a receipt that is dropped here, or look up an entry of the log by its place."""
    context: dict[str, object] = {"most_mb": BYTES_MOST // 1_000_000}
    if request.method == "POST":
        content, fault = _handed_in(request)
        context["fault"] = fault
        if not fault:
            verdict = verdict_on(content)
            context |= _shown(verdict) | {"verdict": verdict}
    elif request.GET.get("entry", "").strip():
        context |= _looked_up(request.GET["entry"].strip(), request.GET.get("leaf", "").strip())
    return render(request, "web/verify.html", context)


def _handed_in(request: HttpRequest) -> tuple[bytes, str]:
    """The receipt from the file or from the field, and what is wrong with it."""
    upload = request.FILES.get("receipt")
    if upload is not None:
        if (upload.size or 0) > BYTES_MOST:
            return b"", _("The file is too large: a receipt has at most 2 MB.")
        content = upload.read()
    else:
        content = request.POST.get("text", "").strip().encode(errors="replace")
    return content, "" if content else _("Choose a file, or paste the text of a receipt.")


def _shown(verdict: Verdict) -> dict[str, object]:
    """What a receipt that holds says, in words. One that fails shows nothing of what it claims."""
    checked = verdict.checked
    if checked is None or verdict.failed:
        return {}
    payload = checked.payload
    return {
        "checked": checked,
        "act": _words(checked.leaf, known=not verdict.foreign),
        "payload": None if payload is None else payload_rows(checked.leaf.act, payload),
        "witnesses": [one for one in checked.signatures if one.at is not None and one.trusted],
        "signers": [one for one in checked.signatures if one.at is None],
    }


def _words(leaf: Leaf, *, known: bool = True) -> dict[str, object]:
    """A public line in words; the codes of another government are not looked up in our tables."""
    organs = organ_names({leaf.organ}) if known and leaf.organ else {}
    regions = region_names({leaf.region}) if known and leaf.region else {}
    items = item_names([leaf.item]) if known and leaf.item else {}
    return {
        "name": act_name(leaf.act),
        "kind": leaf.act,
        "at": _moment(leaf.at),
        "at_text": leaf.at,
        "organ": organs.get(leaf.organ, ""),
        "organ_code": leaf.organ,
        "region": regions.get(leaf.region, ""),
        "region_code": leaf.region,
        "item": items.get(leaf.item, ""),
        "item_code": leaf.item,
        "case": leaf.case,
    }


def _moment(said: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _looked_up(entry: str, digest: str) -> dict[str, object]:
    seq = _place(entry)
    digest = digest.lower()
    if seq is None or (digest and not re.fullmatch(rf"[0-9a-f]{{{HASH_LETTERS}}}", digest)):
        return {"fault": _("The address is not whole: scan the code again.")}
    found: Looked = look_up(seq, digest)
    context: dict[str, object] = {"looked": found, "asked_hash": digest}
    if found.found is Found.IN_LOG:
        context["act"] = _words(read_leaf(found.text))
    return context
