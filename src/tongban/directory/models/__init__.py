"""Who and where: regions, organs, posts, people, enterprises, accounts, the working calendar."""

from tongban.directory.models.messages import Dispatch, Message, MessagePreferences
from tongban.directory.models.people import (
    Account,
    CorrectionRequest,
    DelegatedItem,
    Delegation,
    Enterprise,
    IdentityLevel,
    Person,
    PopulationRecord,
    Post,
    Substitution,
)
from tongban.directory.models.places import (
    CalendarDay,
    CalendarYear,
    Organ,
    OrganCode,
    Region,
)
from tongban.directory.models.security import AccountPhone, Attempts, KnownDevice, SecurityEvent
from tongban.directory.models.systems import ConnectedSystem, DataConsent, SystemSignIn

__all__ = [
    "Account",
    "AccountPhone",
    "Attempts",
    "CalendarDay",
    "CalendarYear",
    "ConnectedSystem",
    "CorrectionRequest",
    "DataConsent",
    "DelegatedItem",
    "Delegation",
    "Dispatch",
    "Enterprise",
    "IdentityLevel",
    "KnownDevice",
    "Message",
    "MessagePreferences",
    "Organ",
    "OrganCode",
    "Person",
    "PopulationRecord",
    "Post",
    "Region",
    "SecurityEvent",
    "Substitution",
    "SystemSignIn",
]
