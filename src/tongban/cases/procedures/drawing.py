"""A procedure as an SVG picture: text as text, a title and a description for who can't see it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from xml.etree import ElementTree as ET

from tongban.cases.procedures.layout import LANE_HEAD, POOL_HEAD, Box, Layout, Point, lay_out
from tongban.cases.procedures.model import Flow, Node, Procedure, Wait

STYLE = """
text { font: 14px "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif; fill: #1a1a1a; }
.small { font-size: 12px; fill: #404040; }
.shape { fill: #ffffff; stroke: #1a1a1a; stroke-width: 1.5; }
.end { stroke-width: 4; }
.lane { fill: none; stroke: #8c8c8c; }
.flow { fill: none; stroke: #404040; stroke-width: 1.5; marker-end: url(#arrow); }
.back { stroke-dasharray: 6 4; }
.soft { stroke-dasharray: 3 3; }
.done { fill: #e4f0e6; }
.open { fill: #fff4d6; stroke-width: 3; }
.late { fill: #fbe3e0; stroke-width: 3; }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
"""
LINE = 17
# How a step of a case stands, and the sign that says it without colour.
SIGNS = {"done": "✓", "open": "▶", "late": "!"}
NO_MARKS: Mapping[str, str] = {}


def draw_svg(procedure: Procedure, marks: Mapping[str, str] = NO_MARKS) -> bytes:
    """The picture as an SVG file in UTF-8. Expects a procedure without `checks.problems`.

    `marks`: by step how it stands in a case, "done", "open" or "late".
    """
    layout = lay_out(procedure)
    size = {"width": str(layout.width), "height": str(layout.height)}
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {layout.width} {layout.height}",
            "role": "img",
            "aria-labelledby": "procedure-title procedure-description",
            **size,
        },
    )
    _add(svg, "title", id="procedure-title").text = procedure.name or procedure.id
    _add(svg, "desc", id="procedure-description").text = in_words(procedure)
    _add(svg, "style").text = STYLE
    _arrow(svg)
    _add(svg, "rect", width="100%", height="100%", fill="#ffffff")
    _bands(svg, procedure, layout)
    for flow in procedure.flows:
        kind = "flow back" if flow.id in layout.back else "flow"
        points = " ".join(f"{x},{y}" for x, y in layout.paths[flow.id])
        _add(svg, "polyline", points=points, **{"class": kind})
    for node in sorted(procedure.nodes, key=lambda one: one.kind == "limit"):
        _node(svg, procedure, node, layout.boxes[node.id], marks.get(node.id, ""))
    for flow in procedure.flows:
        _told(svg, procedure, flow, layout.paths[flow.id])
    written: bytes = ET.tostring(svg, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def in_words(procedure: Procedure) -> str:
    """The stages and their steps in one paragraph."""
    told = []
    for stage in procedure.stages:
        steps = [_step_in_words(one) for one in procedure.tasks if one.stage == stage.id]
        if steps:
            told.append(f"{_flat(stage.name) or stage.id}: {'; '.join(steps)}.")
    return " ".join(told)


def _step_in_words(task: Node) -> str:
    who = ", ".join(part for part in (task.organ, task.role) if part)
    name = _flat(task.name) or task.id
    return f"{name} ({_flat(who)})" if who else name


def _flat(text: str) -> str:
    return " ".join(text.split())


def _add(parent: ET.Element, tag: str, **attributes: object) -> ET.Element:
    return ET.SubElement(parent, tag, {key: str(value) for key, value in attributes.items()})


def _arrow(svg: ET.Element) -> None:
    marker = _add(
        _add(svg, "defs"),
        "marker",
        id="arrow",
        viewBox="0 0 10 10",
        refX=10,
        refY=5,
        markerWidth=7,
        markerHeight=7,
        orient="auto",
    )
    _add(marker, "path", d="M0,0 L10,5 L0,10 z", fill="#404040")


def _bands(svg: ET.Element, procedure: Procedure, layout: Layout) -> None:
    if not layout.lanes:
        return
    boxes = [lane.box for lane in layout.lanes]
    left, top = boxes[0].x - POOL_HEAD, boxes[0].y
    height = sum(box.height for box in boxes)
    _add(svg, "rect", x=left, y=top, width=POOL_HEAD, height=height, **{"class": "lane"})
    _upright(svg, procedure.name, left + POOL_HEAD // 2, top + height // 2, height)
    for lane in layout.lanes:
        box = lane.box
        _rectangle(svg, box, "lane")
        said_of = [part for part in (lane.organ, lane.role) if part]
        for number, part in enumerate(said_of, start=1):
            x = box.x + LANE_HEAD * number // (len(said_of) + 1)
            _upright(svg, part, x, box.y + box.height // 2, box.height)


def _upright(svg: ET.Element, text: str, x: int, y: int, room: int) -> None:
    lines = wrapped(text, room - 16, 1)
    for line in lines:
        turn = f"rotate(-90 {x} {y})"
        at = {"text-anchor": "middle", "dominant-baseline": "middle", "transform": turn}
        _add(svg, "text", x=x, y=y, **at).text = line


def _rectangle(svg: ET.Element, box: Box, kind: str, rounded: int = 0) -> None:
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    _add(svg, "rect", rx=rounded, **sides, **{"class": kind})


def _node(svg: ET.Element, procedure: Procedure, node: Node, box: Box, mark: str) -> None:
    x, y = box.middle
    group = _add(svg, "g")
    _add(group, "title").text = _flat(node.name) or node.id
    if node.kind == "task":
        _task(group, procedure, node, box, mark)
        return
    if node.kind in ("exclusive", "parallel"):
        half = box.width // 2
        corners = f"{x},{y - half} {x + half},{y} {x},{y + half} {x - half},{y}"
        _add(group, "polygon", points=corners, **{"class": "shape"})
        sign = "×" if node.kind == "exclusive" else "+"
        _line(group, sign, x, y + 6, "")
    else:
        soft = " soft" if node.kind == "limit" and not node.interrupting else ""
        kind = "shape end" if node.kind == "end" else f"shape{soft}"
        _add(group, "circle", cx=x, cy=y, r=box.width // 2, **{"class": kind})
    if node.wait:
        _clock(group, x, y)
        label = _line(group, said(node.wait), x, box.y + box.height + 13, "small halo")
        if node.kind == "limit":
            # Beside the flow that leads down from it.
            label.set("x", str(x - 6))
            label.set("text-anchor", "end")
            return
    below = box.y + box.height + (28 if node.wait else 16)
    for number, line in enumerate(wrapped(node.name, 200, 2, small=True)):
        _line(group, line, x, below + number * 15, "small halo")


def _task(group: ET.Element, procedure: Procedure, node: Node, box: Box, mark: str) -> None:
    _rectangle(group, box, f"shape {mark}".rstrip(), rounded=8)
    if mark:
        _line(group, SIGNS[mark], box.x + box.width - 12, box.y + 16, "")
    x = box.middle[0]
    stages = {stage.id: stage.name for stage in procedure.stages}
    if len(stages) > 1:
        for line in wrapped(stages[node.stage], box.width - 12, 1, small=True):
            _line(group, line, x, box.y + 16, "small")
    lines = wrapped(node.name or node.id, box.width - 16, 3)
    top = box.y + box.height // 2 + 10 - (len(lines) - 1) * LINE // 2
    for number, line in enumerate(lines):
        _line(group, line, x, top + number * LINE, "")


def _clock(group: ET.Element, x: int, y: int) -> None:
    _add(group, "circle", cx=x, cy=y, r=13, **{"class": "shape"})
    _add(group, "path", d=f"M{x},{y - 9} V{y} L{x + 6},{y + 4}", **{"class": "shape"})


def said(wait: Wait) -> str:
    """A wait in short: days in words, anything else as it is written."""
    days = wait.duration.removeprefix("P").removesuffix("D")
    if not days.isdecimal():
        return wait.duration
    return f"{int(days)} {'working days' if wait.unit == 'working-days' else 'days'}"


def _told(svg: ET.Element, procedure: Procedure, flow: Flow, path: tuple[Point, ...]) -> None:
    """Name or condition of a flow, in the middle of the piece that is most its own."""
    default = procedure.node[flow.source].default == flow.id
    text = _flat(flow.name) or flow.condition or ("else" if default else "")
    if not text:
        return
    # Flows that part leave together and go up or down alone; ways back lie lowest.
    upright = [(a, b) for a, b in pairwise(path) if a[0] == b[0]]
    level = [(a, b) for a, b in pairwise(path) if a[1] == b[1]]
    lowest = max(level, key=lambda piece: (piece[0][1], abs(piece[0][0] - piece[1][0])))
    a, b = upright[0] if len(upright) == 1 else lowest
    line = wrapped(text, 180, 1, small=True)[0]
    lift = 4 if a[0] == b[0] else -5
    label = _line(svg, line, (a[0] + b[0]) // 2, (a[1] + b[1]) // 2 + lift, "small halo")
    if line != text:
        _add(label, "title").text = text


def _line(parent: ET.Element, text: str, x: int, y: int, kind: str) -> ET.Element:
    at = {"text-anchor": "middle", **({"class": kind} if kind else {})}
    line = _add(parent, "text", x=x, y=y, **at)
    line.text = text
    return line


def wrapped(text: str, room: int, most: int, *, small: bool = False) -> list[str]:
    """Lines that fit into so many pixels; what is left over ends in an ellipsis."""
    em = 12 if small else 14
    lines = [""]
    for piece in _pieces(text, room, em):
        if _width(lines[-1] + piece.rstrip(), em) > room and lines[-1].strip():
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    kept = [line.rstrip() for line in lines if line.strip()]
    if len(kept) > most:
        last = kept[most - 1]
        while last and _width(last + "…", em) > room:
            last = last[:-1]
        kept = [*kept[: most - 1], last + "…"]
    return kept


def _pieces(text: str, room: int, em: int) -> Iterator[str]:
    """Words with the space after them; Chinese characters one by one; too long words in parts."""
    word = ""
    for character in _flat(text):
        wide = unicodedata.east_asian_width(character) in "WF"
        if word and (wide or word.endswith(" ") or _width(word + character, em) > room):
            yield word
            word = ""
        word += character
        if wide:
            yield word
            word = ""
    if word:
        yield word


def _width(text: str, em: int) -> float:
    """About: a Chinese character is as wide as high, another a little more than half of it."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return em * (wide + 0.56 * (len(text) - wide))
