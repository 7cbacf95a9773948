"""Writing the nodes as Turtle or JSON-LD; an organ or a place that items share is written once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from tongban.catalogue.interchange.cpsv.graph import PREFIXES, Node, Said, nodes_of
from tongban.catalogue.interchange.form import ItemForm

SHARED = ("skos:Concept", "dct:Location", "cv:PublicOrganisation")


def _once(items: Iterable[ItemForm], done: list[int]) -> Iterator[Node]:
    written: set[str] = set()
    for item in items:
        done[0] += 1
        for node in nodes_of(item):
            if node.kind in SHARED:
                if node.uri in written:
                    continue
                written.add(node.uri)
            yield node


def write_turtle(items: Iterable[ItemForm], out: TextIO) -> int:
    """Write the items; returns how many."""
    for name, address in PREFIXES.items():
        out.write(f"@prefix {name}: <{address}> .\n")
    done = [0]
    for node in _once(items, done):
        lines = "".join(f" ;\n    {name} {_turtle(value)}" for name, value in node.values)
        out.write(f"\n<{node.uri}> a {node.kind}{lines} .\n")
    return done[0]


def _turtle(value: Said | str) -> str:
    if isinstance(value, str):
        return f"<{value}>"
    # JSON's escapes are a part of Turtle's.
    text = json.dumps(value.text, ensure_ascii=False)
    if value.language:
        return f"{text}@{value.language}"
    return f"{text}^^{value.datatype}" if value.datatype else text


def write_jsonld(items: Iterable[ItemForm], out: TextIO) -> int:
    """Write the items as one JSON-LD document; returns how many."""
    context = json.dumps(PREFIXES, ensure_ascii=False, indent=1)
    out.write(f'{{"@context": {context},\n"@graph": [')
    done = [0]
    comma = "\n"
    for node in _once(items, done):
        out.write(comma + json.dumps(_json_of(node), ensure_ascii=False))
        comma = ",\n"
    out.write("\n]}\n")
    return done[0]


def _json_of(node: Node) -> dict[str, Any]:
    said: dict[str, Any] = {"@id": node.uri, "@type": node.kind}
    for name, value in node.values:
        said.setdefault(name, []).append(_json_value(value))
    return said


def _json_value(value: Said | str) -> dict[str, str]:
    if isinstance(value, str):
        return {"@id": value}
    if value.language:
        return {"@value": value.text, "@language": value.language}
    return {"@value": value.text} | ({"@type": value.datatype} if value.datatype else {})
