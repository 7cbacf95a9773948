"""Bring the translation catalogues up to date with the sources, and say what is missing.

    python tools/messages.py [--check]

Texts are taken from Python and templates; translations that are there stay; a text that is gone
goes. `--check` changes nothing and fails when a catalogue is not up to date or not complete.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation import template as django_template

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "tongban"
LOCALE = SOURCE / "web" / "locale"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    # Meanings in `ledger/payloads.py`, translated where they are shown.
    "_text": None,
    "Part": (2,),
}


def texts() -> Catalog:
    """Every text of the sources, with the files it stands in (no line numbers: they only churn)."""
    catalog = Catalog(project="tongban", charset="utf-8")
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            code = path.read_bytes()
        elif path.suffix == ".html" or (path.suffix == ".txt" and "templates" in path.parts):
            # Django fills what is no text with letters; without indentation that reads as Python.
            filled = django_template.templatize(path.read_text(encoding="utf-8"))
            code = "\n".join(line.strip() for line in filled.splitlines()).encode()
        else:
            continue
        where = str(path.relative_to(ROOT))
        for _line, message, _comments, _context in extract(
            "python", io.BytesIO(code), keywords=KEYWORDS
        ):
            catalog.add(message, locations=[(where, None)], flags=_flags(message))
    return catalog


def _flags(message: str | tuple[str, ...]) -> list[str]:
    first = message if isinstance(message, str) else message[0]
    return ["python-format"] if "%(" in first else []


def configure() -> None:
    import django
    from django.conf import settings

    settings.configure(USE_I18N=True)
    django.setup()


def updated(language: str, found: Catalog) -> Catalog:
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if path.exists():
        catalog = read_po(io.BytesIO(path.read_bytes()), locale=language)
    else:
        catalog = Catalog(locale=language, project="tongban", charset="utf-8")
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def written(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, omit_header=False, sort_output=True, width=100)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if "-Date:" not in line).encode()


def untranslated(catalog: Catalog) -> list[str]:
    missing = []
    for message in catalog:
        if not message.id:
            continue
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(strings):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def main() -> int:
    check = "--check" in sys.argv
    configure()
    found = texts()
    catalog = updated("zh_Hans", found)
    path = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
    missing = untranslated(catalog)
    for text in missing:
        print(f"no Chinese yet: {text}")
    if check:
        stale = not path.exists() or path.read_bytes() != written(catalog)
        if stale:
            print("zh_Hans/django.po is not up to date; run `make messages`")
        return 1 if stale or missing else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(catalog))
    print(f"{len(catalog)} texts, {len(missing)} without Chinese")
    return 0


if __name__ == "__main__":
    sys.exit(main())
