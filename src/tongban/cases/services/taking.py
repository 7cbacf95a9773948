"""Taking a file in: what it really is, whether it is harmful; then it is kept. No transaction.

Who sends a file waits for this; nobody else does. What is found out about a content is remembered
by its hash: the same content is the same file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import filetype
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from tongban.base.problems import Conflict, InvalidInput
from tongban.cases import storage
from tongban.cases.files import sandbox
from tongban.cases.files.kinds import ENDINGS, MEDIA_TYPES, PAGES_MOST, Facts, Fault, FileFault
from tongban.cases.files.scanning import ClamdScanner, DevelopmentScanner, Scanner, ScannerDown
from tongban.cases.rules.trust import Trust, trust_of_upload
from tongban.catalogue.guide_schema import Material

log = logging.getLogger(__name__)
MEGABYTE: Final = 1024 * 1024
HEAD_BYTES: Final = 8_192

SAID: Final[dict[Fault, Any]] = {
    Fault.ENCRYPTED: _("«%(name)s» asks for a password. Save it without one."),
    Fault.DAMAGED: _(
        "«%(name)s» can't be opened: it is damaged or cut off. Save or scan it again."
    ),
    Fault.PAGES: _("«%(name)s» has more than %(pages)d pages. Divide it."),
    Fault.PIXELS: _("«%(name)s» has too many pixels. Take a smaller photo."),
    Fault.HIDDEN: _(
        "«%(name)s» holds a second file inside. Save it anew as a plain picture or PDF."
    ),
    Fault.TOO_HARD: _("«%(name)s» takes too long to read. Print it into a new PDF, or scan it."),
    Fault.MALWARE: _("The virus scanner found something in «%(name)s». Check your device."),
}


class Taken(NamedTuple):
    """A file that lies in the store: checked, and nobody's yet."""

    name: str
    media_type: str
    pages: int
    size: int
    sha256: str
    trust: Trust


def scanner() -> Scanner:
    """The scanner in force: ClamAV's daemon of TONGBAN_CLAMD, else one for the test file alone."""
    address = settings.ENVIRONMENT.clamd
    return ClamdScanner(address) if address else DevelopmentScanner()


def refused(material: str, code: str, detail: object) -> InvalidInput:
    return InvalidInput(code=code, title=_("The file was not taken"), detail=detail, field=material)


def take(name: str, chunks: Iterable[bytes], material: Material) -> Taken:
    """Look at a file and keep it. Raises InvalidInput for what can't be taken, Conflict when the
    scanner does not answer: then nothing is taken.
    """
    with storage.received(_measured(name, chunks, material)) as content:
        if content.size == 0:
            raise refused(material.key, "file_empty", _("«%(name)s» is empty.") % {"name": name})
        try:
            if _kind_of(content.path) not in material.accept:
                raise FileFault(Fault.TYPE)
            facts = _facts(content)
            _scan(content.path)
        except FileFault as problem:
            raise _said(problem.fault, name, material) from None
        storage.store().keep(content)
        return Taken(
            name=safe_name(name, facts.media_type),
            media_type=facts.media_type,
            pages=facts.pages,
            size=content.size,
            sha256=content.digest,
            trust=trust_of_upload(material.kind),
        )


def take_upload(upload: UploadedFile[Any], material: Material) -> Taken:
    """`take` for a file of a form; one that says it is too large is not read at all."""
    name = upload.name or ""
    if (upload.size or 0) > material.max_mb * MEGABYTE:
        raise _too_large(name, material)
    return take(name, upload.chunks(), material)


def _too_large(name: str, material: Material) -> InvalidInput:
    return refused(
        material.key,
        "file_too_large",
        _(
            "«%(name)s» is larger than %(most)d MB. Scan it with less detail or take a smaller photo."
        )
        % {"name": name, "most": material.max_mb},
    )


def _measured(name: str, chunks: Iterable[bytes], material: Material) -> Iterable[bytes]:
    """The chunks, as long as they are not too many, whatever size was promised."""
    read = 0
    for chunk in chunks:
        read += len(chunk)
        if read > material.max_mb * MEGABYTE:
            raise _too_large(name, material)
        yield chunk


def _kind_of(path: Path) -> str:
    """The type by the first bytes; "" for one that is never taken. The rest is read elsewhere."""
    with path.open("rb") as stream:
        return MEDIA_TYPES.get(filetype.guess_mime(stream.read(HEAD_BYTES)) or "", "")


# Facts by the hash of the content; faults are found out anew.
_KNOWN: Final[dict[str, Facts]] = {}
KNOWN_MOST: Final = 10_000


def _facts(content: storage.Received) -> Facts:
    facts = _KNOWN.get(content.digest)
    if facts is None:
        facts = sandbox.facts_of(content.path)
        if len(_KNOWN) >= KNOWN_MOST:
            _KNOWN.clear()
        _KNOWN[content.digest] = facts
    return facts


def _scan(path: Path) -> None:
    try:
        found = scanner().scan(path)
    except ScannerDown as problem:
        log.error("the malware scanner does not answer (%s): no file is taken", problem)
        raise Conflict(
            code="scanner_down",
            title=_("Files can't be taken at the moment"),
            detail=_("The virus scanner does not answer. What you have typed is kept."),
            fix=_("Try again in a few minutes."),
        ) from None
    if found:
        log.warning("the malware scanner found %s in an upload", found[:80])
        raise FileFault(Fault.MALWARE)


def _said(fault: Fault, name: str, material: Material) -> InvalidInput:
    if fault is Fault.TYPE:
        detail = _("«%(name)s» is not one of: %(accepted)s. Save it in one of these forms.") % {
            "name": name,
            "accepted": ", ".join(material.accept).upper(),
        }
    else:
        detail = SAID[fault] % {"name": name, "pages": PAGES_MOST}
    return refused(material.key, fault.value, detail)


def safe_name(name: str, media_type: str) -> str:
    """A name that is safe to show and to save under: no path, no control characters.

    It ends as its content is: `photo.png.hta` that holds a picture becomes `photo.png`.
    """
    plain = "".join(char for char in name.replace("\\", "/").split("/")[-1] if char.isprintable())
    endings = ENDINGS[media_type]
    while plain and not plain.lower().endswith(endings) and "." in plain:
        plain = plain.rpartition(".")[0]
    plain = plain.strip(" .")
    return (
        plain[-150:] if plain.lower().endswith(endings) else f"{plain[-140:] or 'file'}{endings[0]}"
    )
