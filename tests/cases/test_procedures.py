"""Procedures from BPMN 2.0: what is read, what is refused and why, how one runs, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongban.base.problems import Conflict
from tongban.cases.procedures.drawing import draw_svg
from tongban.cases.procedures.engine import choose, complete, open_choices, open_steps, start
from tongban.cases.procedures.exporting import export_bpmn
from tongban.cases.procedures.importing import import_bpmn

DATA = Path(__file__).parent / "data" / "bpmn"
REFERENCE = {path.stem: path.read_bytes() for path in sorted(DATA.glob("*.bpmn"))}
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
PARALLEL = f"""<definitions xmlns="{BPMN}" targetNamespace="t"><process id="p" name="并联">
<startEvent id="s"/><userTask id="a" name="受理"/><parallelGateway id="fork"/>
<userTask id="b" name="公安审查"/><userTask id="c" name="社保审查"/><parallelGateway id="j"/>
<userTask id="d" name="决定"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="fork"/>
<sequenceFlow id="f3" sourceRef="fork" targetRef="b"/><sequenceFlow id="f4" sourceRef="fork" targetRef="c"/>
<sequenceFlow id="f5" sourceRef="b" targetRef="j"/><sequenceFlow id="f6" sourceRef="c" targetRef="j"/>
<sequenceFlow id="f7" sourceRef="j" targetRef="d"/><sequenceFlow id="f8" sourceRef="d" targetRef="e"/>
</process></definitions>""".encode()


def names(steps) -> list[str]:
    return sorted(one.name for one in steps)


@pytest.mark.parametrize(("name", "ok", "steps"), [("A.1.0", True, 3), ("A.2.0", True, 4)])
def test_reference_diagrams_that_can_be_imported(name, ok, steps):
    found = import_bpmn(REFERENCE[name])
    assert (found.ok, len(found.procedure.tasks)) == (ok, steps)


def test_a_reference_diagram_with_more_names_each_element_that_is_refused():
    found = import_bpmn(REFERENCE["B.1.0"])
    assert not found.ok
    assert len(found.refused) > 5
    assert all(one.element and one.reason for one in found.refused)
    assert "dataStore" in {one.element for one in found.refused}


@pytest.mark.parametrize("content", [REFERENCE["A.1.0"], REFERENCE["A.2.0"], PARALLEL])
def test_what_was_imported_is_exported_and_imported_as_the_same(content):
    first = import_bpmn(content).procedure
    again = import_bpmn(export_bpmn(first))
    assert again.ok, again.refused
    assert again.procedure == first


def test_a_join_waits_for_everybody():
    procedure = import_bpmn(PARALLEL).procedure
    state = start(procedure, {})
    assert names(open_steps(procedure, state)) == ["受理"]
    state = complete(procedure, state, "a", {})
    assert names(open_steps(procedure, state)) == ["公安审查", "社保审查"]
    state = complete(procedure, state, "c", {})
    assert names(open_steps(procedure, state)) == ["公安审查"]
    with pytest.raises(Conflict):
        complete(procedure, state, "d", {})
    state = complete(procedure, state, "b", {})
    assert names(open_steps(procedure, state)) == ["决定"]
    assert complete(procedure, state, "d", {}).over


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_run_in_any_order_comes_to_its_end(data):
    procedure = import_bpmn(data.draw(st.sampled_from([PARALLEL, REFERENCE["A.2.0"]]))).procedure
    state = start(procedure, {})
    for _ in range(20):
        if state.over:
            return
        steps, gates = open_steps(procedure, state), open_choices(procedure, state)
        assert steps or gates, "a token rests where nobody can move it"
        if gates:
            flow = data.draw(st.sampled_from(procedure.outgoing[gates[0].id]))
            state = choose(procedure, state, gates[0].id, flow.id, {})
        else:
            state = complete(procedure, state, data.draw(st.sampled_from(steps)).id, {})
    assert state.over


def test_the_picture_has_the_names_as_text():
    picture = draw_svg(import_bpmn(PARALLEL).procedure).decode()
    assert "<title" in picture
    assert all(name in picture for name in ("受理", "公安审查", "社保审查", "决定"))


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"<a/>", b"<a", BOMB, OUTSIDE, b"<a>" * 5_000, b" " * 6_000_000,
     f'<definitions xmlns="{BPMN}"/>'.encode()],
)  # fmt: skip
def test_hostile_and_empty_files_are_refused_with_a_reason(content):
    found = import_bpmn(content)
    assert not found.ok
    assert found.refused[0].reason


@given(name=st.sampled_from(sorted(REFERENCE)), data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_diagram_is_imported_or_refused_and_nothing_else(name, data):
    content = bytearray(REFERENCE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        end = min(at + data.draw(st.integers(0, 40)), len(content))
        content[at:end] = data.draw(st.binary(max_size=12))
        if not content:
            content = bytearray(b" ")
    found = import_bpmn(bytes(content))
    assert found.ok != bool(found.refused)


def test_the_command_prints_what_the_issue_asks_for(tmp_path):
    def run(path: Path) -> tuple[int, dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "tongban.web.cli", "procedures", "import", str(path),
             "--check", "--json"],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    code, said = run(DATA / "A.1.0.bpmn")
    assert (code, said["ok"], said["refused"], len(said["steps"])) == (0, True, [], 3)
    code, said = run(DATA / "B.1.0.bpmn")
    assert (code, said["ok"]) == (1, False)
    assert set(said["refused"][0]) == {"element", "id", "name", "reason"}
