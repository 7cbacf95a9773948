"""Handing in: from a draft to a case, and a correction back to its case."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import make_case_number
from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import FieldError, InvalidInput, NotFound
from tongban.cases.answers import check_pages
from tongban.cases.models import Case, CaseEvent, Draft, MaterialFile
from tongban.cases.permissions import applicant_case
from tongban.cases.rules import Act, Part, State
from tongban.cases.services.writing import event_of, possible
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account, Person
from tongban.ledger import acts
from tongban.ledger.services import new_case_ref, record


def missing_materials(document: GuideDocument, files: list[MaterialFile]) -> list[FieldError]:
    """Required uploads that have no file yet."""
    there = {file.material for file in files}
    return [
        FieldError(f"/{material.key}", "missing_file", str(_("Upload this document.")))
        for material in document.materials
        if material.how == "upload"
        and material.necessity == "required"
        and material.key not in there
    ]


def _checked(draft: Draft, files: list[MaterialFile]) -> dict[str, str]:
    """The answers in stored form. Raises InvalidInput that lists everything that is wrong."""
    document = document_of(draft.guide)
    answers, errors = check_pages(document.form_pages, draft.answers)
    errors += missing_materials(document, files)
    if errors:
        raise InvalidInput(
            code="application_incomplete",
            title=_("The application is not complete"),
            detail=_("Some answers or documents are missing or wrong."),
            errors=tuple(errors),
        )
    return answers


def _payload(case: Case, files: list[MaterialFile]) -> dict[str, object]:
    """What the applicant and the organ can later prove was handed in."""
    return {
        "number": case.number,
        "applicant": case.applicant.id_number,
        "answers": case.answers,
        "files": [
            {"material": file.material, "name": file.name, "sha256": file.sha256} for file in files
        ],
    }


def _draft_and_person(actor: Account, key: uuid.UUID) -> tuple[Draft | None, Person]:
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("guide", "item__organ", "account__person")
        .filter(key=key, account=actor, case=None)
        .first()
    )
    return draft, draft.account.person if draft else Person()


@transaction.atomic
def submit(
    actor: Account,
    key: uuid.UUID,
    *,
    channel: str = Case.Channel.WEB,
    at: datetime | None = None,
) -> Case:
    """Hand in a draft: the case is received at once (行政许可法 art. 29, 31).

    Sent twice, the second call returns the case of the first. Raises InvalidInput that lists every
    fault, NotFound for another's draft.
    """
    moment = at or utc_now()
    draft, person = _draft_and_person(actor, key)
    if draft is None:
        return _already_sent(actor, key)
    files = list(draft.files.order_by("id"))
    answers = _checked(draft, files)
    item, organ = draft.item, draft.item.organ
    assert organ is not None, "only an item with an organ gets a guide"
    case = Case(
        number=make_case_number(item.region_path, local_date(moment)),
        draft_key=draft.key,
        ledger_ref=new_case_ref(),
        item=item,
        guide=draft.guide,
        organ=organ,
        region_path=item.region_path,
        applicant=person,
        channel=channel,
        state=State.SUBMITTED,
        answers=answers,
        submitted_at=moment,
        events_count=1,
    )
    case.save(force_insert=True)
    event = CaseEvent(case=case, seq=1, act=Act.SUBMIT, at=moment, actor=actor, data={})
    event.save(force_insert=True)
    _take_over_files(draft, case, files)
    record(
        acts.CASE_SUBMITTED,
        at=moment,
        organ=organ.code,
        region=item.region_id or "",
        item=item.code,
        case_ref=case.ledger_ref,
        payload=_payload(case, files),
    )
    return case


def _already_sent(actor: Account, key: uuid.UUID) -> Case:
    case = Case.objects.filter(draft_key=key, applicant__account=actor).first()
    if case is None:
        raise NotFound(
            code="draft_not_found",
            title=_("This form is not open any more"),
            detail=_("It was thrown away, or it belongs to another account."),
            fix=_("Start again from the guide; see «My cases» for what you have sent."),
        )
    return case


def _take_over_files(draft: Draft, case: Case, files: list[MaterialFile]) -> None:
    if files:
        MaterialFile.objects.filter(draft=draft).update(draft=None, case=case)
    # Nothing refers to the draft any more, and there is nothing below it to look for.
    Draft.objects.filter(pk=draft.pk)._raw_delete("default")


@transaction.atomic
def hand_in_correction(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Hand in the correction of a case (art. 32(4)): answers and files take the old ones' place.

    The files before stay with the case, marked as superseded. Raises InvalidInput that lists every
    fault, Conflict when no correction is asked for, NotFound for another's case.
    """
    moment = at or utc_now()
    case = applicant_case(actor, number, lock=True)
    step = possible(case, {Part.APPLICANT}, Act.CORRECT)
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("guide")
        .filter(case=case)
        .first()
    )
    if draft is None:
        raise NotFound(
            code="draft_not_found",
            title=_("The correction has not been started"),
            fix=_("Open the case and choose «Correct the application»."),
        )
    files = list(draft.files.order_by("id"))
    before, case.answers = case.answers, _checked(draft, files)
    changed = sorted(key for key, value in case.answers.items() if before.get(key) != value)
    case.files.update(superseded=True)
    _take_over_files(draft, case, files)
    case.state = step.end
    event_of(case, Act.CORRECT, actor=actor, at=moment, data={"changed": changed})
    case.save(update_fields=["answers", "state", "events_count"])
    record(
        acts.CASE_CORRECTED,
        at=moment,
        organ=case.organ.code,
        region=case.item.region_id or "",
        item=case.item.code,
        case_ref=case.ledger_ref,
        payload=_payload(case, files),
    )
    return case
