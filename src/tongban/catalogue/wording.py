"""How the catalogue's facts are said to people, in the language of the page."""

from __future__ import annotations

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from tongban.catalogue.codes import KINDS
from tongban.catalogue.guide_schema import Limit, Text

AUDIENCE_LABELS = {
    "natural_person": lambda: _("Residents"),
    "enterprise": lambda: _("Enterprises"),
    "public_institution": lambda: _("Public institutions"),
    "social_organisation": lambda: _("Social organisations"),
    "administrative_organ": lambda: _("Government organs"),
    "other_organisation": lambda: _("Other organisations"),
}
FORM_LABELS = {
    "counter": lambda: _("at the counter"),
    "web": lambda: _("online"),
    "mobile": lambda: _("on the phone"),
    "post": lambda: _("by post"),
    "other": lambda: _("another way"),
}
# 网上办理深度: `guide_schema.record.online_depth`.
DEPTH_LABELS = {
    "4": lambda: _("All online, no visit"),
    "3": lambda: _("Accepted online"),
    "2": lambda: _("Handed in online"),
    "1": lambda: _("Asked about online"),
    "0": lambda: _("At a counter only"),
}
HOW_LABELS = {
    "upload": lambda: _("Upload"),
    "shared": lambda: _("Shared data, nothing to hand in"),
    "on_file": lambda: _("On file"),
    "bring": lambda: _("Bring the original"),
}
NECESSITY_LABELS = {
    "required": lambda: _("Required"),
    "not_required": lambda: _("Only if it applies"),
    "to_follow": lambda: _("May follow later"),
}


def in_chinese() -> bool:
    return not (get_language() or "").startswith("en")


def said(text: Text | None) -> str:
    """A bilingual text in the language of the page, "" for none."""
    if text is None:
        return ""
    return text.zh if in_chinese() else text.en or text.zh


def limit_words(value: int, unit: str) -> str:
    """A time limit in words: `5 个工作日`, `on the spot`."""
    if unit == "on_the_spot":
        return _("on the spot")
    words = {
        "working_day": ngettext("%(n)d working day", "%(n)d working days", value),
        "day": ngettext("%(n)d day", "%(n)d days", value),
        "month": ngettext("%(n)d month", "%(n)d months", value),
        "year": ngettext("%(n)d year", "%(n)d years", value),
        "hour": ngettext("%(n)d hour", "%(n)d hours", value),
    }
    return words[unit] % {"n": value} if unit in words else ""


def limit_of(limit: Limit | None) -> str:
    """A limit in words, "" where it is not known."""
    return "" if limit is None else limit_words(limit.value, limit.unit)


def visits_words(visits: int | None) -> str:
    """How often somebody has to come in person, "" where that is not known."""
    if visits is None:
        return ""
    if visits == 0:
        return _("no visit")
    return ngettext("%(n)d visit", "%(n)d visits", visits) % {"n": visits}


def kind_label(kind: str) -> str:
    names = KINDS.get(kind)
    if names is None:
        return ""
    return names[0] if in_chinese() else names[1].capitalize()


def labels(table: dict, keys: tuple[str, ...]) -> list[str]:  # type: ignore[type-arg]
    return [table[key]() for key in keys if key in table]
