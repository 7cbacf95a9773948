"""Formats that hold less than a record: what they can't say travels beside, what they say wins.

`project` writes a record in a format's words, `parse` reads those words. What parsing does not give
back is the remainder. When somebody edits the words, the edited words win over the remainder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Record = dict[str, Any]
Words = Mapping[str, Any]


def remainder_of(record: Record, parsed: Record) -> Record:
    """Top-level parts of the record that parsing its words gives back otherwise, or not at all.

    A part that parsing makes up is marked with None.
    """
    rest = {name: value for name, value in record.items() if parsed.get(name) != value}
    return rest | {name: None for name in parsed if name not in record}


def merged(
    words: Words,
    rest: Record,
    *,
    project: Callable[[Record], Words],
    parse: Callable[[Words], Record],
    depends: Mapping[str, tuple[str, ...]],
) -> tuple[Record, list[str]]:
    """The record of words and remainder, and the parts of the remainder that the words contradict.

    `depends` names for each word the parts of the record that it tells of.
    """
    parsed = parse(words)
    record = {name: value for name, value in {**parsed, **rest}.items() if value is not None}
    if not rest:
        return record, []
    said = project(record)
    edited = {
        part
        for word, parts in depends.items()
        if (said.get(word) or "") != (words.get(word) or "")
        for part in parts
        if part in rest
    }
    for part in edited:
        record.pop(part, None)
        if part in parsed:
            record[part] = parsed[part]
    return record, sorted(edited)
