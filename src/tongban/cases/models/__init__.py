"""Tables of the room: drafts, cases, events, files; offices, appointments, tickets; the desk; what other
systems report."""

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
from tongban.cases.models.desk import (
    Assistance,
    CaseNote,
    Paper,
    PaperList,
    ReasonText,
    SavedView,
)
from tongban.cases.models.reported import ReportedCase, ReportedRow, ReportingRight

__all__ = [
    "LOOKS",
    "Assistance",
    "Booking",
    "Case",
    "CaseEvent",
    "CaseNote",
    "Counter",
    "Draft",
    "EmergencyAccess",
    "MaterialFile",
    "Office",
    "OfficeHours",
    "OfficeService",
    "Paper",
    "PaperList",
    "ReasonText",
    "ReportedCase",
    "ReportedRow",
    "ReportingRight",
    "SavedView",
    "Ticket",
]
