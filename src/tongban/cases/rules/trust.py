"""可信等级: how far a material can be relied upon (国办函〔2016〕108号, 国家"互联网+政务服务"建设指南).

A  issued by the authority itself, usable directly (an electronic licence)
B  compared with the original by an official, reusable
C  uploaded by the person; the original can be asked for
D  made by the person, who vouches for it (an application form, a statement)
"""

from __future__ import annotations

from enum import StrEnum


class Trust(StrEnum):
    ISSUED = "A"
    VERIFIED = "B"
    UPLOADED = "C"
    VOUCHED = "D"


# What is relied upon as it is; the others are looked at again in every case.
REUSABLE_AS_IT_IS = frozenset({Trust.ISSUED, Trust.VERIFIED})


def trust_of_upload(kind: str | None) -> Trust:
    """Of what a person uploads for a material of this kind (`certificate`, `form`, `other`).

    A form is the person's own statement; of everything else there is an original somewhere.
    """
    return Trust.VOUCHED if kind == "form" else Trust.UPLOADED


def trust_when_seen(trust: Trust) -> Trust:
    """Of a scan that a clerk made from the original; a form stays what its maker vouches for."""
    return trust if trust is Trust.VOUCHED else Trust.VERIFIED


def can_be_verified(trust: str) -> bool:
    """Whether comparing it with the original says more than is known already."""
    return trust == Trust.UPLOADED


def same_material(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two guides ask for the same thing: (kind, Chinese name) of each.

    Guides have no common codes of materials yet, so the name has to be the same to the letter,
    spaces and the way brackets are typed aside. A form is never the same: it is of its own case.
    """
    (kind, name), (other_kind, other_name) = one, other
    return kind == other_kind != "form" and _plain(name) == _plain(other_name)


def _plain(name: str) -> str:
    return "".join(name.split()).replace("(", "(").replace(")", ")")
