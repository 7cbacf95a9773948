"""The receipt of an act as one page to print and keep, in Chinese and English, with a QR code.

The machine-readable receipt is attached inside. The page is made from a receipt that was checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import segno
from django.utils import translation
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from tongban.base.fonts import FontFile
from tongban.directory.wording import moment_words
from tongban.ledger.receipts import Checked, check_receipt
from tongban.ledger.wording import PayloadRow, act_name, payload_rows

MARGIN, WIDTH, HEIGHT = 18.0, 210.0, 297.0
LABEL, QR = 46.0, 38.0
# Where the part with the proof begins; what was sealed goes above it.
PROOF_FROM = 190.0
LINE = 4.6
VALUE_MOST = 220
WITNESSES_MOST = 4
INK, SOFT, RULE = (22, 32, 43), (74, 86, 99), (213, 219, 225)
FONT = "chinese"


@dataclass(frozen=True)
class About:
    """What the receipt does not say itself: names for its codes, and where it is checked."""

    site: str
    organ: str
    item: str
    leaf_hash: bytes
    address: str
    name: str


def both(make: Callable[[], str]) -> tuple[str, str]:
    """A text in Chinese and in English."""
    with translation.override("zh-hans"):
        chinese = make()
    with translation.override("en"):
        return chinese, make()


def paper(document: Mapping[str, object], about: About, font: FontFile) -> bytes:
    """The page as a PDF. Raises ReceiptError when the receipt does not hold."""
    checked = check_receipt(document)
    page = _Page(font)
    page.head(both(lambda: _("Receipt of an act")), about)
    page.facts(_facts(checked, about))
    page.content(checked)
    page.proof(_proof(checked, about))
    page.pdf.embed_file(
        bytes=json.dumps(document, ensure_ascii=False, indent=1).encode(),
        basename=about.name,
        mime_type="application/json",
        desc="tongban-receipt/1",
    )
    return bytes(page.pdf.output())


Row = tuple[tuple[str, str], str]


def _facts(checked: Checked, about: About) -> list[Row]:
    leaf = checked.leaf
    act = both(lambda: act_name(leaf.act))
    when = both(lambda: moment_words(datetime.fromisoformat(leaf.at)))
    rows = [
        (both(lambda: _("What was done")), " · ".join(act)),
        (both(lambda: _("When")), " · ".join(when)),
    ]
    if leaf.organ:
        rows.append((both(lambda: _("By which organ")), f"{about.organ} ({leaf.organ})"))
    if leaf.item:
        rows.append((both(lambda: _("Service item")), f"{about.item} ({leaf.item})"))
    return rows


def _proof(checked: Checked, about: About) -> list[Row]:
    said = checked.checkpoint
    signers = [f"{one.name} ({one.key_id})" for one in checked.signatures if one.at is None]
    witnesses = [
        f"{one.name} ({one.at:%Y-%m-%d %H:%M} UTC)" for one in checked.signatures if one.at
    ]
    none = " · ".join(both(lambda: _("none yet")))
    more = len(witnesses) - WITNESSES_MOST
    shown = witnesses[:WITNESSES_MOST] + ([f"+ {more}"] if more > 0 else [])
    return [
        (both(lambda: _("Place in the log")), f"{checked.index}"),
        (both(lambda: _("Hash of the public line")), about.leaf_hash.hex()),
        (both(lambda: _("Entries under the checkpoint")), f"{said.size}"),
        (both(lambda: _("Root hash")), said.root.hex()),
        (both(lambda: _("Signed by")), ", ".join(signers)),
        (both(lambda: _("Witnesses")), ", ".join(shown) or none),
        (both(lambda: _("Check it at")), about.address),
    ]


class _Page:
    """A page that is written from top to bottom."""

    def __init__(self, font: FontFile) -> None:
        self.font = font
        self.pdf = FPDF(format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margins(MARGIN, MARGIN, MARGIN)
        self.pdf.set_lang("zh-CN")
        self.pdf.add_font(FONT, fname=font.path, collection_font_number=font.number)
        self.pdf.add_page()

    def fit(self, text: str) -> str:
        """The text with the code points of characters that the font lacks, never an empty box."""
        for one in self.font.lacks(text):
            text = text.replace(one, " " if one.isspace() else f"[U+{ord(one):04X}]")
        return text

    def line(
        self, text: str, size: float, colour: tuple[int, int, int] = INK, w: float = 0
    ) -> None:
        self.pdf.set_font(FONT, size=size)
        self.pdf.set_text_color(*colour)
        height = LINE * size / 10
        self.pdf.multi_cell(
            w, height, self.fit(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def head(self, title: tuple[str, str], about: About) -> None:
        self.pdf.set_title(f"{title[0]} {title[1]}")
        beside = WIDTH - 2 * MARGIN - QR - 6
        self.line(about.site, 10, SOFT, beside)
        self.line(title[0], 24, INK, beside)
        self.line(title[1], 13, SOFT, beside)
        self._code(about.address, WIDTH - MARGIN - QR, MARGIN)
        note = both(lambda: _("Scan the code to see whether the act is in the public log of acts."))
        self.pdf.set_y(max(self.pdf.get_y() + 2, MARGIN + 24))
        for text in note:
            self.line(text, 9, SOFT, beside)
        self.pdf.set_y(MARGIN + QR + 4)

    def _code(self, text: str, left: float, top: float) -> None:
        rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
        step = QR / len(rows)
        self.pdf.set_fill_color(0, 0, 0)
        for down, row in enumerate(rows):
            for across, dark in enumerate(row):
                if dark:
                    self.pdf.rect(left + across * step, top + down * step, step, step, style="F")

    def facts(self, rows: list[Row]) -> None:
        for label, value in rows:
            self._row(label, value)

    def _height(self, text: str, size: float, wide: float) -> float:
        self.pdf.set_font(FONT, size=size)
        found = self.pdf.multi_cell(
            wide, LINE * size / 10, self.fit(text), dry_run=True, output="HEIGHT", align="L"
        )
        return cast(float, found)

    def _row(self, label: tuple[str, str], value: str, most: float = HEIGHT) -> bool:
        """A label in both languages beside its value, and a rule; False when there is no room."""
        pdf, top = self.pdf, self.pdf.get_y()
        wide = WIDTH - 2 * MARGIN - LABEL
        beside = self._height(label[0], 10, LABEL - 4) + self._height(label[1], 8, LABEL - 4)
        high = max(beside, self._height(value, 10, wide)) + 1.6
        if top + high > most:
            return False
        self.line(label[0], 10, INK, LABEL - 4)
        self.line(label[1], 8, SOFT, LABEL - 4)
        pdf.set_xy(MARGIN + LABEL, top)
        pdf.set_font(FONT, size=10)
        pdf.set_text_color(*INK)
        pdf.multi_cell(wide, LINE, self.fit(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_draw_color(*RULE)
        pdf.line(MARGIN, top + high - 0.6, WIDTH - MARGIN, top + high - 0.6)
        pdf.set_y(top + high)
        return True

    def _heading(self, text: tuple[str, str]) -> None:
        self.pdf.set_y(self.pdf.get_y() + 4)
        self.line(f"{text[0]}  {text[1]}", 12)
        self.pdf.set_y(self.pdf.get_y() + 1)

    def content(self, checked: Checked) -> None:
        self._heading(both(lambda: _("What was sealed with the act")))
        if checked.payload is None:
            text = both(lambda: _("The content is not part of this receipt."))
            self._row(("—", "—"), " · ".join(text))
            return
        payload, act = checked.payload, checked.leaf.act
        with translation.override("zh-hans"):
            chinese = payload_rows(act, payload)
        with translation.override("en"):
            english = payload_rows(act, payload)
        for left, right in zip(chinese, english, strict=True):
            if not self._row((left.label, right.label), _short(left), PROOF_FROM - LINE):
                break
        else:
            return
        self.line(" · ".join(both(lambda: _("The rest is in the attached file."))), 9, SOFT)

    def proof(self, rows: list[Row]) -> None:
        self.pdf.set_y(PROOF_FROM)
        self._heading(both(lambda: _("How it is proved")))
        self.facts(rows)
        self.pdf.set_y(self.pdf.get_y() + 2)
        for text in both(
            lambda: _(
                "The receipt for machines is attached to this PDF as a file: save it, and drop it on"
                " the page above. This paper alone proves nothing: compare it with the log."
            )
        ):
            self.line(text, 8.5, SOFT)


def _short(row: PayloadRow) -> str:
    """A part of the payload in a few lines; the attached file has it whole."""
    text = _flat(row)
    return text if len(text) <= VALUE_MOST else f"{text[:VALUE_MOST]}…"


def _flat(row: PayloadRow) -> str:
    if not row.rows:
        return row.text
    return "; ".join(f"{one.label}: {_flat(one)}" for one in row.rows)
