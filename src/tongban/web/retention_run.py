"""Applying the retention rules: what is due, and taking it away in short transactions.

Interrupted, it goes on at the next run. Each rule that takes something leaves one ledger entry,
in the transaction of its first batch: counts only, and never a deletion without a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tongban.base.clocks import local_date
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.web.retention import NOTHING, RULES, Deed, Due, Rule, boundary
from tongban.web.retention_records import RECORDS

Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Outcome:
    """What a rule found due, and how many of it were deleted or revoked."""

    rule: Rule
    due: Due
    done: int = 0

    def as_json(self) -> dict[str, object]:
        rule, oldest = self.rule, self.due.oldest
        return {
            "kind": rule.kind,
            "records": rule.records,
            "keep_days": rule.keep_days,
            "since": rule.since,
            "basis": rule.basis,
            "deed": rule.deed.value,
            "due": self.due.count,
            "oldest": oldest.isoformat() if oldest else None,
            "done": self.done,
        }


def survey(rule: Rule, at: datetime) -> Outcome:
    """What is due under a rule; changes nothing."""
    kept_from = boundary(rule, local_date(at))
    return Outcome(rule, sum((one.due(kept_from) for one in RECORDS[rule.kind]), NOTHING))


def apply(rule: Rule, at: datetime, progress: Progress = lambda done, what: None) -> Outcome:
    """Delete or revoke what is due under a rule, unless it only reports."""
    found = survey(rule, at)
    if rule.deed is Deed.REPORT or not found.due.count:
        return found
    done, kept_from, trace = 0, boundary(rule, local_date(at)), _once_traced(found, at)
    for records in RECORDS[rule.kind]:
        for count in records.steps(kept_from, at, trace):
            done += count
            progress(done, rule.kind)
    return Outcome(rule, found.due, done)


def _once_traced(found: Outcome, at: datetime) -> Callable[[], None]:
    """Writes the ledger entry of a rule when it is called first."""
    written = False

    def trace() -> None:
        nonlocal written
        if not written:
            payload = {
                "kind": found.rule.kind,
                "deed": found.rule.deed.value,
                "due": found.due.count,
                "kept_from": boundary(found.rule, local_date(at)).isoformat(),
            }
            record(acts.RETENTION_APPLIED, at=at, payload=payload)
            written = True

    return trace


def run(
    at: datetime, *, apply_it: bool, progress: Progress = lambda done, what: None
) -> list[Outcome]:
    """Every rule in order: a survey, or with `apply_it` the deed."""
    return [apply(rule, at, progress) if apply_it else survey(rule, at) for rule in RULES]
