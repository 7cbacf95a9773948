"""What is wrong with a bundle beside its form: items, guides and questions that don't fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tongban.base.problems import FieldError
from tongban.catalogue.bundles.merging import Target, merged_key
from tongban.catalogue.bundles.schema import BundleDocument, Same
from tongban.catalogue.guide_schema import FormField, GuideDocument, Material

KEY_LONGEST = 40
# 行政许可法 art. 32(4): whether it is accepted is said within five days.
ANSWER_WORKING_DAYS = 5


def faults(document: BundleDocument, guides: Mapping[str, GuideDocument]) -> list[FieldError]:
    """Every fault; `guides` has the guide in force of each part whose item takes applications."""
    found = [
        FieldError(
            f"/parts/{place}/item_code",
            "takes_no_applications",
            f"{part.key}: {part.item_code} has no complete guide that takes applications online",
        )
        for place, part in enumerate(document.parts)
        if part.key not in guides
    ]
    if found:
        return found
    fields = {
        Target(key, field.key): field
        for key, guide in guides.items()
        for page in guide.form_pages
        for field in page.fields
    }
    papers = {
        Target(key, paper.key): paper for key, guide in guides.items() for paper in guide.materials
    }
    found += _unlike("same", document.same, fields, _question)
    found += _unlike("same_papers", document.same_papers, papers, _paper)
    found += _unfilled(document, fields)
    least = longest_way(document, guides)
    promise = document.promise
    if promise and promise.unit == "working_day" and least is not None and promise.value < least:
        detail = f"the parts take up to {least} working days one after the other"
        found.append(FieldError("/promise", "cannot_be_kept", detail))
    found += [
        FieldError("/parts", "key_too_long", f"{target}: shorten the key of the part")
        for target in (*fields, *papers)
        if len(merged_key(target)) > KEY_LONGEST
    ]
    return found


def longest_way(document: BundleDocument, guides: Mapping[str, GuideDocument]) -> int | None:
    """Working days of the longest chain of parts: for each, the answer (art. 32) and its promise.

    None when a promise is in another unit than working days.
    """
    days: dict[str, int] = {}
    for part in document.parts:
        promised = guides[part.key].promised_limit
        if promised.unit not in ("working_day", "on_the_spot"):
            return None
        before = max((days[key] for key in part.after), default=0)
        days[part.key] = before + ANSWER_WORKING_DAYS + promised.value
    return max(days.values())


def _question(field: FormField) -> tuple[object, ...]:
    return field.kind, tuple(option.value for option in field.options)


def _paper(material: Material) -> tuple[object, ...]:
    return (material.how,)


def _unlike(
    where: str,
    groups: tuple[Same, ...],
    known: Mapping[Target, Any],
    nature: Callable[[Any], tuple[object, ...]],
) -> Iterator[FieldError]:
    for place, group in enumerate(groups):
        targets = [Target(*one.split(".", 1)) for one in group.of]
        missing = [str(target) for target in targets if target not in known]
        if missing:
            yield FieldError(f"/{where}/{place}", "unknown", f"no such field: {', '.join(missing)}")
        elif len({nature(known[target]) for target in targets}) > 1:
            yield FieldError(
                f"/{where}/{place}",
                "not_the_same",
                f"{', '.join(group.of)}: of different kinds or with different options",
            )


def _unfilled(document: BundleDocument, fields: Mapping[Target, FormField]) -> Iterator[FieldError]:
    for place, part in enumerate(document.parts):
        for key in part.fills:
            if Target(part.key, key) not in fields:
                yield FieldError(f"/parts/{place}/fills", "unknown", f"no such field: {key}")
