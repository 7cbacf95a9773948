"""A picture of one page of a file, small enough for a phone. Runs inside `worker`."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Final

import pypdfium2
from PIL import Image, ImageOps

from tongban.cases.files.kinds import Fault, FileFault
from tongban.cases.files.reading import open_pdf, open_picture

PIXELS_DRAWN: Final = 6_000_000
QUALITY: Final = 82
# A WebP picture has at most 16,383 (RFC 9649, 2.7.1.1).
SIDE_MOST: Final = 16_000


def draw_page(path: Path, media_type: str, page: int, width: int, out: Path) -> None:
    """Write page `page` (from 1) as WebP, `width` pixels wide or less. Raises FileFault."""
    if media_type == "application/pdf":
        picture = _pdf_page(path, page, width)
    elif page == 1:
        picture = _picture(path, media_type, width)
    else:
        raise FileFault(Fault.DAMAGED)
    picture.save(out, "WEBP", quality=QUALITY, method=2)


def _pdf_page(path: Path, page: int, width: int) -> Image.Image:
    document = open_pdf(path)
    try:
        if page < 1:
            raise FileFault(Fault.DAMAGED)
        drawn = document[page - 1]
        across, down = drawn.get_size()
        if across <= 0 or down <= 0:
            raise FileFault(Fault.DAMAGED)
        # However long a page is: it is drawn with so many pixels and no more.
        most = sqrt(PIXELS_DRAWN / (across * down))
        scale = min(width / across, SIDE_MOST / max(across, down), most)
        shown: Image.Image = drawn.render(scale=scale, may_draw_forms=False).to_pil()
        return shown.convert("RGB")
    except (pypdfium2.PdfiumError, IndexError, ValueError):
        raise FileFault(Fault.DAMAGED) from None
    finally:
        document.close()


def _picture(path: Path, media_type: str, width: int) -> Image.Image:
    """The picture as its camera meant it: turned by its EXIF orientation, on white paper."""
    try:
        with open_picture(path, media_type) as picture:
            most = (width, max(PIXELS_DRAWN // width, 1))
            picture.draft("RGB", (width * 2, width * 2))
            turned = ImageOps.exif_transpose(picture)
            turned.thumbnail(most)
            shown = turned.convert("RGBA")
    except (OSError, SyntaxError, ValueError):
        raise FileFault(Fault.DAMAGED) from None
    paper = Image.new("RGBA", shown.size, "white")
    paper.alpha_composite(shown)
    return paper.convert("RGB")
