"""Trusted sources that say whether a name and an ID number belong together.

The demonstration asks a register of people who don't exist. A real installation puts its own
source in this place: the population register, or the national platform's identity service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings

from tongban.directory.models import PopulationRecord


@dataclass(frozen=True)
class Verified:
    """What a source says of somebody."""

    name: str
    phone: str
    address: str
    source: str


class IdentitySource(Protocol):
    """Answers None when name and number don't belong together. Raises OSError when it is away."""

    def check(self, name: str, id_number: str) -> Verified | None: ...


class DemonstrationRegister:
    def check(self, name: str, id_number: str) -> Verified | None:
        index = PopulationRecord._meta.get_field("id_number_index")
        record = PopulationRecord.objects.filter(
            id_number_index__in=index.candidates(id_number)
        ).first()
        if record is None or record.name != name:
            return None
        return Verified(record.name, record.phone, record.address, "demonstration register")


class NoSource:
    """Nobody can be verified online: people come to a counter."""

    def check(self, name: str, id_number: str) -> Verified | None:
        raise OSError("no identity source is set")


def identity_source() -> IdentitySource:
    """The source in force. The demonstration register never answers in production."""
    return NoSource() if settings.ENVIRONMENT.production else DemonstrationRegister()
