"""Why a figure is marked or withheld, and what is counted, in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.assessment.live.figures import CASES_ENOUGH, CASES_LEAST, Figure, Reason, State

UNITS: Final = {
    "items": gettext_lazy("items"),
    "levels": gettext_lazy("levels"),
    "codes": gettext_lazy("basic codes"),
    "points": gettext_lazy("points"),
    "guides": gettext_lazy("guides"),
    "cases": gettext_lazy("cases"),
    "ratings": gettext_lazy("ratings"),
    "consultations": gettext_lazy("consultations"),
    "materials": gettext_lazy("materials"),
}
STATES: Final = {
    State.FULL: gettext_lazy("full"),
    State.MARKED: gettext_lazy("to be read with care"),
    State.WITHHELD: gettext_lazy("withheld"),
    State.NONE: gettext_lazy("no data"),
}


def reasons(one: Figure) -> list[str]:
    """Each reason as a sentence."""
    return [_reason(reason, one) for reason in one.reasons]


def _reason(reason: Reason, one: Figure) -> str:
    share, age = f"{100 * one.coverage:.0f}", f"{one.age_days or 0:.0f}"
    if reason is Reason.NO_SOURCE:
        return _("Nothing of the kind is counted on this platform yet.")
    if reason is Reason.NOTHING:
        return _("There is nothing to count in this period.")
    if reason is Reason.NO_PEERS:
        return _("Fewer than three places of the same level have lists to compare with.")
    if reason is Reason.FEW:
        return _("Only %(count)d cases; from %(enough)d on it says more.") % {
            "count": one.all, "enough": CASES_ENOUGH,
        }  # fmt: skip
    if reason is Reason.VERY_FEW:
        return _("Fewer than %(least)d cases: no share is given.") % {"least": CASES_LEAST}
    if reason is Reason.COVERAGE:
        return _("Only %(share)s %% of what should be counted is there.") % {"share": share}
    if reason is Reason.OLD:
        if one.age_days is None:
            return _("It was never counted.")
        return _("It was last counted %(days)s days ago.") % {"days": age}
    return _("The parts don't fit together: more was counted than there is.")
