"""What people are told: one table of kinds, with their texts. English here, Chinese in the catalogue.

A text is a line or more; a line whose facts are not all there is left out. Facts named `…_on`,
`until`, `…_until` are days (ISO 8601), `…_at` moments; a fact may hold a text for each language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FACT: Final = re.compile(r"%\((\w+)\)s")


class Topic(StrEnum):
    """What a person chooses channels for."""

    NOTICE = "notice"
    PROGRESS = "progress"
    APPOINTMENT = "appointment"
    DATA = "data"


class Channel(StrEnum):
    """Ways out of the account. The account itself is none of them: it gets everything."""

    EMAIL = "email"
    TEXT = "text"
    MINI_PROGRAM = "mini_program"


TOPICS: Final[dict[Topic, Promise]] = {
    Topic.NOTICE: _("Legal notices: acceptance, corrections, decisions, deadlines that move"),
    Topic.PROGRESS: _("Steps in between, and confirmations of what you did"),
    Topic.APPOINTMENT: _("Appointments and reminders"),
    Topic.DATA: _("Somebody saw more of your data than usual"),
}
CHANNELS: Final[dict[Channel, Promise]] = {
    Channel.EMAIL: _("E-mail"),
    Channel.TEXT: _("Text message"),
    Channel.MINI_PROGRAM: _("Mini-program"),
}
# For who has chosen nothing. A mini-program has to be joined first.
DEFAULTS: Final[dict[Topic, frozenset[Channel]]] = {
    Topic.NOTICE: frozenset({Channel.EMAIL, Channel.TEXT}),
    Topic.PROGRESS: frozenset({Channel.EMAIL}),
    Topic.APPOINTMENT: frozenset({Channel.EMAIL, Channel.TEXT}),
    Topic.DATA: frozenset({Channel.EMAIL}),
}


@dataclass(frozen=True)
class Kind:
    """A title that names nobody and nothing (it goes outside), and the text in the account.

    `legal`: a notice that the law wants to reach the person. `useful_hours`: after so long it does
    not go outside any more.
    """

    title: Promise
    lines: tuple[Promise, ...]
    topic: Topic
    legal: bool = False
    useful_hours: int | None = None
    needs: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        # The first line says what it is about: its facts must be there.
        object.__setattr__(self, "needs", facts_of(self.lines[0]))


def facts_of(line: Promise | str) -> frozenset[str]:
    """The names of the facts that a line holds."""
    return frozenset(FACT.findall(str(line)))


def _notice(title: Promise, *lines: Promise) -> Kind:
    return Kind(title, lines, Topic.NOTICE, legal=True)


def _progress(title: Promise, *lines: Promise) -> Kind:
    return Kind(title, lines, Topic.PROGRESS)


def _appointment(title: Promise, *lines: Promise, useful_hours: int | None = None) -> Kind:
    return Kind(title, lines, Topic.APPOINTMENT, useful_hours=useful_hours)


REASONS: Final = _("Reasons: %(reasons)s")
DECISION_BY: Final = _("The decision comes by %(due_on)s.")
REMEDIES: Final = _(
    "You can ask for administrative review until %(review_until)s (60 days), or go to court until"
    " %(suit_until)s (6 months)."
)
PLACE: Final = _("Where: %(office)s, %(address)s.")

KINDS: Final[dict[str, Kind]] = {
    "case.received": _notice(
        _("Application received"),
        _("%(organ)s has received your application %(number)s: %(item)s."),
        _(
            "You get an answer by %(due_on)s: accepted, or one list of what to correct. If you hear"
            " nothing until then, it counts as accepted."
        ),
        _("You promised to hand in later: %(papers)s."),
    ),
    "case.correction_requested": _notice(
        _("Please correct your application"),
        _(
            "%(organ)s asks you to correct application %(number)s: %(item)s. You are asked once only."
        ),
        _("What to correct: %(reasons)s"),
        _("Hand it in by %(until)s; after that the application counts as withdrawn."),
    ),
    "case.corrected": _progress(
        _("Correction received"),
        _("%(organ)s has your correction of application %(number)s: %(item)s."),
        _("You get an answer by %(due_on)s; if not, it counts as accepted."),
    ),
    "case.accepted": _notice(
        _("Application accepted"),
        _("%(organ)s has accepted your application %(number)s: %(item)s."),
        DECISION_BY,
        _(
            "Papers are still missing: %(papers)s. Hand them in by %(until)s, else the application"
            " counts as withdrawn."
        ),
    ),
    "case.accepted_by_silence": _notice(
        _("Application accepted by law"),
        _(
            "%(organ)s did not answer in time. By law application %(number)s counts as accepted from"
            " the day of its receipt: %(item)s."
        ),
        DECISION_BY,
        _(
            "Papers are still missing: %(papers)s. Hand them in by %(until)s, else the application"
            " counts as withdrawn."
        ),
    ),
    "case.refused": _notice(
        _("Application not accepted"),
        _("%(organ)s does not accept application %(number)s: %(item)s."),
        _("Ground: %(ground)s."),
        _("Turn to: %(competent)s"),
        REASONS,
        REMEDIES,
    ),
    "case.supplied": _progress(
        _("Missing paper received"),
        _("%(organ)s has what you handed in later for application %(number)s: %(item)s."),
    ),
    "case.extended": _notice(
        _("The time limit was extended"),
        _(
            "The head of %(organ)s has extended the limit of application %(number)s once, as the law"
            " allows: %(item)s."
        ),
        DECISION_BY,
        REASONS,
    ),
    "case.paused": _notice(
        _("A special procedure begins"),
        _("In application %(number)s (%(item)s) %(organ)s begins: %(procedure)s."),
        _("It takes until %(until)s at the latest. This time is not counted in the limit."),
        REASONS,
    ),
    "case.resumed": _notice(
        _("A special procedure has ended"),
        _("In application %(number)s (%(item)s) this has ended: %(procedure)s."),
        _("Result: %(reasons)s"),
        DECISION_BY,
    ),
    "case.wait_begun": _progress(
        _("A step of your case begins"),
        _("In application %(number)s (%(item)s) %(organ)s begins: %(procedure)s."),
        _("It is to take until %(until)s."),
        REASONS,
    ),
    "case.wait_ended": _progress(
        _("A step of your case has ended"),
        _("In application %(number)s (%(item)s) this has ended: %(procedure)s."),
        _("Result: %(reasons)s"),
    ),
    "case.approved": _notice(
        _("Your application is approved"),
        _("%(organ)s has approved application %(number)s: %(item)s."),
        _("The result is delivered by %(due_on)s."),
        REASONS,
    ),
    "case.denied": _notice(
        _("Your application is denied"),
        _("%(organ)s has denied application %(number)s: %(item)s."),
        REASONS,
        REMEDIES,
    ),
    "case.delivered": _notice(
        _("The decision was delivered"),
        _("%(organ)s has delivered the decision on application %(number)s: %(item)s."),
        _("How: %(how)s."),
    ),
    "case.withdrawn": _notice(
        _("Application withdrawn"),
        _(
            "Application %(number)s was withdrawn at your wish: %(item)s. Nothing more happens with it."
        ),
    ),
    "case.lapsed": _notice(
        _("Application counts as withdrawn"),
        _(
            "What application %(number)s (%(item)s) lacked was not handed in in time: it counts as"
            " withdrawn. You can apply again at any time."
        ),
    ),
    "case.terminated": _notice(
        _("Case ended without a decision"),
        _("%(organ)s has ended application %(number)s without a decision: %(item)s."),
        _("Ground: %(ground)s."),
        REASONS,
        REMEDIES,
    ),
    "case.revoked": _notice(
        _("An approval was revoked"),
        _("%(organ)s has revoked the approval of application %(number)s: %(item)s."),
        _("Ground: %(ground)s."),
        REASONS,
        REMEDIES,
    ),
    "case.commitment_retracted": _progress(
        _("Commitment taken back"),
        _(
            "You took back the commitment of application %(number)s (%(item)s): it is handled in the"
            " ordinary time."
        ),
        DECISION_BY,
    ),
    "case.commitment_confirmed": _notice(
        _("Commitment checked and found kept"),
        _("%(organ)s has checked the commitment of application %(number)s: %(item)s."),
        _("Result: %(reasons)s"),
    ),
    "case.repair_ordered": _notice(
        _("Commitment not kept: make good what is missing"),
        _("%(organ)s found that the commitment of application %(number)s (%(item)s) was not kept."),
        _("Make it good by %(until)s, else the approval is revoked."),
        REASONS,
    ),
    "case.due_moved": _notice(
        _("A deadline of your case has moved"),
        _(
            "The holiday notice came out: the days of application %(number)s (%(item)s) were counted"
            " anew."
        ),
        _("The next day is %(due_on)s."),
    ),
    "case.data_revealed": Kind(
        _("Your numbers were seen in full"),
        (
            _(
                "Somebody of %(organ)s opened the masked numbers of application %(number)s: %(item)s."
            ),
            REASONS,
        ),
        Topic.DATA,
    ),
    "case.emergency_allowed": Kind(
        _("Emergency access to your case"),
        (
            _("Somebody of another organ may read application %(number)s for a day: %(item)s."),
            REASONS,
        ),
        Topic.DATA,
    ),
    "appointment.booked": _appointment(
        _("Appointment booked"),
        _("%(begins_at)s: %(item)s."),
        PLACE,
        _("Code to check in with: %(code)s, from 30 minutes before."),
    ),
    "appointment.moved": _appointment(
        _("Appointment moved"),
        _("Now %(begins_at)s: %(item)s."),
        _("Before it was %(before_at)s."),
        PLACE,
        _("Your new code is %(code)s; the old one is no longer valid."),
    ),
    "appointment.cancelled": _appointment(
        _("Appointment cancelled"),
        _("Cancelled: %(begins_at)s, %(item)s. The time is free for somebody else."),
    ),
    "appointment.missed": _appointment(
        _("Appointment missed"),
        _("Nobody came: %(begins_at)s, %(item)s. You can come without an appointment at any time."),
    ),
    "appointment.reminder": _appointment(
        _("Your appointment is tomorrow"),
        _("%(begins_at)s: %(item)s."),
        PLACE,
        _("Code to check in with: %(code)s. If you can't come, cancel it until an hour before."),
        useful_hours=24,
    ),
}
