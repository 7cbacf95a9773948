"""Procedures that tests run: drawn as values, put in force by the real use cases."""

from __future__ import annotations

from datetime import datetime

from tests.conftest import AT, World
from tongban.cases.models import Case, CaseStep, ItemProcedure
from tongban.cases.procedures.model import Flow, Node, Procedure, Stage, Wait
from tongban.cases.services import designing, stepping
from tongban.directory.models import Account, Organ


def flows(*ways: str) -> tuple[Flow, ...]:
    """`"a b"`: from a to b; `"a b: kind == 1"`: under a condition."""
    found = []
    for place, way in enumerate(ways):
        ends, _, condition = way.partition(":")
        source, target = ends.split()
        found.append(Flow(f"f{place}", source, target, condition=condition.strip()))
    return tuple(found)


def task(key: str, name: str, organ: str = "", role: str = "reviewer", **more) -> Node:
    return Node(key, "task", name, organ=organ, role=role, **({"stage": "examine"} | more))


STAGES = (Stage("examine", "审查"), Stage("review", "联合审查"), Stage("conclude", "拟办"))


def joint(other: str, *, special: str = "hearing") -> Procedure:
    """Six steps of two organs: two in parallel, one of them a hearing; the head signs the last."""
    return Procedure(
        id="joint",
        name="联合审批",
        stages=STAGES,
        nodes=(
            Node("start", "start"),
            task("look", "初审", role="clerk", limit_days=2),
            Node("fork", "parallel"),
            task("hear", "听证", stage="review", special=special),
            task("there", "会审", other, stage="review", limit_days=3),
            task("visit", "现场核查", other, role="clerk", stage="review"),
            Node("join", "parallel"),
            task("draft", "拟办意见", stage="conclude", signed_by="head"),
            task("file", "归档", role="clerk", stage="conclude"),
            Node("end", "end"),
        ),
        flows=flows(
            "start look",
            "look fork",
            "fork hear",
            "fork there",
            "there visit",
            "hear join",
            "visit join",
            "join draft",
            "draft file",
            "file end",
        ),
    )


def two_at_once(other: str) -> Procedure:
    """One step in each of two organs at the same time, then one more."""
    return Procedure(
        id="two",
        name="并联",
        stages=(Stage("examine", "审查"),),
        nodes=(
            Node("start", "start"),
            Node("fork", "parallel"),
            task("here", "本机构审查"),
            task("there", "会审", other),
            Node("join", "parallel"),
            task("last", "汇总"),
            Node("end", "end"),
        ),
        flows=flows(
            "start fork",
            "fork here",
            "fork there",
            "here join",
            "there join",
            "join last",
            "last end",
        ),
    )


def by_answers() -> Procedure:
    """Which step it is depends on the form; afterwards somebody chooses by hand whether once more."""
    return Procedure(
        id="ways",
        name="分支",
        stages=(Stage("examine", "审查"),),
        nodes=(
            Node("start", "start"),
            Node("which", "exclusive", default="f2"),
            task("lost", "挂失核查"),
            task("other", "一般核查"),
            Node("merge", "exclusive"),
            task("sum", "汇总"),
            Node("again", "exclusive", name="是否补充核查"),
            Node("end", "end"),
        ),
        flows=flows(
            "start which",
            'which lost: reason == "lost"',
            "which other",
            "lost merge",
            "other merge",
            "merge sum",
            "sum again",
            "again merge",
            "again end",
        ),
    )


def with_timers() -> Procedure:
    """Three working days of publication, then a step that is taken away after five days."""
    return Procedure(
        id="timed",
        name="公示",
        stages=(Stage("examine", "审查"),),
        nodes=(
            Node("start", "start"),
            Node("publish", "timer", "公示", wait=Wait("P3D", "working-days")),
            task("objections", "处理异议"),
            Node("late", "limit", wait=Wait("P5D"), attached_to="objections"),
            task("merge", "汇总"),
            Node("both", "exclusive"),
            Node("end", "end"),
        ),
        flows=flows(
            "start publish",
            "publish objections",
            "objections both",
            "late both",
            "both merge",
            "merge end",
        ),
    )


class Office(World):
    """The world with a second organ, an administrator, and everybody that a procedure needs."""

    def __init__(self) -> None:
        super().__init__()
        self.other = self.make_organ("区消防救援大队")
        self.there = {
            role: self.make_staff(f"there-{role}", self.other, role)
            for role in ("clerk", "reviewer", "head")
        }
        self.here = {"clerk": self.clerk, "reviewer": self.reviewer, "head": self.head}
        self.second = self.make_staff("second", self.organ, "reviewer")
        self.admin = self.make_staff("admin", self.organ, "administrator")

    def put_in_force(self, procedure: Procedure, *, at: datetime = AT) -> ItemProcedure:
        designing.store(self.admin, self.item.code, procedure, at=at)
        return designing.publish(self.head, self.item.code, at=at)

    def doer(self, step: CaseStep) -> Account:
        return self.at(step.organ)[step.role]

    def at(self, organ: Organ) -> dict[str, Account]:
        return self.here if organ == self.organ else self.there

    def do(self, case: Case, node: str, *, at: datetime = AT, text: str = "同意", flow: str = ""):
        """Do the open step of this name in full, with what belongs to it."""
        step = case.steps.select_related("organ").get(
            node=node, state__in=["open", "claimed", "signing"]
        )
        who, key = self.doer(step), (case.number, step.token)
        if step.special and step.begun_at is None:
            stepping.begin_special(who, *key, {"until": UNTIL, "reasons": "依申请听证"}, at=at)
        step = stepping.complete(who, *key, text=text, flow=flow, at=at)
        if step.signed_by:
            step = stepping.sign(self.at(step.organ)[step.signed_by], *key, text="准", at=at)
        return step


# A day on which a hearing can be held that is announced at AT.
UNTIL = "2026-03-17"


def open_now(case: Case) -> list[str]:
    return sorted(
        case.steps.filter(state__in=["open", "claimed", "signing"]).values_list("node", flat=True)
    )
