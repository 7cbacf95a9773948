"""Do the gateways fit: every branch that is begun can end, and no step is begun twice at once.

That is soundness of workflow nets (van der Aalst 1998, The application of Petri nets to workflow
management, J. Circuits Syst. Comput. 8(1), definition 7), with one step at a time on each flow.
The net is made smaller by rules that keep it (after Murata 1989, Proc. IEEE 77(4), section V.B); a
procedure whose blocks are nested shrinks to nothing. What is left is tried out, every order of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tongban.cases.procedures.model import Node, Procedure

MOST_MARKINGS = 20_000
END = "·end"

Join = Literal["any", "all"]
Split = Literal["one", "all"]
Marking = frozenset[int]


@dataclass
class Place:
    """A node of the net: it waits for any or all that come in, sends on to one or all.

    `origin` is the procedure's node that the waiting belongs to.
    """

    join: Join
    split: Split
    origin: str


@dataclass
class Net:
    places: dict[str, Place] = field(default_factory=dict)
    edges: dict[int, tuple[str, str]] = field(default_factory=dict)
    made: int = 0

    def connect(self, source: str, target: str) -> None:
        self.made += 1
        self.edges[self.made] = (source, target)

    def into(self, name: str) -> list[int]:
        return [edge for edge, (_, target) in self.edges.items() if target == name]

    def out_of(self, name: str) -> list[int]:
        return [edge for edge, (source, _) in self.edges.items() if source == name]


def unsound(procedure: Procedure) -> list[tuple[str, str]]:
    """(node, reason) for each node at which a run gets stuck or doubled; empty when it is sound.

    Expects a connected procedure, see `checks`.
    """
    net = _net_of(procedure)
    start = next(one.id for one in procedure.nodes if one.kind == "start")
    while _made_smaller(net, start):
        pass
    return _tried_out(net, start)


def _net_of(procedure: Procedure) -> Net:
    net = Net(places={END: Place("any", "all", END)})
    for node in procedure.nodes:
        if node.kind != "end":
            last = _add(net, procedure, node)
            for flow in procedure.outgoing[node.id]:
                ended = procedure.node[flow.target].kind == "end"
                net.connect(last, END if ended else flow.target)
    return net


def _add(net: Net, procedure: Procedure, node: Node) -> str:
    """Add a node; the name of the place from which its flows go."""
    join: Join = "all" if node.kind == "parallel" else "any"
    split: Split = "one" if node.kind == "exclusive" else "all"
    net.places[node.id] = Place(join, split, node.id)
    limits = procedure.limits.get(node.id, ())
    if not limits:
        return node.id
    # A task with limits ends by being done or by a limit; other limits may or may not set off.
    ended, done = f"·{node.id} ended", f"·{node.id} done"
    net.places[ended] = Place("any", "one", node.id)
    net.places[done] = Place("any", "all", node.id)
    net.connect(node.id, ended)
    net.connect(ended, done)
    for limit in limits:
        if limit.interrupting:
            net.connect(ended, limit.id)
        else:
            maybe = f"·{limit.id} maybe"
            net.places[maybe] = Place("any", "one", limit.id)
            net.connect(node.id, maybe)
            net.connect(maybe, limit.id)
            net.connect(maybe, END)
    return done


def _made_smaller(net: Net, start: str) -> bool:
    return any(edge in net.edges and _rule(net, edge, start) for edge in list(net.edges))


def _rule(net: Net, edge: int, start: str) -> bool:
    """Apply the first rule that fits at this edge; whether one did. Each leaves fewer edges."""
    source, target = net.edges[edge]
    u, v = net.places[source], net.places[target]
    beside = net.out_of(source)
    if source == target:
        if (u.join, u.split) == ("any", "one") and len(beside) > 1:
            del net.edges[edge]
            return True
        return False
    twins = [one for one in beside if one != edge and net.edges[one][1] == target]
    if twins and (u.split, v.join) in (("one", "any"), ("all", "all")):
        del net.edges[edge]
        return True
    if target == END:
        # A branch that only ends meets nobody, so the others need not know of it.
        if u.split == "all" and len(beside) > 1:
            del net.edges[edge]
            return True
        return False
    return _fuse(net, edge, start)


def _fuse(net: Net, edge: int, start: str) -> bool:
    source, target = net.edges[edge]
    u, v = net.places[source], net.places[target]
    alone_out, alone_in = len(net.out_of(source)) == 1, len(net.into(target)) == 1
    if alone_in and len(net.out_of(target)) == 1 and not alone_out:
        # One in, one out: nothing happens there that the rest has to know of.
        (following,) = net.out_of(target)
        net.edges[following] = (source, net.edges[following][1])
        del net.edges[edge], net.places[target]
        return True
    if alone_in and (alone_out or u.split == v.split):
        # What follows the target follows the source.
        u.split = v.split
        del net.edges[edge], net.places[target]
        for one in net.out_of(target):
            net.edges[one] = (source, net.edges[one][1])
        return True
    if alone_out and u.join == v.join and source != start:
        # What comes into the source comes into the target.
        del net.edges[edge], net.places[source]
        for one in net.into(source):
            net.edges[one] = (net.edges[one][0], target)
        return True
    return False


def _tried_out(net: Net, start: str) -> list[tuple[str, str]]:
    """Every order in which what is left of the net can go on, up to a number of markings."""
    begun = list(_sent(net, start, frozenset()))
    if None in begun:
        return [(start, "it begins the same twice")]
    seen: dict[Marking, list[Marking]] = {}
    waiting = [marking for marking in begun if marking is not None]
    while waiting:
        marking = waiting.pop()
        if marking in seen:
            continue
        if len(seen) >= MOST_MARKINGS:
            reason = "the gateways are too entangled to tell whether every run of it can end"
            return [(start, reason)]
        seen[marking] = []
        for place, following in _next(net, marking):
            if following is None:
                reason = "it sends on twice at once; branches that run together must be joined"
                return [(_origin(net, place), f"{reason} by a parallel gateway")]
            seen[marking].append(following)
            waiting.append(following)
    return _stuck(net, seen)


def _next(net: Net, marking: Marking) -> Iterator[tuple[str, Marking | None]]:
    for name, place in net.places.items():
        into = [edge for edge in net.into(name) if edge in marking]
        if not into:
            continue
        if place.join == "all":
            if len(into) == len(net.into(name)):
                for following in _sent(net, name, marking - frozenset(into)):
                    yield name, following
        else:
            for edge in into:
                for following in _sent(net, name, marking - {edge}):
                    yield name, following


def _sent(net: Net, name: str, marking: Marking) -> Iterator[Marking | None]:
    """The markings after a place has sent on; None when a flow would hold two at once."""
    out = net.out_of(name)
    choices = [[edge] for edge in out] if net.places[name].split == "one" else [out]
    for chosen in choices:
        yield None if marking & set(chosen) else marking | frozenset(chosen)


def _stuck(net: Net, seen: dict[Marking, list[Marking]]) -> list[tuple[str, str]]:
    """Places at which markings wait from which no end can be reached."""
    before: dict[Marking, list[Marking]] = {}
    for marking, following in seen.items():
        for one in following:
            before.setdefault(one, []).append(marking)
    can_end: set[Marking] = set()
    waiting: list[Marking] = [frozenset()] if frozenset() in seen else []
    while waiting:
        marking = waiting.pop()
        if marking not in can_end:
            can_end.add(marking)
            waiting.extend(before.get(marking, ()))
    joins = {
        net.places[net.edges[edge][1]].origin: None
        for marking, following in seen.items()
        if marking not in can_end and not following
        for edge in marking
        if net.places[net.edges[edge][1]].join == "all"
    }
    reason = "it may wait for ever for a branch that does not come"
    found = [(origin, reason) for origin in joins]
    if not found and len(can_end) < len(seen):
        marking = next(one for one in seen if one not in can_end)
        origins = sorted(_origin(net, net.edges[edge][1]) for edge in marking)
        found = [(origins[0], "from here the end can't be reached any more")]
    return found


def _origin(net: Net, name: str) -> str:
    return net.places[name].origin
