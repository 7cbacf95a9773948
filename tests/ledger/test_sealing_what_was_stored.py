"""The step from version 0.1.0, where everything lay in plain text."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("directory", "0001_initial")]
AFTER = [("directory", "0002_sealed_person")]


@pytest.mark.django_db(transaction=True)
def test_stored_people_are_sealed_and_can_be_opened_again():
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    old = migrated(BEFORE)
    old.get_model("directory", "Person").objects.create(
        name="李(示例)", id_number="511602188002290018", phone="0826-2000101"
    )
    migrated(AFTER)
    number, phone, index = row("id_number, phone, id_number_index")
    assert number.startswith("k1.")
    assert phone.startswith("k1.")
    assert len(index) == 32
    migrated(BEFORE)
    assert row("id_number, phone") == ("511602188002290018", "0826-2000101")
    migrated(everything)
    from tongban.directory.selectors import find_person

    assert find_person("511602188002290018").phone == "0826-2000101"


def migrated(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def row(columns: str) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM directory_person")
        return tuple(cursor.fetchone())


@pytest.mark.django_db(transaction=True)
def test_salts_of_before_are_sealed_and_still_open_their_commitments():
    from tongban.ledger.models import Entry
    from tongban.ledger.verification import verify_log

    executor = MigrationExecutor(connection)
    everything = executor.loader.graph.leaf_nodes()
    write_entry()
    before = Entry.objects.get().salt
    migrated([("ledger", "0003_key_rotation")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM ledger_entry")
        assert bytes(cursor.fetchone()[0]) == before
    migrated(everything)
    assert Entry.objects.get().salt == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM ledger_entry")
        assert cursor.fetchone()[0].startswith("k")
    assert verify_log().ok


def write_entry() -> None:
    from django.db import transaction

    from tests.conftest import AT
    from tongban.ledger import acts
    from tongban.ledger.services import record

    with transaction.atomic():
        record(acts.CASE_VIEWED, at=AT, payload={"number": 1})
