"""Notes among colleagues, texts for reasons, saved views."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission
from tongban.base.problems import InvalidInput, NotFound, NotPermitted
from tongban.cases.models import Case, CaseNote, ReasonText, SavedView
from tongban.cases.permissions import staff_case
from tongban.cases.rules import REASONED, STAFF_ACTS
from tongban.cases.workbench.lists import Filters
from tongban.directory.models import Account, Organ
from tongban.directory.selectors import duties_of
from tongban.ledger.traces import leaves_no_trace

NOTE_MOST = 2_000
NAME_MOST = 40
TITLE_MOST = 60
VIEWS_MOST = 20
TEXTS_MOST = 200
# Acts for which a text can be kept: those of the staff that need reasons.
ACTS = tuple(sorted(act.value for act in STAFF_ACTS & REASONED))


def _text(value: str, most: int, field: str) -> str:
    text = value.strip().replace("\x00", "").replace("\r\n", "\n")
    if not text or len(text) > most:
        raise InvalidInput(
            code="text_length",
            title=_("Please write something"),
            detail=_("At most %(most)d characters.") % {"most": most},
            field=field,
        )
    return text


@leaves_no_trace("a note of the process: it decides nothing, and the reading of the case is traced")
@transaction.atomic
def add_note(actor: Account, number: str, text: str, *, at: datetime | None = None) -> CaseNote:
    """Write a note that colleagues see and the applicant never (内部批注).

    Raises NotFound, NotPermitted for who has no part in the case, InvalidInput.
    """
    case, parts = staff_case(actor, number)
    if not parts:
        raise NotPermitted(code="not_your_part", title=_("You can only read this case"))
    return CaseNote.objects.create(
        case=case, author=actor, at=at or utc_now(), text=_text(text, NOTE_MOST, "text")
    )


def notes_of(case: Case, *, for_part: bool) -> list[CaseNote]:
    """The notes of a case for who has a part in it, oldest first; for others none. One query."""
    if not for_part:
        return []
    return list(case.notes.select_related("author").order_by("at", "pk"))


@leaves_no_trace("a shortcut of one's own")
@transaction.atomic
def save_view(actor: Account, name: str, filters: Filters) -> SavedView:
    """Keep the filters of a list under a name; the same name again changes it. Raises InvalidInput."""
    name = _text(name, NAME_MOST, "name")
    held = SavedView.objects.filter(account=actor)
    if not held.filter(name=name).exists() and held.count() >= VIEWS_MOST:
        raise InvalidInput(
            code="too_many_views",
            title=_("You have saved many lists"),
            detail=_("At most %(most)d; delete one first.") % {"most": VIEWS_MOST},
            field="name",
        )
    view, _created = SavedView.objects.update_or_create(
        account=actor, name=name, defaults={"query": filters.query()[:300]}
    )
    return view


@leaves_no_trace("a shortcut of one's own")
def forget_view(actor: Account, name: str) -> None:
    """Delete a saved list. Raises NotFound."""
    if not SavedView.objects.filter(account=actor, name=name).delete()[0]:
        raise NotFound(code="view_not_found", title=_("There is no such saved list"))


def saved_views(account: Account) -> list[SavedView]:
    """One query."""
    return list(SavedView.objects.filter(account=account).order_by("name"))


def organs_for_texts(account: Account) -> list[Organ]:
    """Organs whose texts one may write. Two queries."""
    keys = duties_of(account).organs_for(Permission.WRITE_REASON_TEXTS)
    return list(Organ.objects.filter(pk__in=keys).order_by("name"))


def _organ(actor: Account, code: str) -> Organ:
    organ = next((one for one in organs_for_texts(actor) if one.code == code), None)
    if organ is None:
        raise NotFound(code="organ_not_found", title=_("There is no such organ"))
    return organ


@leaves_no_trace("a draft of words: what is said in a case stands in its own entry")
@transaction.atomic
def save_reason_text(actor: Account, *, organ: str, act: str, title: str, text: str) -> ReasonText:
    """Keep a text with which colleagues of an organ can begin their reasons; the same title again
    changes it. Raises NotFound for an organ of others, InvalidInput.
    """
    place = _organ(actor, organ)
    if act not in ACTS:
        raise InvalidInput(code="unknown_act", title=_("This act does not exist"), field="act")
    title, text = _text(title, TITLE_MOST, "title"), _text(text, NOTE_MOST, "text")
    held = place.reason_texts.all()
    if held.count() >= TEXTS_MOST and not held.filter(act=act, title=title).exists():
        raise InvalidInput(
            code="too_many_texts",
            title=_("The organ has many texts"),
            detail=_("At most %(most)d; delete one first.") % {"most": TEXTS_MOST},
            field="title",
        )
    kept, _created = ReasonText.objects.update_or_create(
        organ=place, act=act, title=title, defaults={"text": text}
    )
    return kept


@leaves_no_trace("a draft of words: what is said in a case stands in its own entry")
def forget_reason_text(actor: Account, *, organ: str, act: str, title: str) -> None:
    """Delete a text. Raises NotFound."""
    held = ReasonText.objects.filter(organ=_organ(actor, organ), act=act, title=title)
    if not held.delete()[0]:
        raise NotFound(code="text_not_found", title=_("There is no such text"))


def all_reason_texts(organ: int) -> list[ReasonText]:
    """The texts of an organ, by act and title. One query."""
    return list(ReasonText.objects.filter(organ=organ).order_by("act", "title"))
