"""Sealed columns in the database: what lies there, how it is found, how keys change."""

from __future__ import annotations

import pytest
from django.core.exceptions import FieldError
from django.db import connection, transaction

from tests.conftest import ID_NUMBERS
from tongban.base.sealing import SealingError
from tongban.cases.models import Case
from tongban.directory.models import Message, Person
from tongban.directory.selectors import find_person
from tongban.ledger import rotation
from tongban.ledger.models import Entry
from tongban.ledger.sealed import ring
from tongban.ledger.verification import verify_log


@pytest.fixture(autouse=True)
def own_keys(tmp_path, settings, monkeypatch):
    settings.TONGBAN_KEYS = tmp_path / "keys"
    monkeypatch.setattr(rotation, "LOOK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(rotation, "ROWS_A_TIME", 7)


def stored(sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


def all_sealed() -> list[str]:
    found = []
    for table in rotation.sealed_tables():
        for column in table.columns:
            found += [text for text in stored(f"SELECT {column} FROM {table.table}") if text]
    return found


def dump() -> str:
    """Every value of every table as the database holds it."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [repr(row) for row in cursor.fetchall()]
    return "\n".join(texts)


def test_nothing_sensitive_lies_in_the_database(world, calendar, own_home):
    case = world.make_case("approved")
    lies_there = dump()
    for secret in (*ID_NUMBERS[:2], "0826-2000101"):
        assert secret not in lies_there
    assert case.number in lies_there  # The dump does hold the rows.
    assert Case.objects.get().answers["id_number"] == ID_NUMBERS[0]


def test_the_sealed_tables_are_told_by_the_models():
    assert {table.table: table.columns for table in rotation.sealed_tables()}.items() >= {
        "directory_person": ("id_number", "phone", "address"),
        "cases_case": ("answers",),
        "cases_draft": ("answers",),
        "ledger_entry": ("opening",),
    }.items()


def test_a_sealed_column_is_not_searched_in():
    with pytest.raises(FieldError, match="blind index"):
        Person.objects.filter(phone="1").exists()


def test_a_person_is_found_by_number_through_the_index(world, django_assert_num_queries):
    with django_assert_num_queries(1):
        person = find_person(ID_NUMBERS[0])
    assert person is not None
    assert person.account == world.resident
    assert find_person(ID_NUMBERS[3]) is None


def test_the_lookup_searches_the_index(world, django_assert_num_queries):
    Person.objects.bulk_create(
        Person(name="示例", id_number=f"{number:018d}") for number in range(2_000)
    )
    index = Person._meta.get_field("id_number_index")
    query = Person.objects.filter(id_number_index__in=index.candidates(ID_NUMBERS[0]))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE directory_person")
    plan = query.explain()
    assert "id_number_index" in plan
    assert "SCAN directory_person" not in plan  # SQLite's word for reading the table through
    assert "Seq Scan" not in plan


def test_two_people_can_not_have_one_number(world):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(name="x", id_number=ID_NUMBERS[0])


def test_a_moved_value_does_not_open(world):
    phone, *_others = stored("SELECT phone FROM directory_person WHERE phone <> ''")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE directory_person SET address = %s", [phone])
    with pytest.raises(SealingError):
        list(Person.objects.all())


def test_rotation_seals_everything_anew_and_retires_the_old_key(world, calendar, own_home):
    world.make_case("approved")
    Person.objects.bulk_create(
        Person(name="示例", id_number=f"{number:018d}", phone="1") for number in range(40)
    )
    before = ring().current.id
    rows = sum(model.objects.count() for model in (Person, Case, Entry, Message))
    steps = []
    resealed = rotation.rotate("sm4-gcm", lambda done, table: steps.append((table, done)))
    assert resealed == rows + 1  # The trace of the new key is still written under the old one.
    assert ("directory_person", 42) in steps
    now = ring(afresh=True)
    assert now.current.algorithm == "sm4-gcm"
    assert [key.retired for key in now.keys] == [True, False]
    assert all(now.is_current(text) for text in all_sealed())
    assert before != now.current.id
    assert find_person(ID_NUMBERS[0]).account == world.resident
    assert Case.objects.get().answers["id_number"] == ID_NUMBERS[0]
    assert verify_log().ok


def test_an_interrupted_rotation_goes_on_where_it_was(world, calendar, own_home):
    Person.objects.bulk_create(
        Person(name="示例", id_number=f"{number:018d}") for number in range(40)
    )

    class Cut(Exception):
        pass

    def cut(done: int, table: str) -> None:
        if table == "directory_person" and done >= 14:
            raise Cut

    with pytest.raises(Cut):
        rotation.rotate("aes-256-gcm", cut)
    keys = ring(afresh=True)
    sealed = stored("SELECT id_number FROM directory_person ORDER BY id")
    assert 14 <= sum(keys.is_current(text) for text in sealed) < len(sealed)
    # Meanwhile everybody is found, sealed anew or not, and newcomers are written.
    assert find_person(ID_NUMBERS[0]) is not None
    assert find_person(f"{39:018d}") is not None
    Person.objects.create(name="新", id_number=ID_NUMBERS[3])
    assert rotation.unfinished()

    done = []
    again = rotation.rotate("aes-256-gcm", lambda count, table: done.append((table, count)))
    assert again < len(sealed)
    assert not rotation.unfinished()
    assert len(ring(afresh=True).keys) == 2
    assert all(ring().is_current(text) for text in all_sealed())
    assert find_person(f"{39:018d}") is not None
    assert find_person(ID_NUMBERS[3]).name == "新"
