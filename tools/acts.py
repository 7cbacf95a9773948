"""Write docs/acts.md: every kind of act, what its payload holds, and who writes it down.

python tools/acts.py [--check]
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "acts.md"
HEAD = """# Acts
Written by `make acts` from `src/tongban/ledger/acts.py`, `payloads.py` and the services themselves; a
test refuses a page that is not up to date.

Each act appends one entry to the [ledger](ledger.md). Its public leaf says when, which kind, which
organ, region and item, and an opaque reference. The payload below stays behind a salted commitment;
a resident's receipt opens it. *(may be missing)* is what not every entry of the kind has. Kinds are
never renamed and parts never change their meaning: entries quote them for ever.

"""
TYPES = {"str": "text", "int": "number", "bool": "yes or no", "list": "list", "dict": "object"}


def page() -> str:
    """The whole page."""
    from tongban.ledger import payloads
    from tongban.ledger.acts import ACTS
    from tongban.ledger.traces import TRACED

    writers: dict[str, list[str]] = {}
    for name, kinds in sorted(TRACED.items()):
        for kind in kinds:
            writers.setdefault(kind, []).append(name.removeprefix("tongban."))
    lines = ["| act | name | payload | written by |", "|---|---|---|---|"]
    for kind, name in sorted(ACTS.items()):
        parts = [
            f"`{part}` {TYPES[one.kind.__name__]}: {one.meaning}"
            + (" *(may be missing)*" if one.optional else "")
            for part, one in payloads.PAYLOADS[kind].items()
        ]
        public = " **Public.**" if kind in payloads.PUBLIC else ""
        by = "<br>".join(f"`{one}`" for one in writers.get(kind, ["web.retention_run.run"]))
        lines.append(f"| `{kind}` | {name} | {'<br>'.join(parts)}{public} | {by} |")
    reasons = tongban_untraced()
    lines += ["", "## What leaves no entry", "| function | why |", "|---|---|", *reasons, ""]
    return HEAD + "\n".join(lines)


def tongban_untraced() -> list[str]:
    from tongban.ledger.traces import UNTRACED

    names = {name.removeprefix("tongban."): why for name, why in UNTRACED.items()}
    return [f"| `{name}` | {why} |" for name, why in sorted(names.items())]


def import_everything() -> None:
    """So that every service has registered itself."""
    import tongban

    for found in pkgutil.walk_packages(tongban.__path__, "tongban."):
        if not found.name.endswith((".wsgi", ".settings", "__main__")):
            importlib.import_module(found.name)


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["TONGBAN_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.web.settings"
        django.setup()
        from django.utils.translation import override

        import_everything()
        with override("en"):
            text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/acts.md is not up to date; run `make acts`")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
