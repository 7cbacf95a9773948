"""SVG by hand: text stays text, colours are classes, every picture has a title and a description."""

from __future__ import annotations

import unicodedata
from html import escape
from itertools import count

FONT = (
    '"PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC",'
    ' "Source Han Sans SC", system-ui, sans-serif'
)
# Colours of the design tokens; the page's own values come first, so that dark mode reaches pictures.
STYLE = f"""
.plot text {{ font-family: {FONT}; fill: var(--ink, #16202b); font-size: 14px;
  font-variant-numeric: tabular-nums; }}
.plot .small {{ font-size: 12px; }}
.plot .quiet {{ fill: var(--ink-2, #4a5663); }}
.plot .strong {{ font-weight: 600; }}
.plot .end {{ text-anchor: end; }}
.plot .middle {{ text-anchor: middle; }}
.plot .grid {{ stroke: var(--line, #d5dbe1); stroke-width: 1; fill: none; }}
.plot .axis {{ stroke: var(--ink-2, #4a5663); stroke-width: 1; fill: none; }}
.plot .mean {{ stroke: var(--ink-2, #4a5663); stroke-width: 1.5; stroke-dasharray: 4 3; fill: none; }}
.plot .whisker {{ stroke: var(--brand, #0b4f6c); stroke-width: 5; stroke-linecap: round;
  opacity: 0.28; }}
.plot .track {{ stroke: var(--line, #d5dbe1); stroke-width: 6; stroke-linecap: round; }}
.plot .better {{ stroke: var(--success, #1d6b43); stroke-width: 6; stroke-linecap: round; }}
.plot .worse {{ stroke: var(--accent, #b93a26); stroke-width: 6; stroke-linecap: round; }}
.plot .up {{ stroke: var(--brand, #0b4f6c); stroke-width: 2; fill: none; }}
.plot .down {{ stroke: var(--accent, #b93a26); stroke-width: 2; fill: none; }}
.plot .same {{ stroke: var(--ink-3, #8a96a3); stroke-width: 1.5; fill: none; }}
.plot .dot {{ fill: var(--brand, #0b4f6c); }}
.plot .dot-down {{ fill: var(--accent, #b93a26); }}
.plot .dot-quiet {{ fill: var(--ink-3, #8a96a3); }}
.plot .ring {{ fill: var(--paper, #ffffff); stroke: var(--ink-2, #4a5663); stroke-width: 2; }}
.plot .halo {{ paint-order: stroke; stroke: var(--paper, #ffffff); stroke-width: 3px;
  stroke-linejoin: round; }}
.plot .chosen {{ fill: var(--chosen, #fff4d6); }}
.plot .none {{ fill: none; stroke: var(--ink-3, #8a96a3); stroke-width: 1; stroke-dasharray: 3 3; }}
.plot .s0 {{ fill: #dce9ef; }} .plot .s1 {{ fill: #bcd7e2; }} .plot .s2 {{ fill: #82b3c7; }}
.plot .s3 {{ fill: #3d83a0; }} .plot .s4 {{ fill: #0b4f6c; }}
.plot text.on0, .plot text.on1, .plot text.on2 {{ fill: #16202b; }}
.plot text.on3, .plot text.on4 {{ fill: #ffffff; }}
"""
_ids = count(1)


def text_width(text: str, size: float = 14) -> float:
    """About how wide a text is, in pixels: Chinese characters are square, letters half as wide."""
    units = sum(
        1.0 if unicodedata.east_asian_width(one) in "WF"
        else 0.32 if one in "iljtfI.,:;'|()[] "
        else 0.88 if one in "mwMW%@"
        else 0.66 if one.isupper()
        else 0.57
        for one in text
    )  # fmt: skip
    return units * size


def fitted(text: str, width: float, size: float = 14) -> str:
    """The text, cut with an ellipsis where it is wider than `width`."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, width: float, size: float, lines: int) -> list[str]:
    """The text in at most `lines` lines, broken at spaces or between Chinese characters."""
    words = text.split(" ") if " " in text else list(text) if not text.isascii() else [text]
    joint = " " if " " in text else ""
    result: list[str] = []
    for word in words:
        longer = f"{result[-1]}{joint}{word}" if result else word
        if result and text_width(longer, size) <= width:
            result[-1] = longer
        else:
            result.append(word)
    if len(result) > lines:
        result = [*result[: lines - 1], joint.join(result[lines - 1 :])]
    return [fitted(line, width, size) for line in result]


class Picture:
    """A picture of a fixed size that grows shapes in drawing order."""

    def __init__(self, width: float, height: float, title: str, description: str = "") -> None:
        self.width, self.height = width, height
        self.title, self.description = title, description
        self.shapes: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "", title: str = "") -> None:
        """Text with its baseline at y. `title` is shown on hover, for a text that was cut."""
        tip = f"<title>{escape(title)}</title>" if title and title != text else ""
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}{tip}</text>'
        )

    def rect(
        self, x: float, y: float, width: float, height: float, kind: str, radius: float = 0
    ) -> None:
        rounding = f' rx="{radius:g}"' if radius else ""
        self.shapes.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}"'
            f' class="{kind}"{rounding}/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'
        )

    def dot(self, x: float, y: float, radius: float, kind: str, title: str = "") -> None:
        tip = f"><title>{escape(title)}</title></circle>" if title else "/>"
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{kind}"{tip}')

    def inline(self, extra: str = "") -> str:
        """For a page that has `STYLE`."""
        number = next(_ids)
        return (
            f'<svg class="plot {extra}" viewBox="0 0 {self.width:g} {self.height:g}" role="img"'
            f' aria-labelledby="t{number} d{number}" xmlns="http://www.w3.org/2000/svg"'
            f' style="max-width:{self.width:g}px">'
            f'<title id="t{number}">{escape(self.title)}</title>'
            f'<desc id="d{number}">{escape(self.description)}</desc>{"".join(self.shapes)}</svg>'
        )

    def on_page(self, extra: str = "") -> str:
        """For a page of the platform, whose style sheet has the classes (no style of its own: CSP)."""
        number = next(_ids)
        return (
            f'<svg class="chart {extra}" viewBox="0 0 {self.width:g} {self.height:g}" role="img"'
            f' aria-labelledby="t{number} d{number}" xmlns="http://www.w3.org/2000/svg"'
            f' width="{self.width:g}" height="{self.height:g}">'
            f'<title id="t{number}">{escape(self.title)}</title>'
            f'<desc id="d{number}">{escape(self.description)}</desc>{"".join(self.shapes)}</svg>'
        )

    def file(self) -> str:
        """For a file of its own, on white."""
        return (
            f'<svg class="plot" width="{self.width:g}" height="{self.height:g}"'
            f' viewBox="0 0 {self.width:g} {self.height:g}" role="img" aria-labelledby="t d"'
            f' xmlns="http://www.w3.org/2000/svg"><title id="t">{escape(self.title)}</title>'
            f'<desc id="d">{escape(self.description)}</desc><style>{STYLE}</style>'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(self.shapes)}</svg>\n'
        )
