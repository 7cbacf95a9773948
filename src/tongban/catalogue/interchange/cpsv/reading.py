"""Reading items from a graph of CPSV-AP: ours without loss, anybody's as far as it goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tongban.base.regions import RegionCodeError, pad
from tongban.base.tables import LoadReport, TableError, open_text
from tongban.catalogue.codes import KINDS
from tongban.catalogue.interchange.cpsv import words
from tongban.catalogue.interchange.cpsv.graph import NOBODY, PREFIXES
from tongban.catalogue.interchange.form import FormError, ItemForm, form_of
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes
from tongban.catalogue.interchange.remainder import merged
from tongban.catalogue.interchange.words import AUDIENCES, FORMS

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node, URIRef

# A graph is read whole and takes some thirty times its file's size in memory.
MOST_BYTES = 64 * 1024 * 1024


def read(path: Path, report: LoadReport, syntax: str) -> Iterator[Incoming]:
    """The services of a graph in `turtle` or `json-ld`, by their identifiers.

    Raises TableError for a file that is too big or no such graph. `row` counts services.
    """
    graph = _graph_of(path, syntax)
    return _items(graph, report)


def _graph_of(path: Path, syntax: str) -> Graph:
    import rdflib
    from rdflib import Graph

    # A duration is what the sender wrote: P12M is not to become P1Y.
    rdflib.NORMALIZE_LITERALS = False
    if path.stat().st_size > MOST_BYTES:
        raise TableError(
            "too_big",
            f"{path.name}: a graph of more than {MOST_BYTES >> 20} MB; send JSON Lines instead",
        )
    graph = Graph()
    try:
        with open_text(path) as text:
            graph.parse(data=text.read(), format=syntax)
    except TableError:
        raise
    except Exception as problem:  # The parsers raise what they like.
        raise TableError("not_rdf", f"{path.name}: {str(problem)[:200]}") from None
    return graph


def _name(short: str) -> URIRef:
    from rdflib import URIRef

    prefix, _, name = short.partition(":")
    return URIRef(PREFIXES[prefix] + name)


def _items(graph: Graph, report: LoadReport) -> Iterator[Incoming]:
    services = sorted(
        set(graph.subjects(_name("rdf:type"), _name("cpsv:PublicService"))),
        key=lambda service: (str(graph.value(service, _name("dct:identifier")) or ""), service),
    )
    for number, service in enumerate(services, start=1):
        report.read += 1
        try:
            form = _Service(graph, service).form(number, report)
        except FormError as problem:
            report.note(number, problem.field, problem.code, problem.detail)
            continue
        note_odd_codes(number, form, "dct:identifier", report)
        yield Incoming(number, form)


class _Service:
    """One service of a graph, in the words of `cpsv.words`."""

    def __init__(self, graph: Graph, service: Node) -> None:
        self.graph = graph
        self.service = service

    def form(self, number: int, report: LoadReport) -> ItemForm:
        code = self._plain(self.service, "dct:identifier")
        if not code:
            raise FormError("dct:identifier", "missing", f"{self.service} has no identifier")
        rest = self._rest()
        said = self._words()
        name = rest.get("item", {}).get("name") or said["title"].get("zh", "")
        record, edited = merged(
            said,
            rest.get("guide", {}),
            project=lambda record: words.of_record(record, name),
            parse=lambda said: words.to_record(dict(said), name),
            depends=words.DEPENDS,
        )
        for part in edited:
            detail = f"the graph says otherwise than tb:rest; the graph counts for {part}"
            report.note(number, part, "edited", detail)
        content = self._item(code, name, rest.get("item", {}))
        if record or "version" in rest:
            version, since, is_sample = rest.get("version") or (0, "", False)
            content["guide"] = {
                "record": record,
                "version": version,
                "effective_from": since,
                "is_sample": is_sample,
            }
        return form_of(content)

    def _item(self, code: str, name: str, rest: dict[str, Any]) -> dict[str, Any]:
        kind = self._ends(self.service, "dct:type", set(KINDS))
        content: dict[str, Any] = {
            "code": code,
            "name": name,
            "kind": kind[0] if kind else "",
            "region": self._region(self.service),
            "source": rest.get("source", "cpsv-ap"),
            **{part: rest[part] for part in ("basic_code", "main_item", "basic") if part in rest},
            "source_row": rest.get("source_row") or {},
        }
        authority = self.graph.value(self.service, _name("cv:hasCompetentAuthority"))
        if authority is None:
            raise FormError("cv:hasCompetentAuthority", "missing", f"{code} has no authority")
        label = self._text(authority, "skos:prefLabel").get("zh", "")
        organ = dict(rest.get("organ") or {})
        if organ.get("name") != label:
            organ = {"name": label, "code": self._plain(authority, "dct:identifier")}
            organ["region"] = self._region(authority) or content["region"]
        return content | ({} if label in ("", NOBODY.name) else {"organ": organ})

    def _words(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "title": self._text(self.service, "dct:title"),
            "description": self._text(self.service, "dct:description"),
            "keyword": sorted(self._all(self.service, "dcat:keyword")),
            "processing_time": self._plain(self.service, "cv:processingTime"),
            "legal": [
                (self._plain(node, "dct:title"), self._plain(node, "dct:description"))
                for node in self._parts("cv:hasLegalResource")
            ],
            "channel": self._channels(),
            "audience": sorted(self._ends(self.service, "dct:audience", set(AUDIENCES))),
        }
        for word, link, name in (
            ("requirement", "cv:holdsRequirement", "dct:title"),
            ("evidence", "cv:hasInputType", "dct:title"),
            ("output", "cpsv:produces", "dct:title"),
            ("cost", "cv:hasCost", "dct:description"),
        ):
            texts = [self._text(node, name) for node in self._parts(link)]
            said[word] = [text for text in texts if text]
        contact = self.graph.value(self.service, _name("cv:contactPoint"))
        hours = self.graph.value(contact, _name("cv:openingHours")) if contact else None
        said["telephone"] = self._plain(contact, "cv:telephone") if contact else ""
        said["opening_hours"] = self._text(hours, "dct:description") if hours else {}
        return said

    def _rest(self) -> dict[str, Any]:
        text = self._plain(self.service, "tb:rest")
        try:
            rest = json.loads(text) if text else {}
        except ValueError as problem:
            raise FormError("tb:rest", "bad_value", f"is not JSON: {problem}") from None
        if not isinstance(rest, dict):
            raise FormError("tb:rest", "bad_value", "is not what an export writes")
        return rest

    def _plain(self, node: Node, name: str) -> str:
        value = self.graph.value(node, _name(name))
        return "" if value is None else str(value)

    def _all(self, node: Node, name: str) -> list[str]:
        return [str(value) for value in self.graph.objects(node, _name(name))]

    def _text(self, node: Node, name: str) -> dict[str, str]:
        """A text in our two languages; what is in others only is taken as it is."""
        found: dict[str, str] = {}
        others = []
        for value in self.graph.objects(node, _name(name)):
            language = str(getattr(value, "language", "") or "").split("-")[0]
            if language in ("zh", "en") and str(value):
                found[language] = str(value)
            elif str(value):
                others.append(str(value))
        if "zh" not in found and (others or found):
            found["zh"] = found.get("en") or sorted(others)[0]
        return {language: found[language] for language in ("zh", "en") if language in found}

    def _parts(self, link: str) -> list[Node]:
        """Linked nodes, in the order of the numbers at the end of their identifiers."""

        def place(node: Node) -> tuple[int, str]:
            identifier = self._plain(node, "dct:identifier")
            found = re.search(r"/(\d+)$", identifier)
            return (int(found[1]) if found else 0, identifier)

        return sorted(self.graph.objects(self.service, _name(link)), key=place)

    def _ends(self, node: Node, link: str, known: set[str]) -> list[str]:
        """The known names at the end of the addresses of linked nodes."""
        ends = [unquote(one.rsplit(":", 1)[-1]) for one in self._all(node, link)]
        return [one for one in ends if one in known]

    def _channels(self) -> list[str]:
        found = {
            way
            for channel in self.graph.objects(self.service, _name("cv:hasChannel"))
            for way in self._ends(channel, "dct:type", set(FORMS))
        }
        return sorted(found)

    def _region(self, node: Node) -> str:
        place = self.graph.value(node, _name("dct:spatial"))
        if place is None:
            return ""
        code = self._plain(place, "dct:identifier")
        try:
            return pad(code) if code else ""
        except RegionCodeError:
            return ""
