"""docs/personal-data.md from the tables in the code: classes, retention, permissions.

    python tools/personal_data.py [--check]

`--check` writes nothing and fails when the page is not what the tables say.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tongban.base.permissions import RULES as PERMISSIONS
from tongban.base.permissions import Permission
from tongban.web.data_classes import (
    PACKAGES,
    TABLE,
    UNSEALED,
    WITHOUT_PEOPLE,
    DataClass,
    class_of,
    columns,
    why,
)
from tongban.web.retention import RULES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "personal-data.md"
TEXTS = ROOT / "tools" / "personal_data.md"
# What staff may do that shows data about people.
SEEING = (
    Permission.OWN_SPACE,
    Permission.FOLLOW_CASE,
    Permission.READ_CASE,
    Permission.REVEAL_DATA,
    Permission.SERVE_PEOPLE,
    Permission.ANSWER_CORRECTION,
    Permission.ASK_EMERGENCY,
    Permission.ALLOW_EMERGENCY,
    Permission.READ_SECURITY_LOG,
)


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    return "\n".join([_row(*head), "|---" * len(head) + "|", *(_row(*row) for row in rows)])


def _fields(model: str, kind: DataClass) -> str:
    """The columns of a class, each with its word where it needs one."""
    said = {name: one for name, one in TABLE[model].items() if class_of(one) is kind}
    return ", ".join(f"{name} ({why(one)})" if why(one) else name for name, one in said.items())


def classes(package: bool) -> str:
    """Models with their columns by class; tables that hold public columns alone in one line."""
    rows: list[tuple[object, ...]] = []
    public = []
    for model in (model for model in TABLE if (model in PACKAGES) is package):
        found = {class_of(said) for said in TABLE[model].values()}
        if found <= {DataClass.PUBLIC, DataClass.INTERNAL}:
            public.append(model)
            continue
        kinds = (DataClass.SENSITIVE, DataClass.PERSONAL, DataClass.INTERNAL, DataClass.PUBLIC)
        rows.append((model, *(_fields(model, kind) for kind in kinds)))
    head = ("table", "sensitive", "personal", "internal", "public")
    nobody = public + sorted(WITHOUT_PEOPLE) if package else public
    return f"{_table(head, rows)}\n\nNothing about people: {', '.join(nobody)}."


def counts() -> str:
    number = Counter(kind for _model, _field, kind in columns())
    said = ", ".join(f"{number[kind]} {kind.value}" for kind in DataClass)
    return f"{sum(number.values())} columns in {len(TABLE)} tables: {said}."


def retention() -> str:
    rows: list[tuple[object, ...]] = [
        (rule.kind, rule.records, rule.keep_days, rule.since, rule.deed.value, rule.basis)
        for rule in RULES
    ]
    return _table(("rule", "records", "days", "counted from", "then", "basis"), rows)


def seeing() -> str:
    rows: list[tuple[object, ...]] = []
    for permission in SEEING:
        rule = PERMISSIONS[permission]
        conditions = {
            "never one's own": rule.not_own,
            "second factor": rule.second_factor,
            "reason": rule.reason,
        }
        asked = ", ".join(name for name, wanted in conditions.items() if wanted)
        reach = rule.reach.value.replace("_", " ")
        rows.append((", ".join(rule.roles) or "the person", rule.what, reach, asked))
    return _table(("who", "may", "reach", "on condition"), rows)


def unsealed() -> str:
    return "\n".join(f"- `{column}`: {reason}." for column, reason in UNSEALED.items())


def page() -> str:
    """The whole of docs/personal-data.md: the texts with the tables in their places."""
    parts = {
        "counts": counts(),
        "classes": classes(package=False),
        "packages": classes(package=True),
        "retention": retention(),
        "seeing": seeing(),
        "unsealed": unsealed(),
    }
    text = TEXTS.read_text(encoding="utf-8")
    for name, part in parts.items():
        place = f"<!-- {name} -->"
        if place not in text:
            raise ValueError(f"{TEXTS.name} has no place for {name}")
        text = text.replace(place, part)
    return text


def main(arguments: list[str]) -> int:
    if "--check" in arguments:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        if not same:
            print("docs/personal-data.md is old; run `make personal-data`", file=sys.stderr)
        return 0 if same else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
