"""What a page of the editor shows: inputs with what is wrong at them, the previews, the sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from pydantic import ValidationError

from tongban.base.problems import FieldError
from tongban.catalogue.editor.fixing import CHOSEN_FROM, is_fixed, own_part
from tongban.catalogue.editor.inputs import Input, input_of
from tongban.catalogue.editor.labels import label_of_part
from tongban.catalogue.editor.sections import SECTION_OF, SECTIONS, Section
from tongban.catalogue.guide_page import record_context
from tongban.catalogue.guide_schema import GuideDocument, GuideRecord, completed
from tongban.catalogue.lint.model import Finding
from tongban.catalogue.listing import words_of
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.rules import Content, inherited
from tongban.catalogue.wording import in_chinese, kind_label

LANGUAGES = (("zh-hans", "中文"), ("en", "English"))


def inputs_for(section: Section, content: Content, basic: Content) -> list[Input]:
    """The inputs of a section; what the basic item fixes is said beside them, or instead."""
    found = []
    for name in section.fields:
        own = {**content, name: own_part(basic, name, content.get(name))}
        one = input_of(GuideRecord, name, own)
        if basic.get(name) is not None and basic.get(name) != []:
            one.fixed = _words_of_fixed(name, basic[name])
            if is_fixed(basic, name):
                one.kind = "fixed"
            for choice in one.choices:
                choice.fixed = choice.value in basic[name]
                choice.chosen = choice.chosen or choice.fixed
            if name in CHOSEN_FROM:
                one.may_add = False
                one.takes_over = not one.entries
        found.append(one)
    return found


def _words_of_fixed(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict) and "unit" in value:
        from tongban.catalogue.wording import limit_words

        return limit_words(value["value"], value["unit"])
    if isinstance(value, list) and value and isinstance(value[0], str):
        from tongban.catalogue.editor.labels import values_of

        labels = values_of("", name)
        return " · ".join(str(labels.get(one, one)) for one in value)
    if name == "legal_bases":
        return "\n".join(f"《{one['instrument']}》{one.get('article', '')}" for one in value)
    if isinstance(value, list):
        return "\n".join(
            words_of(one.get("name") or {"zh": one.get("zh", ""), "en": one.get("en", "")})
            for one in value
        )
    if isinstance(value, dict):
        return words_of(value.get("name") or value)
    return words_of(value)


def attach(
    inputs: Sequence[Input], problems: Iterable[FieldError], findings: Iterable[Finding]
) -> list[dict[str, str]]:
    """Put what is wrong where it stands; the lines of the error summary."""
    places = {one.path: one for top in inputs for one in top.within()}
    summary = []
    for problem in problems:
        place = _place_of(places, problem.pointer.strip("/").replace("/", "."))
        message = problem_words(problem)
        if place is None:
            summary.append({"field_id": "main", "message": message})
            continue
        place.errors.append(message)
        summary.append({"field_id": target_of(place), "message": f"{place.label}: {message}"})
    for finding in findings:
        place = _place_of(places, finding.path)
        if place is not None:
            place.findings.append(finding_row(finding))
    return summary


def target_of(one: Input) -> str:
    """What a link to an input leads to: something that can hold the focus."""
    return f"{one.id}-zh" if one.kind == "text" else one.id


def _place_of(places: Mapping[str, Input], path: str) -> Input | None:
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        if found := places.get(".".join(parts[:length])):
            return found
    return None


def problem_words(problem: FieldError) -> str:
    """What is wrong with what was typed, and what to do; `detail` where we have no words for it."""
    code = problem.code
    if code == "missing" or code == "string_too_short":
        return _("Fill this in, or leave the whole entry empty.")
    if code == "string_too_long":
        return _("This is too long. Shorten it.")
    if code == "string_pattern_mismatch":
        return _("This is not of the form that is needed. See the hint, or an example.")
    if code.startswith("int_"):
        return _("Write a whole number, without words.")
    if code.startswith(("greater_than", "less_than")):
        return _("The number is too small or too large.")
    if code == "literal_error":
        return _("Choose one of the list.")
    if code.startswith("date"):
        return _("Write a day as 2026-12-31.")
    if code[:1] == "B" and code[1:].isdigit():
        return _rule_words(code, problem.detail)
    return str(problem.detail)


def _rule_words(code: str, detail: str) -> str:
    from tongban.catalogue.lint.rules import BY_CODE

    rule = BY_CODE[code]
    language = 0 if in_chinese() else 1
    return (
        f"{rule.message[language]}: {detail}. {rule.fix[language]}"
        if detail
        else (f"{rule.message[language]}. {rule.fix[language]}")
    )


def finding_row(finding: Finding) -> dict[str, object]:
    """A finding in the language of the page."""
    language = 0 if in_chinese() else 1
    rule = finding.rule
    section = SECTION_OF.get(finding.path.split(".")[0], "")
    return {
        "code": rule.code,
        "severity": rule.severity.value,
        "message": rule.message[language],
        "source": rule.source[language],
        "fix": rule.fix[language],
        "path": finding.path,
        "place": path_words(finding.path),
        "detail": finding.detail,
        "section": section,
    }


def path_words(path: str) -> str:
    """A path in words: `materials.2.name` is `Materials 3 · Name`, `fees[x].basis` too."""
    words: list[str] = []
    for step in path.split("."):
        name, bracket, entry = step.partition("[")
        of = words[-1] if words else ""
        if name.isdigit() and words:
            words[-1] = f"{words[-1]} {int(name) + 1}"
        elif bracket:
            words.append(f"{label_of_part(name, of)} «{entry.removesuffix(']')}»")
        elif name == "zh":
            words.append("中文")
        elif name == "en":
            words.append("English")
        elif name:
            words.append(label_of_part(name, of))
    return " · ".join(words)


def sections_of(
    item: ServiceItem, here: str, findings: Iterable[Finding]
) -> list[dict[str, object]]:
    """Links to the sections with how much is wrong in each."""
    errors: dict[str, int] = {}
    others: dict[str, int] = {}
    for finding in findings:
        section = SECTION_OF.get(finding.path.split(".")[0], "")
        counted = errors if finding.rule.severity.value == "error" else others
        counted[section] = counted.get(section, 0) + 1
    return [
        {
            "key": section.key,
            "label": str(section.label),
            "url": reverse("catalogue:edit", args=[item.code, section.key]),
            "current": section.key == here,
            "errors": errors.get(section.key, 0),
            "others": others.get(section.key, 0),
        }
        for section in SECTIONS
    ]


def previews(item: ServiceItem, content: Content, basic: Content) -> list[dict[str, object]]:
    """The public page in both languages, as far as what was typed can be read."""
    try:
        record = GuideRecord.model_validate(
            {**(inherited(basic, content) if basic else content), "item_code": item.code}
        )
    except ValidationError:
        return []
    complete = completed(record) is not None
    shown: list[dict[str, object]] = []
    for language, name in LANGUAGES:
        with translation.override(language):
            context = record_context(record, item.name, complete=complete)
            context |= {
                "item": item,
                "kind_label": kind_label(item.kind),
                "prefix": f"preview-{language}-",
                "accepts_online": complete and "hand_in" in record.online_capabilities,
            }
            shown.append(
                {
                    "language": "zh-Hans" if language == "zh-hans" else "en",
                    "label": name,
                    "html": render_to_string("catalogue/guide_article.html", context),
                    "first": not shown,
                }
            )
    return shown


def missing_parts(content: Content, basic: Content) -> list[str]:
    """What keeps a guide from taking applications, in words; [] when it is complete."""
    whole = inherited(basic, content) if basic else dict(content)
    try:
        GuideDocument.model_validate(whole)
    except ValidationError as problem:
        found = dict.fromkeys(
            path_words(".".join(map(str, one["loc"]))) or one["msg"].removeprefix("Value error, ")
            for one in problem.errors()
        )
        return list(found)
    return []
