"""What is used and what is looked for in vain: sums of everybody together, and nobody's trail.

Each process adds up in memory and writes the sums now and then; what it has not written is lost with
it. Who asked is kept nowhere. So that one client counts once a day, its address is remembered as a
keyed hash, in memory only, with a key that ends with the process.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections import Counter
from datetime import date, datetime
from threading import Lock
from typing import Final, Literal

from django.db import OperationalError, connection, transaction

from tongban.base.clocks import local_date, utc_now
from tongban.base.regions import RegionCodeError, prefix_of
from tongban.catalogue.models import VainQuery
from tongban.catalogue.search import text
from tongban.ledger.traces import leaves_no_trace

Use = Literal["opened", "applied"]
Key = tuple[str, str, str]
WRITE_SECONDS, WRITE_AT = 30.0, 200
VAIN_LONGEST, VAIN_A_MONTH, CLIENTS_KEPT = 60, 5_000, 50_000
# Numbers of people, cards and phones, and addresses of mail: five digits and more.
NUMBER: Final = re.compile(r"\d[\d\s-]{3,}[\dx]|[\w.+-]+@[\w.-]+", re.IGNORECASE)
MASK: Final = "***"


def masked(query: str) -> str:
    """What somebody typed, in one form and without numbers of people; "" when nothing is left."""
    clean = " ".join(NUMBER.sub(MASK, text.normalise(query)).split())[:VAIN_LONGEST].strip()
    return clean if text.CHUNK.search(clean) else ""


class Sums:
    """The sums of one process that wait to be written."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.waiting: Counter[Key] = Counter()
        self.written = time.monotonic()
        self.secret = secrets.token_bytes(16)
        self.seen: set[bytes] = set()
        self.day = date.min

    def add(self, kind: str, what: str, where: str, client: str, day: date) -> bool:
        """Count once a day and client; whether the sums should be written now."""
        told = "\0".join((kind, what, client)).encode()
        mark = hashlib.blake2b(told, key=self.secret, digest_size=8).digest()
        with self.lock:
            if day != self.day or len(self.seen) >= CLIENTS_KEPT:
                self.day, self.seen = day, set()
            if not client or mark not in self.seen:
                self.seen.add(mark)
                self.waiting[kind, what, where] += 1
            return len(self.waiting) >= WRITE_AT or time.monotonic() - self.written > WRITE_SECONDS

    def take(self) -> Counter[Key]:
        with self.lock:
            taken, self.waiting = self.waiting, Counter()
            self.written = time.monotonic()
            return taken


_sums = Sums()


def note_use(code: str, use: Use, *, client: str = "", at: datetime | None = None) -> None:
    """Count that an item's guide was opened, or applied for."""
    now = at or utc_now()
    if _sums.add(use, code, "", client, local_date(now)):
        write_sums(at=now)


def note_vain(query: str, region: str, *, client: str = "", at: datetime | None = None) -> None:
    """Count a query that found nothing in a region."""
    now = at or utc_now()
    if not (what := masked(query)):
        return
    try:
        where = prefix_of(region)[:6] if region else ""
    except RegionCodeError:
        where = ""
    if _sums.add("vain", what, where, client, local_date(now)):
        write_sums(at=now)


@leaves_no_trace("sums of everybody's reading, of nobody in particular")
def write_sums(*, at: datetime | None = None) -> int:
    """Write what this process has counted; how many sums. A busy database gets them next time."""
    taken = _sums.take()
    if not taken:
        return 0
    month = local_date(at or utc_now()).replace(day=1)
    try:
        with transaction.atomic():
            _write_uses(taken, month)
            _write_vain(taken, month)
    except OperationalError:
        with _sums.lock:
            _sums.waiting.update(taken)
        return 0
    return len(taken)


_ADD_USES: Final = """INSERT INTO catalogue_itemuse (code, month, opened, applied)
VALUES (%s, %s, %s, %s) ON CONFLICT (code, month) DO UPDATE SET
opened = catalogue_itemuse.opened + excluded.opened,
applied = catalogue_itemuse.applied + excluded.applied"""
_ADD_VAIN: Final = """INSERT INTO catalogue_vainquery (text, month, region_path, count)
VALUES (%s, %s, %s, %s) ON CONFLICT (text, month, region_path) DO UPDATE SET
count = catalogue_vainquery.count + excluded.count"""


def _write_uses(taken: Counter[Key], month: date) -> None:
    codes = sorted({what for kind, what, _where in taken if kind != "vain"})
    rows = [(code, month, taken["opened", code, ""], taken["applied", code, ""]) for code in codes]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD_USES, rows)


def _write_vain(taken: Counter[Key], month: date) -> None:
    rows = [(what, month, where, n) for (kind, what, where), n in taken.items() if kind == "vain"]
    # A flood of new texts fills no disk: the month's list is full some time.
    if rows and VainQuery.objects.filter(month=month).count() < VAIN_A_MONTH:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD_VAIN, sorted(rows))
