"""Tables of the room: drafts, cases, events, files; offices, appointments, tickets."""

from tongban.cases.models.appointments import (
    Booking,
    Counter,
    Office,
    OfficeHours,
    OfficeService,
    Ticket,
)
from tongban.cases.models.cases import (
    LOOKS,
    Case,
    CaseEvent,
    Draft,
    EmergencyAccess,
    MaterialFile,
)
from tongban.cases.models.materials import Annotation, Upload

__all__ = [
    "LOOKS",
    "Annotation",
    "Booking",
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
    "Upload",
]
