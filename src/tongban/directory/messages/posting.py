"""Telling somebody something: a row in their account, in the transaction of the act."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from tongban.directory.messages.kinds import KINDS
from tongban.directory.models import Message
from tongban.ledger import direct
from tongban.ledger.traces import leaves_no_trace


@leaves_no_trace("tells of an act, in whose transaction it is and which leaves the trace")
def notify(
    kind: str,
    accounts: Iterable[int | None],
    *,
    at: datetime,
    facts: Mapping[str, Any],
    link: str = "",
) -> list[str]:
    """Put a message into accounts, each once; returns the keys of the notices.

    A statement for each account; None stands for a person without an account, whom a counter
    tells. `facts` may hold personal data: they are sealed. Raises RuntimeError outside a
    transaction, KeyError for a kind that `kinds.py` does not list, ValueError when the facts of its
    first line are not all there.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a message must share the transaction of its act")
    told = KINDS[kind]
    kept = {name: value for name, value in facts.items() if value}
    if not told.needs <= kept.keys():
        raise ValueError(f"{kind} needs the facts {sorted(told.needs - kept.keys())}")
    keys = []
    for account in dict.fromkeys(account for account in accounts if account is not None):
        message = Message(
            account_id=account,
            key=uuid.uuid4(),
            kind=kind,
            legal=told.legal,
            facts=kept,
            link=link,
            available_at=at,
        )
        direct.insert(message)
        keys.append(str(message.key))
    return keys
