"""Items as open data: pages, one in full, the whole in a file, what changed (`docs/open-data.md`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import Any, Literal, cast

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from ninja import Query, Router, Schema
from pydantic import Field

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, NotFound, documented
from tongban.catalogue import open_data
from tongban.catalogue.api import checked_region
from tongban.catalogue.atom import feed_of
from tongban.catalogue.changes import changes_after, last_place
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.models import ItemChange

router = Router(tags=["items"])

PAGE, PAGE_MOST = 100, 500
# Threads that answer pages are few: files go out one or two at a time from each process.
DOWNLOADS_AT_ONCE = 2
_downloads = BoundedSemaphore(DOWNLOADS_AT_ONCE)
# Public and the same for everybody; asked again after a minute, with an ETag for nearly nothing.
KEPT = "public, max-age=60"
ENCODER = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":"))
LARGEST_PLACE = 2**63 - 1

EXAMPLE_CODE = "513A0011200068-511602000000-000-1151130000877869M-1-00"
EXAMPLE_ITEM = {
    "code": EXAMPLE_CODE,
    "name": "居民身份证办理（包括临时）",
    "kind": "public_service",
    "basic_code": "513A0011200068",
    "main_item": "居民身份证",
    "region": {"code": "511602000000", "name": "广安区"},
    "organ": {"code": "1151130000877869M", "name": "区公安分局"},
    "guide": {
        "version": 1,
        "in_force_from": "2026-01-01",
        "accepts_online": True,
        "is_sample": True,
    },
    "changed_at": "2026-03-02T01:00:00Z",
}


class Place(Schema):
    code: str
    name: str


class GuideNote(Schema):
    version: int
    in_force_from: date
    accepts_online: bool
    is_sample: bool = Field(description="Written by Tongban as an example, not by the organ")


class ItemSummary(Schema):
    code: str
    name: str
    kind: str
    basic_code: str
    main_item: str
    region: Place
    organ: Place | None
    guide: GuideNote | None
    changed_at: datetime | None = Field(description="When it last changed; null: a moment ago")


class ItemPage(Schema):
    items: list[ItemSummary]
    next: str | None = Field(description="What to ask for as `after`; null on the last page")


class Item(Schema):
    code: str
    name: str
    kind: str
    main_item: str
    basic_code: str
    organ: str
    organ_code: str
    region: str
    region_name: str
    source: str
    guide_version: int | None
    guide_in_force_from: str | None
    guide_is_sample: bool | None
    guide: dict[str, object] | None = Field(description="The guide in force, as its document")
    changed_at: datetime | None


class ChangeEntry(Schema):
    place: int = Field(description="Grows with every change")
    code: str
    change: Literal["changed", "withdrawn", "gone"] = Field(
        description="changed: read it again; withdrawn: its guide is in force no more;"
        " gone: the item is no longer in the catalogue"
    )
    at: datetime
    url: str


class ChangePage(Schema):
    changes: list[ChangeEntry]
    next: int = Field(description="What to ask for as `after` next time")
    more: bool = Field(description="Whether there are more changes now")


class PageQuery(Schema):
    region: str = Field(
        "", max_length=12, description="Code of 2 to 12 digits: its items and all below it"
    )
    organ: str = Field("", max_length=100, description="Code of the organ")
    kind: str = Field("", max_length=20)
    with_guide: bool = Field(False, description="Only those with a guide in force")


class ItemsQuery(PageQuery):
    after: str = Field("", max_length=200, description="`next` of the page before")
    size: int = Field(PAGE, ge=1, le=PAGE_MOST)


class DownloadQuery(PageQuery):
    form: Literal["jsonl", "csv"] = "jsonl"


class ChangesQuery(Schema):
    after: int = Field(0, ge=0, le=LARGEST_PLACE, description="`next` of the answer before")
    size: int = Field(PAGE, ge=1, le=PAGE_MOST)


class AtomQuery(Schema):
    before: int | None = Field(None, ge=0, le=LARGEST_PLACE, description="Older than this place")


class Gone(DomainError):
    """The item was in the catalogue, and is no longer."""

    status = 410


class TooManyDownloads(DomainError):
    """As many files go out as may at once."""

    status = 503


def wanted_of(asked: PageQuery) -> open_data.Wanted:
    """Raises NotFound for an unknown region, also for a text no database takes."""
    if "\x00" in asked.organ + asked.kind:
        raise NotFound(code="not_found", title="There is no such thing")
    return open_data.Wanted(
        region=checked_region(asked.region),
        organ=asked.organ,
        kind=asked.kind,
        with_guide=asked.with_guide,
    )


def _described(example: object, *problems: int, media: str = "application/json") -> dict[str, Any]:
    """Responses for the OpenAPI document: an example, 304, and what may go wrong."""
    extra: dict[str, Any] = documented(*problems)
    extra["responses"][200] = {"content": {media: {"example": example}}}
    extra["responses"][304] = {"description": "Not changed since the ETag or the moment named"}
    return extra


def _answer(
    request: HttpRequest, content: bytes, media: str, *, changed_at: datetime | None
) -> HttpResponse:
    """The content with its ETag, or 304 when the client has it (RFC 9110, 13)."""
    response = HttpResponse(content, content_type=media)
    response["ETag"] = etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    stamp = int(changed_at.timestamp()) if changed_at else None
    return _conditional(request, response, etag, stamp)


def _conditional(
    request: HttpRequest, response: HttpResponse, etag: str | None, stamp: int | None
) -> HttpResponse:
    if stamp is not None:
        response["Last-Modified"] = http_date(stamp)
    answer = get_conditional_response(request, etag, stamp, response) or response
    if not request.user.is_authenticated:  # What somebody who has signed in saw is never kept.
        answer.same_for_all = KEPT  # type: ignore[attr-defined]
    return answer


def _settled_at() -> datetime | None:
    newest = open_data.settled()
    return newest.at if newest else None


def _json(document: dict[str, Any]) -> bytes:
    return ENCODER.encode(document).encode()


JSON = "application/json; charset=utf-8"


@router.get(
    "/items",
    response=ItemPage,
    summary="Service items, page by page",
    openapi_extra=_described({"items": [EXAMPLE_ITEM], "next": "NTExNjAyIDUxM0EwMDEx"}, 404, 422),
)
@opens_to(Permission.VISIT)
def items(request: HttpRequest, asked: Query[ItemsQuery]) -> HttpResponse:
    after = open_data.cursor_of(asked.after) if asked.after else None
    wanted = wanted_of(asked)
    settled_at = _settled_at()
    page, further = open_data.page_of_items(wanted, after, asked.size)
    cursor = str(further) if further else None
    response = _answer(request, _json({"items": page, "next": cursor}), JSON, changed_at=settled_at)
    if cursor and response.status_code == 200:
        again = request.GET.copy()
        again["after"] = cursor
        address = request.build_absolute_uri(f"{request.path}?{again.urlencode()}")
        response["Link"] = f'<{address}>; rel="next"'
    return response


@router.get(
    "/items/changes",
    response=ChangePage,
    summary="What changed, oldest first",
    openapi_extra=_described(
        {
            "changes": [
                {
                    "place": 927,
                    "code": EXAMPLE_CODE,
                    "change": "changed",
                    "at": "2026-03-02T01:00:00Z",
                    "url": f"https://example.org/api/v1/items/{EXAMPLE_CODE}",
                }
            ],
            "next": 927,
            "more": False,
        },
        422,
    ),
)
@opens_to(Permission.VISIT)
def changes(request: HttpRequest, asked: Query[ChangesQuery]) -> HttpResponse:
    found = changes_after(asked.after, asked.size + 1)
    page = found[: asked.size]
    document = {
        "changes": [_entry(request, change) for change in page],
        "next": page[-1].place if page else asked.after,
        "more": len(found) > asked.size,
    }
    return _answer(request, _json(document), JSON, changed_at=None)


def _entry(request: HttpRequest, change: ItemChange) -> dict[str, Any]:
    address = request.build_absolute_uri(reverse("api:item", args=[change.code]))
    return {
        "place": change.place,
        "code": change.code,
        "change": change.what,
        "at": change.at,
        "url": address,
    }


@router.get(
    "/items/changes.atom",
    summary="What changed, newest first, as an Atom feed",
    response={200: None},
    openapi_extra={
        "responses": {
            **documented(422)["responses"],  # type: ignore[dict-item]
            200: {
                "description": "Atom (RFC 4287) with tombstones (RFC 6721)",
                "content": {"application/atom+xml": {"schema": {"type": "string"}}},
            },
            304: {"description": "Not changed since the ETag named"},
        }
    },
)
@opens_to(Permission.VISIT)
def changes_atom(request: HttpRequest, asked: Query[AtomQuery]) -> HttpResponse:
    rows = open_data.newest_changes(asked.before, PAGE)
    content = feed_of(rows, request.build_absolute_uri, full=len(rows) == PAGE)
    return _answer(request, content, "application/atom+xml; charset=utf-8", changed_at=None)


@router.get(
    "/items/download",
    summary="All items in one file",
    response={200: None},
    openapi_extra={
        "responses": {
            **documented(404, 422, 503)["responses"],  # type: ignore[dict-item]
            200: {
                "description": "One item a line (JSON Lines), or a table (CSV), as `tongban items"
                " export` writes it. `Tongban-Place`: ask for changes after it",
                "content": {
                    "application/jsonl": {"schema": {"type": "string"}},
                    "text/csv": {"schema": {"type": "string"}},
                },
            },
            304: {"description": "Not changed since the ETag named"},
        }
    },
)
@opens_to(Permission.VISIT)
def download(request: HttpRequest, asked: Query[DownloadQuery]) -> HttpResponseBase:
    wanted = wanted_of(asked)
    place, newest = last_place(), open_data.settled()
    etag = f'W/"{place}-{asked.form}"' if newest else None
    response = StreamingHttpResponse(
        content_type="application/jsonl" if asked.form == "jsonl" else "text/csv; charset=utf-8"
    )
    if etag:
        response["ETag"] = etag
    response["Tongban-Place"] = str(place)
    response["Content-Disposition"] = f'attachment; filename="items.{asked.form}"'
    stamp = int(newest.at.timestamp()) if newest else None
    answer = _conditional(request, cast("HttpResponse", response), etag, stamp)
    if answer.status_code == 200:
        if not _downloads.acquire(blocking=False):
            raise TooManyDownloads(
                code="too_many_downloads",
                title="As many files go out as may at once",
                detail=f"{DOWNLOADS_AT_ONCE} downloads are running",
                fix="Try again in a minute, or follow the pages of /items.",
            )
        chunks = open_data.as_jsonl if asked.form == "jsonl" else open_data.as_csv
        response.streaming_content = _Download(chunks(wanted))
        return response
    return answer


class _Download:
    """Chunks of a file; lets the next one out when it ends or is broken off."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.open = True

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.chunks
        finally:
            self.close()

    def close(self) -> None:
        if self.open:
            self.open = False
            _downloads.release()

    def __del__(self) -> None:
        """A response that nobody read nor closed makes room, too."""
        self.close()


@router.get(
    "/items/{code}",
    response=Item,
    url_name="item",
    summary="One service item in full, with its guide",
    openapi_extra=_described(
        {
            "code": EXAMPLE_CODE,
            "name": "居民身份证办理（包括临时）",
            "kind": "public_service",
            "main_item": "居民身份证",
            "basic_code": "513A0011200068",
            "organ": "区公安分局",
            "organ_code": "1151130000877869M",
            "region": "511602000000",
            "region_name": "广安区",
            "source": "sichuan",
            "guide_version": 1,
            "guide_in_force_from": "2026-01-01",
            "guide_is_sample": True,
            "guide": {"promised_limit": {"value": 20, "unit": "working_day"}},
            "changed_at": "2026-03-02T01:00:00Z",
        },
        404,
        410,
    ),
)
@opens_to(Permission.VISIT)
def item(request: HttpRequest, code: str) -> HttpResponse:
    found = open_data.whole_item(code)
    change = open_data.find_change(code)
    if found is None:
        if change is not None:
            raise Gone(
                code="item_gone",
                title="The item is no longer in the catalogue",
                detail=f"{code} went on {change.at.date().isoformat()}",
            )
        raise NotFound(code="item_not_found", title="There is no such item", detail=code[:64])
    guide = found.guide
    record = content_of(GuideRecord.model_validate(guide.record)) if guide else None
    document = {
        "code": found.code,
        "name": found.name,
        "kind": found.kind,
        "main_item": found.main_item,
        "basic_code": found.basic_code,
        "organ": found.organ.name if found.organ else "",
        "organ_code": found.organ.code if found.organ else "",
        "region": found.region,
        "region_name": found.region_name,
        "source": found.source,
        "guide_version": guide.version if guide else None,
        "guide_in_force_from": guide.effective_from if guide else None,
        "guide_is_sample": guide.is_sample if guide else None,
        "guide": record,
        "changed_at": change.at if change else None,
    }
    settled = open_data.settled() is not None and change is not None
    return _answer(
        request, _json(document), JSON, changed_at=change.at if settled and change else None
    )
