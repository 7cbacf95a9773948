"""Where everything of a procedure is drawn: columns by order, rows by lane. Lengths in pixels.

Layers as in Sugiyama, Tagawa and Toda 1981 (IEEE Trans. Syst. Man Cybern. 11(2)): ways back are left
out, a node's column is its longest way from the start, flows over several columns get a place in
each, rows follow the mean of what leads there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tongban.cases.procedures.model import Flow, Node, NodeKind, Procedure

COLUMN, ROW = 230, 140
MARGIN, LANE_HEAD, POOL_HEAD = 20, 56, 36
SIZES: Mapping[NodeKind, tuple[int, int]] = {
    "task": (160, 84),
    "start": (36, 36),
    "end": (36, 36),
    "timer": (36, 36),
    "limit": (36, 36),
    "exclusive": (50, 50),
    "parallel": (50, 50),
}

Point = tuple[int, int]
Performer = tuple[str, str]
# A node's id; or (flow id, column) where a flow passes a column.
Key = str | tuple[str, int]


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> Point:
        return self.x + self.width // 2, self.y + self.height // 2


@dataclass(frozen=True)
class Lane:
    """The band of one organ and role; both are empty for what nobody is named for."""

    organ: str
    role: str
    nodes: tuple[str, ...]
    box: Box

    @property
    def name(self) -> str:
        return " · ".join(part for part in (self.organ, self.role) if part)


@dataclass(frozen=True)
class Layout:
    """`paths` are the corners of flows; `back` the flows that lead back. No lanes: nobody is named."""

    width: int
    height: int
    boxes: Mapping[str, Box]
    paths: Mapping[str, tuple[Point, ...]]
    back: frozenset[str]
    lanes: tuple[Lane, ...]


def lay_out(procedure: Procedure) -> Layout:
    """A place for every node and flow. Expects a procedure without `checks.problems`."""
    return _Layout(procedure).result()


class _Layout:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.host = {
            one.id: one.attached_to if one.kind == "limit" else one.id for one in procedure.nodes
        }
        self.back = self.ways_back()
        self.column = self.columns()
        self.performers = self.lanes_of_nodes()
        self.order = list(dict.fromkeys(self.performers.values()))
        self.row: dict[Key, int] = {}
        self.lane_of: dict[Key, int] = {}
        self.heights = [1] * len(self.order)
        self.place_rows()

    def leaving(self, node: str) -> list[Flow]:
        """Flows of a node and of the limits that sit on it."""
        limits = self.procedure.limits.get(node, ())
        return [
            flow for one in (node, *(x.id for x in limits)) for flow in self.procedure.outgoing[one]
        ]

    def ways_back(self) -> frozenset[str]:
        """Flows to a node that is still open in a depth-first walk from the start."""
        start = next(one.id for one in self.procedure.nodes if one.kind == "start")
        back: set[str] = set()
        open_now, seen = {start}, {start}
        path = [(start, iter(self.leaving(start)))]
        while path:
            node, flows = path[-1]
            flow = next(flows, None)
            if flow is None:
                path.pop()
                open_now.discard(node)
            elif flow.target in open_now:
                back.add(flow.id)
            elif flow.target not in seen:
                seen.add(flow.target)
                open_now.add(flow.target)
                path.append((flow.target, iter(self.leaving(flow.target))))
        return frozenset(back)

    def forward(self) -> list[tuple[str, str, Flow]]:
        return [
            (self.host[flow.source], flow.target, flow)
            for flow in self.procedure.flows
            if flow.id not in self.back
        ]

    def columns(self) -> dict[str, int]:
        nodes = [one.id for one in self.procedure.nodes if one.kind != "limit"]
        entering = dict.fromkeys(nodes, 0)
        following: dict[str, list[str]] = {one: [] for one in nodes}
        for source, target, _ in self.forward():
            entering[target] += 1
            following[source].append(target)
        column = dict.fromkeys(nodes, 0)
        free = [one for one in nodes if not entering[one]]
        done: list[str] = []
        while free:
            node = free.pop(0)
            done.append(node)
            for target in following[node]:
                column[target] = max(column[target], column[node] + 1)
                entering[target] -= 1
                if not entering[target]:
                    free.append(target)
        return {node: column[node] for node in done}

    def lanes_of_nodes(self) -> dict[str, Performer]:
        """A step is in its performer's lane, anything else where it is come from, or leads to."""
        named: dict[str, Performer] = {
            one.id: (one.organ, one.role) for one in self.procedure.tasks
        }
        for source, target, _ in sorted(self.forward(), key=lambda way: self.column[way[0]]):
            if source not in named:
                named[source] = named.get(target, next(iter(named.values())))
            named.setdefault(target, named[source])
        for limit in (one for one in self.procedure.nodes if one.kind == "limit"):
            named[limit.id] = named[limit.attached_to]
        return {one: named[one] for one in sorted(named, key=lambda x: self.column[self.host[x]])}

    def place_rows(self) -> None:
        into: dict[Key, list[Key]] = {}
        lane = self.lane_of
        layers: list[list[Key]] = [[] for _ in range(max(self.column.values()) + 1)]
        for node, column in self.column.items():
            layers[column].append(node)
            lane[node] = self.order.index(self.performers[node])
        for source, target, flow in self.forward():
            before: Key = source
            for column in range(self.column[source] + 1, self.column[target]):
                passing = (flow.id, column)
                layers[column].append(passing)
                lane[passing] = lane[target]
                into[passing] = [before]
                before = passing
            into.setdefault(target, []).append(before)
        for layer in layers:
            self.place_layer(layer, into)

    def place_layer(
        self,
        layer: list[Key],
        into: dict[Key, list[Key]],
    ) -> None:
        lane = self.lane_of
        for number in range(len(self.order)):
            wished = {}
            for key in (one for one in layer if lane[one] == number):
                rows = [self.row[one] for one in into.get(key, ()) if lane[one] == number]
                wished[key] = sum(rows) / len(rows) if rows else 0.0
            free = 0
            for key in sorted(wished, key=lambda one: wished[one]):
                self.row[key] = max(free, int(wished[key]))
                free = self.row[key] + 1
            self.heights[number] = max(self.heights[number], free)

    @property
    def left(self) -> int:
        return MARGIN + (POOL_HEAD + LANE_HEAD if self.named else 0)

    @property
    def named(self) -> bool:
        return any(organ or role for organ, role in self.order)

    def x(self, column: int) -> int:
        return self.left + COLUMN // 2 + column * COLUMN

    def y(self, key: Key) -> int:
        lane = self.lane_of[key]
        return MARGIN + (sum(self.heights[:lane]) + self.row[key]) * ROW + ROW // 2

    def box(self, node: Node) -> Box:
        width, height = SIZES[node.kind]
        if node.kind != "limit":
            x, y = self.x(self.column[node.id]), self.y(node.id)
            return Box(x - width // 2, y - height // 2, width, height)
        host = self.box(self.procedure.node[node.attached_to])
        number = self.procedure.limits[node.attached_to].index(node)
        right = host.x + host.width - 4 - number * (width + 4)
        return Box(right - width, host.y + host.height - height // 2, width, height)

    def result(self) -> Layout:
        boxes = {one.id: self.box(one) for one in self.procedure.nodes}
        bottom = MARGIN + sum(self.heights) * ROW
        numbered = {flow: number for number, flow in enumerate(sorted(self.back))}
        paths = {
            flow.id: self.path(flow, number, boxes, bottom, numbered)
            for number, flow in enumerate(self.procedure.flows)
        }
        right = self.left + (max(self.column.values()) + 1) * COLUMN
        height = bottom + MARGIN + (len(numbered) * 14 if numbered else 0)
        lanes = self.bands(right) if self.named else ()
        return Layout(right + MARGIN, height, boxes, paths, self.back, lanes)

    def bands(self, right: int) -> tuple[Lane, ...]:
        found, top = [], MARGIN
        for (organ, role), rows in zip(self.order, self.heights, strict=True):
            nodes = tuple(
                one.id for one in self.procedure.nodes if self.performers[one.id] == (organ, role)
            )
            x = MARGIN + POOL_HEAD
            found.append(Lane(organ, role, nodes, Box(x, top, right - x, rows * ROW)))
            top += rows * ROW
        return tuple(found)

    def path(
        self,
        flow: Flow,
        number: int,
        boxes: Mapping[str, Box],
        bottom: int,
        numbered: Mapping[str, int],
    ) -> tuple[Point, ...]:
        """From the right of its source between the columns to the left of its target."""
        source, target = boxes[flow.source], boxes[flow.target]
        aside = (number % 5 - 2) * 6
        column = self.column[self.host[flow.source]]
        if flow.source in self.column:
            points = [(source.x + source.width, source.middle[1])]
        else:
            below = source.y + source.height
            points = [(source.middle[0], below), (source.middle[0], below + 8)]
        channel = self.x(column) + COLUMN // 2 + aside
        end = (target.x, target.middle[1])
        if flow.id in self.back:
            low = bottom + 14 * numbered[flow.id] + 10
            before = self.x(self.column[flow.target]) - COLUMN // 2 + aside
            corners = [(channel, points[-1][1]), (channel, low), (before, low), (before, end[1])]
            return _straight([*points, *corners, end])
        for passed in range(column + 1, self.column[flow.target]):
            y = self.y((flow.id, passed))
            points += [(channel, points[-1][1]), (channel, y)]
            channel = self.x(passed) + COLUMN // 2 + aside
        points += [(channel, points[-1][1]), (channel, end[1]), end]
        return _straight(points)


def _straight(points: list[Point]) -> tuple[Point, ...]:
    """Without corners that are none."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        while len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _in_line(a: Point, b: Point, c: Point) -> bool:
    return a[0] == b[0] == c[0] or a[1] == b[1] == c[1]
