"""Tables of the room: drafts, cases, events, files; offices, appointments, tickets."""

from tongban.cases.models.appointments import (
    Booking,
    Counter,
    Office,
    OfficeHours,
    OfficeService,
    Ticket,
)
from tongban.cases.models.bundles import BundleFiling, BundlePart
from tongban.cases.models.cases import (
    LOOKS,
    Case,
    CaseEvent,
    Draft,
    EmergencyAccess,
    MaterialFile,
)

__all__ = [
    "LOOKS",
    "Booking",
    "BundleFiling",
    "BundlePart",
    "Case",
    "CaseEvent",
    "Counter",
    "Draft",
    "EmergencyAccess",
    "MaterialFile",
    "Office",
    "OfficeHours",
    "OfficeService",
    "Ticket",
]
