"""JSON Lines: one item a line, the whole form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from tongban.base.tables import LoadReport, lines_of
from tongban.catalogue.interchange.form import FormError, ItemForm, form_of
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes


def write(items: Iterable[ItemForm], out: TextIO) -> int:
    done = 0
    for item in items:
        done += 1
        out.write(json.dumps(item.as_json(), ensure_ascii=False, separators=(",", ":")) + "\n")
    return done


def read(path: Path, report: LoadReport) -> Iterator[Incoming]:
    """The items of a file; a line that is none is noted and left out."""
    for number, line in enumerate(lines_of(path), start=1):
        if not line.strip():
            continue
        report.read += 1
        try:
            content = json.loads(line)
            if not isinstance(content, dict):
                raise ValueError("not an object")
            form = form_of(content)
        except FormError as problem:
            report.note(number, problem.field, problem.code, problem.detail)
            continue
        except ValueError as problem:
            report.note(number, "", "not_json", f"the line can't be read: {problem}")
            continue
        note_odd_codes(number, form, "code", report)
        yield Incoming(number, form)
