"""Bringing tallies up to date: beside the server, and before a command reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tongban.assessment.models import TalliedUpto
from tongban.assessment.services.surveying import add_up, survey, survey_all
from tongban.assessment.services.tallying import MOST, tally, tally_all
from tongban.base.clocks import utc_now

SURVEY_AGAIN: Final = timedelta(minutes=10)
# The more at once, the less often a history is read: when all is counted anew.
EVENTS_AT_ONCE = 100_000
# So many events in one transaction beside the server, so often in a round; items in a round.
EVENTS_A_TIME, TIMES, ITEMS_A_ROUND = 5_000, 12, 2_000


@dataclass(frozen=True)
class Refreshed:
    events: int
    items: int


def refresh(*, at: datetime | None = None, whole: bool = False) -> Refreshed:
    """Count all new events; look at changed items when that was not done for ten minutes."""
    moment = at or utc_now()
    events = tally_all(most=EVENTS_AT_ONCE if whole else MOST, at=moment)
    return Refreshed(events, survey_all(at=moment) if whole or _is_due(moment) else 0)


def refresh_a_little() -> Refreshed:
    """One round of both: what `tongban serve` does once a minute."""
    events = items = 0
    for _time in range(TIMES):
        counted = tally(EVENTS_A_TIME)
        events += counted
        if counted < EVENTS_A_TIME:
            break
    if _is_due(utc_now()):
        items = survey(ITEMS_A_ROUND)
        if items < ITEMS_A_ROUND:
            add_up()
    return Refreshed(events, items)


def _is_due(moment: datetime) -> bool:
    upto = TalliedUpto.objects.filter(id=1).first()
    return upto is None or upto.surveyed_at is None or upto.surveyed_at < moment - SURVEY_AGAIN
