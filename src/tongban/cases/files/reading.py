"""Reading a file that a stranger sent: its real type, its pages, and what it tries to hide.

Runs inside `worker`, which has little memory and time. The extension and the type that a browser
names are never asked.
"""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

import filetype
import pypdfium2
from PIL import Image, UnidentifiedImageError

from tongban.cases.files.kinds import (
    MEDIA_TYPES,
    PAGES_MOST,
    PIXELS_MOST,
    Facts,
    Fault,
    FileFault,
)

HEAD_BYTES: Final = 8_192
# Within so many bytes a reader of PDF looks for its header (ISO 32000-1, annex H.3.4.1).
PDF_HEAD: Final = 1_024
# What browsers of old took for a page, wherever it stood near the beginning.
MARKUP: Final = (b"<html", b"<script", b"<svg", b"<!doctype", b"<?php")
PNG_HEAD: Final = 8
PASSWORD_ERROR: Final = pypdfium2.raw.FPDF_ERR_PASSWORD
PILLOW_NAMES: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}


def facts_of(path: Path) -> Facts:
    """What the file is. Raises FileFault for what is not taken."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        media_type = filetype.guess_mime(head) or ""
        if media_type not in MEDIA_TYPES:
            raise FileFault(Fault.TYPE)
        _hides_nothing(path, stream, head, media_type)
    if media_type == "application/pdf":
        return Facts(media_type, _pdf_pages(path))
    _look_at_picture(path, media_type)
    return Facts(media_type, 1)


def _hides_nothing(path: Path, stream: BinaryIO, head: bytes, media_type: str) -> None:
    """A file that is two things at once is read as one by us and as the other by somebody else."""
    if zipfile.is_zipfile(path):
        raise FileFault(Fault.HIDDEN)
    if media_type == "application/pdf":
        return
    beginning = head[:PDF_HEAD].lower()
    if b"%pdf-" in beginning or any(tag in beginning for tag in MARKUP):
        raise FileFault(Fault.HIDDEN)
    if media_type == "image/png":
        _png_ends_where_it_ends(stream)


def _png_ends_where_it_ends(stream: BinaryIO) -> None:
    """Nothing but emptiness follows the last chunk of a PNG (ISO/IEC 15948, 5.6)."""
    stream.seek(PNG_HEAD)
    while True:
        start = stream.read(8)
        if len(start) < 8:
            raise FileFault(Fault.DAMAGED)
        stream.seek(int.from_bytes(start[:4], "big") + 4, 1)
        if start[4:] == b"IEND":
            break
    if stream.read().strip(b"\0\r\n\t "):
        raise FileFault(Fault.HIDDEN)


def _pdf_pages(path: Path) -> int:
    document = open_pdf(path)
    try:
        pages = len(document)
        if pages > PAGES_MOST:
            raise FileFault(Fault.PAGES)
        if pages == 0:
            raise FileFault(Fault.DAMAGED)
        document[0].get_size()
    except pypdfium2.PdfiumError:
        raise FileFault(Fault.DAMAGED) from None
    finally:
        document.close()
    return pages


def open_pdf(path: Path) -> pypdfium2.PdfDocument:
    """The document. Raises FileFault when it asks for a password or can't be read."""
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as problem:
        locked = getattr(problem, "err_code", None) == PASSWORD_ERROR
        raise FileFault(Fault.ENCRYPTED if locked else Fault.DAMAGED) from None


def open_picture(path: Path, media_type: str) -> Image.Image:
    """The picture, not decoded yet. Raises FileFault for what is none or has too many pixels."""
    Image.MAX_IMAGE_PIXELS = None  # We count them ourselves.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(path, formats=[PILLOW_NAMES[media_type]])
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise FileFault(Fault.DAMAGED) from None
    if picture.width * picture.height > PIXELS_MOST:
        raise FileFault(Fault.PIXELS)
    return picture


def _look_at_picture(path: Path, media_type: str) -> None:
    """Decode it once: what is cut off or broken is told now, not when somebody needs it."""
    try:
        with open_picture(path, media_type) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError):
        raise FileFault(Fault.DAMAGED) from None
