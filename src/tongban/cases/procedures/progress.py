"""How far a case is in its procedure, stage by stage: for people who want to know, in plain words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from tongban.cases.procedures.model import Procedure

Standing = Literal["done", "now", "later", "skipped"]


@dataclass(frozen=True)
class StageProgress:
    """A stage: `done` of its `steps` are done."""

    id: str
    name: str
    standing: Standing
    steps: int
    done: int


def progress(
    procedure: Procedure, done: Collection[str], open_now: Collection[str], *, over: bool
) -> tuple[StageProgress, ...]:
    """The stages that have steps, in their order. `done` and `open_now` are ids of steps.

    A stage before the one where work goes on, in which nothing was done, was not needed; so was a
    step that no answer asked for, so that fewer may be done than there are.
    """
    found = []
    staged = [
        (stage, [one.id for one in procedure.tasks if one.stage == stage.id])
        for stage in procedure.stages
    ]
    working = [
        place for place, (_stage, steps) in enumerate(staged) if any(x in open_now for x in steps)
    ]
    first = working[0] if working else len(staged)
    for place, (stage, steps) in enumerate(staged):
        if not steps:
            continue
        finished = sum(one in done and one not in open_now for one in steps)
        standing: Standing
        if place in working:
            standing = "now"
        elif finished and (over or place < first or finished == len(steps)):
            standing = "done"
        elif over or place < first:
            standing = "skipped"
        else:
            standing = "later"
        found.append(StageProgress(stage.id, stage.name, standing, len(steps), finished))
    return tuple(found)
