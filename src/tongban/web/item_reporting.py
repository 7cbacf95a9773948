"""What `tongban items …` does and prints once Django is set up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from tongban.base.tables import LoadReport
from tongban.catalogue.api import checked_region
from tongban.catalogue.importing import ImportRefused, import_items
from tongban.catalogue.interchange.exporting import export_items
from tongban.catalogue.lint.reporting import (
    LintReport,
    read_baseline,
    rule_as_json,
    sarif,
    write_baseline,
)
from tongban.catalogue.lint.rules import BY_CODE, RULES, unjudged_parts
from tongban.catalogue.lint.running import check, items_to_check, subjects_of
from tongban.catalogue.search.index import exists, rebuild
from tongban.catalogue.services.proposals import publish_due
from tongban.directory.models import Region
from tongban.directory.services.calendar import seed_calendar
from tongban.directory.services.regions import PACKAGED, load_divisions
from tongban.web.cli import end_progress, print_json
from tongban.web.reporting import print_report
from tongban.web.wording import width

Progress = Callable[[int, str], None]


def import_and_index(
    path: Path, *, form: str, source: str, partial: bool, as_json: bool, progress: Progress
) -> LoadReport:
    """Import a file and bring the index up to date; print the report also when it is refused."""
    if not Region.objects.exists():
        load_divisions(PACKAGED, progress=progress)
    seed_calendar()
    try:
        report = import_items(path, form=form, source=source, partial=partial, progress=progress)
    except ImportRefused as refusal:
        end_progress()
        print_report(refusal.report, as_json=as_json)
        raise
    if report.created or report.updated or not exists():
        rebuild(lambda done: progress(done, "search index"))
    end_progress()
    print_report(report, as_json=as_json)
    return report


def export_to(out: Path | None, *, form: str, region: str, progress: Progress) -> int:
    """Write an export to a file, whole or not at all, or to stdout."""
    code = checked_region(region)
    if out is None:
        count = export_items(sys.stdout, form=form, region=code, progress=progress)
    else:
        unfinished = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as sink:
                count = export_items(sink, form=form, region=code, progress=progress)
            os.replace(unfinished, out)
        finally:
            unfinished.unlink(missing_ok=True)
    end_progress()
    click.echo(f"{count:,} items written", err=True)
    return count


GRAVER = {
    "error": ("error",),
    "warning": ("error", "warning"),
    "note": ("error", "warning", "note"),
}
ORGANS_SHOWN, EXAMPLES_SHOWN = 10, 3


def lint_to(
    out: Path | None,
    *,
    region: str,
    organ: str,
    form: str,
    baseline: Path | None,
    new_baseline: Path | None,
    fail_on: str,
    progress: Progress,
) -> LintReport:
    """Check the items of a region; exit 1 when something as grave as `fail_on` was found."""
    known = read_baseline(baseline) if baseline else frozenset()
    report = LintReport(known=known)
    fingerprints: set[str] = set()
    for subject, findings in check(subjects_of(items_to_check(checked_region(region), organ))):
        report.add(subject, findings)
        if new_baseline:
            fingerprints.update(finding.fingerprint for finding in findings)
        if report.items % 2_000 == 0:
            progress(report.items, "items")
    end_progress()
    if new_baseline:
        write_baseline(new_baseline, fingerprints)
    if form == "text":
        text = _lint_text(report)
    else:
        document = sarif(report) if form == "sarif" else report.as_json()
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    if any(report.by_severity[one] for one in GRAVER.get(fail_on, ())):
        sys.exit(1)
    return report


def _lint_text(report: LintReport) -> str:
    """What a head of department acts on: how many of each finding, examples, the worst organs."""
    severities = ", ".join(f"{report.by_severity[one]:,} {one}s" for one in GRAVER["note"])
    lines = [f"{report.items:,} items, {report.guides:,} guides: {severities}"]
    if report.known:
        gone = len(report.known - report.seen_known)
        lines.append(
            f"{len(report.seen_known):,} known from the baseline; {gone:,} of it are mended"
        )
    for source in sorted(report.sources):
        if parts := unjudged_parts(source):
            lines.append(f"not judged, because {source} has no such column: {', '.join(parts)}")
    for code, count in report.by_rule.most_common():
        rule = BY_CODE[code]
        lines.append(f"\n{code} {rule.severity:8}{count:7,}  {rule.message[0]} · {rule.message[1]}")
        lines.append(f"    {rule.source[0]} → {rule.fix[0]}")
        shown = [finding for finding in report.findings if finding.rule.code == code]
        for finding in shown[:EXAMPLES_SHOWN]:
            lines.append(f"    {finding.item} {finding.path}: {finding.detail}".rstrip(": "))
    lines.append("\nscore  items  errors  warnings  organ")
    for organ in report.worst_organs[:ORGANS_SHOWN]:
        name = organ.name + " " * max(1, 40 - width(organ.name))
        lines.append(
            f"{organ.score:5.1f}{organ.items:7,}{organ.findings['error']:8,}"
            f"{organ.findings['warning']:10,}  {name}{organ.code}"
        )
    return "\n".join(lines) + "\n"


def print_rules(*, as_json: bool) -> None:
    if as_json:
        print_json({"rules": [rule_as_json(rule) for rule in RULES]})
        return
    for rule in RULES:
        click.echo(f"{rule.code} {rule.severity:8} {rule.message[0]} · {rule.message[1]}")
        click.echo(f"    {rule.source[0]} → {rule.fix[0]}")


def publish_due_now(*, as_json: bool) -> None:
    """Publish what is due; exit 1 when something could not be."""
    done, failed = publish_due()
    if done:
        rebuild()
    if as_json:
        print_json({"published": done, "failed": failed})
    else:
        click.echo(f"{done} guides came in force")
    for line in failed:
        click.echo(line, err=True)
    if failed:
        sys.exit(1)
