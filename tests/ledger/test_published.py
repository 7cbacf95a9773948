"""A database that forgot what was published is told, and nothing is numbered until somebody decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from tests.conftest import AT
from tests.ledger.building import log_of, vkeys, write
from tongban.base.checkpoints import parse_checkpoint
from tongban.base.notes import NoteError, split_note
from tongban.ledger.integrating import integrate, what_stops_the_ledger
from tongban.ledger.key_acts import KeyRefused, resume
from tongban.ledger.models import Checkpoint, Entry, LogKey, Place, Waiting
from tongban.ledger.publishing import FILE_NAME, RolledBack, latest_published, publish, remembered
from tongban.ledger.rules import split_opening
from tongban.ledger.verification import verify_log


@pytest.fixture(autouse=True)
def keys_of_its_own(settings, tmp_path):
    settings.TONGBAN_KEYS = tmp_path / "keys"


def published_file() -> Path:
    return Path(settings.TONGBAN_KEYS) / FILE_NAME


class Backup:
    """Every row of the ledger, brought back later: a database restored from an older copy."""

    TABLES = ("tile", "cosignature", "checkpoint", "logkey", "place", "waiting", "entry")

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            self.rows = {}
            real = connection.introspection.table_names(cursor, include_views=False)
            self.tables = [table for table in self.TABLES if f"ledger_{table}" in real]
            for table in self.tables:
                cursor.execute(f"SELECT * FROM ledger_{table}")
                names = [column[0] for column in cursor.description]
                self.rows[table] = (names, cursor.fetchall())

    def restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"DELETE FROM ledger_{table}")
            for table in reversed(self.tables):
                names, rows = self.rows[table]
                columns = ", ".join(f'"{name}"' for name in names)
                marks = ", ".join(["%s"] * len(names))
                for row in rows:
                    cursor.execute(f"INSERT INTO ledger_{table} ({columns}) VALUES ({marks})", row)


def rolled_back() -> None:
    """A log of 20 that the world has seen, in a database that knows 10 of it."""
    log_of(10)
    backup = Backup()
    write(10)
    integrate(at=AT)
    backup.restore()


def test_what_is_published_is_remembered_outside_the_database(db):
    log_of(10)
    said, note = remembered()
    assert said.size == 10
    assert published_file().read_text() == note == latest_published().note
    assert published_file().stat().st_mode & 0o077 == 0


def test_a_checkpoint_is_remembered_before_anybody_sees_it(db, monkeypatch):
    log_of(5)
    write(1)

    def fail(path, content):
        raise OSError("disk full")

    monkeypatch.setattr("tongban.ledger.publishing.replaced", fail)
    with pytest.raises(OSError, match="disk full"):
        integrate(at=AT)
    assert latest_published().size == 5
    assert Checkpoint.objects.filter(published_at=None).count() == 1
    monkeypatch.undo()
    assert integrate(at=AT) == 0  # Nothing to number: what was signed is published now.
    assert latest_published().size == 6
    assert remembered()[0].size == 6


def test_an_older_backup_is_told_as_what_it_is_and_never_extended(db):
    rolled_back()
    assert "A checkpoint of 20 entries was published; this database has 10" in (
        what_stops_the_ledger()
    )
    write(3)
    with pytest.raises(RolledBack):
        integrate(at=AT)
    assert Place.objects.count() == 10
    assert Waiting.objects.count() == 3
    verdict = verify_log()
    assert not verdict.ok
    assert "older backup" in verdict.finding.reason


def test_a_backup_that_was_extended_past_what_was_published_is_told_too(db):
    rolled_back()
    kept = published_file().read_text()
    published_file().unlink()
    write(30)
    integrate(at=AT)
    published_file().write_text(kept)
    assert "lacks a published checkpoint" in what_stops_the_ledger()


def test_a_database_of_before_the_log_began_is_told(transactional_db):
    backup = Backup()
    log_of(10)
    backup.restore()
    write(1)
    with pytest.raises(RolledBack, match="knows no log"):
        integrate(at=AT)
    resume(reason="disk lost", by="admin", at=AT)
    integrate(at=AT)
    assert verify_log().ok


def test_a_file_that_is_not_ours_stops_the_log_too(db):
    log_of(3)
    published_file().write_text("tongban.example/ledger\n3\n")
    write(1)
    with pytest.raises(NoteError):
        integrate(at=AT)
    assert str(published_file()) in what_stops_the_ledger()


def test_the_decision_gives_the_log_a_new_name_new_keys_and_an_entry(db):
    rolled_back()
    lost = published_file().read_text()
    before = vkeys()
    resume(reason="disk lost, backup of yesterday", by="police-admin", at=AT)
    assert what_stops_the_ledger() == ""
    integrate(at=AT)
    assert remembered()[0].origin == f"{settings.TONGBAN_LEDGER_ORIGIN}/2"
    in_force = LogKey.objects.filter(retired_at=None)
    assert {key.origin for key in in_force} == {f"{settings.TONGBAN_LEDGER_ORIGIN}/2"}
    assert not {key.vkey for key in in_force} & set(before)
    entry = Entry.objects.get(leaf__contains='"ledger.resumed"')
    said = json.loads(split_opening(entry.opening)[1])
    assert said["lost_checkpoint"] == lost
    assert (said["by"], said["kept_size"]) == ("police-admin", 10)
    assert parse_checkpoint(split_note(lost)[0]).size == 20
    kept = published_file().with_name("ledger-published-lost-20.txt")
    assert kept.read_text() == lost
    assert verify_log().ok


def test_it_can_happen_twice(db):
    rolled_back()
    resume(reason="once", by="admin", at=AT)
    integrate(at=AT)
    backup = Backup()
    write(5)
    integrate(at=AT)
    backup.restore()
    with pytest.raises(RolledBack):
        write(1)
        integrate(at=AT)
    resume(reason="twice", by="admin", at=AT)
    integrate(at=AT)
    assert remembered()[0].origin.endswith("/3")
    assert verify_log().ok


def test_a_sound_log_has_nothing_to_decide(db):
    log_of(3)
    with pytest.raises(KeyRefused, match="not rolled back"):
        resume(reason="x", by="admin", at=AT)


def test_publishing_again_changes_nothing(db):
    log_of(3)
    before = published_file().stat().st_mtime_ns
    assert publish(AT) == 0
    assert published_file().stat().st_mtime_ns == before
