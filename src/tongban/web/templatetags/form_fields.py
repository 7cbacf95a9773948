"""Widgets of Django forms with the classes and descriptions of our pages."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()
BARE = ("checkbox", "radioselect", "checkboxselectmultiple")


@register.filter
def described(field: BoundField) -> SafeString:
    """The widget, tied to its hint and its error for screen readers."""
    attributes: dict[str, str | bool] = {"placeholder": ""}
    if field.widget_type not in BARE:
        attributes["class"] = "input"
    described_by = []
    if field.help_text:
        described_by.append(f"{field.auto_id}-hint")
    if field.errors:
        described_by.append(f"{field.auto_id}-error")
        attributes["aria-invalid"] = "true"
    if described_by:
        attributes["aria-describedby"] = " ".join(described_by)
    return field.as_widget(attrs=attributes)
