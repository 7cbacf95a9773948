"""BPMN 2.0 → procedure. Strict: what a procedure can't hold is refused by name, nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tongban.cases.procedures.checks import problems
from tongban.cases.procedures.model import Flow, Node, Procedure, Refusal, Stage, Unit, Wait
from tongban.cases.procedures.names import BPMN_DI, LANGUAGE, MODEL, OURS, reason_for
from tongban.cases.procedures.reading_xml import Element, Unreadable, read_xml

ALWAYS = frozenset({"documentation", "extensionElements"})
ENDS = ALWAYS | {"incoming", "outgoing"}
NODES = frozenset(
    (
        *("startEvent", "endEvent", "intermediateCatchEvent", "boundaryEvent"),
        *("task", "userTask", "exclusiveGateway", "parallelGateway"),
    )
)
TIMED = frozenset({"intermediateCatchEvent", "boundaryEvent"})
# What an element may hold; anything else in it is refused.
MAY_HOLD: dict[str, frozenset[str]] = {
    "definitions": ALWAYS | {"process", "collaboration", "extension"},
    "collaboration": ALWAYS | {"participant"},
    "participant": ALWAYS,
    "process": ALWAYS | NODES | {"sequenceFlow", "laneSet"},
    "laneSet": ALWAYS | {"lane"},
    "lane": ALWAYS | {"flowNodeRef"},
    "sequenceFlow": ALWAYS | {"conditionExpression"},
    "timerEventDefinition": ALWAYS | {"timeDuration"},
    "timeDuration": ALWAYS,
    "conditionExpression": ALWAYS,
    "extension": ALWAYS,
    "incoming": frozenset(),
    "outgoing": frozenset(),
    "flowNodeRef": frozenset(),
    **{tag: ENDS | ({"timerEventDefinition"} if tag in TIMED else set()) for tag in NODES},
}
# Attributes that change how an element runs, with the only value that we can run.
MUST_BE = {
    "isForCompensation": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "parallelMultiple": "false",
    "triggeredByEvent": "false",
    "mustUnderstand": "false",
}
DEFAULT_STAGE = "stage-1"


@dataclass(frozen=True)
class Imported:
    """What was understood of a file, and what of it was refused. It may be run when nothing was."""

    procedure: Procedure
    refused: tuple[Refusal, ...]

    @property
    def ok(self) -> bool:
        return not self.refused


NOTHING = Procedure(id="", name="", stages=(), nodes=(), flows=())


def import_bpmn(content: bytes) -> Imported:
    """Read a BPMN 2.0 file. Never raises: whatever is wrong with it is in `refused`."""
    try:
        root = read_xml(content)
    except Unreadable as problem:
        return Imported(NOTHING, (Refusal(problem.element, "", "", problem.reason),))
    if (root.namespace, root.tag) != (MODEL, "definitions"):
        reason = "not a BPMN 2.0 file: its outermost element is not definitions of BPMN 2.0"
        return Imported(NOTHING, (Refusal(root.tag, "", "", reason),))
    return _Import(root).result()


class _Import:
    """One file's reading; `refused` fills up in the order of the file."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.refused: list[Refusal] = []
        self.ids: set[str] = set()

    def result(self) -> Imported:
        self.supported_only(self.root, self.root)
        processes = list(self.root.named("process"))
        if not processes:
            self.refused.append(
                Refusal(
                    "definitions",
                    self.root.get("id"),
                    self.root.get("name"),
                    "there is no process in it",
                )
            )
            return Imported(NOTHING, tuple(self.refused))
        for further in processes[1:]:
            self.refuse(further, reason_for("process"))
        procedure = self.procedure(processes[0])
        return Imported(procedure, tuple(self.refused) or problems(procedure))

    def refuse(
        self, element: Element, reason: str, owner: Element | None = None, tag: str = ""
    ) -> None:
        """Refuse an element; one without an id or name of its own is told by its owner's."""
        said = [one for one in (element, owner) if one is not None and one is not self.root]
        identity = next((one.get("id") for one in said if one.get("id")), "")
        name = next((one.get("name") for one in said if one.get("name")), "")
        self.refused.append(Refusal(tag or element.tag, identity, name, reason))

    def supported_only(self, element: Element, owner: Element) -> None:
        """Refuse what is not in the table, top down, not looking into what is refused."""
        self.plain(element)
        owner = element if element.get("id") else owner
        for child in element.children:
            if child.namespace == BPMN_DI and element is self.root:
                continue
            if child.namespace != MODEL:
                self.refuse(child, "an element of another language; they go in extensionElements")
            elif child.tag not in MAY_HOLD[element.tag]:
                self.refuse(child, reason_for(child.tag), owner)
            elif child.tag in MAY_HOLD:
                self.supported_only(child, owner)

    def plain(self, element: Element) -> None:
        identity = element.get("id")
        if identity and identity in self.ids:
            self.refuse(element, "its id is used twice in the file")
        self.ids.add(identity)
        for key, value in MUST_BE.items():
            if element.get(key) not in ("", value):
                self.refuse(element, f"{key} can only be {value}")
        for extension in element.named("extension"):
            if extension.get("mustUnderstand") in ("true", "1"):
                self.refuse(extension, "it must be understood, and is not", element)

    def procedure(self, process: Element) -> Procedure:
        performers = self.performers(process)
        stages = _stages(process)
        default_stage = "" if stages else DEFAULT_STAGE
        nodes = []
        for element in process.children:
            if element.namespace == MODEL and element.tag in NODES:
                node = self.node(element, performers, default_stage)
                nodes.append(node)
        flows = tuple(self.flow(element) for element in process.named("sequenceFlow"))
        name = self.name_of(process)
        procedure = Procedure(
            id=process.get("id"),
            name=name,
            stages=stages or (Stage(DEFAULT_STAGE, name),),
            nodes=tuple(nodes),
            flows=flows,
            documentation=_documentation(process),
        )
        self.ends_agree(process, procedure)
        return procedure

    def name_of(self, process: Element) -> str:
        """Its own name, or that of its pool, or of the file."""
        participants = [
            one for pool in self.root.named("collaboration") for one in pool.named("participant")
        ]
        for further in participants[1:]:
            self.refuse(further, reason_for("participant"))
        for one in participants[:1]:
            if _reference(one.get("processRef")) != process.get("id"):
                self.refuse(one, "its process is not the one in the file")
        named = [process, *participants, self.root]
        return next((_name(one) for one in named if one.get("name")), "")

    def performers(self, process: Element) -> dict[str, tuple[str, str]]:
        """Organ and role by node, from lanes. A lane of another tool's is a role."""
        known = {one.get("id") for one in process.children if one.tag in NODES}
        found: dict[str, tuple[str, str]] = {}
        for lanes in process.named("laneSet"):
            for lane in lanes.named("lane"):
                performer = _performer(lane)
                for reference in lane.named("flowNodeRef"):
                    if reference.text in found:
                        self.refuse(lane, f"{reference.text} is in two lanes")
                    elif reference.text in known:
                        found[reference.text] = performer
                    elif not self.refused:
                        # After a refusal it may be the refused element that it holds.
                        self.refuse(lane, f"it holds {reference.text}, which is not there")
        return found

    def node(
        self, element: Element, performers: dict[str, tuple[str, str]], default_stage: str
    ) -> Node:
        identity, name, notes = element.get("id"), _name(element), _documentation(element)
        match element.tag:
            case "startEvent":
                return Node(identity, "start", name, documentation=notes)
            case "endEvent":
                return Node(identity, "end", name, documentation=notes)
            case "exclusiveGateway":
                default = element.get("default")
                return Node(identity, "exclusive", name, default=default, documentation=notes)
            case "parallelGateway":
                return Node(identity, "parallel", name, documentation=notes)
            case "intermediateCatchEvent":
                wait = self.wait(element)
                return Node(identity, "timer", name, wait=wait, documentation=notes)
            case "boundaryEvent":
                return self.limit(element, notes)
        if element.get("default"):
            self.refuse(element, "a default belongs to an exclusive gateway")
        organ, role = performers.get(identity, ("", ""))
        days = element.get(f"{{{OURS}}}limitDays") or "0"
        return Node(
            identity,
            "task",
            name,
            stage=element.get(f"{{{OURS}}}stage") or default_stage,
            organ=organ,
            role=role,
            # What is no number becomes one that the checks refuse.
            limit_days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else -1,
            special=element.get(f"{{{OURS}}}special"),
            signed_by=element.get(f"{{{OURS}}}signedBy"),
            by_user=element.tag == "userTask",
            documentation=notes,
        )

    def limit(self, element: Element, notes: str) -> Node:
        return Node(
            element.get("id"),
            "limit",
            _name(element),
            wait=self.wait(element),
            attached_to=_reference(element.get("attachedToRef")),
            interrupting=element.get("cancelActivity") not in ("false", "0"),
            documentation=notes,
        )

    def wait(self, element: Element) -> Wait | None:
        timers = list(element.named("timerEventDefinition"))
        others = [one for one in element.children if one.tag.endswith("EventDefinition")]
        if len(timers) != 1 or len(others) != 1:
            if len(timers) == len(others):
                self.refuse(element, "it waits for nothing, or for several things; one timer it is")
            return None
        durations = list(timers[0].named("timeDuration"))
        if len(durations) != 1:
            if not any(one.tag in ("timeDate", "timeCycle") for one in timers[0].children):
                self.refuse(timers[0], "one timeDuration is needed, such as P5D", element)
            return None
        said = timers[0].get(f"{{{OURS}}}unit")
        if said not in ("", "calendar", "working-days"):
            self.refuse(timers[0], "its unit is calendar or working-days", element)
        unit: Unit = "working-days" if said == "working-days" else "calendar"
        return Wait(durations[0].text, unit)

    def flow(self, element: Element) -> Flow:
        conditions = list(element.named("conditionExpression"))
        if len(conditions) > 1:
            self.refuse(conditions[1], "a flow has one condition", element)
        condition = conditions[0].text if conditions else ""
        if conditions:
            if conditions[0].get("language") not in ("", LANGUAGE):
                self.refuse(conditions[0], "it is in another expression language", element)
            elif not condition:
                self.refuse(conditions[0], "it is empty", element)
        return Flow(
            id=element.get("id"),
            source=element.get("sourceRef"),
            target=element.get("targetRef"),
            name=_name(element),
            condition=condition,
        )

    def ends_agree(self, process: Element, procedure: Procedure) -> None:
        """What a node says comes in and goes out must be what the flows say."""
        ends: tuple[tuple[str, Callable[[Flow], str]], ...] = (
            ("incoming", lambda flow: flow.target),
            ("outgoing", lambda flow: flow.source),
        )
        for element in process.children:
            if element.tag not in NODES:
                continue
            for tag, end in ends:
                for reference in element.named(tag):
                    flow = procedure.flow.get(_reference(reference.text))
                    if flow is None or end(flow) != element.get("id"):
                        reason = f"it names {reference.text[:80]!r}, which is no flow of its"
                        self.refuse(reference, reason, element)


def _stages(process: Element) -> tuple[Stage, ...]:
    return tuple(
        Stage(one.get("id"), _name(one))
        for extensions in process.named("extensionElements")
        for one in extensions.children
        if (one.namespace, one.tag) == (OURS, "stage")
    )


def _performer(lane: Element) -> tuple[str, str]:
    organ, role = lane.get(f"{{{OURS}}}organ"), lane.get(f"{{{OURS}}}role")
    return (organ, role) if organ or role else ("", _name(lane))


def _name(element: Element) -> str:
    return element.get("name").replace("\r", "")


def _documentation(element: Element) -> str:
    texts: Iterator[str] = (one.text for one in element.named("documentation"))
    return "\n\n".join(text for text in texts if text).replace("\r", "")


def _reference(name: str) -> str:
    """The id in a QName: `tns:Task_1` → `Task_1`. Ids have no colon."""
    return name.rpartition(":")[2]
