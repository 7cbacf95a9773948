"""Write the tables of docs/case-handling.md from the table of acts; the text around them stays.

python tools/case_handling.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from tongban.cases.rules.grounds import GROUNDS, SPECIAL, WAITS
from tongban.cases.rules.possible import CONDITIONS
from tongban.cases.rules.table import STEPS, State, Step

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "case-handling.md"
BEGIN, END = "<!-- begin {} -->\n", "<!-- end {} -->\n"


def acts() -> str:
    lines = [
        "| act | in the states | then | who | if | must be said | article |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_row(step) for step in STEPS)]) + "\n"


def _row(step: Step) -> str:
    cells = (
        f"`{step.act}`",
        ", ".join(step.starts) or "—",
        step.end.value if step.end else "as before",
        step.part.value,
        "; ".join(CONDITIONS[one][0] for one in step.conditions),
        ", ".join(one.value for one in step.inputs),
        step.article,
    )
    return "| " + " | ".join(cells) + " |"


def states() -> str:
    """What leads out of each state."""
    lines = ["| state | acts |", "|---|---|"]
    for state in State:
        found = dict.fromkeys(f"`{step.act}`" for step in STEPS if state in step.starts)
        lines.append(f"| {state.value} | {', '.join(found) or 'none: it is over'} |")
    return "\n".join(lines) + "\n"


def grounds() -> str:
    lines = ["| act | ground | article |", "|---|---|---|"]
    for act, found in GROUNDS.items():
        lines += [f"| `{act}` | `{ground}` | {article} |" for ground, article in found.items()]
    return "\n".join(lines) + "\n"


def procedures() -> str:
    lines = ["| procedure | the clock |", "|---|---|"]
    lines += [f"| `{kind}` | stands (art. 45) |" for kind in sorted(SPECIAL)]
    lines += [f"| `{kind}` | runs, unless the guide names a law |" for kind in WAITS]
    return "\n".join(lines) + "\n"


TABLES = {"acts": acts, "states": states, "grounds": grounds, "procedures": procedures}


def page(text: str) -> str:
    """The page with each table put anew between its marks."""
    for name, table in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        head, rest = text.split(begin)
        _old, tail = rest.split(end)
        text = head + begin + table() + end + tail
    return text


def main() -> int:
    held = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        if held != page(held):
            print("docs/case-handling.md is not up to date; run `make case-handling`")
            return 1
        return 0
    PAGE.write_text(page(held), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
