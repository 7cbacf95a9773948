"""Filters for the readable export: `{{ name|label:key }}`, `{{ value|shown:key }}`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from tongban.web.my_data_words import label, shown

register = template.Library()
register.filter("label", label)
register.filter("shown", shown)


@register.filter
def shape(value: Any) -> str:
    """How a value is laid out: "table", "list" or "text"."""
    if isinstance(value, Mapping):
        return "table"
    return "list" if isinstance(value, list) else "text"


@register.filter
def pairs(value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Keys and values; `value.items` would be the key "items" where there is one."""
    return value.items()
