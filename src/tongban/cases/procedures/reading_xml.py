"""Reads XML that a stranger made: no document type, no entities, bounded in size and depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

LARGEST = 5_000_000
DEEPEST = 200
MOST_ELEMENTS = 200_000

# Chinese tools write these; expat knows none of them. GB 18030 contains the other two.
CHINESE_ENCODING = re.compile(
    rb"""^<\?xml[^>]{0,100}encoding\s*=\s*["'](gb2312|gbk|gb18030)["']""", re.I
)


class Unreadable(ValueError):
    """Not XML, or XML that is refused. `element` names what it was refused for."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(reason)
        self.element = element
        self.reason = reason


@dataclass
class Element:
    """An element; `namespace` is its URI, attributes of other namespaces are keyed `{URI}name`."""

    namespace: str
    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def named(self, tag: str) -> Iterator[Element]:
        """Children with this tag, of the same namespace."""
        return (one for one in self.children if (one.namespace, one.tag) == (self.namespace, tag))


def read_xml(content: bytes) -> Element:
    """The root element. Raises Unreadable on anything that is not plain, small XML."""
    if len(content) > LARGEST:
        raise Unreadable("file", f"larger than {LARGEST // 1_000_000} MB")
    content, encoding = _decoded(content)
    builder = _Builder(encoding)
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as problem:
        raise Unreadable("file", f"not well-formed XML: {problem}") from None
    except (ValueError, LookupError) as problem:
        if isinstance(problem, Unreadable):
            raise
        raise Unreadable("file", f"the encoding can't be read: {problem}") from None
    if builder.root is None:
        raise Unreadable("file", "there is no element in it")
    return builder.root


def _decoded(content: bytes) -> tuple[bytes, str | None]:
    if not CHINESE_ENCODING.match(content):
        return content, None
    try:
        return content.decode("gb18030").encode(), "utf-8"
    except UnicodeError as problem:
        raise Unreadable("file", f"the encoding can't be read: {problem}") from None


class _Builder:
    def __init__(self, encoding: str | None) -> None:
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        # A space can't occur in a URI that a namespace is declared with and be a BPMN one.
        self.parser = expat.ParserCreate(encoding, namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity

    def doctype(self, *_: object) -> None:
        raise Unreadable("DOCTYPE", "a document type may declare entities and fetch files")

    def entity(self, *_: object) -> None:
        raise Unreadable("ENTITY", "entities may expand without end and fetch files")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS:
            raise Unreadable("file", f"more than {MOST_ELEMENTS:,} elements")
        if len(self.open) >= DEEPEST:
            raise Unreadable("file", f"nested deeper than {DEEPEST} elements")
        namespace, _, tag = name.rpartition(" ")
        keyed = {_key(key): value for key, value in attributes.items()}
        element = Element(namespace, tag, keyed, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _name: str) -> None:
        self.open.pop()

    def characters(self, text: str) -> None:
        if self.open:
            self.open[-1].pieces.append(text)


def _key(name: str) -> str:
    namespace, _, tag = name.rpartition(" ")
    return f"{{{namespace}}}{tag}" if namespace else tag
