"""Who does what: lanes of a drawing become organs and posts, and what still lacks one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tongban.cases.procedures.checks import POSTS, problems
from tongban.cases.procedures.model import Node, Procedure, Refusal, element_of

# What lanes of other tools call the posts.
POST_WORDS: Final[Mapping[str, str]] = {
    "clerk": "clerk",
    "counter clerk": "clerk",
    "窗口": "clerk",
    "窗口人员": "clerk",
    "受理人员": "clerk",
    "受理岗": "clerk",
    "reviewer": "reviewer",
    "审核": "reviewer",
    "审核人员": "reviewer",
    "审查人员": "reviewer",
    "审查岗": "reviewer",
    "审批岗": "reviewer",
    "head": "head",
    "head of the organ": "head",
    "负责人": "head",
    "分管领导": "head",
    "局长": "head",
}
DEFAULT_POST: Final = "reviewer"


@dataclass(frozen=True)
class Doer:
    """An organ by its code, "" for the item's own; and a post in it."""

    organ: str = ""
    role: str = DEFAULT_POST


def lanes_of(procedure: Procedure) -> tuple[tuple[str, str], ...]:
    """Organ and role of every lane that has steps, in the order of the steps."""
    return tuple(dict.fromkeys((one.organ, one.role) for one in procedure.tasks))


def assigned(procedure: Procedure, lanes: Mapping[str, Doer]) -> Procedure:
    """The procedure with the doers that are named for lanes; a lane is told by its name.

    A lane called like a post is that post of the item's own organ; without lanes, its reviewer.
    """

    def doer(node: Node) -> Node:
        if node.kind != "task":
            return node
        named = lanes.get(node.role) or lanes.get(node.organ)
        if named is not None:
            return replace(node, organ=named.organ, role=named.role)
        role = POST_WORDS.get(node.role.strip().lower(), node.role)
        return replace(node, role=role or DEFAULT_POST)

    return replace(procedure, nodes=tuple(doer(one) for one in procedure.nodes))


def not_ready(procedure: Procedure, organs: Collection[str]) -> tuple[Refusal, ...]:
    """What keeps a procedure from being put in force; `organs` are the codes that there are."""
    found = list(problems(procedure))
    for task in procedure.tasks:
        if task.organ and task.organ not in organs:
            reason = f"there is no organ with the code {task.organ[:60]!r}"
            found.append(Refusal(element_of(task), task.id, task.name, reason))
        if task.role not in POSTS:
            reason = (
                f"who does it is not said: {task.role[:60]!r} is no post ({', '.join(POSTS)});"
                " name the organ and the post of its lane"
            )
            found.append(Refusal(element_of(task), task.id, task.name, reason))
    return tuple(found)
