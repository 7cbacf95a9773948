"""What staff do with a file: look at its pages, write notes on them, compare it with the original."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound, NotPermitted
from tongban.cases import storage
from tongban.cases.files import sandbox
from tongban.cases.files.kinds import FileFault
from tongban.cases.models import Annotation, Case, MaterialFile
from tongban.cases.permissions import staff_case
from tongban.cases.rules import OPEN_STATES, Part, State
from tongban.cases.rules.trust import Trust, can_be_verified
from tongban.cases.services.drafting import material_of
from tongban.cases.services.taking import take_upload
from tongban.cases.services.writing import trace
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger import acts
from tongban.ledger.traces import leaves_no_trace, leaves_trace

# One width for all: a phone makes it smaller, and a second one would be drawn and kept again.
WIDTH: Final = 1_200
NOTE_MOST: Final = 1_000
NOTES_A_FILE: Final = 100


class Place(NamedTuple):
    """A rectangle on a page, in thousandths of its width and height."""

    left: int
    top: int
    width: int
    height: int


def page_picture(file: MaterialFile, page: int) -> Path:
    """The drawn page (WebP) of a file, from 1; drawn at first use and kept by content.

    The caller has looked whether the file may be seen. Raises NotFound for a page that is not there
    or can't be drawn.
    """
    if not 1 <= page <= file.pages:
        raise _no_page()
    picture = storage.pictures_of(file.sha256) / f"{page}-{WIDTH}.webp"
    if picture.exists():
        return picture
    picture.parent.mkdir(parents=True, exist_ok=True)
    drawn = picture.with_name(f"{uuid.uuid4().hex}.part")
    try:
        with storage.as_path(file.sha256) as content:
            sandbox.draw_page(content, file.media_type, page, WIDTH, drawn)
        drawn.replace(picture)
    except FileFault:
        raise _no_page() from None
    except FileNotFoundError:
        raise NotFound(
            code="file_missing",
            title=_("The file is not in the store"),
            detail=_("It is listed, but its content is missing. Please report this."),
        ) from None
    finally:
        drawn.unlink(missing_ok=True)
    return picture


def _no_page() -> NotFound:
    return NotFound(
        code="page_not_found",
        title=_("This page can't be shown"),
        detail=_("The file has no such page, or it can't be drawn."),
        fix=_("Download the file instead."),
    )


def _file(case: Case, key: uuid.UUID) -> MaterialFile:
    file = case.files.filter(key=key).first()
    if file is None:
        raise NotFound(code="file_not_found", title=_("There is no such file"))
    return file


@leaves_no_trace("a note of the staff; what the applicant is told stands in the notice's entry")
@transaction.atomic
def annotate(
    actor: Account,
    number: str,
    key: uuid.UUID,
    *,
    page: int,
    text: str,
    place: Place | None = None,
    for_applicant: bool = False,
    at: datetime | None = None,
) -> Annotation:
    """Write a note on a page of a file. `for_applicant`: it is told with the correction notice.

    Raises NotFound, NotPermitted in one's own affair, Conflict when the notice is out already or the
    case is over, InvalidInput for an empty note or a place that is not on the page.
    """
    case, parts = staff_case(actor, number, lock=True)
    _may_note(case, parts, for_applicant=for_applicant)
    file = _file(case, key)
    text = text.strip().replace("\x00", "")
    if not 0 < len(text) <= NOTE_MOST:
        raise InvalidInput(
            code="note",
            title=_("Write the note"),
            detail=_("At most %(most)d characters.") % {"most": NOTE_MOST},
            field="text",
        )
    if not 1 <= page <= file.pages or not _on_the_page(place):
        raise InvalidInput(
            code="place", title=_("This place is not on a page of the file"), field="page"
        )
    if file.annotations.count() >= NOTES_A_FILE:
        raise Conflict(code="too_many_notes", title=_("There are too many notes on this file"))
    return Annotation.objects.create(
        file=file,
        key=uuid.uuid4(),
        page=page,
        text=text,
        for_applicant=for_applicant,
        author=actor,
        at=at or utc_now(),
        **(place._asdict() if place else {}),
    )


def _may_note(case: Case, parts: frozenset[Part], *, for_applicant: bool) -> None:
    if not parts:
        raise NotPermitted(code="not_your_part", title=_("You can only read this case"))
    if State(case.state) not in OPEN_STATES:
        raise Conflict(code="case_over", title=_("The case is over"))
    if for_applicant and case.state != State.SUBMITTED:
        raise Conflict(
            code="notice_is_out",
            title=_("This note would not reach the applicant"),
            detail=_("What must be corrected is told once, before acceptance (art. 32)."),
            fix=_("Write it for the staff."),
        )


def _on_the_page(place: Place | None) -> bool:
    if place is None:
        return True
    inside = place.left + place.width <= 1000 and place.top + place.height <= 1000
    return min(place.left, place.top) >= 0 and min(place.width, place.height) > 0 and inside


@leaves_no_trace("a note of the staff that was told to nobody")
@transaction.atomic
def erase_note(actor: Account, number: str, note: uuid.UUID) -> None:
    """Take back one's own note that was not told yet. Raises NotFound, Conflict."""
    case, _parts = staff_case(actor, number, lock=True)
    found = Annotation.objects.filter(file__case=case, key=note, author=actor).first()
    if found is None:
        raise NotFound(code="note_not_found", title=_("There is no such note of yours"))
    if found.told_at is not None:
        raise Conflict(code="note_told", title=_("The applicant has this note already"))
    found.delete()


@leaves_no_trace("a part of the correction notice, which leaves the trace")
def tell_notes(case: Case, at: datetime) -> list[dict[str, object]]:
    """Tell the notes that are meant for the applicant, with the correction notice. Two statements;
    one when there are none. Returns them as the notice's ledger entry keeps them.
    """
    meant = Annotation.objects.filter(file__case=case, for_applicant=True, told_at=None)
    notes = list(meant.select_related("file").order_by("file_id", "page", "pk"))
    if notes:
        Annotation.objects.filter(pk__in=[note.pk for note in notes]).update(told_at=at)
    return [
        {"file": note.file.sha256, "page": note.page, "text": note.text, "place": _place(note)}
        for note in notes
    ]


def _place(note: Annotation) -> list[int] | None:
    """Left, top, width and height; None for a note on the whole page."""
    if note.left is None:
        return None
    return [side or 0 for side in (note.left, note.top, note.width, note.height)]


def notes_on(files: Sequence[MaterialFile], *, told_only: bool) -> dict[int, list[Annotation]]:
    """Notes by file; for applicants those they were told. One query."""
    found = Annotation.objects.filter(file__in=[file.pk for file in files])
    if told_only:
        found = found.filter(told_at__isnull=False)
    by_file: dict[int, list[Annotation]] = {}
    for note in found.select_related("author").order_by("page", "pk"):
        by_file.setdefault(note.file_id, []).append(note)
    return by_file


@leaves_trace(acts.MATERIAL_VERIFIED)
@transaction.atomic
def verify_original(
    actor: Account, number: str, key: uuid.UUID, *, at: datetime | None = None
) -> MaterialFile:
    """Write down that the paper original was seen and is the same: trust B (可信等级).

    Raises NotFound, NotPermitted in one's own affair, Conflict for a file of which that says nothing
    new.
    """
    moment = at or utc_now()
    case, file = _to_verify(actor, number, key)
    file.trust, file.verified_by, file.verified_at = Trust.VERIFIED, actor, moment
    file.save(update_fields=["trust", "verified_by", "verified_at"])
    trace(
        case,
        acts.MATERIAL_VERIFIED,
        moment,
        {"by": actor.username, "material": file.material, "sha256": file.sha256},
    )
    return file


def _to_verify(actor: Account, number: str, key: uuid.UUID) -> tuple[Case, MaterialFile]:
    case, parts = staff_case(actor, number, lock=True)
    if Part.CLERK not in parts:
        raise NotPermitted(
            code="not_your_part",
            title=_("This is for another post"),
            detail=_("A clerk who sees the original at the counter writes this down."),
        )
    file = _file(case, key)
    if file.superseded or not can_be_verified(file.trust):
        raise Conflict(
            code="nothing_to_verify",
            title=_("This file needs no comparison"),
            detail=_("It was compared already, comes from the authority, or was replaced."),
        )
    return case, file


@leaves_trace(acts.MATERIAL_SCANNED)
def scan_original(
    actor: Account,
    number: str,
    key: uuid.UUID,
    upload: UploadedFile[Any],
    *,
    at: datetime | None = None,
) -> MaterialFile:
    """Put a scan that a clerk made from the original in the place of an upload: trust B.

    The upload stays with the case as the version before. Raises what `verify_original` raises, and
    InvalidInput for a file that can't be taken.
    """
    moment = at or utc_now()
    case, _parts = staff_case(actor, number)
    material = material_of(document_of(case.guide), _file(case, key).material)
    # The file lies on disk before the transaction begins: uploads don't hold the write lock.
    taken = take_upload(upload, material)
    with transaction.atomic():
        case, file = _to_verify(actor, number, key)
        if State(case.state) not in OPEN_STATES:
            raise Conflict(code="case_over", title=_("The case is over"))
        scan = MaterialFile.objects.create(
            case=case,
            key=uuid.uuid4(),
            material=file.material,
            **taken._replace(trust=Trust.VERIFIED)._asdict(),
            uploaded_at=moment,
            checked_at=moment,
            verified_by=actor,
            verified_at=moment,
            replaces=file,
            version=file.version + 1,
        )
        file.superseded = True
        file.save(update_fields=["superseded"])
        trace(
            case,
            acts.MATERIAL_SCANNED,
            moment,
            {
                "by": actor.username,
                "material": file.material,
                "name": scan.name,
                "sha256": scan.sha256,
                "replaces": file.sha256,
            },
        )
    return scan
