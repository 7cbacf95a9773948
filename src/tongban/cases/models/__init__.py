"""Tables of the room: drafts, cases, events, files; procedures and their runs; offices, tickets."""

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
from tongban.cases.models.procedures import (
    OPEN_STEPS,
    CaseRun,
    CaseStep,
    CaseTimer,
    ItemProcedure,
)

__all__ = [
    "LOOKS",
    "OPEN_STEPS",
    "Booking",
    "BundleFiling",
    "BundlePart",
    "Case",
    "CaseEvent",
    "CaseRun",
    "CaseStep",
    "CaseTimer",
    "Counter",
    "Draft",
    "EmergencyAccess",
    "ItemProcedure",
    "MaterialFile",
    "Office",
    "OfficeHours",
    "OfficeService",
    "Ticket",
]
