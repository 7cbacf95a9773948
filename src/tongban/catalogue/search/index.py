"""The search index: derived from the database, rebuilt beside the one in use, then swapped in."""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import tantivy
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import DomainError
from tongban.base.regions import lineage_of
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.search import text

CURRENT = "current"
HEAP_BYTES = 64 * 1024 * 1024
TOKENS = ("title", "more", "chars", "pinyin", "initials", "spelled", "short")
LABELS = ("code", "region", "region_tree", "organ", "kind", "audience", "guide")


@dataclass(frozen=True)
class Listing:
    """What a result row shows; stored in the index so that a search asks no database."""

    code: str
    name: str
    name_en: str
    main_item: str
    organ: str
    organ_code: str
    region: str
    region_name: str
    kind: str
    audience: tuple[str, ...]
    has_guide: bool
    case_type: str
    promised_value: int
    promised_unit: str
    on_site_visits: int | None
    accepts_online: bool
    aliases: tuple[str, ...]
    summary: tuple[str, str]


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in TOKENS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in LABELS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("listing", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def listing_of(item: ServiceItem, guide: Guide | None) -> Listing:
    document = guide.document if guide else {}
    return Listing(
        code=item.code,
        name=item.name,
        name_en=document.get("name", {}).get("en", ""),
        main_item=item.main_item,
        organ=item.organ.name if item.organ else item.source_row.get("department", ""),
        organ_code=item.organ.code if item.organ else "",
        region=item.region_id or "",
        region_name=item.region.name if item.region else "",
        kind=item.kind,
        audience=tuple(document.get("audience", ())),
        has_guide=guide is not None,
        case_type=guide.case_type if guide else "",
        promised_value=guide.promised_value if guide else 0,
        promised_unit=guide.promised_unit if guide else "",
        on_site_visits=guide.on_site_visits if guide else None,
        accepts_online=guide.accepts_online if guide else False,
        aliases=tuple(document.get("aliases", ())),
        summary=(
            document.get("summary", {}).get("zh", ""),
            document.get("summary", {}).get("en", ""),
        ),
    )


def document_of(listing: Listing) -> tantivy.Document:
    """The index document of an item."""
    document = tantivy.Document()
    words = text.words_of(listing.name)
    chinese = [word for word in words if text.CHINESE.fullmatch(word)]
    alias_words = [word for alias in listing.aliases for word in text.words_of(alias)]
    syllables = text.spelling_of(listing.name)
    more = text.words_of(f"{listing.main_item} {listing.organ} {listing.name_en}") + alias_words
    spelled = [
        "".join(text.syllables_of(word))
        for word in dict.fromkeys(chinese + alias_words)
        if len(word) > 1 and text.CHINESE.fullmatch(word)
    ]
    short = [
        "".join(syllable[0] for syllable in text.syllables_of(word))
        for word in dict.fromkeys(chinese + alias_words)
        if len(word) > 1 and text.CHINESE.fullmatch(word)
    ]
    for name, tokens in (
        ("title", words),
        ("more", more),
        ("chars", text.characters_of(listing.name)),
        ("pinyin", syllables),
        ("initials", text.pairs_of([syllable[0] for syllable in syllables])),
        ("spelled", spelled),
        ("short", short),
    ):
        document.add_text(name, " ".join(tokens))
    for name, value in (
        ("code", listing.code),
        ("region", listing.region),
        ("organ", listing.organ_code),
        ("kind", listing.kind),
        # Whoever finds a complete guide can act on it at once.
        ("guide", "1" if listing.has_guide and listing.case_type else "0"),
    ):
        document.add_text(name, value)
    for above in lineage_of(listing.region) if listing.region else ():
        document.add_text("region_tree", above)
    for who in listing.audience:
        document.add_text("audience", who)
    document.add_text("listing", json.dumps(asdict(listing), ensure_ascii=False))
    return document


def _listings() -> Iterator[Listing]:
    items = ServiceItem.objects.select_related("organ", "region").order_by("id")
    guides = {guide.item_id: guide for guide in Guide.objects.filter(effective_to=None)}
    for item in items.iterator(chunk_size=2_000):
        yield listing_of(item, guides.get(item.pk))


def write_index(
    folder: Path, listings: Iterable[Listing], progress: Callable[[int], None] = lambda done: None
) -> int:
    """Write an index into an empty folder; returns the number of items."""
    folder.mkdir(parents=True)
    index = tantivy.Index(schema(), path=str(folder))
    writer = index.writer(heap_size=HEAP_BYTES, num_threads=1)
    done = 0
    for done, listing in enumerate(listings, start=1):
        writer.add_document(document_of(listing))
        if done % 5_000 == 0:
            progress(done)
    writer.commit()
    writer.wait_merging_threads()
    return done


def rebuild(progress: Callable[[int], None] = lambda done: None) -> int:
    """Build the index anew from the database and put it in use; readers notice by themselves."""
    home = Path(settings.TONGBAN_INDEX)
    home.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    count = write_index(home / name, _listings(), progress)
    put_in_use(name)
    for old in home.iterdir():
        if old.is_dir() and old.name != name:
            shutil.rmtree(old, ignore_errors=True)
    return count


def put_in_use(name: str) -> None:
    """Point readers to the index in the folder `name`; in one step, so that none sees half of it."""
    home = Path(settings.TONGBAN_INDEX)
    pointer = home / f"{CURRENT}.{name}"
    pointer.write_text(name, encoding="ascii")
    os.replace(pointer, home / CURRENT)


class IndexMissing(DomainError):
    """There is no search index yet: `tongban load …` or `tongban serve` builds it."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            code="search_not_ready",
            title=_("Search is being prepared"),
            detail=_("The list of services is being put in order."),
            fix=_("Try again in a minute."),
        )


_open: tuple[Path, int, tantivy.Index] | None = None
_open_lock = threading.Lock()


def exists() -> bool:
    return (Path(settings.TONGBAN_INDEX) / CURRENT).exists()


def current_index() -> tantivy.Index:
    """The index in use; opened once, and again after a rebuild. Raises IndexMissing."""
    global _open
    pointer = Path(settings.TONGBAN_INDEX) / CURRENT
    try:
        changed = pointer.stat().st_mtime_ns
    except FileNotFoundError:
        raise IndexMissing from None
    held = _open
    if held and held[0] == pointer and held[1] == changed:
        return held[2]
    with _open_lock:
        index = tantivy.Index.open(str(pointer.parent / pointer.read_text(encoding="ascii")))
        _open = (pointer, changed, index)
        return index
