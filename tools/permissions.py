"""Write docs/permissions.md: who may do what, and which address needs which permission.

python tools/permissions.py [--check]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import django
from django.urls import URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "permissions.md"
HEAD = """# Permissions
Written by `make permissions` from `src/tongban/base/permissions.py` and the addresses of the site; a
test refuses a page that is not up to date. What the table does not list, nobody may: an address that
names no permission is closed to all.

A permission is held through a **post** (role x organ; a substitute has the posts of who is away, on
the days of the absence) or through a **relation** to the object. *Reach* says which objects: public;
one's own and those of whom one acts for; those of the organs of the post; of their regions; any.
Objects out of reach don't exist for who asks (404). *Not one's own*: never in a case, request or post
of oneself, of an enterprise one represents, or of somebody one acts for. *Second factor*: the session
has shown one within four hours. *Reason*: written down, and read by the person concerned.

"""
REACHES = {
    "public": "public",
    "own": "own, and of whom one acts for",
    "own_organ": "organs of the post",
    "own_region": "regions of the post",
    "any": "any",
    "system": "organs that a system may report for",
}


def addresses(resolver: URLResolver, before: str = ""):
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        else:
            yield route, pattern.callback


def rules_table() -> list[str]:
    from tongban.base.permissions import ROLES, RULES

    lines = [
        f"| permission | what | anybody signed in | {' | '.join(ROLES)} | reach | not one's own |"
        " second factor | reason |",
        "|---|---|---|" + "---|" * (len(ROLES) + 4),
    ]
    for permission, rule in RULES.items():
        anybody = "yes" if not rule.roles and rule.reach != "system" else ""
        roles = ["yes" if role in rule.roles else "" for role in ROLES]
        marks = [rule.not_own, rule.second_factor, rule.reason]
        cells = [f"`{permission}`", rule.what, anybody, *roles, REACHES[rule.reach]]
        lines.append("| " + " | ".join([*cells, *("yes" if mark else "" for mark in marks)]) + " |")
    return lines


def addresses_table() -> list[str]:
    from tongban.base.permissions import permission_of

    lines = ["| address | permission |", "|---|---|"]
    for route, view in sorted(addresses(get_resolver()), key=lambda one: one[0]):
        permission = permission_of(view)
        if permission is None:
            assert route.startswith("api/"), route
            permission = "visit"
        lines.append(f"| `/{route}` | `{permission}` |")
    return lines


def page() -> str:
    parts = ["## Rules", *rules_table(), "", "## Addresses", *addresses_table(), ""]
    return HEAD + "\n".join(parts)


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["TONGBAN_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.web.settings"
        django.setup()
        text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/permissions.md is not up to date; run `make permissions`")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
