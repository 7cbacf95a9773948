"""Which files are taken, what is known of one, and why one is not taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

MEDIA_TYPES: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
ENDINGS: Final = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
}
# A dossier of a building permit has some hundred pages; ten thousand empty ones are an attack.
PAGES_MOST: Final = 500
# A good phone camera has 50 million.
PIXELS_MOST: Final = 64_000_000


class Fault(StrEnum):
    """Why a file is not taken. Stable codes; the words are in `services/taking.py`."""

    TYPE = "file_type"
    ENCRYPTED = "file_encrypted"
    DAMAGED = "file_damaged"
    PAGES = "file_too_many_pages"
    PIXELS = "file_too_many_pixels"
    HIDDEN = "file_hides_another"
    TOO_HARD = "file_too_hard_to_read"
    MALWARE = "file_malware"


class FileFault(Exception):
    """A file that is not taken."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class Facts:
    """What a file is by its content. `pages`: of a PDF; a picture has one."""

    media_type: str
    pages: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
