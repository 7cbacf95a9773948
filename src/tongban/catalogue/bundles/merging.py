"""One form made of several guides' forms: what means the same is asked once (pure functions).

Two fields are one question when both take the same thing from the person's record (`prefill`), when
the bundle says so, or when they have the same key, kind, label and options. The merged question is
as strict as the strictest of them, so that an answer that is taken fits all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tongban.catalogue.bundles.schema import BundleDocument, BundlePart, Same
from tongban.catalogue.guide_schema import FormField, FormPage, GuideDocument, Material

# The strongest first.
NECESSITIES = ("required", "to_follow", "not_required")


class Target(NamedTuple):
    """A field, or a paper, of a part."""

    part: str
    key: str

    def __str__(self) -> str:
        return f"{self.part}.{self.key}"


@dataclass(frozen=True)
class MergedForm:
    """The form of a bundle. Keys of its fields and papers lead to those of the parts."""

    pages: tuple[FormPage, ...]
    materials: tuple[Material, ...]
    fields: Mapping[str, tuple[Target, ...]]
    papers: Mapping[str, tuple[Target, ...]]

    def spread(self, typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Answers of the merged form as answers of each part."""
        found: dict[str, dict[str, str]] = {}
        for key, value in typed.items():
            for part, field in self.fields.get(key, ()):
                found.setdefault(part, {})[field] = value
        return found

    def gathered(self, answers: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Answers of the parts as those of the merged form; the first that is there counts."""
        found = {}
        for key, targets in self.fields.items():
            held = (answers.get(part, {}).get(field, "") for part, field in targets)
            found[key] = next((value for value in held if value), "")
        return found

    def key_of(self, part: str, key: str) -> str:
        """The merged field or paper in which a part's is asked; "" when it is asked nowhere."""
        wanted = Target(part, key)
        for merged in (self.fields, self.papers):
            for name, targets in merged.items():
                if wanted in targets:
                    return name
        return ""

    def material(self, key: str) -> Material | None:
        return next((one for one in self.materials if one.key == key), None)


def merged_key(target: Target) -> str:
    return f"{target.part}__{target.key}"


def merged_form(
    document: BundleDocument,
    parts: Sequence[BundlePart],
    guides: Mapping[str, GuideDocument],
) -> MergedForm:
    """The form for these parts; `guides` has the guide of each by the part's key.

    A question of the bundle that a newer guide no longer asks is left out.
    """
    pages, fields = _pages(document, parts, guides)
    materials, papers = _materials(document, parts, guides)
    return MergedForm(pages, materials, fields, papers)


# Fields


def _asked(
    parts: Sequence[BundlePart], guides: Mapping[str, GuideDocument]
) -> Iterator[tuple[Target, FormPage, FormField]]:
    for part in parts:
        for page in guides[part.key].form_pages:
            for field in page.fields:
                if field.key not in part.fills:
                    yield Target(part.key, field.key), page, field


def _meaning(target: Target, field: FormField, said: Mapping[Target, int]) -> tuple[object, ...]:
    if target in said:
        return ("said", said[target])
    if field.prefill:
        return ("record", field.prefill, field.kind)
    options = tuple(option.value for option in field.options)
    return ("alike", field.key, field.kind, field.label.zh, options)


def _said(same: Iterable[Same]) -> dict[Target, int]:
    return {
        Target(*one.split(".", 1)): place for place, group in enumerate(same) for one in group.of
    }


def _pages(
    document: BundleDocument, parts: Sequence[BundlePart], guides: Mapping[str, GuideDocument]
) -> tuple[tuple[FormPage, ...], dict[str, tuple[Target, ...]]]:
    said = _said(document.same)
    groups: dict[tuple[object, ...], list[tuple[Target, FormField]]] = {}
    places: dict[tuple[object, ...], tuple[str, FormPage]] = {}
    for target, page, field in _asked(parts, guides):
        meaning = _meaning(target, field, said)
        groups.setdefault(meaning, []).append((target, field))
        places.setdefault(meaning, (f"{target.part}_{page.key}", page))
    fields: dict[str, tuple[Target, ...]] = {}
    rows: dict[str, tuple[FormPage, list[FormField]]] = {}
    for meaning, members in groups.items():
        group = document.same[int(str(meaning[1]))] if meaning[0] == "said" else None
        one = _strictest([field for _target, field in members], members[0][0], group)
        fields[one.key] = tuple(target for target, _field in members)
        key, page = places[meaning]
        rows.setdefault(key, (page, []))[1].append(one)
    pages = tuple(
        page.model_copy(update={"key": key, "fields": tuple(held)})
        for key, (page, held) in rows.items()
    )
    return pages, fields


def _strictest(fields: Sequence[FormField], first: Target, group: Same | None) -> FormField:
    least = [field.minimum for field in fields if field.minimum is not None]
    most = [field.maximum for field in fields if field.maximum is not None]
    changes: dict[str, object] = {
        "key": merged_key(first),
        "required": any(field.required for field in fields),
        "max_length": min(field.max_length for field in fields),
        "minimum": max(least, default=None),
        "maximum": min(most, default=None),
        "prefill": next((field.prefill for field in fields if field.prefill), None),
    }
    if group and group.label:
        changes["label"] = group.label
    if group and group.hint:
        changes["hint"] = group.hint
    return fields[0].model_copy(update=changes)


# Papers


def _materials(
    document: BundleDocument, parts: Sequence[BundlePart], guides: Mapping[str, GuideDocument]
) -> tuple[tuple[Material, ...], dict[str, tuple[Target, ...]]]:
    said = _said(document.same_papers)
    groups: dict[tuple[object, ...], list[tuple[Target, Material]]] = {}
    for part in parts:
        for material in guides[part.key].materials:
            target = Target(part.key, material.key)
            meaning: tuple[object, ...] = ("alike", material.how, material.name.zh)
            if target in said:
                meaning = ("said", said[target])
            groups.setdefault(meaning, []).append((target, material))
    merged, papers = [], {}
    for meaning, members in groups.items():
        group = document.same_papers[int(str(meaning[1]))] if meaning[0] == "said" else None
        one = _neediest([paper for _target, paper in members], members[0][0], group)
        merged.append(one)
        papers[one.key] = tuple(target for target, _paper in members)
    return tuple(merged), papers


def _neediest(papers: Sequence[Material], first: Target, group: Same | None) -> Material:
    kinds = [set(paper.accept) for paper in papers]
    changes: dict[str, object] = {
        "key": merged_key(first),
        "necessity": next(
            one for one in NECESSITIES if one in {paper.necessity for paper in papers}
        ),
        "accept": tuple(kind for kind in papers[0].accept if all(kind in held for held in kinds)),
        "max_mb": min(paper.max_mb for paper in papers),
    }
    if group and group.label:
        changes["name"] = group.label
    return papers[0].model_copy(update=changes)
