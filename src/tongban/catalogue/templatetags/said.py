"""Template filters: `{{ text|said }}` in the page's language, `{{ table|of:key }}`."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from tongban.catalogue.wording import said

register = template.Library()
register.filter("said", said)


@register.filter
def of(table: Mapping[str, object], key: str) -> object:
    """The entry of a mapping, the key itself when there is none."""
    return table.get(key, key)
