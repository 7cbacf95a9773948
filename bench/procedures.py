"""Cases of 30 items through a six-step procedure of two organs: acts a second, statements an act, and
the steps against the same rows by plain SQL.

`TONGBAN_BENCH_CASES` says how many cases, 10,000 by default. Both sides end each act with one
durable transaction (WAL, synchronous=FULL) on the same disk. The cases come to their decision.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from bench.submit import AT, ITEM, PlainSql, make_drafts
from bench.timing import line
from tongban.base.clocks import utc_now
from tongban.cases.models import Case, CaseRun, CaseStep, Draft, ItemProcedure
from tongban.cases.procedures.document import as_data
from tongban.cases.procedures.model import Flow, Node, Procedure, Stage
from tongban.cases.services import handling, stepping, submitting
from tongban.catalogue.models import Guide, ServiceItem
from tongban.directory.models import Account, Post
from tongban.ledger.models import Entry

COUNT = int(os.environ.get("TONGBAN_BENCH_CASES", "10000"))
# So many of the cases are carried on by plain SQL instead.
BASELINE_SHARE = 5
ITEMS = 30
# Which steps an act opens, in an order in which the acts can come.
ORDER = {
    "look": ("here", "there"),
    "there": ("visit",),
    "here": (),
    "visit": ("draft",),
    "draft": ("file",),
    "file": (),
}


def _task(key: str, name: str, organ: str, role: str) -> Node:
    return Node(key, "task", name, stage="examine", organ=organ, role=role, limit_days=3)


def six_steps(other: str) -> Procedure:
    """Two organs at once in the middle: six steps, four of them of the item's own organ."""
    ways = (
        *("start look", "look fork", "fork here", "fork there", "there visit"),
        *("here join", "visit join", "join draft", "draft file", "file end"),
    )
    return Procedure(
        id="six",
        name="联合审批",
        stages=(Stage("examine", "审查"),),
        nodes=(
            Node("start", "start"),
            _task("look", "初审", "", "clerk"),
            Node("fork", "parallel"),
            _task("here", "审查", "", "reviewer"),
            _task("there", "会审", other, "reviewer"),
            _task("visit", "现场核查", other, "clerk"),
            Node("join", "parallel"),
            _task("draft", "拟办意见", "", "reviewer"),
            _task("file", "归档", "", "clerk"),
            Node("end", "end"),
        ),
        flows=tuple(Flow(f"f{place}", *way.split()) for place, way in enumerate(ways)),
    )


class Town:
    """30 items with the same guide and procedure, and the people who do the steps."""

    def __init__(self) -> None:
        first = ServiceItem.objects.select_related("organ").get(code=ITEM)
        assert first.organ is not None
        posts = Post.objects.select_related("account", "organ")
        self.own = self._staff(posts, first.organ_id)
        other = posts.filter(role="clerk").exclude(organ=first.organ_id).order_by("pk")[0].organ
        self.there = self._staff(posts, other.pk)
        self.other = other.pk
        guide = Guide.objects.get(item=first, effective_to=None)
        items = ServiceItem.objects.filter(organ=first.organ_id, guides=None).order_by("pk")
        self.items = [first, *items[: ITEMS - 1]]
        assert len(self.items) == ITEMS
        for item in self.items[1:]:
            guide.pk, guide.item = None, item
            guide.save()
        for item in self.items:
            ItemProcedure.objects.create(
                item=item,
                version=1,
                state="published",
                document=as_data(six_steps(other.code)),
                approver=self.own["reviewer"],
                updated_at=AT,
                in_force_from=AT - timedelta(days=1),
            )
        # The reviewer of the demonstration decides; steps are done by the same two.
        self.guides = dict(
            Guide.objects.filter(item__in=self.items, effective_to=None).values_list("item", "pk")
        )

    @staticmethod
    def _staff(posts: Any, organ: int) -> dict[str, Account]:
        return {post.role: post.account for post in posts.filter(organ=organ).order_by("-pk")}

    def doer(self, step: CaseStep) -> Account:
        return (self.there if step.organ_id == self.other else self.own)[step.role]

    def drafts(self, count: int) -> list[tuple[Account, uuid.UUID]]:
        """Complete drafts, spread over the items."""
        keys = make_drafts(count)
        for place, item in enumerate(self.items):
            mine = keys[place::ITEMS]
            Draft.objects.filter(key__in=mine).update(item=item, guide=self.guides[item.pk])
        found = Draft.objects.select_related("account").filter(key__in=keys)
        accounts = {draft.key: draft.account for draft in found.iterator(chunk_size=2000)}
        return [(accounts[key], key) for key in keys]


class Statements:
    """Counts what is sent to the database while it is asked to."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *asked: Any) -> Any:
        self.count += 1
        return execute(*asked)

    @contextmanager
    def counting(self) -> Iterator[None]:
        with connection.execute_wrapper(self):
            yield


def timed(act: Callable[[], object], took: list[float]) -> None:
    began = time.perf_counter()
    act()
    took.append(time.perf_counter() - began)


class PlainSteps(PlainSql):
    """What the six acts write of a case, written by sqlite3 alone."""

    def __init__(self, path: Path, run: CaseRun, doer: int) -> None:
        steps = {step.node: step for step in run.steps.all()}
        entry = Entry.objects.filter(
            case_ref=run.case.ledger_ref, leaf__contains="procedures.step_done"
        )[0]
        self.step_rows = {node: self.row(CaseStep, step) for node, step in steps.items()}
        self.rows = {"ledger_entry": self.row(Entry, entry)}
        self.state = json.dumps(run.state)
        self.doer, self.moment = doer, utc_now().replace(tzinfo=None).isoformat(sep=" ")
        self.database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.database.execute(f"PRAGMA {pragma}")

    def act(self, case: int, run: int, token: int, node: str) -> None:
        execute = self.database.execute
        execute("BEGIN IMMEDIATE")
        execute(
            "UPDATE cases_casestep SET state = 'done', claimed_by_id = ?, done_by_id = ?, done_at = ?,"
            " ended_at = ?, text = ?, chosen = '' WHERE run_id = ? AND node = ?",
            [self.doer, self.doer, self.moment, self.moment, "同意", run, node],
        )
        for place, opened in enumerate(ORDER[node]):
            self.rows["cases_casestep"] = self.step_rows[opened]
            self.insert(
                "cases_casestep",
                run_id=run,
                case_id=case,
                token=token + place,
                state="open",
                claimed_by_id=None,
                done_by_id=None,
                done_at=None,
                ended_at=None,
                text="",
            )
        execute(
            "UPDATE cases_caserun SET state = ?, turn = turn + 1, finished = ? WHERE id = ?",
            [self.state, node == "file", run],
        )
        self.insert("ledger_entry", case_ref=uuid.uuid4().hex)
        execute("COMMIT")


def run() -> None:
    town = Town()
    drafts = town.drafts(COUNT)
    accepted = AT + timedelta(hours=1)
    whole = time.perf_counter()
    numbers = []
    took: dict[str, list[float]] = {"submit": [], "accept": [], "step": [], "decide": []}
    for account, key in drafts:
        timed(
            lambda a=account, k=key: numbers.append(submitting.submit(a, k, at=AT).number),
            took["submit"],
        )
    for number in numbers:
        timed(lambda n=number: handling.accept(town.own["clerk"], n, at=accepted), took["accept"])
    by_plain = numbers[::BASELINE_SHARE] if COUNT >= BASELINE_SHARE * 2 else []
    ours = [number for number in numbers if number not in set(by_plain)]
    base, statements = _steps(town, ours, by_plain, took)
    for number in numbers:
        timed(
            lambda n=number: handling.decide(
                town.own["reviewer"], n, approve=True, reasons="材料齐全", at=accepted
            ),
            took["decide"],
        )
    seconds = time.perf_counter() - whole - sum(base)
    _check(numbers)
    _print(took, base, statements, seconds)


def _steps(
    town: Town, ours: list[str], by_plain: list[str], took: dict[str, list[float]]
) -> tuple[list[float], list[int]]:
    """Each case through its six steps; now and then one by plain SQL, so that both run alike."""
    base: list[float] = []
    statements: list[int] = []
    plain: PlainSteps | None = None
    runs = {
        number: (case, run)
        for number, case, run in CaseRun.objects.values_list("case__number", "case", "pk")
    }
    waiting = iter(by_plain)
    for place, number in enumerate(ours):
        case, key = runs[number]
        for node in ORDER:
            step = CaseStep.objects.get(run=key, node=node)
            who, counter = town.doer(step), Statements()

            def act(who: Account = who, number: str = number, token: int = step.token) -> None:
                stepping.complete(who, number, token, text="同意", at=AT + timedelta(hours=2))

            if place % 50 == 0:
                with counter.counting():
                    act()
                statements.append(counter.count)
            else:
                timed(act, took["step"])
        if place == 0:
            finished = CaseRun.objects.select_related("case").get(pk=key)
            home = settings.ENVIRONMENT.home / "tongban.sqlite3"
            plain = PlainSteps(home, finished, town.own["clerk"].pk)
        if place % (BASELINE_SHARE - 1) == 0 and plain is not None:
            other = next(waiting, None)
            if other is not None:
                case, key = runs[other]
                token = 2
                for node, opens in ORDER.items():
                    timed(lambda c=case, k=key, t=token, n=node, p=plain: p.act(c, k, t, n), base)
                    token += len(opens)
    assert next(waiting, None) is None
    return base, statements


def _check(numbers: list[str]) -> None:
    done = Case.objects.filter(number__in=numbers[:500], state="approved").count()
    assert done == min(len(numbers), 500)
    assert not CaseRun.objects.filter(finished=False, case__number__in=numbers[:500]).exists()
    assert (
        CaseStep.objects.exclude(state="done").filter(case__number__in=numbers[:500]).count() == 0
    )


def _print(
    took: dict[str, list[float]], base: list[float], statements: list[int], seconds: float
) -> None:
    acts = sum(len(one) for one in took.values()) + len(statements)
    print(
        f"procedures: {len(took['submit']):,} cases of {ITEMS} items, six steps, two organs:"
        f" {acts:,} acts in {seconds:,.0f} s, {acts / seconds:,.0f} acts a second"
    )
    for name, what in (
        ("submit", "handed in"),
        ("accept", "accepted, the run begun"),
        ("decide", "decided"),
    ):
        print(f"  {what:42}{statistics.median(took[name]) * 1e3:9.3f} ms median")
    each = sum(took["step"]) / len(took["step"])
    print(
        f"  a step: {1 / each:,.0f} a second, {statistics.mean(statements):.1f} statements an act"
        f" (most {max(statements)}), savepoints counted"
    )
    line("step: permission, rules, rows, ledger", took["step"], "the same rows by plain SQL", base)
