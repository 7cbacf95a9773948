"""The step from version 0.1.0, where everything lay in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.migrating import migrated, newest

BEFORE = [("directory", "0001_initial")]
AFTER = [("directory", "0002_sealed_person")]


def test_stored_people_are_sealed_and_can_be_opened_again(versions):
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
    migrated(newest())
    from tongban.directory.selectors import find_person

    assert find_person("511602188002290018").phone == "0826-2000101"


def row(columns: str) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM directory_person")
        return tuple(cursor.fetchone())


@pytest.mark.django_db(transaction=True)
def test_a_log_of_before_keeps_its_openings_and_its_places():
    from tongban.ledger.integrating import integrate
    from tongban.ledger.models import Entry
    from tongban.ledger.verification import verify_log

    write_entry()
    integrate()
    write_entry()
    before = list(Entry.objects.order_by("pk").values_list("opening", flat=True))
    migrated([("ledger", "0003_key_rotation")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT salt, payload, seq FROM ledger_entry ORDER BY id")
        rows = cursor.fetchall()
    assert [bytes(salt).hex() for salt, _payload, _seq in rows] == [one[:64] for one in before]
    assert [payload.startswith("k") for _salt, payload, _seq in rows] == [True] * 3
    assert [seq for _salt, _payload, seq in rows] == [0, 1, None]
    # The version of before remembered nothing outside the database.
    (Path(settings.TONGBAN_KEYS) / "ledger-published.txt").unlink()
    migrated(newest())
    assert list(Entry.objects.order_by("pk").values_list("opening", flat=True)) == before
    verdict = verify_log()
    assert (verdict.ok, verdict.entries, verdict.waiting) == (True, 2, 1)


def write_entry() -> None:
    from django.db import transaction

    from tests.conftest import AT
    from tongban.ledger import acts
    from tongban.ledger.services import record

    with transaction.atomic():
        record(acts.DATA_EXPORTED, at=AT, payload={"account": "li"})
