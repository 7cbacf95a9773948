"""Tables of the room: drafts, cases, events, files; procedures and their runs; offices, tickets; the
desk; what other systems report."""

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
from tongban.cases.models.desk import (
    Assistance,
    CaseNote,
    Paper,
    PaperList,
    ReasonText,
    SavedView,
)
from tongban.cases.models.materials import Annotation, Upload
from tongban.cases.models.procedures import (
    OPEN_STEPS,
    CaseRun,
    CaseStep,
    CaseTimer,
    ItemProcedure,
)
from tongban.cases.models.reported import ReportedCase, ReportedRow, ReportingRight

__all__ = [
    "LOOKS",
    "OPEN_STEPS",
    "Annotation",
    "Assistance",
    "Booking",
    "BundleFiling",
    "BundlePart",
    "Case",
    "CaseEvent",
    "CaseNote",
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
    "Paper",
    "PaperList",
    "ReasonText",
    "ReportedCase",
    "ReportedRow",
    "ReportingRight",
    "SavedView",
    "Ticket",
    "Upload",
]
