"""All rules, in the order of their codes, and which of them are fair for a source."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tongban.catalogue.lint import (
    completeness,
    consistency,
    inheritance,
    law,
    practice,
    proofs,
    readability,
    vagueness,
)
from tongban.catalogue.lint.model import DELIVERED, Finding, Rule, Severity, Subject

RULES: Final[tuple[Rule, ...]] = tuple(
    sorted(
        (
            *completeness.RULES,
            *consistency.RULES,
            *inheritance.RULES,
            *vagueness.RULES,
            *proofs.RULES,
            *law.RULES,
            *readability.RULES,
            *practice.RULES,
        ),
        key=lambda rule: rule.code,
    )
)
BY_CODE: Final = {rule.code: rule for rule in RULES}


# Rules that have nothing to look at where a guide lacks this part: they are not even asked.
NEEDS: Final = {
    **{f"N{number:02}": "materials" for number in range(1, 13)},
    **{f"V{number:02}": "materials" for number in range(1, 5)},
    **{f"V{number:02}": "conditions" for number in range(5, 9)},
    **{f"L{number:02}": "legal_bases" for number in (1, 2, 3, 4, 6, 7)},
    "C07": "steps",
    "C15": "fees",
    "C20": "result",
    "C21": "materials",
    "K14": "result",
    "K16": "materials",
    "K19": "materials",
    "V10": "opening_hours",
    "V11": "place",
    "V12": "result",
    "L08": "special_procedures",
}
Groups = tuple[tuple[str, tuple[Rule, ...]], ...]


@lru_cache(maxsize=256)
def groups_for(source: str, with_guide: bool, with_facts: bool, with_basic: bool) -> Groups:
    """The rules that can be asked of an item of this source, by the part that they need."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules_for(source, with_guide):
        family = rule.code[0]
        if (with_facts or family != "X") and (with_basic or family != "B"):
            groups.setdefault(NEEDS.get(rule.code, ""), []).append(rule)
    return tuple((need, tuple(rules)) for need, rules in groups.items())


@lru_cache(maxsize=256)
def rules_for(source: str, with_guide: bool) -> tuple[Rule, ...]:
    """The rules that can be asked of an item of this source."""
    delivered = DELIVERED.get(source)
    return tuple(
        rule
        for rule in RULES
        if (with_guide or not rule.on_guides)
        and (delivered is None or not with_guide or not rule.part or rule.part in delivered)
    )


def unjudged_parts(source: str) -> list[str]:
    """Parts of a guide that a source has no column for, so that nobody is blamed for them."""
    delivered = DELIVERED.get(source)
    if delivered is None:
        return []
    return sorted({rule.part for rule in RULES if rule.part and rule.part not in delivered})


def findings_of(subject: Subject) -> list[Finding]:
    """What is wrong with an item, rule by rule. Pure; some forty microseconds for a full guide."""
    found = []
    guide = subject.guide
    groups = groups_for(
        subject.source,
        subject.has_guide,
        subject.happened is not None,
        subject.basic is not None,
    )
    for need, rules in groups:
        if need and not guide.get(need):
            continue
        for rule in rules:
            for path, detail in rule.check(subject):
                found.append(Finding(rule, subject.code, path, detail))
    return found


def errors_of(subject: Subject) -> list[Finding]:
    """Only what keeps a guide from being published."""
    return [one for one in findings_of(subject) if one.rule.severity is Severity.ERROR]
