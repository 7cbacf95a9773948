"""Whether a procedure can run: what is wrong with it, named by BPMN element."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from tongban.cases.procedures.expressions import NotUnderstood, parse
from tongban.cases.procedures.model import (
    Flow,
    Node,
    Procedure,
    Refusal,
    duration_problem,
    element_of,
)
from tongban.cases.procedures.soundness import unsound
from tongban.cases.rules.grounds import SPECIAL

MOST_NODES = 500
MOST_LIMIT_DAYS = 366
# The posts that handle cases (`directory`): who signs is one of them.
POSTS = ("clerk", "reviewer", "head")
IDENTIFIER = re.compile(r"[^\W\d][\w.\-]{0,199}")
# What XML 1.0 can't hold, and the carriage return, which it does not keep.
NOT_TEXT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def problems(procedure: Procedure) -> tuple[Refusal, ...]:
    """Everything that keeps a procedure from running; empty when it can run.

    Each group of checks builds on those before it, so later groups are silent until earlier pass.
    """
    for group in (_written_well, _connected, _gateways, _reached, _loops):
        found = tuple(group(procedure))
        if found:
            return found
    return tuple(_refusal(procedure.node[node], reason) for node, reason in unsound(procedure))


def _refusal(one: Node | Flow, reason: str) -> Refusal:
    element = element_of(one) if isinstance(one, Node) else "sequenceFlow"
    return Refusal(element, one.id, one.name, reason)


def _written_well(procedure: Procedure) -> Iterator[Refusal]:
    parts: list[Node | Flow] = [*procedure.nodes, *procedure.flows]
    counts = Counter([procedure.id, *(one.id for one in parts)])
    if not IDENTIFIER.fullmatch(procedure.id):
        yield Refusal("process", procedure.id, procedure.name, _id_problem(procedure.id))
    if _unclean([procedure.name, procedure.documentation]):
        yield Refusal("process", procedure.id, "", "a text of it can't be kept in XML")
    yield from _stages_written_well(procedure)
    for one in parts:
        if not IDENTIFIER.fullmatch(one.id):
            yield _refusal(one, _id_problem(one.id))
        elif counts[one.id] > 1:
            yield _refusal(one, "its id is used twice")
        if _unclean(_texts(one)):
            yield _refusal(one, "a text of it can't be kept in XML")


def _id_problem(identity: str) -> str:
    if not identity:
        return "it has no id"
    return "its id must begin with a letter and have letters, figures, _ - . only, at most 200"


def _texts(one: Node | Flow) -> list[str]:
    if isinstance(one, Flow):
        return [one.name, one.condition]
    return [one.name, one.organ, one.role, one.documentation]


def _unclean(texts: Iterable[str]) -> bool:
    return any(NOT_TEXT.search(text) for text in texts)


def _stages_written_well(procedure: Procedure) -> Iterator[Refusal]:
    counts = Counter(stage.id for stage in procedure.stages)
    for stage in procedure.stages:
        if not IDENTIFIER.fullmatch(stage.id):
            yield Refusal("stage", stage.id, stage.name, _id_problem(stage.id))
        elif counts[stage.id] > 1:
            yield Refusal("stage", stage.id, stage.name, "its id is used twice")
        if _unclean([stage.name]):
            yield Refusal("stage", stage.id, "", "a text of it can't be kept in XML")
    for task in procedure.tasks:
        if task.stage not in counts:
            yield _refusal(task, "it is in no stage of the procedure")
        yield from _step_written_well(task)


def _step_written_well(task: Node) -> Iterator[Refusal]:
    if not 0 <= task.limit_days <= MOST_LIMIT_DAYS:
        reason = f"its limit is a number of working days from 0 to {MOST_LIMIT_DAYS}"
        yield _refusal(task, reason)
    if task.special and task.special not in SPECIAL:
        known = ", ".join(sorted(SPECIAL))
        yield _refusal(task, f"{task.special[:40]!r} is no special procedure of art. 45 ({known})")
    if task.signed_by and task.signed_by not in POSTS:
        yield _refusal(task, f"who signs it is one of {', '.join(POSTS)}")


def _connected(procedure: Procedure) -> Iterator[Refusal]:
    if len(procedure.nodes) > MOST_NODES or len(procedure.flows) > 2 * MOST_NODES:
        reason = (
            f"more than {MOST_NODES} elements or {2 * MOST_NODES} flows; nobody could follow it"
        )
        yield Refusal("process", procedure.id, procedure.name, reason)
        return
    for flow in procedure.flows:
        for end, what in ((flow.source, "from"), (flow.target, "to")):
            if end not in procedure.node:
                yield _refusal(flow, f"it leads {what} {end[:80] or 'nothing'}, which is not there")
    kinds = Counter[str](one.kind for one in procedure.nodes)
    for kind, least, most, reason in (
        ("start", 1, 1, "a procedure has one start event"),
        ("end", 1, None, "a procedure has an end event"),
        ("task", 1, None, "a procedure has a step"),
    ):
        if kinds[kind] < least or (most is not None and kinds[kind] > most):
            reason = f"{reason}; this has {kinds[kind]}"
            yield Refusal("process", procedure.id, procedure.name, reason)
    for node in procedure.nodes:
        yield from _ends_of(procedure, node)
        yield from _waits(procedure, node)


def _ends_of(procedure: Procedure, node: Node) -> Iterator[Refusal]:
    into, out = procedure.incoming[node.id], procedure.outgoing[node.id]
    if node.kind in ("start", "limit") and into:
        yield _refusal(node, "no flow may lead to it")
    if node.kind not in ("start", "limit") and not into:
        yield _refusal(node, "no flow leads to it")
    if node.kind == "end" and out:
        yield _refusal(node, "no flow may lead away from it")
    if node.kind != "end" and not out:
        yield _refusal(node, "no flow leads away from it")


def _waits(procedure: Procedure, node: Node) -> Iterator[Refusal]:
    if node.kind in ("timer", "limit"):
        problem = duration_problem(node.wait) if node.wait else "it does not say how long"
        if problem:
            yield _refusal(node, problem)
    if node.kind == "limit":
        host = procedure.node.get(node.attached_to)
        if host is None or host.kind != "task":
            yield _refusal(node, "a limit sits on a task")


def _gateways(procedure: Procedure) -> Iterator[Refusal]:
    for flow in procedure.flows:
        source = procedure.node[flow.source]
        if flow.condition and (
            source.kind != "exclusive" or len(procedure.outgoing[source.id]) == 1
        ):
            yield _refusal(flow, "a condition belongs to a flow that an exclusive gateway chooses")
        if flow.condition:
            try:
                parse(flow.condition)
            except NotUnderstood as problem:
                reason = f"the condition is not understood: {problem}"
                yield Refusal("conditionExpression", flow.id, flow.name, reason)
    for node in procedure.nodes:
        if node.kind == "exclusive":
            yield from _choice(procedure, node)


def _choice(procedure: Procedure, node: Node) -> Iterator[Refusal]:
    """All by answers, with a default; or all by hand."""
    out = procedure.outgoing[node.id]
    if node.default and node.default not in {flow.id for flow in out}:
        yield _refusal(node, "its default is no flow of its")
    if not any(flow.condition for flow in out):
        return
    if not node.default:
        yield _refusal(node, "it has conditions and no default, so that it might know no way")
    for flow in out:
        if flow.id == node.default and flow.condition:
            yield _refusal(flow, "it is the default and has a condition")
        if flow.id != node.default and not flow.condition:
            yield _refusal(flow, "it needs a condition, since others of the gateway have one")


def _reached(procedure: Procedure) -> Iterator[Refusal]:
    start = [one.id for one in procedure.nodes if one.kind == "start"]
    ends = [one.id for one in procedure.nodes if one.kind == "end"]
    forward = _spread(start, lambda node: _next_of(procedure, node))
    hosts = {one.id: one.attached_to for one in procedure.nodes if one.kind == "limit"}

    def before(node: str) -> Iterator[str]:
        if node in hosts:
            yield hosts[node]
        yield from (flow.source for flow in procedure.incoming[node])

    backward = _spread(ends, before)
    for node in procedure.nodes:
        if node.id not in forward:
            yield _refusal(node, "it can't be reached from the start")
        elif node.id not in backward:
            yield _refusal(node, "no end can be reached from it")


def _next_of(procedure: Procedure, node: str) -> Iterator[str]:
    yield from (flow.target for flow in procedure.outgoing[node])
    yield from (limit.id for limit in procedure.limits.get(node, ()))


def _spread(first: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    seen = set(first)
    waiting = list(seen)
    while waiting:
        for one in step(waiting.pop()):
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen


def _loops(procedure: Procedure) -> Iterator[Refusal]:
    """A way round on which nobody does anything would go round for ever."""
    passed: Mapping[str, list[str]] = {
        node.id: [
            flow.target for flow in procedure.outgoing[node.id] if _at_once(procedure, flow.target)
        ]
        for node in procedure.nodes
        if _at_once(procedure, node.id)
    }
    entering = Counter(target for targets in passed.values() for target in targets)
    free = [node for node in passed if not entering[node]]
    left = set(passed)
    while free:
        node = free.pop()
        left.discard(node)
        for target in passed[node]:
            entering[target] -= 1
            if not entering[target]:
                free.append(target)
    for one in procedure.nodes:
        if one.id in left:
            yield _refusal(one, "it is on, or after, a way round without a step")


def _at_once(procedure: Procedure, node: str) -> bool:
    one = procedure.node[node]
    if one.kind == "exclusive":
        out = procedure.outgoing[node]
        return len(out) == 1 or any(flow.condition for flow in out)
    return one.kind == "parallel"
