"""Reads of the directory."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from threading import Lock

from django.db.models import F, Q

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, roles_for
from tongban.base.regions import NATION, RegionCodeError, lineage_of, pad
from tongban.base.worktime import Calendar, DayKind
from tongban.directory.models import (
    Account,
    CalendarDay,
    CalendarYear,
    ConnectedSystem,
    DataConsent,
    Delegation,
    Organ,
    Person,
    Post,
    Region,
    Substitution,
)
from tongban.directory.rules import Mandate

# Other processes learn of a newly loaded year within this many seconds.
CALENDAR_KEPT_SECONDS = 60.0

_calendar: tuple[float, Calendar] | None = None
_calendar_lock = Lock()


def forget_calendar() -> None:
    """Read the calendar anew at the next question (after a year was loaded)."""
    global _calendar
    _calendar = None


def working_calendar() -> Calendar:
    """The calendar in force; two queries at most once a minute in each process."""
    global _calendar
    with _calendar_lock:
        now = time.monotonic()
        if _calendar is None or now - _calendar[0] > CALENDAR_KEPT_SECONDS:
            years = frozenset(CalendarYear.objects.values_list("year", flat=True))
            exceptions = {
                day: DayKind(kind) for day, kind in CalendarDay.objects.values_list("day", "kind")
            }
            _calendar = (now, Calendar(years=years, exceptions=exceptions))
        return _calendar[1]


@dataclass(frozen=True)
class RegionChild:
    code: str
    name: str
    has_children: bool


def find_region(code: str) -> Region | None:
    """The region with this code (2 to 12 digits), or None when there is none. One query."""
    try:
        return Region.objects.filter(code=pad(code)).first()
    except RegionCodeError:
        return None


def organ_names(codes: Collection[str]) -> dict[str, str]:
    """Names of organs by their codes; codes that are not known are left out. One query."""
    return dict(Organ.objects.filter(code__in=codes).values_list("code", "name"))


def region_names(codes: Collection[str]) -> dict[str, str]:
    """Names of regions by their codes; codes that are not known are left out. One query."""
    return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


def region_lineage(code: str) -> list[Region]:
    """The region and all above it, without the nation, top first. One query."""
    codes = [step for step in lineage_of(code) if step != NATION]
    return list(Region.objects.filter(code__in=codes).order_by("level"))


def region_children(code: str) -> list[RegionChild]:
    """The regions right below. Two queries."""
    children = list(Region.objects.filter(parent_id=code).order_by("code"))
    with_children = set(
        Region.objects.filter(parent_id__in=[child.code for child in children])
        .values_list("parent_id", flat=True)
        .distinct()
    )
    return [RegionChild(child.code, child.name, child.code in with_children) for child in children]


def person_of(account: Account) -> Person | None:
    """The natural person that signs in with the account, if any. One query."""
    return Person.objects.filter(account=account).first()


def find_person(id_number: str) -> Person | None:
    """The person with this resident ID number, by its blind index. One query."""
    index = Person._meta.get_field("id_number_index")
    return Person.objects.filter(id_number_index__in=index.candidates(id_number)).first()


@dataclass(frozen=True)
class Representation:
    """A delegation in force that the account holds: for whom, in what."""

    id: int
    person_id: int | None
    enterprise_id: int | None
    principal_name: str
    mandate: Mandate


def mandate_of(delegation: Delegation) -> Mandate:
    """What a delegation allows; its items are read with it (prefetch "items")."""
    return Mandate(
        kind=delegation.kind,
        items=frozenset(item.item_code for item in delegation.items.all()),
        valid_from=delegation.valid_from,
        valid_to=delegation.valid_to,
        revoked=delegation.revoked_at is not None,
    )


def representations(account: Account, *, on: date | None = None) -> list[Representation]:
    """For whom the account may act on a day. Two queries, one when there is nobody."""
    day = on or local_date(utc_now())
    held = (
        Delegation.objects.filter(
            agent__account=account, valid_from__lte=day, valid_to__gte=day, revoked_at=None
        )
        .select_related("person", "enterprise")
        .prefetch_related("items")
        .order_by("pk")
    )
    return [
        Representation(
            one.pk,
            one.person_id,
            one.enterprise_id,
            str(one.person or one.enterprise),
            mandate_of(one),
        )
        for one in held
    ]


def delegations_of(account: Account) -> tuple[list[Delegation], list[Delegation]]:
    """Delegations that the account has given (also for its enterprises), and those it holds."""
    everything = Delegation.objects.select_related("person", "enterprise", "agent")
    everything = everything.prefetch_related("items").order_by("-recorded_at")
    given = everything.filter(
        Q(person__account=account) | Q(enterprise__legal_representative__account=account)
    )
    return list(given), list(everything.filter(agent__account=account))


@dataclass(frozen=True)
class Duties:
    """What an account may do as staff: organ ids by role."""

    organs_by_role: dict[str, frozenset[int]]

    def organs(self, *roles: str) -> frozenset[int]:
        """The organs in which one of these roles is held."""
        return frozenset().union(*(self.organs_by_role.get(role, frozenset()) for role in roles))

    def organs_for(self, permission: Permission) -> frozenset[int]:
        """The organs in which a post gives the permission."""
        return self.organs(*roles_for(permission))

    @property
    def any(self) -> bool:
        return bool(self.organs_by_role)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.organs_by_role)


def duties_of(account: Account, *, on: date | None = None) -> Duties:
    """The posts of an account, and those of colleagues it stands in for on a day. One query."""
    day = on or local_date(utc_now())
    stands_in = Q(
        account__absences__substitute=account,
        account__absences__organ=F("organ"),
        account__absences__valid_from__lte=day,
        account__absences__valid_to__gte=day,
        account__absences__revoked_at=None,
    )
    posts = Post.objects.filter(Q(account=account) | stands_in)
    organs: dict[str, set[int]] = {}
    for role, organ in posts.values_list("role", "organ_id"):
        organs.setdefault(role, set()).add(organ)
    return Duties({role: frozenset(ids) for role, ids in organs.items()})


def stands_in_for(substitute: Account, absent: int, organ: int, *, on: date | None = None) -> bool:
    """Whether somebody is the substitute of a colleague (by key) in an organ on a day. One query."""
    day = on or local_date(utc_now())
    return Substitution.objects.filter(
        substitute=substitute,
        absent=absent,
        organ=organ,
        valid_from__lte=day,
        valid_to__gte=day,
        revoked_at=None,
    ).exists()


def has_consented(account: Account, system: ConnectedSystem, scopes: Collection[str]) -> bool:
    """Whether a consent in force covers all of the scopes. One query."""
    consent = DataConsent.objects.filter(account=account, system=system, withdrawn_at=None).first()
    return consent is not None and set(scopes) <= set(consent.scopes.split())


def connected_systems(account: Account) -> list[DataConsent]:
    """Consents in force, with their systems, latest first. One query."""
    in_force = DataConsent.objects.filter(account=account, withdrawn_at=None)
    return list(in_force.select_related("system").order_by("-given_at"))
