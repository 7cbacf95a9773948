"""A procedure as plain data and back: what the database keeps of it. What is empty is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from tongban.cases.procedures.engine import State, Token
from tongban.cases.procedures.model import Flow, Node, Procedure, Stage, Wait


def as_data(procedure: Procedure) -> dict[str, Any]:
    """As JSON can hold it: `from_data` makes the same procedure of it."""
    return {
        "id": procedure.id,
        "name": procedure.name,
        "documentation": procedure.documentation,
        "stages": [asdict(one) for one in procedure.stages],
        "nodes": [_said(one) for one in procedure.nodes],
        "flows": [_said(one) for one in procedure.flows],
    }


def _said(one: Node | Flow) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(one)}
    return {
        key: value
        for key, value in asdict(one).items()
        if defaults[key] is MISSING or value != defaults[key]
    }


def from_data(data: Mapping[str, Any]) -> Procedure:
    """The procedure that `as_data` wrote. Raises KeyError or TypeError for anything else."""
    return Procedure(
        id=data["id"],
        name=data["name"],
        documentation=data["documentation"],
        stages=tuple(Stage(**one) for one in data["stages"]),
        nodes=tuple(_node(one) for one in data["nodes"]),
        flows=tuple(Flow(**one) for one in data["flows"]),
    )


def _node(data: Mapping[str, Any]) -> Node:
    wait = data.get("wait")
    return Node(**{**data, "wait": Wait(**wait) if wait else None})


def state_as_data(state: State) -> dict[str, Any]:
    """Where a run stands, as JSON can hold it."""
    tokens = [[one.number, one.at, sorted(one.told)] for one in state.tokens]
    return {"given": state.given, "tokens": tokens}


def state_from_data(data: Mapping[str, Any]) -> State:
    """The state that `state_as_data` wrote."""
    tokens = tuple(Token(number, at, frozenset(told)) for number, at, told in data["tokens"])
    return State(tokens, data["given"])
