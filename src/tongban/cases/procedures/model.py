"""What a procedure is: stages in order, nodes, flows between them. Plain values, compared by value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

NodeKind = Literal["start", "end", "task", "exclusive", "parallel", "timer", "limit"]
Unit = Literal["calendar", "working-days"]


@dataclass(frozen=True)
class Stage:
    """One of the stages of handling, e.g. acceptance 受理. Their order is that of the procedure."""

    id: str
    name: str


@dataclass(frozen=True)
class Wait:
    """How long: an ISO 8601 duration (`P5D`); its days count as `unit` says."""

    duration: str
    unit: Unit = "calendar"


@dataclass(frozen=True)
class Node:
    """A step or what lies between steps. What a field is not for stays empty.

    `stage`, `organ`, `role`: of tasks. `by_user`: a BPMN user task, not an abstract one.
    `default`: the flow an exclusive gateway takes when no condition holds.
    `wait`: of timers, which hold the work up, and of limits. A limit 分时限 sits on the task
    `attached_to`; an `interrupting` one ends the task, another only starts what follows it.
    Also of tasks: `limit_days`, working days in which it should be done, 0 for none; `special`, the
    procedure of art. 45 (听证 …) that it is; `signed_by`, the post that signs it (签批) when done.
    """

    id: str
    kind: NodeKind
    name: str = ""
    stage: str = ""
    organ: str = ""
    role: str = ""
    limit_days: int = 0
    special: str = ""
    signed_by: str = ""
    by_user: bool = True
    default: str = ""
    wait: Wait | None = None
    attached_to: str = ""
    interrupting: bool = True
    documentation: str = ""


@dataclass(frozen=True)
class Flow:
    """From one node to the next; `condition` is an expression (see `expressions`) or empty."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str = ""


@dataclass(frozen=True)
class Procedure:
    """How an item is handled. `checks.problems` says whether it can run."""

    id: str
    name: str
    stages: tuple[Stage, ...]
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]
    documentation: str = ""

    @cached_property
    def node(self) -> Mapping[str, Node]:
        return {one.id: one for one in self.nodes}

    @cached_property
    def flow(self) -> Mapping[str, Flow]:
        return {one.id: one for one in self.flows}

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Flow, ...]]:
        found: dict[str, list[Flow]] = {one.id: [] for one in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.source, []).append(flow)
        return {key: tuple(flows) for key, flows in found.items()}

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Flow, ...]]:
        found: dict[str, list[Flow]] = {one.id: [] for one in self.nodes}
        for flow in self.flows:
            found.setdefault(flow.target, []).append(flow)
        return {key: tuple(flows) for key, flows in found.items()}

    @cached_property
    def limits(self) -> Mapping[str, tuple[Node, ...]]:
        """The limits that sit on a task, by the task."""
        found: dict[str, list[Node]] = {}
        for one in self.nodes:
            if one.kind == "limit":
                found.setdefault(one.attached_to, []).append(one)
        return {key: tuple(nodes) for key, nodes in found.items()}

    @property
    def tasks(self) -> tuple[Node, ...]:
        return tuple(one for one in self.nodes if one.kind == "task")


@dataclass(frozen=True)
class Refusal:
    """Something a procedure can't have or can't be run with: the BPMN element and why."""

    element: str
    id: str
    name: str
    reason: str


def element_of(node: Node) -> str:
    """The BPMN element that a node is written as."""
    if node.kind == "task":
        return "userTask" if node.by_user else "task"
    return {
        "start": "startEvent",
        "end": "endEvent",
        "exclusive": "exclusiveGateway",
        "parallel": "parallelGateway",
        "timer": "intermediateCatchEvent",
        "limit": "boundaryEvent",
    }[node.kind]


# ISO 8601: P, then dates, then T and times; at least one figure, so a look ahead for digits.
DURATION = re.compile(
    r"P(?=\d|T\d)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,4}D)?"
    r"(T(?=\d)(\d{1,4}H)?(\d{1,5}M)?(\d{1,6}(\.\d{1,6})?S)?)?",
    re.ASCII,
)
WHOLE_DAYS = re.compile(r"P\d{1,4}D", re.ASCII)


def duration_problem(wait: Wait) -> str:
    """Why it is no duration; empty when it is one."""
    if not DURATION.fullmatch(wait.duration):
        return f"{wait.duration[:60]!r} is no ISO 8601 duration such as P5D"
    if wait.unit == "working-days" and not WHOLE_DAYS.fullmatch(wait.duration):
        return f"working days are whole days, such as P5D, not {wait.duration!r}"
    return ""
