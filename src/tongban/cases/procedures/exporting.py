"""Procedure → BPMN 2.0, with a diagram. What `importing` reads of it is the procedure again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree as ET

from tongban.cases.procedures.layout import POOL_HEAD, Box, Layout, lay_out
from tongban.cases.procedures.model import Flow, Node, Procedure, element_of
from tongban.cases.procedures.names import BPMN_DI, DC, DI, LANGUAGE, MODEL, OURS, XSI

PREFIXES = {
    "bpmn": MODEL,
    "bpmndi": BPMN_DI,
    "dc": DC,
    "di": DI,
    "xsi": XSI,
    "tongban": OURS,
}
for _prefix, _namespace in PREFIXES.items():
    ET.register_namespace(_prefix, _namespace)


def export_bpmn(procedure: Procedure) -> bytes:
    """The procedure as a BPMN 2.0 file in UTF-8. Expects one without `checks.problems`."""
    layout = lay_out(procedure)
    fresh = _fresh(procedure)
    root = ET.Element(
        f"{{{MODEL}}}definitions",
        {"id": next(fresh), "targetNamespace": OURS, "exporter": "Tongban"},
    )
    plane = procedure.id
    if layout.lanes:
        plane = next(fresh)
        pool = next(fresh)
        collaboration = _model(root, "collaboration", id=plane)
        _model(collaboration, "participant", id=pool, name=procedure.name, processRef=procedure.id)
    process = _model(root, "process", id=procedure.id, name=procedure.name, isExecutable="true")
    _documented(process, procedure.documentation)
    _stages(process, procedure)
    lanes = _lanes(process, layout, fresh)
    for node in procedure.nodes:
        _node(process, procedure, node)
    for flow in procedure.flows:
        _flow(process, flow)
    drawn = _diagram(root, plane, fresh)
    if layout.lanes:
        _shape(drawn, pool, _pool_box(layout), fresh, horizontal=True)
        for lane, box in lanes:
            _shape(drawn, lane, box, fresh, horizontal=True)
    for node in procedure.nodes:
        _shape(drawn, node.id, layout.boxes[node.id], fresh)
    for flow in procedure.flows:
        edge = _di(drawn, BPMN_DI, "BPMNEdge", id=next(fresh), bpmnElement=flow.id)
        for x, y in layout.paths[flow.id]:
            _di(edge, DI, "waypoint", x=str(x), y=str(y))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _fresh(procedure: Procedure) -> Iterator[str]:
    """Ids that the procedure does not have."""
    used = {procedure.id, *procedure.node, *procedure.flow}
    return (f"made-{number}" for number in count(1) if f"made-{number}" not in used)


def _model(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    said = {key: value for key, value in attributes.items() if value}
    return ET.SubElement(parent, f"{{{MODEL}}}{tag}", said)


def _di(parent: ET.Element, namespace: str, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{namespace}}}{tag}", attributes)


def _documented(element: ET.Element, text: str) -> None:
    if text:
        _model(element, "documentation").text = text


def _stages(process: ET.Element, procedure: Procedure) -> None:
    extensions = _model(process, "extensionElements")
    for stage in procedure.stages:
        ET.SubElement(extensions, f"{{{OURS}}}stage", {"id": stage.id, "name": stage.name})


def _lanes(process: ET.Element, layout: Layout, fresh: Iterator[str]) -> list[tuple[str, Box]]:
    if not layout.lanes:
        return []
    made = []
    lane_set = _model(process, "laneSet", id=next(fresh))
    for lane in layout.lanes:
        element = _model(lane_set, "lane", id=next(fresh), name=lane.name)
        for key, value in (("organ", lane.organ), ("role", lane.role)):
            if value:
                element.set(f"{{{OURS}}}{key}", value)
        for node in lane.nodes:
            _model(element, "flowNodeRef").text = node
        made.append((element.get("id", ""), lane.box))
    return made


def _node(process: ET.Element, procedure: Procedure, node: Node) -> None:
    element = _model(process, element_of(node), id=node.id, name=node.name, default=node.default)
    if node.kind == "task":
        said = {
            "stage": node.stage,
            "limitDays": str(node.limit_days or ""),
            "special": node.special,
            "signedBy": node.signed_by,
        }
        for key, value in said.items():
            if value:
                element.set(f"{{{OURS}}}{key}", value)
    if node.kind == "limit":
        element.set("attachedToRef", node.attached_to)
        element.set("cancelActivity", "true" if node.interrupting else "false")
    _documented(element, node.documentation)
    for flow in procedure.incoming[node.id]:
        _model(element, "incoming").text = flow.id
    for flow in procedure.outgoing[node.id]:
        _model(element, "outgoing").text = flow.id
    if node.wait:
        timer = _model(element, "timerEventDefinition")
        timer.set(f"{{{OURS}}}unit", node.wait.unit)
        duration = _model(timer, "timeDuration")
        duration.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        duration.text = node.wait.duration


def _flow(process: ET.Element, flow: Flow) -> None:
    ends = {"sourceRef": flow.source, "targetRef": flow.target}
    element = _model(process, "sequenceFlow", id=flow.id, name=flow.name, **ends)
    if flow.condition:
        condition = _model(element, "conditionExpression", language=LANGUAGE)
        condition.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        condition.text = flow.condition


def _diagram(root: ET.Element, plane: str, fresh: Iterator[str]) -> ET.Element:
    diagram = _di(root, BPMN_DI, "BPMNDiagram", id=next(fresh))
    return _di(diagram, BPMN_DI, "BPMNPlane", id=next(fresh), bpmnElement=plane)


def _pool_box(layout: Layout) -> Box:
    lanes = [lane.box for lane in layout.lanes]
    left, top = layout.lanes[0].box.x - POOL_HEAD, lanes[0].y
    last = lanes[-1]
    return Box(left, top, last.x + last.width - left, last.y + last.height - top)


def _shape(
    plane: ET.Element, of: str, box: Box, fresh: Iterator[str], *, horizontal: bool = False
) -> None:
    shape = _di(plane, BPMN_DI, "BPMNShape", id=next(fresh), bpmnElement=of)
    if horizontal:
        shape.set("isHorizontal", "true")
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    _di(shape, DC, "Bounds", **{key: str(value) for key, value in sides.items()})
