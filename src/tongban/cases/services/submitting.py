"""Handing in: from a draft to a case, and a correction back to its case."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tongban.base.case_numbers import make_case_number
from tongban.base.clocks import local_date, utc_now
from tongban.base.problems import Conflict, DomainError, FieldError, InvalidInput, NotFound
from tongban.cases.answers import check_pages
from tongban.cases.models import Case, CaseEvent, Draft
from tongban.cases.permissions import applicant_case, cases_of_applicant
from tongban.cases.rules import Act, Ground, Happened, Part, State, advance, columns
from tongban.cases.services.principals import check_level, still_allowed
from tongban.cases.services.telling import RECEIVED, link_to, papers_named
from tongban.cases.services.writing import carry_out
from tongban.catalogue.counting import note_use
from tongban.catalogue.guide_schema import GuideDocument
from tongban.catalogue.selectors import document_by_id, document_of
from tongban.directory.messages.posting import notify
from tongban.directory.models import Account, Person
from tongban.directory.selectors import working_calendar
from tongban.ledger import acts, direct
from tongban.ledger.services import new_case_ref, record
from tongban.ledger.traces import leaves_no_trace, leaves_trace


class HandedIn(NamedTuple):
    """A file as the application names it; `reused`: it was with another case before."""

    material: str
    name: str
    sha256: str
    trust: str
    reused: bool


class Filing(NamedTuple):
    """A draft with what its case and its trace need of item, organ and person."""

    draft_id: int
    answers: dict[str, str]
    guide_id: int
    item_id: int
    item_code: str
    item_name: str
    region: str
    region_path: str
    organ_id: int
    organ_code: str
    organ_name: str
    person_id: int
    account_id: int | None
    enterprise_id: int | None
    delegation_id: int | None
    agent_level: int
    id_number: str
    committed: bool


# One statement with just these columns: through the models it is half the time of a submit.
_FILING = """
SELECT d.id, d.answers, d.guide_id, i.id, i.code, i.name, i.region_id, i.region_path, o.id, o.code,
       o.name, p.id, p.account_id, d.enterprise_id, d.delegation_id, a.identity_level, p.id_number,
       d.committed
FROM cases_draft d
JOIN catalogue_serviceitem i ON i.id = d.item_id
JOIN directory_organ o ON o.id = i.organ_id
JOIN directory_person p ON p.id = d.principal_id
"""
FILING = f"""{_FILING}JOIN directory_person a ON a.account_id = d.account_id
WHERE d.key = %s AND d.account_id = %s AND d.case_id IS NULL"""
# At a counter the person themselves is there, whoever types.
FILING_AT_COUNTER = f"""{_FILING}JOIN directory_person a ON a.id = d.principal_id
WHERE d.key = %s AND d.case_id IS NULL"""

FILES = """
SELECT material, name, sha256, trust, reused_from_id IS NOT NULL
FROM cases_materialfile WHERE draft_id = %s ORDER BY id"""


def missing_materials(
    document: GuideDocument, there: Collection[str], *, committed: bool = False
) -> list[FieldError]:
    """Required uploads that have no file yet; `there` names the materials that have.

    A commitment (告知承诺) takes the place of those that the guide names.
    """
    commitment = document.handling.commitment
    replaced = commitment.replaces if commitment and committed else ()
    return [
        FieldError(f"/{material.key}", "missing_file", str(_("Upload this document.")))
        for material in document.materials
        if material.how == "upload"
        and material.necessity == "required"
        and material.key not in there
        and material.key not in replaced
    ]


def papers_to_follow(document: GuideDocument, there: Collection[str]) -> list[str]:
    """Keys of secondary papers that are not there and may follow (容缺后补)."""
    return [
        material.key
        for material in document.materials
        if material.how == "upload"
        and material.necessity == "to_follow"
        and material.key not in there
    ]


def other_persons_numbers(
    document: GuideDocument, answers: Mapping[str, str], id_number: str
) -> list[FieldError]:
    """Fields that hold the applicant's own number and hold another's."""
    return [
        FieldError(
            f"/{field.key}", "not_the_applicant", str(_("This is not the applicant's ID number."))
        )
        for page in document.form_pages
        for field in page.fields
        if field.prefill == "person.id_number" and answers.get(field.key, id_number) != id_number
    ]


def _answers_and_faults(
    document: GuideDocument,
    answers: Mapping[str, str],
    files: list[HandedIn],
    id_number: str,
    committed: bool,
) -> tuple[dict[str, str], list[FieldError]]:
    checked, errors = check_pages(document.form_pages, answers)
    if not errors:
        errors = other_persons_numbers(document, checked, id_number)
    there = {file.material for file in files}
    return checked, errors + missing_materials(document, there, committed=committed)


def faults_of(
    document: GuideDocument,
    answers: Mapping[str, str],
    files: list[HandedIn],
    id_number: str,
    *,
    committed: bool = False,
) -> list[FieldError]:
    """Everything that is wrong with an application that could be handed in now."""
    return _answers_and_faults(document, answers, files, id_number, committed)[1]


def _checked(
    document: GuideDocument,
    answers: Mapping[str, str],
    files: list[HandedIn],
    id_number: str,
    *,
    committed: bool = False,
) -> dict[str, str]:
    """The answers in stored form. Raises InvalidInput that lists everything that is wrong."""
    checked, errors = _answers_and_faults(document, answers, files, id_number, committed)
    if errors:
        raise InvalidInput(
            code="application_incomplete",
            title=_("The application is not complete"),
            detail=_("Some answers or documents are missing or wrong."),
            errors=tuple(errors),
        )
    return checked


def _payload(
    case: Case, id_number: str, files: list[HandedIn], actor: Account
) -> dict[str, object]:
    """What the applicant and the organ can later prove was handed in."""
    return {
        "number": case.number,
        "applicant": id_number,
        "by": actor.username,
        "answers": case.answers,
        "files": [file._asdict() for file in files],
    }


def _filing(key: uuid.UUID, actor: Account | None) -> Filing | None:
    """The actor's draft, or for None any, locked; None when there is none."""
    stored_key = Draft._meta.get_field("key").get_db_prep_value(key, connection)
    sql, values = (FILING, [stored_key, actor.pk]) if actor else (FILING_AT_COUNTER, [stored_key])
    found = direct.fetch(sql + direct.locked("d"), values)
    if not found:
        return None
    filing = Filing(*found[0])
    return filing._replace(
        answers=Draft._meta.get_field("answers").from_db_value(filing.answers),
        id_number=Person._meta.get_field("id_number").from_db_value(filing.id_number),
        committed=bool(filing.committed),
    )


@leaves_no_trace("only reads")
def files_of_draft(draft_id: int) -> list[HandedIn]:
    """The files of a draft in the order of their arrival. One query."""
    rows = direct.fetch(FILES, [draft_id])
    return [HandedIn(*row)._replace(reused=bool(row[-1])) for row in rows]


@leaves_trace(acts.CASE_SUBMITTED)
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
    fault or that the actor may not act for the applicant any more, NotFound for another's draft.
    """
    filing = _filing(key, actor)
    if filing is None:
        return _already_sent(actor, key)
    return _send(actor, key, filing, channel=channel, at=at or utc_now())


@leaves_trace(acts.CASE_SUBMITTED)
@transaction.atomic
def submit_at_counter(
    actor: Account, key: uuid.UUID, *, told: Mapping[str, str], at: datetime
) -> Case:
    """As `submit`, by a clerk for the person at the counter; `told` stands in event and entry.

    The caller has checked that the clerk may and that the person agreed. Raises NotFound.
    """
    filing = _filing(key, None)
    if filing is None or filing.enterprise_id or filing.delegation_id:
        raise NotFound(code="draft_not_found", title=_("This form is not open any more"))
    return _send(actor, key, filing, channel=Case.Channel.COUNTER, at=at, more=told)


def _send(
    actor: Account,
    key: uuid.UUID,
    filing: Filing,
    *,
    channel: str,
    at: datetime,
    more: Mapping[str, str] | None = None,
) -> Case:
    moment, document = at, document_by_id(filing.guide_id)
    still_allowed(actor, filing.item_code, filing.enterprise_id, filing.delegation_id)
    check_level(filing.agent_level, document.identity_level)
    committed = _may_commit(filing, document)
    files = files_of_draft(filing.draft_id)
    told = _told(document, files, committed=committed) | dict(more or {})
    answers = _checked(document, filing.answers, files, filing.id_number, committed=committed)
    standing = advance(None, Happened(Act.SUBMIT, moment, actor.pk, told))
    case = Case(
        number=make_case_number(filing.region_path, local_date(moment)),
        draft_key=key,
        ledger_ref=new_case_ref(),
        item_id=filing.item_id,
        guide_id=filing.guide_id,
        organ_id=filing.organ_id,
        region_path=filing.region_path,
        applicant_id=filing.person_id,
        enterprise_id=filing.enterprise_id,
        delegation_id=filing.delegation_id,
        channel=channel,
        answers=answers,
        events_count=1,
        **columns(standing, working_calendar()),
    )
    direct.insert(case)
    direct.insert(
        CaseEvent(
            case=case,
            seq=1,
            act=Act.SUBMIT,
            after=State.SUBMITTED,
            at=moment,
            actor=actor,
            data=told,
        )
    )
    _take_over(filing.draft_id, case)
    notices = _tell(case, filing, actor, told, document, moment)
    record(
        acts.CASE_SUBMITTED,
        at=moment,
        organ=filing.organ_code,
        region=filing.region,
        item=filing.item_code,
        case_ref=case.ledger_ref,
        payload=_payload(case, filing.id_number, files, actor) | told | {"notices": notices},
    )
    transaction.on_commit(lambda: note_use(filing.item_code, "applied"))
    return case


def _tell(
    case: Case,
    filing: Filing,
    actor: Account,
    told: Mapping[str, object],
    document: GuideDocument,
    at: datetime,
) -> list[str]:
    """The receipt in the accounts of the applicant and of who handed in; keys of the notices."""
    facts: dict[str, Any] = {
        "number": case.number,
        "item": filing.item_name,
        "organ": filing.organ_name,
        "due_on": case.next_due_on.isoformat() if case.next_due_on else "",
    }
    if "to_follow" in told:
        facts["papers"] = papers_named(document, cast(list[str], told["to_follow"]))
    readers = (filing.account_id, actor.pk)
    return notify(RECEIVED, readers, at=at, facts=facts, link=link_to(case.number))


def _told(document: GuideDocument, files: list[HandedIn], *, committed: bool) -> dict[str, object]:
    """What the applicant promises with sending: papers that follow, and the commitment's text."""
    told: dict[str, object] = {}
    to_follow = papers_to_follow(document, {file.material for file in files})
    if to_follow:
        told["to_follow"] = to_follow
    commitment = document.handling.commitment
    if committed and commitment:
        told["commitment"] = commitment.text.zh
    return told


def _may_commit(filing: Filing, document: GuideDocument) -> bool:
    """Whether it is handled on a commitment. Raises InvalidInput for who has broken one before."""
    if not filing.committed or document.handling.commitment is None:
        return False
    broken = Case.objects.filter(revocation_ground=Ground.COMMITMENT_BROKEN)
    if filing.enterprise_id:
        broken = broken.filter(enterprise=filing.enterprise_id)
    else:
        broken = broken.filter(applicant=filing.person_id, enterprise=None)
    if broken.exists():
        detail = _("Choose the ordinary way: an earlier commitment was not kept.")
        raise InvalidInput(
            code="commitment_broken_before",
            title=_("You can't be handled on a commitment"),
            detail=detail,
            fix=_("Choose the ordinary way and hand in the papers."),
            field="committed",
            errors=(FieldError("/committed", "commitment_broken_before", str(detail)),),
        )
    return True


def _take_over(draft_id: int, case: Case) -> None:
    """Move the draft's files to the case and put the draft away: nothing refers to it any more."""
    direct.execute(
        "UPDATE cases_materialfile SET draft_id = NULL, case_id = %s WHERE draft_id = %s",
        [case.pk, draft_id],
    )
    direct.execute("DELETE FROM cases_draft WHERE id = %s", [draft_id])


def _already_sent(actor: Account, key: uuid.UUID) -> Case:
    case = cases_of_applicant(actor).filter(draft_key=key).first()
    if case is None:
        raise NotFound(
            code="draft_not_found",
            title=_("This form is not open any more"),
            detail=_("It was thrown away, or it belongs to another account."),
            fix=_("Start again from the guide; see «My cases» for what you have sent."),
        )
    return case


@leaves_trace(acts.CASE_CORRECTED)
@transaction.atomic
def hand_in_correction(actor: Account, number: str, *, at: datetime | None = None) -> Case:
    """Hand in the correction of a case (art. 32(4)): answers and files take the old ones' place.

    The files before stay with the case, marked as superseded. Raises InvalidInput that lists every
    fault, Conflict when no correction is asked for, NotFound for another's case.
    """
    moment = at or utc_now()
    case = applicant_case(actor, number, lock=True)
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("guide")
        .filter(case=case)
        .first()
    )
    if draft is None:
        raise _nothing_to_hand_in(case)
    document, files = document_of(draft.guide), files_of_draft(draft.pk)
    id_number = case.applicant.id_number
    answers = _checked(document, draft.answers, files, id_number, committed=case.committed)
    told = {
        "changed": sorted(key for key, value in answers.items() if case.answers.get(key) != value),
        "to_follow": papers_to_follow(document, {file.material for file in files}),
    }
    case.answers = answers
    carry_out(
        case,
        Act.CORRECT,
        {Part.APPLICANT},
        actor=actor,
        at=moment,
        data=lambda _standing: told,
        payload=_payload(case, id_number, files, actor),
        changes={"answers": answers},
    )
    _new_versions(draft, case)
    _take_over(draft.pk, case)
    return case


@leaves_no_trace("a part of handing in a correction, which leaves the trace")
def _new_versions(draft: Draft, case: Case) -> None:
    """Keep the files that did not change, and put those away that were replaced or left out."""
    same = draft.files.filter(replaces__case=case, sha256=F("replaces__sha256"))
    stays = set(same.values_list("replaces_id", flat=True))
    draft.files.filter(pk__in=list(same.values_list("pk", flat=True))).delete()
    case.files.exclude(pk__in=stays).update(superseded=True)


def _nothing_to_hand_in(case: Case) -> DomainError:
    if case.state == State.CORRECTION:
        return NotFound(
            code="draft_not_found",
            title=_("The correction has not been started"),
            fix=_("Open the case and choose «Correct the application»."),
        )
    return Conflict(
        code="not_possible_now",
        title=_("This can't be done now"),
        detail=_("The organ has not asked for a correction, or it is already handed in."),
    )
