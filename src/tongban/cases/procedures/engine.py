"""Runs a procedure: where its tokens are, and where they go. Pure: no clock, no database.

A token rests at a step that somebody is to do, at a timer, at an exclusive gateway that somebody
decides by hand, or on a flow into a parallel gateway that still waits for others. Everything else
is passed at once. A state is a value; every act gives a new one or raises and changes nothing.
Time is the caller's: `running` tells which timers and limits run, `elapse` says that one ran out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tongban.base.problems import Conflict
from tongban.cases.procedures.expressions import holds, parse
from tongban.cases.procedures.model import Flow, Node, Procedure

Answers = Mapping[str, object]
# Far more than a checked procedure can pass in one go.
MOST_MOVES = 20_000


@dataclass(frozen=True)
class Token:
    """`at` is a node's id, or that of the flow on which it waits. Numbers are given once a run.

    `told`: the limits that ran out here without ending the step.
    """

    number: int
    at: str
    told: frozenset[str] = frozenset()


@dataclass(frozen=True)
class State:
    """Where a run stands. It is over when no token is left."""

    tokens: tuple[Token, ...] = ()
    given: int = 0

    @property
    def over(self) -> bool:
        return not self.tokens


def start(procedure: Procedure, answers: Answers) -> State:
    """The state in which the first steps are open. Expects a procedure without `checks.problems`."""
    first = next(one for one in procedure.nodes if one.kind == "start")
    return _sent_on(procedure, State(), procedure.outgoing[first.id], answers)


def open_steps(procedure: Procedure, state: State) -> tuple[Node, ...]:
    """The steps that somebody is to do now, the oldest first."""
    return _resting(procedure, state, "task")


def open_choices(procedure: Procedure, state: State) -> tuple[Node, ...]:
    """The exclusive gateways at which somebody is to choose a flow now."""
    return _resting(procedure, state, "exclusive")


def running(procedure: Procedure, state: State) -> tuple[tuple[Token, Node], ...]:
    """Timers and limits whose time runs, each with the token with whose arrival it began."""
    found = []
    for token in state.tokens:
        node = procedure.node.get(token.at)
        if node is not None and node.kind == "timer":
            found.append((token, node))
        limits = procedure.limits.get(token.at, ())
        found += [(token, limit) for limit in limits if limit.id not in token.told]
    return tuple(found)


def complete(procedure: Procedure, state: State, step: str, answers: Answers) -> State:
    """A step is done. Raises Conflict when it is not open."""
    token = _token_at(procedure, state, step, "task")
    return _sent_on(procedure, _without(state, token), procedure.outgoing[step], answers)


def choose(procedure: Procedure, state: State, gateway: str, flow: str, answers: Answers) -> State:
    """Somebody chose a flow by hand. Raises Conflict when there is no such choice now."""
    token = _token_at(procedure, state, gateway, "exclusive")
    chosen = [one for one in procedure.outgoing[gateway] if one.id == flow]
    if not chosen:
        raise _not_now("no_such_way", f"No flow {flow!r} leads away from {gateway!r}")
    return _sent_on(procedure, _without(state, token), chosen, answers)


def elapse(procedure: Procedure, state: State, timer: str, answers: Answers) -> State:
    """A timer or a limit ran out. Raises Conflict when it does not run."""
    found = [pair for pair in running(procedure, state) if pair[1].id == timer]
    if not found:
        raise _not_now("timer_not_running", f"The timer {timer!r} does not run")
    token, node = found[0]
    if node.kind == "limit" and not node.interrupting:
        told = replace(token, told=token.told | {timer})
        left = replace(state, tokens=tuple(told if one is token else one for one in state.tokens))
    else:
        left = _without(state, token)
    return _sent_on(procedure, left, procedure.outgoing[timer], answers)


def alone(procedure: Procedure, state: State) -> str:
    """The step that is open and nothing beside it; "" when there is none.

    From such a state every run can end (`soundness`), so that a run may come back to it any time.
    """
    if len(state.tokens) != 1 or state.tokens[0].told:
        return ""
    node = procedure.node.get(state.tokens[0].at)
    return node.id if node is not None and node.kind == "task" else ""


def go_back(procedure: Procedure, state: State, step: str) -> State:
    """Everything that goes on is given up, and an earlier step is open again.

    Expects a step that was `alone` before in this run. Raises Conflict when it is no step.
    """
    if step not in {one.id for one in procedure.tasks}:
        raise _not_now("no_such_step", f"There is no step {step!r}")
    return _put(replace(state, tokens=()), step)


def by_hand(procedure: Procedure, node: Node) -> bool:
    """Whether somebody chooses at this gateway, since no flow of it has a condition."""
    out = procedure.outgoing[node.id]
    return node.kind == "exclusive" and len(out) > 1 and not any(one.condition for one in out)


def _resting(procedure: Procedure, state: State, kind: str) -> tuple[Node, ...]:
    nodes = (procedure.node.get(token.at) for token in state.tokens)
    return tuple(one for one in nodes if one is not None and one.kind == kind)


def _token_at(procedure: Procedure, state: State, node: str, kind: str) -> Token:
    known = procedure.node.get(node)
    if known is not None and known.kind == kind:
        for token in state.tokens:
            if token.at == node:
                return token
    raise _not_now("step_not_open", f"The step {node!r} is not open")


def _without(state: State, token: Token) -> State:
    return replace(state, tokens=tuple(one for one in state.tokens if one is not token))


def _put(state: State, at: str) -> State:
    number = state.given + 1
    return State(tokens=(*state.tokens, Token(number, at)), given=number)


def _sent_on(procedure: Procedure, state: State, flows: Iterable[Flow], answers: Answers) -> State:
    """Let a token go along each flow, and on until all rest."""
    moving = list(flows)[::-1]
    for _ in range(MOST_MOVES):
        if not moving:
            return state
        flow = moving.pop()
        node = procedure.node[flow.target]
        if node.kind in ("task", "timer") or by_hand(procedure, node):
            state = _put(state, node.id)
        elif node.kind == "exclusive":
            moving.append(_way(procedure, node, answers))
        elif node.kind == "parallel":
            state, joined = _joined(procedure, _put(state, flow.id), node)
            if joined:
                moving.extend(procedure.outgoing[node.id][::-1])
    raise _not_now("goes_round", "The procedure goes round without a step")


def _way(procedure: Procedure, gateway: Node, answers: Answers) -> Flow:
    """The first flow whose condition holds, in the procedure's order; else the default."""
    out = procedure.outgoing[gateway.id]
    if len(out) == 1:
        return out[0]
    for flow in out:
        if flow.condition and holds(parse(flow.condition), answers):
            return flow
    return procedure.flow[gateway.default]


def _joined(procedure: Procedure, state: State, gateway: Node) -> tuple[State, bool]:
    """Take one token from each flow into the gateway if all have one."""
    into = [flow.id for flow in procedure.incoming[gateway.id]]
    first = {token.at: token for token in reversed(state.tokens) if token.at in into}
    if len(first) < len(into):
        return state, False
    left = tuple(token for token in state.tokens if first.get(token.at) is not token)
    return replace(state, tokens=left), True


def _not_now(code: str, title: str) -> Conflict:
    return Conflict(code=code, title=title, fix="Look at the procedure's open steps")
