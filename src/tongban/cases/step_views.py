"""Pages of steps: those that wait for one's posts, and one of them with its case to do it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tongban.base.clocks import local_date, utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError, InvalidInput
from tongban.cases.case_views import send_file
from tongban.cases.labels import PROCEDURES
from tongban.cases.models import CaseStep
from tongban.cases.progress_pages import staff_progress
from tongban.cases.selectors import case_file
from tongban.cases.services import stepping
from tongban.cases.services.running import loaded
from tongban.cases.services.viewing import open_step
from tongban.cases.step_selectors import SHOWN, case_progress, step_list
from tongban.cases.wording import answers_by_page
from tongban.catalogue.selectors import document_of
from tongban.catalogue.views import material_row
from tongban.directory.models import Account
from tongban.directory.requests import account_of
from tongban.directory.selectors import duties_of

LABELS: Mapping[str, Promise] = {
    "open": gettext_lazy("To do"),
    "mine": gettext_lazy("Claimed by me"),
    "late": gettext_lazy("Late"),
}
DONE: Mapping[str, Promise] = {
    "claim": gettext_lazy("The step is yours."),
    "release": gettext_lazy("Everybody with the post can do the step again."),
    "hand_over": gettext_lazy("Handed over."),
    "begin": gettext_lazy("The clock stands. The applicant sees why, and for how long."),
    "complete": gettext_lazy("Done. What comes next is open."),
    "sign": gettext_lazy("Signed. What comes next is open."),
    "send_back": gettext_lazy("Sent back, with the reasons."),
}
Typed = Mapping[str, str]


@opens_to(Permission.DO_STEPS)
@require_safe
def steps(request: HttpRequest) -> HttpResponse:
    """The steps that wait for the person's posts, in cases of any organ, by their sub-limits."""
    show = request.GET.get("show", "open")
    show = show if show in SHOWN else "open"
    page = request.GET.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 5 else 1
    found = step_list(account_of(request), show=show, page=number, today=local_date(utc_now()))
    context = {
        "rows": found.rows,
        "show_label": LABELS[show],
        "rail": [
            {
                "url": f"{reverse('cases:steps')}?show={name}",
                "label": LABELS[name],
                "count": found.counts[name],
                "current": name == show,
            }
            for name in SHOWN
        ],
        "page": number,
        "previous_url": f"?show={show}&page={number - 1}" if number > 1 else "",
        "next_url": f"?show={show}&page={number + 1}" if found.more else "",
    }
    return render(request, "cases/steps.html", context)


def _act(account: Account, number: str, token: int, act: str, typed: Typed) -> None:
    """Do what the form says. Raises DomainError."""
    key = (account, number, token)
    said = {name: typed.get(name, "") for name in ("text", "flow", "to", "reasons", "until")}
    deeds: Mapping[str, Callable[[], object]] = {
        "claim": lambda: stepping.claim(*key),
        "release": lambda: stepping.release(*key),
        "hand_over": lambda: stepping.hand_over(*key, to=said["to"]),
        "begin": lambda: stepping.begin_special(*key, said),
        "complete": lambda: stepping.complete(*key, text=said["text"], flow=said["flow"]),
        "sign": lambda: stepping.sign(*key, text=said["text"]),
        "send_back": lambda: stepping.send_back(*key, to=said["to"], reasons=said["reasons"]),
    }
    if act not in deeds:
        raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    deeds[act]()


@opens_to(Permission.DO_STEPS)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, number: str, step: int) -> HttpResponse:
    """One step with what it is about: form, files, how far the case is, and the acts."""
    account = account_of(request)
    if request.method != "POST":
        return _show(request, open_step(account, number, step))
    act = request.POST.get("act", "")
    open_step(account, number, step)
    try:
        _act(account, number, step, act, request.POST)
    except DomainError as problem:
        shown = open_step(account, number, step)
        return _show(request, shown, fault=problem, act=act, status=problem.status)
    messages.success(request, str(DONE[act]))
    return redirect("cases:steps" if act in LEAVES else request.path)


# After these there is nothing more to do here.
LEAVES = frozenset({"complete", "sign", "send_back", "hand_over"})


def _show(
    request: HttpRequest,
    found: CaseStep,
    *,
    fault: DomainError | None = None,
    act: str = "",
    status: int = 200,
) -> HttpResponse:
    today, case = local_date(utc_now()), found.case
    far = case_progress(case, today)
    document = document_of(case.guide)
    content = case_file(case)
    typed = request.POST if fault else {}
    context = {
        "step": found,
        "case": case,
        "late": bool(found.due_on and found.due_on < today),
        "special": PROCEDURES[found.special] if found.special else "",
        "notes": loaded(found.run.procedure_id).procedure.node[found.node].documentation,
        "forms": _forms(account_of(request), found, fault, act, typed),
        "can_claim": found.state == CaseStep.State.OPEN,
        "can_release": found.state == CaseStep.State.CLAIMED,
        "procedure": staff_progress(far, today) if far else None,
        "pages": answers_by_page(document.form_pages, case.answers, masked=True),
        "files": content.files,
        "material_names": {row.key: material_row(row)["name"] for row in document.materials},
        "fault": fault,
    }
    return render(request, "cases/step.html", context, status=status)


def _forms(
    account: Account, found: CaseStep, fault: DomainError | None, act: str, typed: Typed
) -> list[dict[str, object]]:
    """The acts that are open now, each with its fields."""
    faults = {error.pointer.lstrip("/"): error.detail for error in fault.errors} if fault else {}

    def field(name: str, kind: str, label: str, of: str, **more: object) -> dict[str, object]:
        mine = of == act
        return {
            "id": f"{name}-{of}",
            "name": name,
            "kind": kind,
            "label": label,
            "value": typed.get(name, "") if mine else "",
            "error": faults.get(name, "") if mine else "",
            "required": True,
            "options": [],
            "hint": "",
        } | more

    def form(of: str, label: str, *fields: dict[str, object], **more: object) -> dict[str, object]:
        return {"act": of, "label": label, "fields": fields, "opened": of == act} | more

    if found.state not in (CaseStep.State.OPEN, CaseStep.State.CLAIMED, CaseStep.State.SIGNING):
        return []
    if found.state == CaseStep.State.SIGNING:
        may_sign = found.organ_id in duties_of(account).organs(found.signed_by)
        if not may_sign or found.done_by_id == account.pk:
            return []
        opinion = field("text", "textarea", _("Opinion, for the staff"), "sign", required=False)
        acts = [form("sign", _("Sign"), opinion, main=True)]
    elif found.special and found.begun_at is None:
        until = field("until", "date", _("Expected to end on"), "begin")
        why = field("reasons", "textarea", _("Reasons, as the applicant will read them"), "begin")
        acts = [
            form("begin", _("Begin: %(what)s") % {"what": PROCEDURES[found.special]}, until, why)
        ]
        acts[0]["main"] = True
    else:
        label = _("Opinion, for the staff")
        if found.special:
            label = _("Result, as the applicant will read it")
        asked = [field("text", "textarea", label, "complete")]
        if found.kind == CaseStep.Kind.CHOICE:
            ways = field("flow", "choice", _("How it goes on"), "complete", options=_ways(found))
            asked.insert(0, ways)
        acts = [form("complete", _("Done"), *asked, main=True)]
    back = _backs(found)
    if back:
        to = field("to", "choice", _("To which step"), "send_back", options=back)
        why = field("reasons", "textarea", _("Reasons, for the staff"), "send_back")
        acts.append(form("send_back", _("Send back"), to, why, danger=True))
    if found.state != CaseStep.State.SIGNING:
        hint = _("Somebody of the organ with the same post.")
        who = field("to", "text", _("Account name of the colleague"), "hand_over", hint=hint)
        acts.append(form("hand_over", _("Hand over"), who))
    return acts


def _ways(found: CaseStep) -> list[dict[str, str]]:
    procedure = loaded(found.run.procedure_id).procedure
    return [
        {"value": flow.id, "label": flow.name or procedure.node[flow.target].name or flow.target}
        for flow in procedure.outgoing[found.node]
    ]


def _backs(found: CaseStep) -> list[dict[str, str]]:
    node = loaded(found.run.procedure_id).procedure.node
    ways = stepping.ways_back(found.run, found)
    if found.state == CaseStep.State.SIGNING:
        ways = [*ways, found.node]
    return [{"value": one, "label": node[one].name or one} for one in ways]


@opens_to(Permission.DO_STEPS)
@require_safe
def step_file(request: HttpRequest, number: str, step: int, key: uuid.UUID) -> FileResponse:
    """A file of the case, for who does one of its steps."""
    return send_file(open_step(account_of(request), number, step).case, key)
