"""The table of security requirements (OWASP ASVS 5.0, levels 1 and 2): counts, and a page of it.

    python tools/asvs.py [--check]

Prints how many requirements of each chapter are met, planned, open, not applicable, and writes
docs/security/asvs.md from docs/security/asvs-5.0-level-2.csv. `--check` writes nothing and fails
when the page is not what the table says.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "security" / "asvs-5.0-level-2.csv"
PAGE = ROOT / "docs" / "security" / "asvs.md"
STATUSES = ("met", "planned", "open", "not applicable")
COLUMNS = ("req_id", "level", "status", "where", "test", "why", "topic")
CHAPTERS = {
    "V1": "Encoding, sanitising",
    "V2": "Validation, business logic",
    "V3": "In the browser",
    "V4": "API, HTTP",
    "V5": "Files",
    "V6": "Sign-in",
    "V7": "Sessions",
    "V8": "Permissions",
    "V9": "Self-contained tokens",
    "V10": "OAuth, OpenID",
    "V11": "Cryptography",
    "V12": "Transport",
    "V13": "Configuration",
    "V14": "Data protection",
    "V15": "Code, components",
    "V16": "Logs, errors",
    "V17": "WebRTC",
}
HEAD = """\
# OWASP ASVS 5.0, levels 1 and 2

Written by `make asvs` from [the table](asvs-5.0-level-2.csv); change that, not this page. What a
requirement says in full: [ASVS 5.0](https://github.com/OWASP/ASVS/tree/v5.0.0). **met**: the file
named does it, and the test named fails when it breaks. **planned**: being built. **open**: nobody
is at it yet.
"""


@dataclass(frozen=True)
class Row:
    """One requirement. `where` and `test` name `path` or `path::name`, several with `; `."""

    req_id: str
    level: str
    status: str
    where: str
    test: str
    why: str
    topic: str

    @property
    def chapter(self) -> str:
        return self.req_id.split(".")[0]


def read_table(path: Path = TABLE) -> list[Row]:
    """The rows in the order of the file. Raises ValueError when the columns are others."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: the columns must be {', '.join(COLUMNS)}")
        return [Row(**row) for row in reader]


def places(text: str) -> list[str]:
    """The places that a `where` or a `test` names."""
    return [part.strip() for part in text.split(";") if part.strip()]


@lru_cache(maxsize=256)
def _names(path: Path) -> frozenset[str]:
    """Functions, classes, methods (`Class.method`) and constants of a Python file."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        found |= _defined(node)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _defined(inner)}
    return frozenset(found)


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    return {target.id for target in targets if isinstance(target, ast.Name)}


def exists(place: str, root: Path = ROOT) -> bool:
    """Whether the file is there and, for `path::name`, the name in it."""
    file, _separator, name = place.partition("::")
    path = root / file
    return path.is_file() and (not name or name in _names(path))


def faults(rows: list[Row], wanted: list[tuple[str, str]], root: Path = ROOT) -> list[str]:
    """What is wrong with the table; `wanted` are the ids with their levels, in order."""
    found = []
    if [(row.req_id, row.level) for row in rows] != wanted:
        listed, ids = Counter(row.req_id for row in rows), dict(wanted)
        found += [f"{one}: missing" for one in ids if one not in listed]
        found += [f"{one}: no such requirement" for one in listed if one not in ids]
        found += [f"{one}: {count} times" for one, count in listed.items() if count > 1]
        found = found or ["ids or levels are not those of the standard, or in another order"]
    for row in rows:
        found += [f"{row.req_id}: {fault}" for fault in _faults_of(row, root)]
    return found


def _faults_of(row: Row, root: Path) -> list[str]:
    found = [
        f"{place} is not there"
        for place in places(row.where) + places(row.test)
        if not exists(place, root)
    ]
    if any("::test_" not in place for place in places(row.test)):
        found.append("test must name a test function, path::test_name")
    if row.status not in STATUSES:
        found.append(f"status {row.status!r} is none of {', '.join(STATUSES)}")
    if row.status == "met" and not (row.where or row.test):
        found.append("met, but neither where nor test is named")
    if not row.topic or not row.why:
        found.append("topic and why must be filled in")
    return found


# What is written and printed


def counts(rows: list[Row]) -> list[tuple[str, Counter[str]]]:
    """Chapter (or "all") and its requirements by status."""
    by_chapter = groupby(rows, key=lambda row: row.chapter)
    table = [(chapter, Counter(row.status for row in group)) for chapter, group in by_chapter]
    return [*table, ("all", Counter(row.status for row in rows))]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _link(place: str) -> str:
    file, _separator, name = place.partition("::")
    return f"[{name or Path(file).name}](../../{file})"


def _line(row: Row) -> str:
    seen = " ".join(_link(place) for place in places(row.where))
    test = " ".join(_link(place) for place in places(row.test))
    cells = (row.req_id, row.level, _cell(row.topic), row.status, seen, test, _cell(row.why))
    return f"| {' | '.join(cells)} |"


def page(rows: list[Row]) -> str:
    """The whole of docs/security/asvs.md."""
    parts = [HEAD, f"| chapter | {' | '.join(STATUSES)} |\n|---|{'---:|' * len(STATUSES)}"]
    for chapter, count in counts(rows):
        name = f"{chapter} {CHAPTERS.get(chapter, '')}".strip()
        parts.append(f"| {name} | {' | '.join(str(count[status]) for status in STATUSES)} |")
    for chapter, group in groupby(rows, key=lambda row: row.chapter):
        parts += [f"\n## {chapter} {CHAPTERS[chapter]}"]
        parts += ["| id | level | about | status | where | test | why |", "|---" * 7 + "|"]
        parts += [_line(row) for row in group]
    return "\n".join(parts) + "\n"


def summary(rows: list[Row]) -> str:
    lines = [f"{'':32}" + "".join(f"{status:>16}" for status in STATUSES)]
    for chapter, count in counts(rows):
        name = f"{chapter:5}{CHAPTERS.get(chapter, '')}"
        lines.append(f"{name:32}" + "".join(f"{count[status]:16}" for status in STATUSES))
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    rows = read_table()
    print(summary(rows))
    if "--check" in arguments:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page(rows)
        if not same:
            print("docs/security/asvs.md is old; run `make asvs`", file=sys.stderr)
        return 0 if same else 1
    PAGE.write_text(page(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
