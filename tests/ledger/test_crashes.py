"""The integrator is killed between any two of its writes: the log is whole before and after.

A child process numbers waiting entries and ends itself, without a word, before its n-th statement
that writes, or around the file in which the published checkpoint is remembered.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.db import connection

from tests.ledger.building import ROOT, log_of, write
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Checkpoint, Entry, Place, Waiting
from tongban.ledger.publishing import latest_published, remembered
from tongban.ledger.verification import verify_log

CHILD = """
import os, sys
import django
from django.conf import settings
django.setup()
from django.db import connection
settings.TONGBAN_KEYS = sys.argv[2]
connection.settings_dict["NAME"] = sys.argv[3]
from tongban.ledger import publishing
from tongban.ledger.integrating import integrate

last, seen = int(sys.argv[1]), 0

def step():
    global seen
    seen += 1
    if seen == last:
        os._exit(9)

def dying(execute, sql, params, many, context):
    if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "SAVEPOINT", "RELEASE")):
        step()
    return execute(sql, params, many, context)

written = publishing.replaced
def remember(path, content):
    step()
    written(path, content)
    step()
publishing.replaced = remember

# A commit is no statement that a wrapper sees.
connection.ensure_connection()
commit = connection._commit
def dying_commit():
    step()
    commit()
    step()
connection._commit = dying_commit

with connection.execute_wrapper(dying):
    while integrate(most=150):
        pass
print(seen)
"""
WRITES_MOST = 60


def run_child(last: int, keys: str) -> subprocess.CompletedProcess[str]:
    name = str(connection.settings_dict["NAME"])
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(last), keys, name],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def check(entries: int) -> None:
    verdict = verify_log()
    assert verdict.ok, verdict.finding
    assert verdict.entries + verdict.waiting == entries == Entry.objects.count()
    assert Place.objects.count() == verdict.entries
    assert Waiting.objects.count() == verdict.waiting


@pytest.mark.django_db(transaction=True)
def test_killed_between_any_two_writes_the_log_stays_whole(settings):
    log_of(100)
    before = dict(Place.objects.values_list("seq", "entry_id"))
    for last in range(1, WRITES_MOST):
        write(20)  # So that every child has a whole batch before it.
        connection.close()
        child = run_child(last, str(settings.TONGBAN_KEYS))
        assert child.returncode in (0, 9), child.stderr[-2000:]
        check(100 + 20 * last)
        places = dict(Place.objects.order_by("seq").values_list("seq", "entry_id"))
        assert before.items() <= places.items(), "an entry got another number"
        before = places
        assert remembered()[0].size >= latest_published().size, "shown before it was remembered"
        if child.returncode == 0:
            break
    assert child.returncode == 0, "never got through"
    assert last > 10
    assert integrate() == 0
    assert Checkpoint.objects.filter(published_at=None).count() == 0
    assert sorted(before) == list(range(100 + 20 * last))
    assert list(before.values()) == sorted(before.values()), "numbered out of order"
