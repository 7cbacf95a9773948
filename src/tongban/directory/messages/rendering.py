"""From a kind and its facts to a text in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from tongban.directory.messages.kinds import KINDS, facts_of
from tongban.directory.wording import day_words, moment_words


@dataclass(frozen=True)
class Said:
    """A message as it is read: the title, and the lines of its text."""

    title: str
    lines: tuple[str, ...]


def in_every_language(text: Promise | str) -> dict[str, str]:
    """A label in all languages of the site, to be kept among the facts of a message."""
    said = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said[code] = str(text)
    return said


def render(kind: str, facts: Mapping[str, Any]) -> Said:
    """The message in the language that is active. Raises KeyError for a kind that is not known."""
    told = KINDS[kind]
    words = {name: _word(name, value) for name, value in facts.items() if value}
    lines = (str(line) for line in told.lines if facts_of(line) <= words.keys())
    return Said(str(told.title), tuple(line % words for line in lines))


def _word(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get(translation.get_language()) or value.get(settings.LANGUAGE_CODE, ""))
    if name.endswith("until") or name.endswith("_on"):
        return day_words(date.fromisoformat(value))
    if name.endswith("_at"):
        return moment_words(datetime.fromisoformat(value))
    return str(value)
