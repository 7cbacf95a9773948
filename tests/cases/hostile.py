"""Files that nobody means well with, and honest ones to compare: made here, nothing is downloaded."""

from __future__ import annotations

import io
import zipfile
import zlib

import pypdfium2
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from PIL import Image

from tongban.cases.files.scanning import EICAR


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, **more)
    return out.getvalue()


def turned_photo() -> bytes:
    """Lies on its side; its EXIF orientation says so (6: turn right by 90 degrees)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", exif=exif.tobytes())


def pdf(pages: int = 3, *, password: str = "", text: str = "page") -> bytes:
    document = FPDF()
    if password:
        document.set_encryption(
            "owner", user_password=password, encryption_method=EncryptionMethod.AES_128
        )
    for number in range(pages):
        document.add_page()
        document.set_font("helvetica", size=20)
        document.cell(text=f"{text} {number + 1}")
    return bytes(document.output())


def blank_pdf(pages: int, size: tuple[float, float] = (100, 100)) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _number in range(pages):
        document.new_page(*size)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        held.writestr("run.js", "alert(1)")
    return out.getvalue()


def zip_bomb() -> bytes:
    """A kilobyte that unpacks to a megabyte, and so on; it is never unpacked."""
    inner = archive()
    for _level in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
            for number in range(50):
                held.writestr(f"{number}.zip", inner)
        inner = out.getvalue()
    return inner


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return len(content).to_bytes(4, "big") + kind + content + crc.to_bytes(4, "big")


def png_bomb(side: int = 60_000) -> bytes:
    """A few kilobytes that decode to gigabytes."""
    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    packed = zlib.compress(bytes(3_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def infected_pdf() -> bytes:
    return pdf(1) + b"\n% " + EICAR


def jpeg_that_is_a_pdf() -> bytes:
    """A JPEG whose comment begins a PDF: some readers open it as one."""
    whole = picture("JPEG")
    comment = b"%PDF-1.7 1 0 obj"
    return whole[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + whole[2:]
