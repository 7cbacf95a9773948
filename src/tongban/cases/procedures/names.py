"""The names of BPMN 2.0 (OMG formal/2011-01-03) that procedures are read from and written with."""

from __future__ import annotations

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMN_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
# Ours, for what BPMN has no word for: stages, organ and role of a lane, days that are working days.
OURS = "urn:tongban:procedure:1"
LANGUAGE = "urn:tongban:expression:1"

# Why something can't be imported. What is not listed has the general reason.
GENERAL = "not supported: a procedure has user tasks, exclusive and parallel gateways, and timers"
REASONS = {
    "subProcess": "a step can't hold steps of its own; draw them one after the other",
    "adHocSubProcess": "the order of steps must be drawn",
    "transaction": "a step can't hold steps of its own; draw them one after the other",
    "callActivity": "a procedure can't call another",
    "globalTask": "a procedure can't call another",
    "globalUserTask": "a procedure can't call another",
    "inclusiveGateway": "which of its branches to wait for can't be known; use exclusive or parallel",
    "complexGateway": "which of its branches to wait for can't be known; use exclusive or parallel",
    "eventBasedGateway": "events are not waited for; put a timer on a task as its limit",
    "serviceTask": "steps are done by people; make it a user task",
    "scriptTask": "steps are done by people; nothing of a file is run",
    "sendTask": "steps are done by people; make it a user task",
    "receiveTask": "steps are done by people; make it a user task",
    "manualTask": "every step must be recorded; make it a user task",
    "businessRuleTask": "steps are done by people; use an exclusive gateway for a rule",
    "intermediateThrowEvent": "nothing is sent by a procedure; messages belong to the item",
    "textAnnotation": "it would be lost; put it into the documentation of an element",
    "association": "it would be lost; only sequence flows connect",
    "group": "it would be lost; stages are what groups steps",
    "participant": "a procedure is one process in at most one pool; organs are lanes",
    "messageFlow": "a procedure is one process; sequence flows connect its steps",
    "childLaneSet": "lanes within lanes; one lane is one organ and role",
    "process": "a file is one procedure; this is a further process",
    "multiInstanceLoopCharacteristics": "a step is done once; draw a way back instead",
    "standardLoopCharacteristics": "a step is done once; draw a way back instead",
    "terminateEventDefinition": "it would end what others are still working on",
    "timeDate": "a fixed date suits one case only; use timeDuration",
    "timeCycle": "a limit runs out once; use timeDuration",
    "import": "nothing is fetched from elsewhere",
    "potentialOwner": "who does a step is said by its lane",
    "humanPerformer": "who does a step is said by its lane",
    "performer": "who does a step is said by its lane",
}


def reason_for(tag: str) -> str:
    """Why an element of this name is refused."""
    if tag == "timerEventDefinition":
        return "a timer stands between steps, or on a step as its limit; nothing starts by itself"
    if tag in REASONS:
        return REASONS[tag]
    if tag.endswith("EventDefinition"):
        return "events other than timers are not supported"
    if tag.startswith(("data", "io")):
        return "data is that of the item's form; a procedure has none of its own"
    return GENERAL
