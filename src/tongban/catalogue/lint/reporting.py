"""What a run of lint found: counts, scores by organ, JSON, SARIF 2.1.0, the baseline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tongban import __version__
from tongban.base.tables import TableError
from tongban.catalogue.lint.model import COSTS, Finding, Rule, Severity, Subject
from tongban.catalogue.lint.rules import RULES, unjudged_parts

SARIF_LEVELS: Final = {"error": "error", "warning": "warning", "note": "note"}
BASELINE_VERSION: Final = 1
KEPT: Final = 100_000


@dataclass
class OrganScore:
    """An organ's mean of its items' scores (100 without a finding), and its worst items."""

    code: str
    name: str
    items: int = 0
    points: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def score(self) -> float:
        return round(self.points / self.items, 1) if self.items else 100.0


WORST_KEPT: Final = 10


def score_of(findings: Iterable[Finding]) -> int:
    """Points of an item, 0 to 100: each error costs 20, warning 5, note 1."""
    return max(0, 100 - sum(COSTS[finding.rule.severity] for finding in findings))


@dataclass
class LintReport:
    """Counts are of all findings; `findings` keeps at most `KEPT` of them."""

    known: frozenset[str] = frozenset()
    items: int = 0
    guides: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    organs: dict[str, OrganScore] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    seen_known: set[str] = field(default_factory=set)

    def add(self, subject: Subject, findings: list[Finding]) -> None:
        self.items += 1
        self.guides += subject.has_guide
        self.sources.add(subject.source)
        if self.known:
            findings = [one for one in findings if not self._is_known(one)]
        for finding in findings:
            self.by_rule[finding.rule.code] += 1
            self.by_severity[finding.rule.severity] += 1
        if len(self.findings) < KEPT:
            self.findings += findings
        self._score(subject, findings)

    def _is_known(self, finding: Finding) -> bool:
        if finding.fingerprint not in self.known:
            return False
        self.seen_known.add(finding.fingerprint)
        return True

    def _score(self, subject: Subject, findings: list[Finding]) -> None:
        organ = self.organs.get(subject.organ_code)
        if organ is None:
            organ = OrganScore(subject.organ_code, subject.organ)
            self.organs[subject.organ_code] = organ
        points = score_of(findings)
        organ.items += 1
        organ.points += points
        if findings:
            organ.findings.update(finding.rule.severity for finding in findings)
            organ.worst.append((points, subject.code, subject.name))
            if len(organ.worst) > 4 * WORST_KEPT:
                organ.worst = sorted(organ.worst)[:WORST_KEPT]

    @property
    def worst_organs(self) -> list[OrganScore]:
        return sorted(self.organs.values(), key=lambda organ: (organ.score, -organ.items))

    def as_json(self) -> dict[str, Any]:
        return {
            "items": self.items,
            "guides": self.guides,
            "severities": {one.value: self.by_severity[one] for one in Severity},
            "rules": dict(self.by_rule.most_common()),
            "known": len(self.seen_known),
            "mended": len(self.known - self.seen_known),
            "not_judged": {
                source: parts
                for source in sorted(self.sources)
                if (parts := unjudged_parts(source))
            },
            "organs": [
                {
                    "code": organ.code,
                    "name": organ.name,
                    "items": organ.items,
                    "score": organ.score,
                    "findings": {one.value: organ.findings[one] for one in Severity},
                    "worst": [
                        {"code": code, "name": name, "score": points}
                        for points, code, name in sorted(organ.worst)[:WORST_KEPT]
                    ],
                }
                for organ in self.worst_organs
            ],
            "findings": [finding_as_json(finding) for finding in self.findings],
        }


def _both(text: tuple[str, str]) -> dict[str, str]:
    return {"zh": text[0], "en": text[1]}


def rule_as_json(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "family": rule.family,
        "severity": rule.severity.value,
        "message": _both(rule.message),
        "source": _both(rule.source),
        "fix": _both(rule.fix),
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.code,
        "severity": finding.rule.severity.value,
        "item": finding.item,
        "path": finding.path,
        "detail": finding.detail,
        "message": _both(finding.rule.message),
        "fix": _both(finding.rule.fix),
        "fingerprint": finding.fingerprint,
    }


def sarif(report: LintReport, items_at: str = "items/") -> dict[str, Any]:
    """The findings in SARIF 2.1.0 (OASIS); an item is a logical location and an address."""
    places = {rule.code: place for place, rule in enumerate(RULES)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tongban items lint",
                        "version": __version__,
                        "rules": [_sarif_rule(rule) for rule in RULES],
                    }
                },
                "results": [_sarif_result(one, places, items_at) for one in report.findings],
            }
        ],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.message[1]},
        "fullDescription": {"text": f"{rule.message[0]}。{rule.source[0]}"},
        "help": {"text": f"{rule.fix[1]} / {rule.fix[0]}"},
        "defaultConfiguration": {"level": SARIF_LEVELS[rule.severity]},
        "properties": {"family": rule.family, "source": rule.source[1]},
    }


def _sarif_result(finding: Finding, places: Mapping[str, int], items_at: str) -> dict[str, Any]:
    rule = finding.rule
    detail = f": {finding.detail}" if finding.detail else ""
    return {
        "ruleId": rule.code,
        "ruleIndex": places[rule.code],
        "level": SARIF_LEVELS[rule.severity],
        "message": {"text": f"{rule.message[0]}{detail}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": f"{items_at}{finding.item}/"}},
                "logicalLocations": [
                    {"fullyQualifiedName": f"{finding.item}/{finding.path}".rstrip("/")}
                ],
            }
        ],
        "partialFingerprints": {"tongban/v1": finding.fingerprint},
    }


def read_baseline(path: Path) -> frozenset[str]:
    """Fingerprints of the findings that an office has put off. Raises TableError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != BASELINE_VERSION:
            raise ValueError(f"version {content['version']}")
        return frozenset(str(one) for one in content["findings"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TableError("bad_baseline", f"{path.name}: no baseline of ours: {problem}") from None


def write_baseline(path: Path, fingerprints: Collection[str]) -> None:
    content = {"version": BASELINE_VERSION, "findings": sorted(fingerprints)}
    path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
