"""The ledger: what it costs a submission, and what numbering, checking and proving a million cost."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from unittest.mock import patch

from django.conf import settings
from django.db import connection, transaction

from bench.submit import COUNT, make_drafts
from bench.timing import line, seconds_each
from tongban.cases.models import Draft
from tongban.cases.services import submitting
from tongban.ledger import acts, rules
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint
from tongban.ledger.sealed import ring
from tongban.ledger.selectors import proof_of
from tongban.ledger.services import OPENING
from tongban.ledger.verification import verify_log

ENTRIES = 1_000_000
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CHUNK = 10_000
PROOFS = 500


def run() -> None:
    cost_of_a_submission()
    fill()
    numbering()
    proving()
    verifying()


def cost_of_a_submission() -> None:
    """The same use case with its ledger entry and without, by turns, on the same disk."""
    keys = make_drafts(COUNT * 2 + 20)
    accounts = {
        draft.key: draft.account
        for draft in Draft.objects.select_related("account").filter(key__in=keys)
    }

    def submit(key: object) -> None:
        submitting.submit(accounts[key], key, at=AT)  # type: ignore[index,arg-type]

    seconds_each(submit, keys[:20])
    without = patch("tongban.cases.services.submitting.record", lambda *_args, **_more: 0)
    ours, base = [], []
    for start in range(20, 20 + COUNT * 2, 100):
        ours += seconds_each(submit, keys[start : start + 50])
        with without:
            base += seconds_each(submit, keys[start + 50 : start + 100])
    line("submit with its ledger entry", ours, "submit without", base)
    print(f"  time with / without {statistics.median(ours) / statistics.median(base):.2f}")


def rows(count: int) -> Iterator[tuple[str, bytes, str, str]]:
    """Entries as `record` writes them."""
    keys = ring()
    for number in range(count):
        case_ref = secrets.token_hex(16)
        sealed = rules.seal(
            act=acts.CASE_VIEWED,
            at=AT,
            organ="1151130000877869M1",
            region="511602000000",
            item="513A0011200068-511602000000-000-1151130000877869M-1-00",
            case_ref=case_ref,
            payload={"number": f"1126-{number:07d}", "by": "police-clerk"},
            salt=secrets.token_bytes(rules.SALT_BYTES),
        )
        yield sealed.leaf, sealed.leaf_hash, keys.seal(sealed.opening, OPENING), case_ref


def fill() -> None:
    while integrate():
        pass
    source = rows(ENTRIES)
    for _chunk in range(ENTRIES // CHUNK):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_entry (leaf, leaf_hash, opening, case_ref)"
                " VALUES (%s, %s, %s, %s)",
                [next(source) for _ in range(CHUNK)],
            )


@contextlib.contextmanager
def plain() -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(settings.ENVIRONMENT.home / "tongban.sqlite3")
    yield database
    database.close()


def numbering() -> None:
    with plain() as database:
        leaves = [leaf.encode() for (leaf,) in database.execute("SELECT leaf FROM ledger_entry")]
    began = time.perf_counter()
    for leaf in leaves:
        sha256(b"\0" + leaf).digest()
    for _node in range(len(leaves)):
        sha256(b"\1" + leaf[:64]).digest()
    bare = len(leaves) / (time.perf_counter() - began)
    began, done = time.perf_counter(), 0
    while count := integrate():
        done += count
    rate = done / (time.perf_counter() - began)
    print(
        f"{'ledger: entries numbered':44}{rate:9,.0f} a second, {done:,} in all\n"
        f"  {'against bare SHA-256 of leaves and nodes':42}{bare:9,.0f} a second"
        f"   ratio {rate / bare:.2f}"
    )


def proving() -> None:
    latest = Checkpoint.objects.order_by("-size").first()
    assert latest is not None
    wanted = [secrets.randbelow(latest.size) for _ in range(PROOFS)]
    took = seconds_each(lambda seq: proof_of(seq), wanted)  # type: ignore[arg-type]
    stored = "SELECT leaf FROM ledger_entry WHERE id = ?"
    with plain() as database:
        base = seconds_each(lambda key: database.execute(stored, [key]).fetchone(), wanted)
    line(f"proof of an entry among {latest.size:,}", took, "reading one entry by its key", base)


ROWS = (
    "SELECT p.seq, e.id, e.leaf, e.leaf_hash, e.opening, e.case_ref FROM ledger_place p"
    " JOIN ledger_entry e ON e.id = p.entry_id ORDER BY p.seq"
)


def reading(opening: bool) -> float:
    """Seconds to read every entry in the order of the log and to hash what was read."""
    keys, began = ring(), time.perf_counter()
    with plain() as database:
        for _seq, _id, leaf, _hash, sealed, _case in database.execute(ROWS):
            sha256(b"\0" + leaf.encode()).digest()
            text = keys.open(sealed, OPENING) if opening else sealed
            sha256(text.encode()).digest()
    return time.perf_counter() - began


def verifying() -> None:
    base, opened = reading(opening=False), reading(opening=True)
    began = time.perf_counter()
    verdict = verify_log(workers=os.cpu_count() or 1)
    took = time.perf_counter() - began
    assert verdict.ok, verdict
    print(
        f"{f'ledger: verified by {os.cpu_count()} processes':44}{took:9.1f} s,"
        f" {verdict.entries / took:,.0f} a second\n"
        f"  {'against reading and hashing the rows':42}{base:9.1f} s   {took / base:.2f} times\n"
        f"  {'against reading, opening, hashing them':42}{opened:9.1f} s   {took / opened:.2f} times"
    )
