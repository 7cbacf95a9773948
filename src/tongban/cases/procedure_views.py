"""Pages of an item's procedure: its versions, the picture, drawing a new one, putting it in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.labels import PROCEDURES
from tongban.cases.models import ItemProcedure
from tongban.cases.procedure_selectors import (
    find_items,
    items_with_procedures,
    organs_near,
    own_item,
    versions_of,
)
from tongban.cases.procedures.assigning import assigned
from tongban.cases.procedures.checks import POSTS
from tongban.cases.procedures.document import from_data
from tongban.cases.procedures.exporting import export_bpmn
from tongban.cases.procedures.importing import import_bpmn
from tongban.cases.procedures.model import Node, Procedure, Refusal
from tongban.cases.procedures.reading_xml import LARGEST
from tongban.cases.progress_pages import picture
from tongban.cases.rules import SPECIAL
from tongban.cases.rules import Procedure as Special
from tongban.cases.services import designing
from tongban.cases.step_selectors import named
from tongban.catalogue.models import ServiceItem
from tongban.directory.models import Organ, Post
from tongban.directory.requests import account_of, row_number
from tongban.directory.selectors import duties_of

State = ItemProcedure.State
DONE: Final[Mapping[str, Promise]] = {
    "import": gettext_lazy("Read and kept as a draft. Say who does which step."),
    "plan": gettext_lazy("Saved. Somebody else can put it in force."),
    "discard": gettext_lazy("The draft is given up."),
    "publish": gettext_lazy("In force for what is handed in from now on."),
    "withdraw": gettext_lazy("Withdrawn. Cases that run by it go on."),
}


class Refused(InvalidInput):
    """A file that is refused; `refused` says for what."""

    refused: tuple[Refusal, ...] = ()


@opens_to(Permission.READ_PROCEDURES)
@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """The items of one's organs that have a procedure; with `q`, others to draw one for."""
    account, words = account_of(request), request.GET.get("q", "")
    context = {
        "rows": items_with_procedures(account),
        "words": words,
        "found": find_items(account, words) if words.strip() else [],
    }
    return render(request, "cases/procedures.html", context)


@opens_to(Permission.READ_PROCEDURES)
@require_safe
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    """The procedure of an item: in force, being drawn, and of before."""
    return _show(request, own_item(account_of(request), code))


@opens_to(Permission.READ_PROCEDURES)
@require_safe
def procedure_file(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """A version as a BPMN 2.0 file."""
    item = own_item(account_of(request), code)
    found = item.procedures.filter(version=version).first()
    if found is None:
        raise Http404
    answer = HttpResponse(export_bpmn(from_data(found.document)), content_type="application/xml")
    answer["Content-Disposition"] = f'attachment; filename="procedure-{version}.bpmn"'
    return answer


@opens_to(Permission.DRAW_PROCEDURES)
@require_POST
def draw(request: HttpRequest, code: str) -> HttpResponse:
    """Import a file as the draft, say who does its steps, or give it up."""
    account, act = account_of(request), request.POST.get("act", "")
    item = own_item(account, code)
    try:
        if act == "import":
            designing.store(account, code, _read(request))
        elif act == "plan":
            revision = row_number(request.POST.get("revision", ""))
            designing.plan_steps(account, code, _plans(request, item), revision=revision)
        elif act == "discard":
            designing.discard(account, code)
        else:
            raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    except DomainError as problem:
        return _show(request, item, fault=problem, status=problem.status)
    messages.success(request, str(DONE[act]))
    return redirect("cases:procedure", code=item.code)


@opens_to(Permission.PUBLISH_PROCEDURES)
@require_POST
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """Put the draft in force, or withdraw the version that is."""
    account, act = account_of(request), request.POST.get("act", "")
    item = own_item(account, code)
    try:
        if act == "publish":
            revision = row_number(request.POST.get("revision", ""))
            designing.publish(account, code, revision=revision)
        elif act == "withdraw":
            designing.withdraw(account, code, reasons=request.POST.get("reasons", ""))
        else:
            raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    except DomainError as problem:
        return _show(request, item, fault=problem, status=problem.status)
    messages.success(request, str(DONE[act]))
    return redirect("cases:procedure", code=item.code)


def _read(request: HttpRequest) -> Procedure:
    """The procedure in the uploaded file. Raises Refused with everything that is wrong with it."""
    upload = request.FILES.get("file")
    if upload is None:
        raise InvalidInput(code="missing_file", title=_("Choose a BPMN 2.0 file."), field="file")
    imported = import_bpmn(upload.read(LARGEST + 1))
    if imported.ok:
        return assigned(imported.procedure, {})
    problem = Refused(
        code="refused",
        title=_("The file can't be imported"),
        detail=_("What a procedure can't hold stands below; nothing was stored."),
        field="file",
    )
    problem.refused = imported.refused
    raise problem


def _plans(request: HttpRequest, item: ServiceItem) -> dict[str, designing.StepPlan]:
    """What the form says of each step, by the step's place in the form."""
    draft = item.procedures.filter(state=State.DRAFT).first()
    tasks = from_data(draft.document).tasks if draft else ()
    plans = {}
    for place, task in enumerate(tasks):
        typed = {
            name: request.POST.get(f"{name}-{place}", "").strip()
            for name in ("organ", "role", "days", "special", "signs")
        }
        days = typed["days"] or "0"
        plans[task.id] = designing.StepPlan(
            organ=typed["organ"],
            role=typed["role"],
            # What is no number becomes one that is refused.
            limit_days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else -1,
            special=typed["special"],
            signed_by=typed["signs"],
        )
    return plans


def _show(
    request: HttpRequest,
    item: ServiceItem,
    *,
    fault: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    account, versions = account_of(request), versions_of(item)
    duties = duties_of(account)
    draft = next((one for one in versions if one.state == State.DRAFT), None)
    current = next((one for one in versions if one.state == State.PUBLISHED), None)
    organs = organs_near(item)
    names = {organ.code: organ.name for organ in organs}
    assert item.organ is not None
    context = {
        "item": item,
        "versions": versions,
        "current": current,
        "picture": _picture(current, names, item.organ) if current else None,
        "draft": draft,
        "draft_picture": _picture(draft, names, item.organ) if draft else None,
        "steps": _step_forms(draft, organs) if draft else [],
        "lacking": designing.faults_of(from_data(draft.document)) if draft else (),
        "may_draw": item.organ_id in duties.organs_for(Permission.DRAW_PROCEDURES),
        "may_publish": item.organ_id in duties.organs_for(Permission.PUBLISH_PROCEDURES),
        "own_draft": bool(draft and draft.author_id == account.pk),
        "fault": fault,
        "refused": fault.refused if isinstance(fault, Refused) else (),
    }
    return render(request, "cases/procedure.html", context, status=status)


def _picture(version: ItemProcedure, names: Mapping[str, str], own: Organ) -> dict[str, str]:
    return picture(named(from_data(version.document), names, own.name))


def _step_forms(draft: ItemProcedure, organs: list[Organ]) -> list[dict[str, object]]:
    """For each step of the draft the fields that say who does it, until when, who signs."""
    roles = dict(Post.Role.choices)
    posts = [{"value": one, "label": str(roles[one])} for one in POSTS]
    places = [{"value": one.code, "label": one.name} for one in organs]
    kinds = [{"value": one.value, "label": PROCEDURES[one]} for one in Special if one in SPECIAL]

    def fields(place: int, task: Node) -> list[dict[str, object]]:
        elsewhere = task.organ and task.organ not in {one["value"] for one in places}
        named_organs = (
            [{"value": task.organ, "label": task.organ}, *places] if elsewhere else places
        )
        lane = (
            "" if task.role in POSTS else _("Lane in the drawing: %(lane)s") % {"lane": task.role}
        )
        return [
            _select("organ", place, _("Organ"), _("This item's organ"), named_organs, task.organ),
            _select("role", place, _("Post"), _("Choose"), posts, task.role) | {"hint": lane},
            {
                "id": f"days-{place}",
                "name": f"days-{place}",
                "label": _("Working days, none for no limit"),
                "value": str(task.limit_days or ""),
            },
            _select("signs", place, _("Post that signs"), _("Nobody"), posts, task.signed_by),
            _select("special", place, _("Special procedure"), _("None"), kinds, task.special),
        ]

    return [
        {"name": task.name or task.id, "fields": fields(place, task)}
        for place, task in enumerate(from_data(draft.document).tasks)
    ]


def _select(
    name: str,
    place: int,
    label: str,
    empty: str,
    options: Sequence[Mapping[str, object]],
    value: str,
) -> dict[str, object]:
    return {
        "id": f"{name}-{place}",
        "name": f"{name}-{place}",
        "label": label,
        "empty": empty,
        "options": options,
        "value": value,
    }
