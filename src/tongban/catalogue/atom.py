"""The feed of changes as Atom (RFC 4287), with tombstones (RFC 6721) and pages (RFC 5005)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree

from django.urls import reverse

ATOM: Final = "http://www.w3.org/2005/Atom"
TOMBSTONE: Final = "http://purl.org/atompub/tombstones/1.0"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ElementTree.register_namespace("", ATOM)
ElementTree.register_namespace("at", TOMBSTONE)


def _element(parent: ElementTree.Element, name: str, text: str = "", **more: str) -> None:
    element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", more)
    if text:
        element.text = text


def feed_of(
    changes: Sequence[dict[str, Any]], absolute: Callable[[str], str], *, full: bool
) -> bytes:
    """A page of the feed, newest first. `absolute` makes whole addresses of paths.

    The id of an entry is the item's address in the API: it stays, whatever changes in the item.
    """
    here = absolute(reverse("api:changes_atom"))
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _element(feed, "id", here)
    _element(feed, "title", "Service items: what changed")
    _element(feed, "updated", _moment(changes[0]["at"] if changes else EPOCH))
    _element(feed, "link", rel="self", type="application/atom+xml", href=here)
    author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
    _element(author, "name", "Tongban")
    if full:
        _element(feed, "link", rel="next", href=f"{here}?before={changes[-1]['place']}")
    for change in changes:
        address = absolute(reverse("api:item", args=[change["code"]]))
        if change["what"] != "changed":
            ElementTree.SubElement(
                feed, f"{{{TOMBSTONE}}}deleted-entry", ref=address, when=_moment(change["at"])
            )
            continue
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        _element(entry, "id", address)
        _element(entry, "title", change["name"] or change["code"])
        _element(entry, "updated", _moment(change["at"]))
        _element(entry, "link", rel="alternate", type="application/json", href=address)
        page = absolute(reverse("catalogue:item", args=[change["code"]]))
        _element(entry, "link", rel="related", type="text/html", href=page)
        _element(entry, "summary", change["code"])
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
