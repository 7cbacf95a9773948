"""Nodes of an item's graph, written as Turtle or JSON-LD as they come: no graph is kept in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tongban.catalogue.codes import KINDS
from tongban.catalogue.interchange.cpsv import words
from tongban.catalogue.interchange.form import ItemForm, OrganForm
from tongban.catalogue.interchange.remainder import remainder_of
from tongban.catalogue.interchange.words import AUDIENCES, FORMS

PREFIXES: Final = {
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "tb": "urn:tongban:words:",
    "time": "http://www.w3.org/2006/time#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
SAFE_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]+")
NATION: Final = "000000000000"
# For an item whose organ is not known: a service can't be without an authority.
NOBODY: Final = OrganForm("部门不详", NATION, "unknown")


@dataclass(frozen=True)
class Said:
    """A literal: with a language, with a datatype, or plain."""

    text: str
    language: str = ""
    datatype: str = ""


@dataclass
class Node:
    uri: str
    kind: str
    values: list[tuple[str, Said | str]] = field(default_factory=list)

    def say(self, name: str, text: str) -> None:
        self.values.append((name, Said(text)))

    def say_text(self, name: str, text: dict[str, Any]) -> None:
        for language in ("zh", "en"):
            if text.get(language):
                self.values.append((name, Said(text[language], language)))

    def link(self, name: str, other: Node) -> None:
        self.values.append((name, other.uri))


def uri_of(kind: str, code: str) -> str:
    return f"urn:tongban:{kind}:{quote(code, safe='')}"


def _concept(scheme: str, code: str, zh: str, en: str = "") -> Node:
    node = Node(uri_of(scheme, code), "skos:Concept")
    node.say_text("skos:prefLabel", {"zh": zh, "en": en})
    return node


def _place(code: str) -> Node:
    node = Node(uri_of("region", code), "dct:Location")
    node.say("dct:identifier", code)
    return node


def _authority(organ: OrganForm, place: Node) -> Node:
    node = Node(
        uri_of("organ", organ.code or f"{organ.region}.{organ.name}"), "cv:PublicOrganisation"
    )
    node.say_text("skos:prefLabel", {"zh": organ.name})
    node.say("dct:identifier", organ.code)
    node.link("dct:spatial", place)
    return node


def nodes_of(item: ItemForm) -> Iterator[Node]:
    """The nodes of an item; those that items share (organs, places, concepts) come again each time."""
    record = item.guide.record if item.guide else {}
    said = words.of_record(record, item.name)
    service = Node(uri_of("item", item.code), "cpsv:PublicService")
    service.say("dct:identifier", item.code)
    service.say_text("dct:title", said["title"])
    service.say_text("dct:description", said["description"])
    organ = item.organ or NOBODY
    place = _place(organ.region or NATION)
    authority = _authority(organ, place)
    yield from (place, authority)
    service.link("cv:hasCompetentAuthority", authority)
    if item.region:
        own = _place(item.region)
        yield own
        service.link("dct:spatial", own)
    if item.kind:
        kind = _concept("kind", item.kind, *KINDS[item.kind])
        yield kind
        service.link("dct:type", kind)
    for alias in said["keyword"]:
        service.say_text("dcat:keyword", {"zh": alias})
    if said["processing_time"]:
        service.values.append(
            ("cv:processingTime", Said(said["processing_time"], datatype="xsd:duration"))
        )
    yield from _parts(item.code, service, said)
    yield from _contact(item.code, service, said)
    yield from _ways(item.code, service, said, record.get("online_url", ""))
    service.say("tb:rest", _rest_of(item, record, said))
    yield service


def _rest_of(item: ItemForm, record: dict[str, Any], said: dict[str, Any]) -> str:
    rest: dict[str, Any] = {
        "item": words.rest_of_item(item, said),
        "guide": remainder_of(record, words.to_record(said, item.name)),
    }
    if item.guide:
        rest["version"] = [item.guide.version, item.guide.effective_from, item.guide.is_sample]
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"))


def _numbered(code: str, kind: str, number: int, rdf_type: str) -> Node:
    node = Node(uri_of(kind, f"{code}/{number}"), rdf_type)
    node.say("dct:identifier", f"{code}/{kind}/{number}")
    return node


def _parts(code: str, service: Node, said: dict[str, Any]) -> Iterator[Node]:
    """Legal resources, requirements, evidence, outputs and costs, in order by their numbers."""
    for number, (title, text) in enumerate(said["legal"], start=1):
        node = _numbered(code, "basis", number, "eli:LegalResource")
        node.say_text("dct:title", {"zh": title})
        node.say_text("dct:description", {"zh": text})
        service.link("cv:hasLegalResource", node)
        yield node
    for name, kind, rdf_type, link, title in (
        ("requirement", "requirement", "cv:Requirement", "cv:holdsRequirement", "dct:title"),
        ("evidence", "evidence", "cv:EvidenceType", "cv:hasInputType", "dct:title"),
        ("output", "output", "cv:Output", "cpsv:produces", "dct:title"),
        ("cost", "cost", "cv:Cost", "cv:hasCost", "dct:description"),
    ):
        for number, text in enumerate(said[name], start=1):
            node = _numbered(code, kind, number, rdf_type)
            node.say_text(title, text)
            service.link(link, node)
            yield node


def _contact(code: str, service: Node, said: dict[str, Any]) -> Iterator[Node]:
    if not (said["telephone"] or said["opening_hours"]):
        return
    contact = Node(uri_of("contact", code), "cv:ContactPoint")
    if said["telephone"]:
        contact.say("cv:telephone", said["telephone"])
    if said["opening_hours"]:
        hours = Node(uri_of("hours", code), "time:TemporalEntity")
        hours.say_text("dct:description", said["opening_hours"])
        contact.link("cv:openingHours", hours)
        yield hours
    service.link("cv:contactPoint", contact)
    yield contact


def _ways(code: str, service: Node, said: dict[str, Any], address: str) -> Iterator[Node]:
    for name in said["channel"]:
        way = _concept("form", name, FORMS[name][1])
        channel = Node(uri_of("channel", f"{code}/{name}"), "cv:Channel")
        channel.say("dct:identifier", f"{code}/channel/{name}")
        channel.link("dct:type", way)
        if name == "web" and SAFE_ADDRESS.fullmatch(address):
            channel.values.append(("foaf:page", address))
        service.link("cv:hasChannel", channel)
        yield from (way, channel)
    for who in said["audience"]:
        concept = _concept("audience", who, AUDIENCES[who][1])
        service.link("dct:audience", concept)
        yield concept
