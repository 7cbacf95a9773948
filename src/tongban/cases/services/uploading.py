"""Uploads in pieces that survive a broken line: the core of tus 1.0 (tus.io), for files of a draft.

The row says how many bytes are safe; they are flushed before it says so. What a broken piece left
behind that is written over by the next.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongban.base.clocks import utc_now
from tongban.base.problems import Conflict, InvalidInput, NotFound
from tongban.cases import storage
from tongban.cases.models import Draft, MaterialFile, Upload
from tongban.cases.permissions import cases_of_applicant
from tongban.cases.services.drafting import add_file, material_of
from tongban.cases.services.taking import MEGABYTE, refused, take
from tongban.catalogue.guide_schema import Material
from tongban.catalogue.selectors import document_of
from tongban.directory.models import Account
from tongban.ledger.traces import leaves_no_trace

# Written down after so many bytes: so much is lost at most when a line breaks.
PIECE: Final = MEGABYTE
UNDER_WAY_MOST: Final = 20
OWN = "a draft is the applicant's own until it is handed in"


def _part_of(upload: Upload) -> Path:
    """Where the pieces lie; retention takes what nobody goes on with."""
    return Path(settings.TONGBAN_FILES) / f"{upload.key.hex}.part"


def _material(actor: Account, draft_key: uuid.UUID, key: str) -> Material:
    mine = Q(account=actor, case=None) | Q(case__in=cases_of_applicant(actor))
    draft = Draft.objects.select_related("guide").filter(mine, key=draft_key).first()
    if draft is None:
        raise NotFound(
            code="draft_not_found",
            title=_("This form is not open any more"),
            detail=_("It has been sent already, or it belongs to another account."),
        )
    return material_of(document_of(draft.guide), key)


@leaves_no_trace(OWN)
def begin(
    actor: Account,
    draft_key: uuid.UUID,
    material_key: str,
    *,
    name: str,
    length: int,
    at: datetime | None = None,
) -> Upload:
    """Begin an upload of `length` bytes. Raises InvalidInput for one that can't be taken when it is
    whole, NotFound for another's draft.
    """
    material = _material(actor, draft_key, material_key)
    if not 0 < length <= material.max_mb * MEGABYTE:
        raise refused(
            material_key,
            "file_too_large" if length else "file_empty",
            _("A file has 1 byte to %(most)d MB.") % {"most": material.max_mb},
        )
    moment = at or utc_now()
    with transaction.atomic():
        if Upload.objects.filter(account=actor).count() >= UNDER_WAY_MOST:
            _forget_oldest(actor)
        return Upload.objects.create(
            account=actor,
            draft_key=draft_key,
            key=uuid.uuid4(),
            material=material_key,
            name=name[:200],
            length=length,
            touched_at=moment,
        )


@leaves_no_trace(OWN)
def _forget_oldest(actor: Account) -> None:
    oldest = Upload.objects.filter(account=actor).order_by("touched_at", "pk").first()
    if oldest:
        _part_of(oldest).unlink(missing_ok=True)
        oldest.delete()


def upload_of(actor: Account, key: uuid.UUID, *, lock: bool = False) -> Upload:
    """The actor's own upload. Raises NotFound for another's, and for one that is whole."""
    uploads = Upload.objects.filter(account=actor, key=key)
    found = (uploads.select_for_update() if lock else uploads).first()
    if found is None:
        raise NotFound(code="upload_not_found", title=_("There is no such upload"))
    return found


def receive(
    actor: Account,
    key: uuid.UUID,
    offset: int,
    read: Callable[[int], bytes],
    *,
    at: datetime | None = None,
) -> Upload:
    """Take in what arrives from `offset` on, piece by piece; returns how far the upload is.

    Raises Conflict when `offset` is not where the upload stands, InvalidInput when more arrives than
    was promised. A line that breaks leaves what was written down before.
    """
    upload = upload_of(actor, key)
    if offset != upload.offset:
        raise _elsewhere(upload)
    for piece in _pieces(read):
        upload = _write(actor, key, upload.offset, piece, at or utc_now())
    return upload


def _pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while piece := read(PIECE):
        yield piece


@leaves_no_trace(OWN)
@transaction.atomic
def _write(actor: Account, key: uuid.UUID, offset: int, piece: bytes, at: datetime) -> Upload:
    """Write one piece; two that write at once wait for each other, and the second is refused."""
    upload = upload_of(actor, key, lock=True)
    if offset != upload.offset:
        raise _elsewhere(upload)
    if offset + len(piece) > upload.length:
        raise InvalidInput(
            code="upload_too_long",
            title=_("The file was not taken"),
            detail=_("More arrived than was announced."),
        )
    path = _part_of(upload)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        view = memoryview(piece)
        while view:
            written = os.pwrite(handle, view, offset)
            offset, view = offset + written, view[written:]
        os.fsync(handle)
    finally:
        os.close(handle)
    upload.offset, upload.touched_at = offset, at
    upload.save(update_fields=["offset", "touched_at"])
    return upload


def _elsewhere(upload: Upload) -> Conflict:
    return Conflict(
        code="upload_offset",
        title=_("The upload stands elsewhere"),
        detail=_("Go on from byte %(offset)d.") % {"offset": upload.offset},
    )


def finish(actor: Account, key: uuid.UUID, *, at: datetime | None = None) -> MaterialFile:
    """Look at a whole upload and put it into its draft. Whatever comes of it, the upload is over.

    Raises InvalidInput for a file that can't be taken, Conflict when bytes are missing or the
    scanner does not answer (then it can be finished later).
    """
    upload = upload_of(actor, key)
    if upload.offset != upload.length:
        raise _elsewhere(upload)
    material = _material(actor, upload.draft_key, upload.material)
    try:
        with _part_of(upload).open("rb") as stream:
            chunks = iter(lambda: stream.read(storage.CHUNK), b"")
            taken = take(upload.name, _first(chunks, upload.length), material)
        added = add_file(actor, upload.draft_key, upload.material, taken, at=at)
    except (InvalidInput, FileNotFoundError):
        _over(upload)
        raise
    _over(upload)
    return added


def _first(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    """No more than `length` bytes: behind them can lie what a broken line left."""
    for chunk in chunks:
        yield chunk[:length]
        length -= len(chunk[:length])
        if length <= 0:
            return


@leaves_no_trace(OWN)
def _over(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).delete()
    _part_of(upload).unlink(missing_ok=True)


@leaves_no_trace(OWN)
def give_up(actor: Account, key: uuid.UUID) -> None:
    """Forget an upload that is under way. Raises NotFound for another's."""
    _over(upload_of(actor, key))
