"""A great many cases by plain SQL: copies of real ones, the same for the same seed.

As a county has them: most are finished, few are open, of these some are late and some claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import connection

from tongban.cases.models import Case

CHUNK = 100_000
# Out of a hundred cases, how many are in which state; the rest is decided and delivered.
SHARES = {"submitted": 2, "correction": 1, "accepted": 4, "paused": 1, "denied": 1, "withdrawn": 5}
COPIED = {
    "number", "draft_key", "ledger_ref", "item_id", "organ_id", "next_due_on", "claimed_by_id",
    "claimed_at", "applicant_id",
}  # fmt: skip


def samples_by_state() -> dict[str, int]:
    """A case of each state that there is; `delivered` is one that is decided and handed out."""
    found = dict(Case.objects.order_by("-pk").values_list("state", "pk"))
    delivered = Case.objects.filter(state="approved", delivered_at__isnull=False).first()
    if delivered:
        found["delivered"] = delivered.pk
    return found


def _slots(samples: dict[str, int]) -> list[int]:
    slots = [samples[state] for state, share in SHARES.items() for _ in range(share)
             if state in samples]  # fmt: skip
    rest = samples.get("delivered") or samples["withdrawn"]
    return slots + [rest] * (100 - len(slots))


def _table(name: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
        marks = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def fill(
    count: int,
    *,
    items: Sequence[tuple[int, int]],
    people: Sequence[int],
    staff: Sequence[int],
    today: date,
    seed: int = 1,
) -> None:
    """Insert `count` cases. `items`: (item, organ); `people`: applicants; `staff`: who claims."""
    _table("many_state", "slot integer primary key, sample integer",
           list(enumerate(_slots(samples_by_state()))))  # fmt: skip
    _table("many_item", "slot integer primary key, item integer, organ integer",
           [(slot, *pair) for slot, pair in enumerate(items)])  # fmt: skip
    _table("many_person", "slot integer primary key, person integer", list(enumerate(people)))
    _table("many_staff", "slot integer primary key, account integer", list(enumerate(staff)))
    own = [f.column for f in Case._meta.concrete_fields if f.column not in COPIED | {"id"}]
    postgres = connection.vendor == "postgresql"
    key = "lpad(to_hex(i), 32, '0')" if postgres else "printf('%%032x', i)"
    day = (
        f"date '{today}' + CAST((r / 7) %% 40 - 8 AS integer)"
        if postgres
        else f"date('{today}', ((r / 7) %% 40 - 8) || ' days')"
    )
    # A multiplicative generator: spread well enough, and the same everywhere.
    spread = f"((i + {seed}) * 7919 + (i + {seed}) / 97 * 104729)"
    columns = ", ".join([*sorted(COPIED), *own])
    values = {
        "number": "'bench-' || i",
        "draft_key": f"CAST({key} AS uuid)" if postgres else key,
        "ledger_ref": key,
        "item_id": "p.item",
        "organ_id": "p.organ",
        "applicant_id": "q.person",
        "next_due_on": f"CASE WHEN s.next_due_on IS NULL THEN NULL ELSE {day} END",
        "claimed_by_id": "CASE WHEN (r / 11) %% 10 < 6 THEN c.account END",
        "claimed_at": "CASE WHEN (r / 11) %% 10 < 6 THEN s.submitted_at END",
    }
    chosen = ", ".join([*(values[name] for name in sorted(COPIED)), *(f"s.{one}" for one in own)])
    sql = f"""
INSERT INTO cases_case ({columns})
SELECT {chosen} FROM (
  WITH RECURSIVE n(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM n WHERE i < %s)
  SELECT CAST(i AS bigint) AS i, CAST({spread} AS bigint) AS r FROM n
) AS rows_
JOIN many_state AS t ON t.slot = (r / 3) %% 100
JOIN cases_case AS s ON s.id = t.sample
JOIN many_item AS p ON p.slot = r %% {len(items)}
JOIN many_person AS q ON q.slot = (r / 5) %% {len(people)}
JOIN many_staff AS c ON c.slot = (r / 13) %% {len(staff)}"""
    for start in range(1, count + 1, CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(sql, [start, min(start + CHUNK - 1, count)])
    if postgres:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cases_case")
