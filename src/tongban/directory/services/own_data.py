"""A person's rights over what is on file: have it corrected, leave (个人信息保护法 art. 46, 47)."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.directory.models import Account, CorrectionRequest, Organ, Person
from tongban.directory.selectors import duties_of, person_of
from tongban.ledger import acts
from tongban.ledger.services import record
from tongban.ledger.traces import leaves_trace

WANTED_MOST = {"name": 100, "phone": 20, "address": 200}


@leaves_trace(acts.CORRECTION_ASKED)
@transaction.atomic
def ask_correction(
    actor: Account, *, field: str, wanted: str, at: datetime | None = None
) -> CorrectionRequest:
    """Say what is wrong on file and how it should read (art. 46). Raises InvalidInput, Conflict."""
    moment, person = at or utc_now(), person_of(actor)
    if person is None:
        raise NotPermitted(code="no_person", title=_("Verify who you are first"))
    wanted = wanted.strip().replace("\x00", "")
    if field not in WANTED_MOST or not wanted or len(wanted) > WANTED_MOST[field]:
        raise InvalidInput(
            code="wanted", title=_("Say what should stand there instead"), field="wanted"
        )
    if CorrectionRequest.objects.filter(person=person, field=field, state="open").exists():
        raise Conflict(code="asked_already", title=_("This is being checked already"))
    asked = CorrectionRequest.objects.create(
        person=person, field=field, wanted=wanted, asked_at=moment
    )
    record(
        acts.CORRECTION_ASKED,
        at=moment,
        case_ref=actor.ledger_ref,
        payload={"person": person.id_number, "field": field, "request": asked.pk},
    )
    return asked


def correction_requests(actor: Account) -> list[CorrectionRequest]:
    """Open requests of people of the actor's regions, oldest first. Four queries at most."""
    organs = duties_of(actor).organs_for(Permission.ANSWER_CORRECTION)
    paths = set(Organ.objects.filter(pk__in=organs).values_list("region__path", flat=True))
    if not paths:
        return []
    below = reduce(or_, (Q(person__region__path__startswith=path) for path in paths))
    return list(
        CorrectionRequest.objects.filter(below, state="open")
        .select_related("person")
        .order_by("asked_at")[:200]
    )


@leaves_trace(acts.CORRECTION_ANSWERED)
@transaction.atomic
def answer_correction(
    actor: Account, request: int, *, grant: bool, answer: str, at: datetime | None = None
) -> CorrectionRequest:
    """Correct, or refuse with reasons. Raises NotFound, NotPermitted for one's own, InvalidInput."""
    moment = at or utc_now()
    asked = next((one for one in correction_requests(actor) if one.pk == request), None)
    if asked is None:
        raise NotFound(code="request_not_found", title=_("There is no such request"))
    if asked.person.account_id == actor.pk:
        raise NotPermitted(code="own_affair", title=_("Nobody decides on their own request"))
    answer = answer.strip()[:500]
    if not grant and len(answer) < 4:
        raise InvalidInput(code="reasons_missing", title=_("Reasons are missing"), field="answer")
    person = Person.objects.select_for_update().get(pk=asked.person_id)
    if grant:
        setattr(person, asked.field, asked.wanted)
        person.save(update_fields=[asked.field])
    asked.state = CorrectionRequest.State.DONE if grant else CorrectionRequest.State.REFUSED
    asked.answer, asked.answered_by, asked.answered_at = answer, actor, moment
    asked.save()
    record(
        acts.CORRECTION_ANSWERED,
        at=moment,
        case_ref=person.account.ledger_ref if person.account else "",
        payload={"request": asked.pk, "granted": grant, "by": actor.username, "answer": answer},
    )
    return asked
