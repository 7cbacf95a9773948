"""Eight who write and the integrator, all at once: nothing lost, doubled, reordered, nobody refused.

Ten seconds here; `TONGBAN_STORM_SECONDS=60` for a long one.
"""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest
from django.db import connection, connections, transaction

from tests.conftest import AT
from tests.ledger.building import started
from tongban.ledger import acts
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint, Entry, Place, Waiting
from tongban.ledger.rules import split_opening
from tongban.ledger.services import record
from tongban.ledger.verification import verify_log

SECONDS = float(os.environ.get("TONGBAN_STORM_SECONDS", "10"))
WRITERS = 8


def write_until(end: float, writer: int, results) -> None:
    """One writer, in a process of its own: entries numbered by itself, one a transaction."""
    connections.close_all()
    written, slowest, problems = 0, 0.0, []
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with transaction.atomic():
                payload = {"number": f"{writer}-{written}", "by": "clerk"}
                record(acts.CASE_VIEWED, at=AT, case_ref=f"{writer:032x}", payload=payload)
            written += 1
        except Exception as problem:
            problems.append(repr(problem))
        slowest = max(slowest, time.monotonic() - began)
    connections.close_all()
    results.put((writer, written, slowest, problems))


def number_until(end: float, results) -> None:
    connections.close_all()
    numbered, problems = 0, []
    while time.monotonic() < end:
        try:
            numbered += integrate()
        except Exception as problem:
            problems.append(repr(problem))
        time.sleep(0.05)
    connections.close_all()
    results.put((-1, numbered, 0.0, problems))


@pytest.mark.django_db(transaction=True)
def test_a_storm_loses_doubles_and_reorders_nothing():
    started()
    connections.close_all()
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    end = time.monotonic() + SECONDS
    workers = [
        context.Process(target=write_until, args=(end, writer, results))
        for writer in range(WRITERS)
    ]
    workers.append(context.Process(target=number_until, args=(end, results)))
    for worker in workers:
        worker.start()
    said = [results.get(timeout=SECONDS + 60) for _ in workers]
    for worker in workers:
        worker.join()
    assert [problem for *_rest, problems in said for problem in problems] == []
    written = {writer: count for writer, count, _slowest, _problems in said if writer >= 0}
    while integrate():
        pass
    check(written)
    print(
        f"\n{connection.vendor}: {sum(written.values()):,} entries by {WRITERS} writers in"
        f" {SECONDS:.0f} s, slowest {max(one[2] for one in said) * 1e3:.0f} ms,"
        f" {Checkpoint.objects.count()} checkpoints"
    )


def check(written: dict[int, int]) -> None:
    total = sum(written.values())
    assert total > 100
    assert Entry.objects.count() == total + 1
    assert not Waiting.objects.exists()
    assert list(Place.objects.order_by("seq").values_list("seq", flat=True)) == list(
        range(total + 1)
    )
    seen: dict[int, int] = dict.fromkeys(written, 0)
    rows = Place.objects.order_by("seq").filter(seq__gt=0)
    for case_ref, opening in rows.values_list("entry__case_ref", "entry__opening").iterator():
        writer = int(case_ref, 16)
        # Each writer's entries stand in the log in the order in which they were written.
        assert f'"{writer}-{seen[writer]}"' in split_opening(opening)[1]
        seen[writer] += 1
    assert seen == written
    assert verify_log().ok
