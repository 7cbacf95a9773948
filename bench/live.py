"""The live index of a province with a million cases and a hundred thousand items.

A seeded province is written by plain SQL into a database of its own; TONGBAN_BENCH_LIVE_CASES and
TONGBAN_BENCH_LIVE_ITEMS say its size. Named baseline: the same figures added up by one plain SQL query
over the cases, and one over the items' guides, which is what a page without tallies would ask.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

CASES = int(os.environ.get("TONGBAN_BENCH_LIVE_CASES", "100000"))
ITEMS = int(os.environ.get("TONGBAN_BENCH_LIVE_ITEMS", "10000"))
SEED = 20261121
CITIES, COUNTIES, ORGANS = 21, 9, 15
PROVINCE = "51"
WARM = 15
GUIDE_KEYS = ("zh", "en")


def province(database: sqlite3.Connection, *, cases: int, items: int, today: date) -> None:
    """Regions, organs, items, guides and a year of cases with their events, by plain SQL."""
    luck = random.Random(SEED)
    # Without the triggers' questions, the rows are right by construction; indexes come at the end.
    around = database.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type = 'trigger' OR"
        " (type = 'index' AND tbl_name IN ('cases_case', 'cases_caseevent')))"
    ).fetchall()
    for kind, name, _sql in around:
        database.execute(f'DROP {kind} "{name}"')
    counties = _regions(database)
    organs = _organs(database, counties)
    _items(database, luck, organs, items, today)
    _cases(database, luck, cases, today)
    for _kind, _name, sql in around:
        database.execute(sql)
    database.commit()
    database.execute("ANALYZE")
    database.commit()


def _regions(database: sqlite3.Connection) -> list[str]:
    rows = [
        ("000000000000", "全国", 1, None, ""),
        ("510000000000", "示例省", 2, "000000000000", "51"),
    ]
    counties = []
    for city in range(1, CITIES + 1):
        path = f"51{city:02d}"
        rows.append((f"{path}00000000", f"示例市{city}", 3, "510000000000", path))
        for county in range(1, COUNTIES + 1):
            inner = f"{path}{county:02d}"
            counties.append(inner)
            rows.append((f"{inner}000000", f"示例县{city}-{county}", 4, f"{path}00000000", inner))
    database.executemany(
        "INSERT OR IGNORE INTO directory_region (code, name, level, parent_id, path)"
        " VALUES (?, ?, ?, ?, ?)", rows,
    )  # fmt: skip
    return counties


def _organs(database: sqlite3.Connection, counties: list[str]) -> list[tuple[int, str]]:
    found = []
    first = (database.execute("SELECT MAX(id) FROM directory_organ").fetchone()[0] or 0) + 1
    for number, (county, organ) in enumerate((c, o) for c in counties for o in range(ORGANS)):
        found.append((first + number, county))
        database.execute(
            "INSERT INTO directory_organ (id, code, name, region_id) VALUES (?, ?, ?, ?)",
            (first + number, f"bench.{county}.{organ}", f"示例局{organ}", f"{county}000000"),
        )
    return found


NAMES = (
    "企业设立、变更、注销登记", "建筑工程施工许可证核发", "食品经营许可", "居住证办理",
    "社会保险登记", "不动产登记", "道路运输经营许可", "户口迁移",
)  # fmt: skip


def _items(
    database: sqlite3.Connection,
    luck: random.Random,
    organs: list[tuple[int, str]],
    count: int,
    today: date,
) -> None:
    first = (database.execute("SELECT MAX(id) FROM catalogue_serviceitem").fetchone()[0] or 0) + 1
    items, guides = [], []
    for number in range(count):
        organ, county = organs[number % len(organs)]
        key = first + number
        code = f"BENCH{number:07d}-{county}"
        name = f"{NAMES[number // len(organs) % len(NAMES)]}({number // len(organs)})"
        items.append(
            (
                key,
                code,
                "bench",
                f"B{number // len(organs):06d}",
                name,
                "",
                "licence",
                f"{county}000000",
                county,
                organ,
                "bench",
                "{}",
            )
        )
        if luck.random() < 0.93:
            days = luck.choice((1, 3, 5, 10))
            visits = luck.choice((0, 0, 1))
            document = {
                "name": {"zh": name}, "audience": ["enterprise"], "case_type": "promised",
                "statutory_limit": {"value": 20, "unit": "working_day"},
                "promised_limit": {"value": days, "unit": "working_day"},
                "handling_forms": ["counter", "web"] if luck.random() < 0.8 else ["counter"],
                "online_capabilities": ["enquire", "hand_in", "accept"],
                "on_site_visits": visits,
                "supports_appointment": luck.random() < 0.7,
                "supports_delivery": luck.random() < 0.8,
                "materials": [{"name": {"zh": "申请表"}, "how": "upload"}] * luck.randrange(5),
            }  # fmt: skip
            text = json.dumps(document, ensure_ascii=False)
            guides.append((key, 1, "published", False, "", "2025-01-01", False, "promised", days,
                           "working_day", visits, False, text))  # fmt: skip
    database.executemany(
        "INSERT INTO catalogue_serviceitem (id, code, code_pattern, basic_code, name, main_item, kind,"
        " region_id, region_path, organ_id, source, source_row)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        items,
    )
    database.executemany(
        "INSERT INTO catalogue_guide (item_id, version, state, is_complete, slug, effective_from,"
        " is_sample, case_type, promised_value, promised_unit, on_site_visits, accepts_online, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", guides,
    )  # fmt: skip


def _cases(database: sqlite3.Connection, luck: random.Random, count: int, today: date) -> None:
    rows = database.execute(
        "SELECT i.id, i.organ_id, i.region_path, g.id, g.promised_value FROM catalogue_serviceitem i"
        " JOIN catalogue_guide g ON g.item_id = i.id WHERE i.source = 'bench' ORDER BY i.id"
    ).fetchall()
    luck.shuffle(rows)
    # A few items have most cases (Zipf), as in life.
    weights = [1 / (place + 20) for place in range(len(rows))]
    chosen = luck.choices(range(len(rows)), weights, k=count)
    person, clerk, reviewer = _people(database)
    first = (database.execute("SELECT MAX(id) FROM cases_case").fetchone()[0] or 0) + 1
    begun = datetime(today.year, today.month, today.day, 2, tzinfo=UTC) - timedelta(days=365)
    terms = {
        days: json.dumps(
            {"terms": {"legal": [20, "working_day"], "promise": [days, "working_day"],
                       "extension": [10, "working_day"], "excluded": {}, "to_follow_days": 5}}
        )
        for days in (1, 3, 5, 10)
    }  # fmt: skip
    cases, events = [], []
    for number in range(count):
        item, organ, path, guide, promise = rows[chosen[number]]
        at = begun + timedelta(days=luck.randrange(340), minutes=luck.randrange(400))
        counter = luck.random() < 0.25
        key = first + number
        steps: list[tuple[str, str, str, datetime, int | None, str, str]] = [
            ("submit", "", "submitted", at, clerk, "", "{}")
        ]
        state = "submitted"
        if luck.random() < 0.08:
            at += timedelta(days=luck.randrange(1, 5))
            steps.append(("request_correction", state, "correction", at, clerk, "请补", "{}"))
            at += timedelta(days=luck.randrange(1, 6))
            steps.append(("correct", "correction", "submitted", at, clerk, "", "{}"))
        at += timedelta(days=luck.randrange(0, 5))
        accepted = at
        steps.append(("accept", state, "accepted", at, clerk, "", terms[promise]))
        at += timedelta(days=min(int(luck.lognormvariate(0.4 + promise / 8, 0.7)), 60))
        decided = at
        steps.append(("approve", "accepted", "approved", at, reviewer, "符合规定", "{}"))
        at += timedelta(days=luck.randrange(0, 6))
        how = '{"how": "collected"}' if luck.random() < 0.3 else '{"how": "posted"}'
        steps.append(("deliver", "approved", "approved", at, clerk, "", how))
        submitted = steps[0][3]
        due = (accepted + timedelta(days=promise + 2)).date()
        cases.append(
            (key, f"BENCH{number:09d}", f"{key:032x}", f"{key:032x}", item, guide, organ, path, person,
             "counter" if counter else "web", "approved", "{}", _sql(submitted), _sql(accepted), clerk,
             _sql(decided), reviewer, _sql(at), due.isoformat(), due.isoformat(), len(steps))
        )  # fmt: skip
        events += [
            (moment, key, seq, act, before, after, actor, organ, text, data)
            for seq, (act, before, after, moment, actor, text, data) in enumerate(steps, 1)
        ]
        if len(cases) >= 50_000:
            _write_cases(database, cases)
            _write_events(database, events)
    _write_cases(database, cases)
    _write_events(database, events)
    # In the order of time, as events come in.
    database.execute(
        f"INSERT INTO cases_caseevent ({EVENT}) SELECT {EVENT} FROM bench_event"
        " ORDER BY at, case_id, seq"
    )
    database.execute("DROP TABLE bench_event")


EVENT = "at, case_id, seq, act, before, after, actor_id, organ_id, text, data"


def _write_events(database: sqlite3.Connection, events: list[tuple]) -> None:
    database.execute(f"CREATE TEMP TABLE IF NOT EXISTS bench_event ({EVENT})")
    database.executemany(
        f"INSERT INTO bench_event ({EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((_sql(one[0]), *one[1:]) for one in events),
    )
    events.clear()


def _write_cases(database: sqlite3.Connection, cases: list[tuple]) -> None:
    database.executemany(
        "INSERT INTO cases_case (id, number, draft_key, ledger_ref, item_id, guide_id, organ_id,"
        " region_path, applicant_id, channel, state, answers, submitted_at, accepted_at, accepted_by_id,"
        " decided_at, decided_by_id, delivered_at, due_on, legal_due_on, due_provisional,"
        " open_procedures, committed, revocation_ground, events_count)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, '', ?)", cases,
    )  # fmt: skip
    cases.clear()


def _people(database: sqlite3.Connection) -> tuple[int, int, int]:
    person = database.execute("SELECT id FROM directory_person LIMIT 1").fetchone()[0]
    staff = database.execute("SELECT id FROM directory_account ORDER BY id LIMIT 2").fetchall()
    return person, staff[0][0], staff[1][0]


def _sql(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


# What a page without tallies would ask, for a few of the figures only.
BARE = (
    "SELECT COUNT(*), SUM(channel = 'web'), SUM(decided_at IS NOT NULL),"
    " SUM(date(decided_at) <= due_on) FROM cases_case"
    " WHERE region_path >= '51' AND region_path <= '51~' AND submitted_at >= ? AND submitted_at <= ?",
    "SELECT COUNT(*), COUNT(g.id), SUM(g.accepts_online),"
    " SUM(json_extract(g.document, '$.supports_delivery'))"
    " FROM catalogue_serviceitem i LEFT JOIN catalogue_guide g ON g.item_id = i.id"
    " AND g.effective_to IS NULL WHERE i.region_path >= '51' AND i.region_path <= '51~'",
)


def measure() -> None:
    """In a process of its own: the first reading, and those after it."""
    from tongban.web.cli import set_up

    began = time.perf_counter()
    set_up()
    ready = time.perf_counter()
    from django.db import connection

    from tongban.assessment.live.computing import default_period, live_of
    from tongban.assessment.services.refreshing import refresh
    from tongban.base.clocks import utc_now
    from tongban.directory.models import Region

    region = Region.objects.get(path=PROVINCE)
    now = utc_now()
    period = default_period(now)
    began_live, began_work = time.perf_counter(), time.process_time()
    refresh()
    live = live_of(region, None, period, now)
    cold, cold_work = time.perf_counter() - began_live, time.process_time() - began_work
    warm, warm_work = [], []
    for _ in range(WARM):
        start, work = time.perf_counter(), time.process_time()
        again = live_of(region, None, period, now)
        warm.append(time.perf_counter() - start)
        warm_work.append(time.process_time() - work)
    assert again.result.score == live.result.score
    bare = []
    for _ in range(3):
        start = time.perf_counter()
        with connection.cursor() as cursor:
            for sql in BARE:
                said = [period.first, period.last] if "?" in sql else []
                cursor.execute(sql.replace("?", "%s"), said)
                cursor.fetchall()
        bare.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "set_up": ready - began, "cold": cold, "warm": statistics.median(warm),
                "cold_work": cold_work, "warm_work": statistics.median(warm_work),
                "bare": statistics.median(bare), "score": live.result.score,
                "below": len(live.below.units) if live.below else 0,
            }
        )
    )  # fmt: skip


def run() -> None:
    home = Path(tempfile.mkdtemp(prefix="tongban-bench-live-"))
    surroundings = os.environ | {"TONGBAN_HOME": str(home)}
    command = [sys.executable, "-m", "tongban.web.cli"]
    subprocess.run([*command, "load", "demo"], env=surroundings, check=True, capture_output=True)
    start = time.perf_counter()
    database = sqlite3.connect(home / "tongban.sqlite3")
    for pragma in ("synchronous=OFF", "cache_size=-600000", "temp_store=MEMORY"):
        database.execute(f"PRAGMA {pragma}")
    province(database, cases=CASES, items=ITEMS, today=datetime.now(UTC).date())
    database.close()
    wrote = time.perf_counter() - start
    start = time.perf_counter()
    subprocess.run([*command, "assess", "tally", "--rebuild"], env=surroundings, check=True,
                   capture_output=True)  # fmt: skip
    tallied = time.perf_counter() - start
    done = subprocess.run(
        [sys.executable, "-m", "bench.live"],
        env=surroundings,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)
    size = (home / "tongban.sqlite3").stat().st_size / 1e6
    print(
        f"live index of a province, {CASES:,} cases, {ITEMS:,} items: first reading"
        f" {found['cold']:.2f} s ({found['cold_work']:.2f} s of a core; new process, and"
        f" {found['set_up']:.2f} s to start it), then {1000 * found['warm']:.1f} ms"
        f" ({1000 * found['warm_work']:.1f} ms of a core); a few of the figures by plain SQL"
        f" {1000 * found['bare']:.0f} ms: {found['bare'] / found['warm']:.1f} times as long\n"
        f"  written in {wrote:.0f} s, counted from the first event and every guide checked in"
        f" {tallied:.0f} s (what the server does bit by bit); database {size:.0f} MB"
    )
    if keep := os.environ.get("TONGBAN_BENCH_LIVE_KEEP"):
        home.rename(keep)


if __name__ == "__main__":
    measure()
