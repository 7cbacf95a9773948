"""A million people whose numbers, phones and addresses are sealed: finding one, changing the key."""

from __future__ import annotations

import random
import sqlite3
import threading
import time

from django.conf import settings
from django.db import connection, transaction

from bench.timing import line, seconds_each
from tongban.directory.models import Person
from tongban.directory.selectors import find_person
from tongban.ledger import rotation
from tongban.ledger.sealed import ring

PEOPLE = 1_000_000
BATCH = 20_000
LOOKUPS = 3_000
CUT_AT = PEOPLE // 3


class Cut(Exception):
    """Somebody pulls the plug in the middle of a rotation."""


def number_of(place: int) -> str:
    return f"5116021880{place:08d}"


def fill() -> None:
    begun = time.perf_counter()
    for start in range(0, PEOPLE, BATCH):
        with transaction.atomic():
            Person.objects.bulk_create(
                (
                    Person(
                        name="示例",
                        id_number=number_of(place),
                        phone="0826-2000101",
                        address="广安区示例路 1 号",
                    )
                    for place in range(start, start + BATCH)
                ),
                batch_size=2_000,
            )
    seconds = time.perf_counter() - begun
    print(f"people: {PEOPLE:,} sealed and stored in {seconds:.0f} s ({PEOPLE / seconds:,.0f}/s)")


def look_up(what: str) -> None:
    places = random.Random(1).sample(range(PEOPLE), LOOKUPS)
    field = Person._meta.get_field("id_number_index")
    plain = sqlite3.connect(settings.ENVIRONMENT.home / "tongban.sqlite3")
    sql = "SELECT * FROM directory_person WHERE id_number_index = ?"

    def service(place: object) -> None:
        assert isinstance(place, int)
        found = find_person(number_of(place))
        assert found is not None
        assert found.id_number == number_of(place)

    def bare(index: object) -> None:
        assert plain.execute(sql, [index]).fetchone()

    seconds_each(service, places[:200])
    ours = seconds_each(service, places)
    indexes = []
    for place in places:
        candidates = field.candidates(number_of(place))
        row = Person.objects.filter(id_number_index__in=candidates).values_list("id_number_index")
        indexes.append(row[0][0])
    seconds_each(bare, indexes[:200])
    base = seconds_each(bare, indexes)
    line(f"find a person, {what}", ours, "bare SQL by the index", base)


def rotate() -> None:
    """One rotation that is cut, looked into, and brought to its end while lookups go on."""

    def cut(done: int, table: str) -> None:
        if table == "directory_person" and done >= CUT_AT:
            raise Cut

    begun = time.perf_counter()
    try:
        rotation.rotate("aes-256-gcm", cut)
    except Cut:
        print(f"rotation: cut after {CUT_AT:,} people in {time.perf_counter() - begun:.0f} s")
    look_up("rotation half done")
    stop, worst = threading.Event(), [0.0]

    def ask_on() -> None:
        places = random.Random(2)
        while not stop.is_set():
            begun = time.perf_counter()
            assert find_person(number_of(places.randrange(PEOPLE)))
            worst[0] = max(worst[0], time.perf_counter() - begun)
            time.sleep(0.01)
        connection.close()

    asking = threading.Thread(target=ask_on)
    asking.start()
    begun = time.perf_counter()
    done = rotation.rotate("aes-256-gcm")
    stop.set()
    asking.join()
    seconds = time.perf_counter() - begun
    print(
        f"rotation: went on, {done:,} rows in {seconds:.0f} s ({done / seconds:,.0f}/s);"
        f" slowest lookup meanwhile {worst[0] * 1000:.0f} ms"
    )
    assert not rotation.unfinished()
    assert len(ring().keys) == 2


def run() -> None:
    fill()
    look_up("a million sealed")
    rotate()
    look_up("after the rotation")
