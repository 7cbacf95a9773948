"""Codes of service items: kinds by source, patterns of implementation codes, organ codes.

Nothing here rejects: codes are stored as the source writes them, and what is odd is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongban.base.identifiers import IdentifierError, check_organisation_code, check_uscc

# Our names for the kinds of GB/T 39046-2020 A.1, with what people call them.
KINDS: Final = {
    "licence": ("行政许可", "licence"),
    "penalty": ("行政处罚", "penalty"),
    "coercion": ("行政强制", "coercion"),
    "levy": ("行政征收", "levy"),
    "benefit": ("行政给付", "benefit"),
    "inspection": ("行政检查", "inspection"),
    "confirmation": ("行政确认", "confirmation"),
    "reward": ("行政奖励", "reward"),
    "adjudication": ("行政裁决", "adjudication"),
    "other": ("其他行政权力", "other power"),
    "public_service": ("公共服务", "public service"),
}

_GBT39046: Final = {
    "01": "licence",
    "02": "penalty",
    "03": "coercion",
    "04": "levy",
    "05": "benefit",
    "06": "inspection",
    "07": "confirmation",
    "08": "reward",
    "09": "adjudication",
    "10": "other",
    "20": "public_service",
}

# The same number means different things on different platforms: always map by source.
KIND_BY_SOURCE: Final = {
    "sichuan": _GBT39046,
    "sample": _GBT39046,
    "guangdong": _GBT39046 | {"20": "other", "21": "public_service"},
}

# 4-digit prefixes of divisions aside, these are the shapes seen in real lists (first match wins).
PATTERNS: Final = (
    ("sample", re.compile(r"(?P<basic>SAMPLE)-(?P<region>\d{12})-(?P<organ>)[A-Z-]+")),
    (
        "guangdong",
        re.compile(r"(?P<organ>[0-9A-Z]{18})(?P<level>\d)(?P<basic>[0-9A-Z]{12})(\d\d)?"),
    ),
    (
        "sichuan",
        re.compile(
            r"(?P<basic>[0-9A-Z]{12,14}|[A-Z]-\d{6}-\d{3,4}|[0-9A-Z]{2}-[0-9A-Z]{4}-\d{5})"
            r"-(?P<region>\d{12})-(?P<sub>\d{3})-(?P<organ>.+)-(?P<kind>\d)-(?P<sequence>\d\d)"
        ),
    ),
    ("sichuan-short", re.compile(r"(?P<basic>[A-Z]-\d{6}-\d{3})-(?P<organ>[0-9A-Z]+)")),
)


@dataclass(frozen=True)
class ParsedCode:
    """What an implementation code says about itself; `pattern` is "unknown" when none fits."""

    pattern: str
    basic: str = ""
    organ: str = ""
    region: str = ""


def parse_item_code(code: str) -> ParsedCode:
    """Read an implementation code (实施编码) by the named patterns."""
    for name, pattern in PATTERNS:
        if found := pattern.fullmatch(code):
            parts = found.groupdict()
            return ParsedCode(name, parts["basic"], parts["organ"], parts.get("region") or "")
    return ParsedCode("unknown")


def kind_of(source: str, type_code: str) -> str:
    """Our name for a source's item type code, "" when the source's list doesn't have it.

    Raises KeyError for a source without a list.
    """
    return KIND_BY_SOURCE[source].get(type_code.zfill(2), "")


@dataclass(frozen=True)
class OrganCodeStyle:
    """How a source writes an organ's code. `problem` is "" for a sound credit code."""

    style: str
    problem: str


def organ_code_style(code: str) -> OrganCodeStyle:
    """Name the style of an organ code and what is wrong with it (GB 32100-2015, GB 11714-1997)."""
    try:
        check_uscc(code)
        return OrganCodeStyle("uscc", "")
    except IdentifierError as reason:
        fault = str(reason)
    if code != code.upper():
        try:
            check_uscc(code.upper())
            return OrganCodeStyle("uscc_lower_case", "a credit code written with a small letter")
        except IdentifierError:
            pass
    base, _, suffix = code.partition("_")
    if suffix:
        return OrganCodeStyle("with_suffix", f"a code with a suffix: {base} and {suffix}")
    if re.fullmatch(r"TE[0-9A-Z]{16}", code):
        return OrganCodeStyle("temporary", "a temporary code")
    try:
        check_organisation_code(code)
        return OrganCodeStyle("organisation_code", "an old organisation code, not a credit code")
    except IdentifierError:
        pass
    if re.fullmatch(r"[1-9A-Y][0-9A-Z]{15,17}", code) and not code.isdigit():
        return OrganCodeStyle("uscc_faulty", f"not a credit code: {fault}")
    return OrganCodeStyle("unknown", "neither a credit code nor an organisation code")


# What a kind is called: 其他类别事项 and 其他行政权力 are the same.
KIND_NAMES: Final = {kind: {names[0]} for kind, names in KINDS.items()} | {
    "other": {"其他行政权力", "其他类别事项", "其他权力"},
    "public_service": {"公共服务", "公共服务事项"},
}
