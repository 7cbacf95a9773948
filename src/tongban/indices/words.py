"""A sentence in two languages that is text like any other: English, with the Chinese beside it."""

from __future__ import annotations


class Said(str):
    """English text; `zh` says the same in Chinese."""

    zh: str

    def __new__(cls, en: str, zh: str) -> Said:
        made = super().__new__(cls, en)
        made.zh = zh
        return made


def in_words(text: str, language: str) -> str:
    """The text in a language (`en`, `zh-hans`); what has one language only is given as it is."""
    return text.zh if language.startswith("zh") and isinstance(text, Said) else str(text)
