"""Search as JSON. Items as open data: `api_items.py`."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import NotFound, documented
from tongban.catalogue.search.listings import Listing
from tongban.catalogue.search.query import Filters
from tongban.catalogue.selectors import QUERY_LONGEST, SearchResult, search_items
from tongban.directory.selectors import find_region

router = Router(tags=["items"])


class SearchQuery(Schema):
    q: str = Field("", max_length=QUERY_LONGEST, description="What somebody looks for")
    region: str = Field("", max_length=12, description="Region code of 2 to 12 digits")
    organ: str = Field("", max_length=100)
    kind: str = Field("", max_length=20)
    audience: str = Field("", max_length=30)
    theme: str = Field("", max_length=100)
    depth: str = Field("", max_length=1, description="How far online, 0 to 4")
    level: str = Field("", max_length=1, description="Level of the place, 1 to 6")
    near: bool = Field(False, description="Also what other places do for people from the region")
    page: int = Field(1, ge=1, le=100)
    size: int = Field(10, ge=1, le=50)


class FoundItem(Schema):
    code: str
    name: str
    organ: str
    region: str
    score: float


class SearchAnswer(Schema):
    query: str
    region: str
    total: int
    took_ms: float
    results: list[FoundItem]


def found_item(listing: Listing, score: float) -> dict[str, object]:
    return {
        "code": listing.code,
        "name": listing.name,
        "organ": listing.organ,
        "region": listing.region,
        "score": round(score, 4),
    }


def search_document(found: SearchResult, region: str) -> dict[str, object]:
    """A search result as JSON, the same for the API and the command line."""
    return {
        "query": found.query,
        "region": region,
        "total": found.total,
        "took_ms": round(found.took_ms, 3),
        "results": [found_item(hit.listing, hit.score) for hit in found.hits],
    }


def checked_region(code: str) -> str:
    """The 12-digit code of a known region, "" for none. Raises NotFound for an unknown one."""
    if not code:
        return ""
    region = find_region(code)
    if region is None:
        raise NotFound(
            code="unknown_region",
            title="Unknown region",
            detail=f"{code!r} is not the code of a region that is loaded",
            field="region",
            fix="Use a code of 2 to 12 digits, for example 511602000000.",
        )
    return region.code


@router.get(
    "/search",
    response=SearchAnswer,
    summary="Search service items",
    openapi_extra=documented(404, 422),
)
@opens_to(Permission.VISIT)
def search(request: HttpRequest, asked: Query[SearchQuery]) -> dict[str, object]:
    region = checked_region(asked.region)
    filters = Filters(
        region=region,
        organ=asked.organ,
        kind=asked.kind,
        audience=asked.audience,
        theme=asked.theme,
        depth=asked.depth,
        level=asked.level,
        near=asked.near,
    )
    return search_document(search_items(asked.q, filters, page=asked.page, size=asked.size), region)
