"""The form of a bundle (一件事): what belongs together, in which order, and what is asked once.

One bundle is one TOML file. Pydantic refuses a file that is not of this form and names the field;
whether the items it names are there, `checking` says.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from tongban.catalogue.guide_schema.parts import (
    Audience,
    Key,
    Limit,
    Option,
    Question,
    Strict,
    Text,
    texts_in,
)

# Keys of parts stand before the keys of their fields, and both must fit into one.
PartKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,11}$")]
FieldOfPart = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,11}\.[a-z][a-z0-9_]{1,39}$")]


class BundlePart(Strict):
    """One item of a bundle.

    `after`: parts that must be approved before this one can be handed in; parts without a common
    order run side by side. `when`: answers to the bundle's questions that bring the part in; all
    of them must be so. `fills`: fields that the number of an earlier part's result answers.
    """

    key: PartKey
    item_code: str = Field(min_length=8, max_length=64)
    after: tuple[PartKey, ...] = ()
    when: dict[Key, str] = Field(default_factory=dict)
    fills: dict[Key, PartKey] = Field(default_factory=dict)
    note: Text | None = None


class BundleQuestion(Strict):
    """A question whose answer says which parts somebody needs."""

    key: Key
    label: Text
    hint: Text | None = None
    options: tuple[Option, ...] = Field(min_length=2)


class Same(Strict):
    """Fields, or papers, of several parts (`part.key`) that are one question to the person."""

    of: tuple[FieldOfPart, ...] = Field(min_length=2)
    label: Text | None = None
    hint: Text | None = None


class BundleDocument(Strict):
    """一件事. Fields with the same meaning of record (`prefill`) are one question without saying so.

    `region`: 12 digits. `promise`: from handing in to the last result, when no part stands still
    for the applicant; None leaves it to the limits of the parts.
    """

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{2,59}$")
    region: str = Field(pattern=r"^\d{12}$")
    effective_from: date
    name: Text
    summary: Text
    life_event: Text
    aliases: tuple[str, ...] = Field(min_length=1)
    audience: tuple[Audience, ...] = Field(min_length=1)
    questions: tuple[BundleQuestion, ...] = ()
    parts: tuple[BundlePart, ...] = Field(min_length=2, max_length=20)
    same: tuple[Same, ...] = ()
    same_papers: tuple[Same, ...] = ()
    promise: Limit | None = None
    faq: tuple[Question, ...] = ()

    @model_validator(mode="after")
    def _texts_are_in_both_languages(self) -> Self:
        for path, text in texts_in(self):
            if not text.en:
                raise ValueError(f"{path}: the English text is missing")
        return self

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        for what, keys in (
            ("part", [part.key for part in self.parts]),
            ("item", [part.item_code for part in self.parts]),
            ("question", [question.key for question in self.questions]),
            ("one question of", [one for same in self.same for one in same.of]),
            ("one paper of", [one for same in self.same_papers for one in same.of]),
        ):
            twice = sorted({key for key in keys if keys.count(key) > 1})
            if twice:
                raise ValueError(f"{what} twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _parts_come_in_their_order(self) -> Self:
        """A part stands after those it waits for, so that there is no cycle."""
        before: set[str] = set()
        for part in self.parts:
            late = sorted({*part.after} - before)
            if late:
                raise ValueError(f"part {part.key}: {', '.join(late)} must stand before it")
            unknown = sorted(set(part.fills.values()) - set(part.after))
            if unknown:
                raise ValueError(f"part {part.key}: it is filled by {unknown[0]}, name it in after")
            before.add(part.key)
        return self

    @model_validator(mode="after")
    def _answers_are_options(self) -> Self:
        options = {one.key: {option.value for option in one.options} for one in self.questions}
        for part in self.parts:
            for key, value in part.when.items():
                if value not in options.get(key, set()):
                    raise ValueError(f"part {part.key}: no question {key} with the answer {value}")
        if all(part.when for part in self.parts):
            raise ValueError("a part must always be needed")
        return self


def read_bundle(path: Path) -> BundleDocument:
    """The bundle in one TOML file. Raises `pydantic.ValidationError` or `TOMLDecodeError`."""
    return BundleDocument.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def chosen_parts(document: BundleDocument, answers: dict[str, str]) -> tuple[BundlePart, ...]:
    """The parts that somebody with these answers needs; what they wait for but don't need is gone."""
    kept = [
        part
        for part in document.parts
        if all(answers.get(key) == value for key, value in part.when.items())
    ]
    keys = {part.key for part in kept}
    return tuple(
        part.model_copy(
            update={
                "after": tuple(key for key in part.after if key in keys),
                "fills": {field: key for field, key in part.fills.items() if key in keys},
            }
        )
        for part in kept
    )
