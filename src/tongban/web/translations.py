"""Compiling the translation catalogues (.po, the source) to what Django reads (.mo, derived)."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"


def compile_translations() -> int:
    """Write the .mo of every .po that is newer; returns how many were written."""
    written = 0
    for source in LOCALE.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as catalogue, target.open("wb") as compiled:
            write_mo(compiled, read_po(catalogue, locale=source.parts[-3]))
        written += 1
    return written


if __name__ == "__main__":
    compile_translations()
