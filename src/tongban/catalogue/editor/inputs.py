"""The inputs of a section, made from the form of a record: what the schema gains, the editor gains.

An input's name is its path with hyphens: `materials-2-name-zh`. A list says how many entries it has
in `materials-count`.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from tongban.catalogue.editor.labels import ENTRIES, HINTS, SELDOM, label_of_part, values_of
from tongban.catalogue.guide_schema import Condition, GuideRecord, Text

# A guide with more entries in a list could not be read by anybody.
ENTRIES_MOST: Final = 100
SHORT: Final = frozenset({"name", "label", "title", "office", "issuer", "handling_office"})
LONG: Final = frozenset({"text", "legal_basis"})


@dataclass(frozen=True)
class Shape:
    """How a part is filled in. `model` is that of a group or of a list's entries."""

    kind: str
    model: type[BaseModel] | None = None
    values: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def shape_of(annotation: Any) -> Shape:
    """The shape of an annotation of the guide schema. Raises TypeError for one that has none."""
    if get_origin(annotation) is Annotated:
        return shape_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [one for one in get_args(annotation) if one is not type(None)]
        return Shape("yes_no") if inner == [bool] else shape_of(inner[0])
    if get_origin(annotation) is tuple:
        inside = shape_of(get_args(annotation)[0])
        kinds = {"line": "lines", "choice": "choices", "group": "list"}
        return Shape(kinds[inside.kind], inside.model, inside.values)
    if get_origin(annotation) is Literal:
        return Shape("choice", values=get_args(annotation))
    if annotation is Text:
        return Shape("text")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape("group", annotation)
    plain = {str: "line", int: "number", bool: "flag", date: "date"}
    if annotation in plain:
        return Shape(plain[annotation])
    raise TypeError(f"the editor has no input for {annotation}")


def parts_of(model: type[BaseModel]) -> dict[str, Shape]:
    """The parts of a model in their order; a condition's own text is its part ""."""
    shapes = {
        name: shape_of(cast(Hashable, one.annotation)) for name, one in model.model_fields.items()
    }
    if issubclass(model, Text):
        rest = {name: shape for name, shape in shapes.items() if name not in ("zh", "en")}
        return {"": Shape("text"), **rest}
    return shapes


def default_of(model: type[BaseModel], name: str) -> Any:
    """What a part is when nothing is said, as JSON data; None where it must be said."""
    default = model.model_fields[name].default if name else None
    return list(default) if isinstance(default, tuple) else default


@dataclass
class Choice:
    value: str
    label: str
    chosen: bool
    fixed: bool = False


@dataclass
class Input:
    """One input, or a group or list of them. `path` is that of lint and of problems."""

    kind: str
    name: str
    path: str
    label: str
    hint: str = ""
    value: Any = ""
    blank: str = ""
    choices: list[Choice] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    entries: list[Input] = field(default_factory=list)
    seldom: list[Input] = field(default_factory=list)
    entry_label: str = ""
    rows: int = 1
    errors: list[str] = field(default_factory=list)
    findings: list[dict[str, object]] = field(default_factory=list)
    fixed: str = ""
    takes_over: bool = False
    may_add: bool = True
    place: int = 0

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def described(self) -> str:
        """Ids of what explains the input, for `aria-describedby`."""
        return " ".join([*([f"{self.id}-hint"] if self.hint else []), self.slot])

    @property
    def slot(self) -> str:
        """Id of the place where lint speaks."""
        return f"lint-entry-{self.name}" if self.kind == "entry" else f"lint-{self.name}"

    def within(self) -> list[Input]:
        """This input and all below it."""
        below = (*self.inputs, *self.seldom, *self.entries)
        return [self, *(one for part in below for one in part.within())]

    @property
    def wrong(self) -> bool:
        """Whether something is wrong with it or below it."""
        return any(one.errors or one.findings for one in self.within())

    @property
    def open(self) -> bool:
        """Whether an entry is shown unfolded: it is new, or something in it is wrong."""
        return self.wrong or self.label == self.entry_label

    @property
    def more_open(self) -> bool:
        return any(one.wrong for one in self.seldom)


def input_of(
    model: type[BaseModel], part: str, content: Mapping[str, Any], before: str = "", of: str = ""
) -> Input:
    """The input of one part of a model, filled from the content of that model's object."""
    shape = parts_of(model)[part]
    name = f"{before}-{part}" if before and part else before or part
    found = Input(
        shape.kind,
        name,
        name.replace("-", "."),
        label_of_part(part, of) if part else str(ENTRIES.get(of, "")),
        hint=str(HINTS.get(part, "")),
        value=content if not part else content.get(part),
    )
    default = default_of(model, part)
    if shape.kind in ("choice", "choices"):
        chosen = found.value if found.value is not None else default
        chosen = chosen if isinstance(chosen, list) else [chosen]
        labels = values_of(of, part)
        found.choices = [
            Choice(value, str(labels.get(value, value.upper())), value in chosen)
            for value in shape.values
        ]
    elif shape.kind == "group":
        assert shape.model is not None
        found.inputs = inputs_of(shape.model, found.value or {}, name, part)
    elif shape.kind == "list":
        assert shape.model is not None
        found.entry_label = str(ENTRIES[part])
        found.entries = [
            _entry(shape.model, entry, f"{name}-{place}", part, place)
            for place, entry in enumerate(found.value or [])
        ]
    elif shape.kind == "flag":
        found.value = default if found.value is None else found.value
    elif shape.kind == "number":
        found.blank = "" if default is None else str(default)
    elif shape.kind == "lines":
        found.value = "\n".join(found.value or [])
        found.rows = 3
    elif shape.kind == "text":
        found.rows = 1 if part in SHORT else 2
    elif part in LONG:
        found.rows = 3
    if found.value is None:
        found.value = ""
    return found


def inputs_of(
    model: type[BaseModel], content: Mapping[str, Any], before: str, of: str
) -> list[Input]:
    return [input_of(model, part, content, before, of) for part in parts_of(model)]


def _entry(
    model: type[BaseModel], content: Mapping[str, Any], name: str, of: str, place: int
) -> Input:
    inside = inputs_of(model, content, name, of)
    titles = {one.kind: title for one in reversed(inside) if (title := title_of(one.value))}
    said = titles.get("text") or next(reversed(titles.values()), "")
    return Input(
        "entry",
        name,
        name.replace("-", "."),
        said or str(ENTRIES[of]),
        inputs=[one for one in inside if one.name.split("-")[-1] not in SELDOM.get(of, ())],
        seldom=[one for one in inside if one.name.split("-")[-1] in SELDOM.get(of, ())],
        entry_label=str(ENTRIES[of]),
        place=place,
    )


def title_of(value: Any) -> str:
    """What an entry is called, from the first of its parts that says something."""
    if isinstance(value, Mapping):
        return str(value.get("zh") or "")[:40]
    return value[:40] if isinstance(value, str) else ""


def read_part(
    post: Mapping[str, str], lists: Any, model: type[BaseModel], part: str, before: str = ""
) -> Any:
    """What was typed for a part, as JSON data for the schema; None when nothing was.

    `lists` gives all values of a name (`QueryDict.getlist`).
    """
    shape = parts_of(model)[part]
    name = f"{before}-{part}" if before and part else before or part
    if shape.kind == "text":
        return _read_text(post, name)
    if shape.kind == "choices":
        return (
            [value for value in lists(name) if value in shape.values]
            if _shown(post, name)
            else None
        )
    if shape.kind == "lines":
        lines = [line.strip() for line in post.get(name, "").splitlines()]
        return [line for line in lines if line] or None
    if shape.kind == "flag":
        return post.get(name) == "yes" if _shown(post, name) else None
    if shape.kind == "list":
        assert shape.model is not None
        return _read_list(post, lists, shape.model, name)
    if shape.kind == "group":
        assert shape.model is not None
        return read_object(post, lists, shape.model, name)
    typed = post.get(name, "").strip()
    if not typed:
        return None
    return typed == "true" if shape.kind == "yes_no" and typed in ("true", "false") else typed


def _shown(post: Mapping[str, str], name: str) -> bool:
    """Whether the page had this input: a box that is not ticked sends nothing."""
    return f"{name}-shown" in post


def _read_text(post: Mapping[str, str], name: str) -> dict[str, str] | None:
    text = {
        language: typed
        for language in ("zh", "en")
        if (typed := post.get(f"{name}-{language}", "").replace("\r\n", "\n").strip())
    }
    return text or None


def _read_list(
    post: Mapping[str, str], lists: Any, model: type[BaseModel], name: str
) -> list[Any] | None:
    said = post.get(f"{name}-count", "0")
    count = min(int(said), ENTRIES_MOST) if said.isascii() and said.isdigit() else 0
    entries = [read_object(post, lists, model, f"{name}-{place}") for place in range(count)]
    return [entry for entry in entries if entry is not None] or None


def read_object(
    post: Mapping[str, str], lists: Any, model: type[BaseModel], name: str
) -> dict[str, Any] | None:
    """What was typed for a group or an entry; None when only ticks and choices stand in it."""
    found: dict[str, Any] = {}
    said = False
    for part, shape in parts_of(model).items():
        value = read_part(post, lists, model, part, name)
        if value is None:
            continue
        if not part:
            found |= value
            said = True
            continue
        if value == default_of(model, part):
            continue
        found[part] = value
        said = said or shape.kind not in ("choices",)
    return found if said else None


def read_fields(post: Mapping[str, str], lists: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    """What was typed in a section; what is not there is not known."""
    return {
        name: value
        for name in fields
        if (value := read_part(post, lists, GuideRecord, name)) is not None and value != []
    }


def at_path(content: dict[str, Any], name: str) -> list[Any]:
    """The list that an input's name (`form_pages-0-fields`) points to, made when it is not there.

    Raises LookupError for a name that points to no list.
    """
    model: type[BaseModel] = GuideRecord
    here: Any = content
    steps = name.split("-")
    for place, step in enumerate(steps):
        if step.isascii() and step.isdigit():
            here = here[int(step)]
            continue
        shape = parts_of(model).get(step)
        if shape is None or shape.model is None or not isinstance(here, dict):
            raise LookupError(name)
        model = shape.model
        here = here.setdefault(step, [] if shape.kind == "list" else {})
        if place == len(steps) - 1 and shape.kind != "list":
            raise LookupError(name)
    if not isinstance(here, list):
        raise LookupError(name)
    return here


__all__ = [
    "Choice", "Condition", "Input", "Shape", "at_path", "input_of", "read_fields", "shape_of",
]  # fmt: skip
