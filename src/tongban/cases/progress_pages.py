"""A case's procedure as the pages show it: stages in plain words, steps, the picture."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tongban.cases.models import OPEN_STEPS, CaseStep
from tongban.cases.procedures.drawing import NO_MARKS, draw_svg, in_words
from tongban.cases.procedures.model import Procedure
from tongban.cases.procedures.progress import StageProgress
from tongban.cases.step_selectors import CaseProgress
from tongban.directory.models import Post
from tongban.directory.wording import day_words, moment_words

STANDINGS: Final[dict[str, Promise]] = {
    "done": gettext_lazy("done"),
    "now": gettext_lazy("going on now"),
    "later": gettext_lazy("still to come"),
    "skipped": gettext_lazy("was not needed"),
}
# As `web/components/timeline.html` calls them.
ENTRIES: Final = {"done": "done", "now": "current", "later": "next", "skipped": "done"}


def picture(procedure: Procedure, marks: Mapping[str, str] = NO_MARKS) -> dict[str, str]:
    """The drawing for an `img`, and its text for who can't see it."""
    content = base64.b64encode(draw_svg(procedure, marks)).decode()
    return {"source": f"data:image/svg+xml;base64,{content}", "words": in_words(procedure)}


def _stage(stage: StageProgress, working: Mapping[str, set[str]]) -> dict[str, str]:
    when = str(STANDINGS[stage.standing])
    if stage.standing == "now":
        counted = ngettext(
            "%(done)d of %(n)d step done", "%(done)d of %(n)d steps done", stage.steps
        )
        when = f"{when} · {counted % {'done': stage.done, 'n': stage.steps}}"
    return {
        "title": stage.name or _("Handling"),
        "when": when,
        "by": "、".join(sorted(working.get(stage.id, ()))),
        "state": ENTRIES[stage.standing],
    }


def stages(found: CaseProgress) -> list[dict[str, str]]:
    """The stages as entries of a timeline: where work goes on, and in which organs."""
    working: dict[str, set[str]] = {}
    for step in found.steps:
        if step.state in OPEN_STEPS and step.stage:
            working.setdefault(step.stage, set()).add(step.organ.name)
    return [_stage(one, working) for one in found.stages]


def step_rows(found: CaseProgress, today: date) -> list[dict[str, object]]:
    """The steps of a case for the staff, in the order in which they opened."""
    roles = dict(Post.Role.choices)
    return [
        {
            "token": step.token,
            "name": step.name,
            "organ": step.organ.name,
            "post": roles.get(step.role, step.role),
            "state": step.state,
            "state_label": CaseStep.State(step.state).label,
            "open": step.state in OPEN_STEPS,
            "late": bool(step.state in OPEN_STEPS and step.due_on and step.due_on < today),
            "lines": list(_lines(step)),
            "text": step.text,
        }
        for step in found.steps
    ]


def _lines(step: CaseStep) -> Iterable[str]:
    if step.state in OPEN_STEPS and step.due_on:
        yield _("to be done by %(day)s") % {"day": day_words(step.due_on)}
    if step.state == CaseStep.State.CLAIMED:
        yield _("claimed by %(who)s") % {"who": step.claimed_by}
    if step.done_by and step.done_at:
        yield f"{step.done_by} · {moment_words(step.done_at)}"
    if step.signer and step.ended_at:
        yield _("signed by %(who)s") % {"who": step.signer} + f" · {moment_words(step.ended_at)}"


def staff_progress(found: CaseProgress, today: date) -> dict[str, object]:
    """What the staff see of a case's procedure."""
    return {
        "version": found.version,
        "stages": stages(found),
        "steps": step_rows(found, today),
        "picture": picture(found.named, found.marks),
        "over": found.over,
    }
