"""Erasing what opens an entry, on legal order (PIPL art. 47): the commitment stays, and the log."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tongban.ledger import acts
from tongban.ledger.models import Entry
from tongban.ledger.rules import read_leaf
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace


class NothingToErase(Exception):
    """There is no such entry, or nothing that opens it any more."""


@leaves_trace(acts.LEDGER_ERASED)
@transaction.atomic
def erase_opening(seq: int, *, order: str, reason: str, by: str, at: datetime) -> int:
    """Erase the opening of the entry at place `seq`; returns the key of the entry that says so.

    The leaf and its commitment stay: the log verifies as before, and nobody can open the entry any
    more. The erasure carries the case reference of what it erased, so that the person concerned
    finds it. Raises NothingToErase.
    """
    entry = Entry.objects.select_for_update(of=("self",)).filter(place__seq=seq).first()
    if entry is None:
        raise NothingToErase(f"there is no entry {seq}")
    if entry.opening is None:
        raise NothingToErase(f"entry {seq} has been erased before")
    leaf = read_leaf(entry.leaf)
    Entry.objects.filter(pk=entry.pk).update(opening=None)
    return record(
        acts.LEDGER_ERASED,
        at=at,
        organ=leaf.organ,
        region=leaf.region,
        item=leaf.item,
        case_ref=leaf.case,
        payload={"entry": seq, "order": order, "reason": reason, "by": by},
    )
