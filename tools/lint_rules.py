"""Write the table of lint's rules into docs/lint.md, between its two marks.

python tools/lint_rules.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from tongban.catalogue.lint.model import FAMILIES
from tongban.catalogue.lint.rules import RULES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lint.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def table() -> str:
    lines = []
    for letter, family in FAMILIES.items():
        lines += [f"\n### {letter}: {family}", "| code | severity | what | why | how to fix |"]
        lines.append("|---|---|---|---|---|")
        for rule in RULES:
            if rule.code[0] == letter:
                cells = (f"{zh}<br>{en}" for zh, en in (rule.message, rule.source, rule.fix))
                lines.append(f"| {rule.code} | {rule.severity} | {' | '.join(cells)} |")
    return "\n".join(lines).strip() + "\n"


def page() -> str:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
