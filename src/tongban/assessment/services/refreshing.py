"""Bringing tallies up to date: beside the server, and before a command reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tongban.assessment.models import TalliedUpto
from tongban.assessment.services.surveying import add_up, survey, survey_all
from tongban.assessment.services.tallying import tally, tally_all
from tongban.base.clocks import utc_now

SURVEY_AGAIN: Final = timedelta(minutes=10)
# So many events and items in one round beside the server: others write in between.
EVENTS_A_ROUND, ITEMS_A_ROUND = 5_000, 500


@dataclass(frozen=True)
class Refreshed:
    events: int
    items: int


def refresh(*, at: datetime | None = None, whole: bool = False) -> Refreshed:
    """Count all new events; look at changed items when that was not done for ten minutes."""
    moment = at or utc_now()
    events = tally_all(at=moment)
    return Refreshed(events, survey_all(at=moment) if whole or _is_due(moment) else 0)


def refresh_a_little() -> Refreshed:
    """One round of both: what `tongban serve` does once a minute."""
    events = tally(EVENTS_A_ROUND)
    items = 0
    if _is_due(utc_now()):
        items = survey(ITEMS_A_ROUND)
        if items < ITEMS_A_ROUND:
            add_up()
    return Refreshed(events, items)


def _is_due(moment: datetime) -> bool:
    upto = TalliedUpto.objects.filter(id=1).first()
    return upto is None or upto.surveyed_at is None or upto.surveyed_at < moment - SURVEY_AGAIN
