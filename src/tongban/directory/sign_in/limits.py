"""How often something may be tried, so that guessing is stopped and nobody is locked out by others.

Failures from devices in which the account has never signed in count together for the account;
a device in which it has signed in counts for itself (OWASP: device cookies). Whoever guesses
somebody else's password can shut out only strangers like themselves, never the owner's phone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from tongban.base.clocks import utc_now
from tongban.directory.models import Attempts

BUCKET_CHARACTERS = 64


@dataclass(frozen=True)
class Limit:
    """At most `most` in `seconds`, counted from the first."""

    name: str
    most: int
    seconds: int


# Attempts to sign in with a wrong password or code.
STRANGERS = Limit("strangers", 10, 15 * 60)
DEVICE = Limit("device", 10, 15 * 60)
CLIENT = Limit("client", 60, 15 * 60)
# Codes of the upstream that are no good, or whose owner is refused.
UPSTREAM = Limit("upstream", 60, 15 * 60)
# Codes and notices to one address.
MESSAGES_KNOWN = Limit("messages-known", 10, 3600)
MESSAGES_STRANGERS = Limit("messages-strangers", 5, 3600)


def _bucket(limit: Limit, whom: str) -> str:
    """The name of a count: a keyed hash, so that the table says nothing of people."""
    key = f"attempts {settings.SECRET_KEY}".encode()
    return hmac.new(key, f"{limit.name}\n{whom}".encode(), hashlib.sha256).hexdigest()


def take(limit: Limit, whom: str, *, at: datetime | None = None) -> bool:
    """Count one attempt of `whom`; False when there were too many already.

    Counted before it is known how the attempt ends, so that attempts made at once are all seen.
    """
    now, bucket = at or utc_now(), _bucket(limit, whom)
    with transaction.atomic():
        Attempts.objects.filter(bucket=bucket, ends_at__lte=now).delete()
        if not Attempts.objects.filter(bucket=bucket).update(count=F("count") + 1):
            ends = now + timedelta(seconds=limit.seconds)
            try:
                with transaction.atomic():
                    Attempts.objects.create(bucket=bucket, count=1, ends_at=ends)
            except IntegrityError:  # Somebody began the count at the same moment.
                Attempts.objects.filter(bucket=bucket).update(count=F("count") + 1)
        return Attempts.objects.get(bucket=bucket).count <= limit.most


def take_all(wanted: Sequence[tuple[Limit, str]]) -> bool:
    """Count one attempt against each limit; False when one of them is used up."""
    room = [take(limit, whom) for limit, whom in wanted]
    return all(room)


def give_back(limit: Limit, whom: str) -> None:
    """The attempt went well: it does not count."""
    Attempts.objects.filter(bucket=_bucket(limit, whom), count__gt=0).update(count=F("count") - 1)
