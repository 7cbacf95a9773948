"""The workbench on a million cases: a page of every list that is offered, counts, search, load.

`BENCH_CASES` sets how many; the rows are the same each time. The baseline of a page is the bare SQL
of its keys on the same connection: what remains is reading thirty rows with their names.
"""

from __future__ import annotations

import itertools
import os
import time
from datetime import timedelta

from django.db import connection

from bench.many_cases import fill
from bench.timing import line, p95, seconds_each
from tongban.base.clocks import local_date, utc_now
from tongban.cases.models import Case
from tongban.cases.workbench import lanes, lists
from tongban.cases.workbench.lists import Filters, desk_of, page_of
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Account, Person, Post

COUNT = int(os.environ.get("BENCH_CASES", "1000000"))
PEOPLE, STAFF, ITEMS = 100_000, 40, 300
ROUNDS = 5


def _people() -> list[int]:
    """People with names that a hundred share, written as one statement: the seals are not opened."""
    start = Person.objects.count()
    Person.objects.bulk_create(
        Person(name=f"示例{place % 1000}", id_number=f"bench-{start + place}")
        for place in range(PEOPLE // 100)
    )
    copied = [f.column for f in Person._meta.concrete_fields if f.column not in (
        "id", "id_number_index", "account_id")]  # fmt: skip
    columns = ", ".join(copied)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO directory_person (id_number_index, {columns})"
            f" SELECT 'bench-' || n.i || '-' || p.id, {', '.join(f'p.{one}' for one in copied)}"
            " FROM directory_person p, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
            " SELECT i + 1 FROM n WHERE i < 99) SELECT i FROM n) AS n WHERE p.name LIKE '示例%%'"
        )
    return list(Person.objects.filter(name__startswith="示例").values_list("pk", flat=True))


def _staff(organ: int) -> list[Account]:
    made = Account.objects.bulk_create(
        Account(username=f"bench-staff-{place}") for place in range(STAFF)
    )
    Post.objects.bulk_create(
        Post(account=one, organ_id=organ, role=role)
        for one in made
        for role in ("clerk", "reviewer")
    )
    Post.objects.create(account=made[0], organ_id=organ, role="head")
    return made


def run() -> None:
    today = local_date(utc_now())
    items = list(
        ServiceItem.objects.exclude(organ=None).order_by("pk").values_list("pk", "organ")[:ITEMS]
    )
    busiest = max({organ for _item, organ in items}, key=[o for _i, o in items].count)
    staff = _staff(busiest)
    began = time.perf_counter()
    fill(COUNT, items=items, people=_people(), staff=[one.pk for one in staff], today=today)
    made = time.perf_counter() - began
    print(f"{Case.objects.count():,} cases in {made:.0f} s ({connection.vendor})")
    desk = desk_of(staff[0], today)
    one_item = ServiceItem.objects.get(pk=next(item for item, organ in items if organ == busiest))
    wanted = [
        Filters(show, item, "", due, whose)
        for show, item, due, whose in itertools.product(
            lanes.QUEUES, ("", one_item.code), ("", *lanes.DUE), ("", *lanes.WHOSE)
        )
    ]
    behind = [lanes.Place(today + timedelta(days=2), COUNT // 2), lanes.Place(None, COUNT // 2)]
    starts = ["", *(lanes.text_of(place) for place in behind)]
    asked = [(filters, start) for filters in wanted for start in starts] * ROUNDS

    def page(one: object) -> None:
        page_of(desk, *one)  # type: ignore[misc]

    statements = {one: _sql(desk, *one) for one in dict.fromkeys(asked)}

    def bare(one: object) -> None:
        sql, values = statements[one]  # type: ignore[index]
        if sql:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                cursor.fetchall()

    line(f"workbench: {len(statements)} lists and pages", seconds_each(page, asked),
         "the bare SQL of their keys", seconds_each(bare, asked))  # fmt: skip
    name = Person.objects.filter(name__startswith="示例").first()
    assert name
    for what, act in (
        ("workbench: counts of the rail", lambda _one: lists.counts_of(desk)),
        ("workbench: search by a name of 100 people", lambda _one: lists.search(desk, name.name)),
        ("workbench: load of 40 colleagues", lambda _one: lists.team_load(desk)),
    ):
        took = seconds_each(act, range(30))
        print(f"{what:44}{sorted(took)[15] * 1e3:9.3f} ms median{p95(took) * 1e3:9.3f} p95")


def _sql(desk: lists.Desk, filters: Filters, start: str) -> tuple[str, list[object]]:
    found = lanes.lanes_of(desk.wanted(filters))
    return lanes.page_sql(found, lanes.place_of(start), lanes.PAGE + 1)
