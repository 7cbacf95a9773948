"""An implementation against its basic item: it may add and tighten, never loosen or demand more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tongban.catalogue.lint.consistency import TOLERANCE, days, said
from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject, zh
from tongban.catalogue.rules import basis_key


def _longer_than_the_basic(s: Subject) -> Iterable[Spot]:
    fixed = s.basic.get("statutory_limit") if s.basic else None
    if not fixed:
        return NOTHING
    found = []
    for name in ("statutory_limit", "promised_limit"):
        limit = s.guide.get(name)
        if limit and days(limit) > days(fixed) * (
            1 if limit["unit"] == fixed["unit"] else TOLERANCE
        ):
            found.append((name, f"{said(limit)} > {said(fixed)}"))
    return found


def _fee_added(s: Subject) -> Iterable[Spot]:
    if s.basic is None or s.basic.get("charges_fee") is not False:
        return NOTHING
    if s.guide.get("fees") or s.guide.get("charges_fee"):
        return (("fees", "基本目录:不收费"),)
    return NOTHING


def _audience_narrowed(s: Subject) -> Iterable[Spot]:
    fixed = set(s.basic.get("audience") or ()) if s.basic else set()
    own = s.guide.get("audience")
    if not fixed or not own or fixed <= set(own):
        return NOTHING
    return (("audience", "、".join(sorted(fixed - set(own)))),)


def _material_added(s: Subject) -> Iterable[Spot]:
    allowed = {zh(one["name"]) for one in s.basic.get("materials") or ()} if s.basic else set()
    if not allowed:
        return NOTHING
    return [
        (f"materials.{place}", name)
        for place, material in enumerate(s.guide.get("materials") or ())
        if (name := zh(material["name"])) not in allowed
    ]


def _condition_added(s: Subject) -> Iterable[Spot]:
    allowed = {zh(one) for one in s.basic.get("conditions") or ()} if s.basic else set()
    if not allowed:
        return NOTHING
    return [
        (f"conditions.{place}", zh(condition)[:60])
        for place, condition in enumerate(s.guide.get("conditions") or ())
        if zh(condition) not in allowed
    ]


def _basis_dropped(s: Subject) -> Iterable[Spot]:
    fixed = s.basic.get("legal_bases") if s.basic else None
    own = s.guide.get("legal_bases")
    if not fixed or not own:
        return NOTHING
    held = {basis_key(one) for one in own}
    return [
        ("legal_bases", f"《{one['instrument']}》{one.get('article', '')}")
        for one in fixed
        if basis_key(one) not in held
    ]


def _more_visits(s: Subject) -> Iterable[Spot]:
    fixed = s.basic.get("on_site_visits") if s.basic else None
    visits = s.guide.get("on_site_visits")
    if fixed is None or visits is None or visits <= fixed:
        return NOTHING
    return (("on_site_visits", f"{visits}次 > {fixed}次"),)


def _way_closed(s: Subject) -> Iterable[Spot]:
    fixed = set(s.basic.get("handling_forms") or ()) if s.basic else set()
    own = s.guide.get("handling_forms")
    if not fixed or not own or fixed <= set(own):
        return NOTHING
    return (("handling_forms", "、".join(sorted(fixed - set(own)))),)


def _other_kind(s: Subject) -> Iterable[Spot]:
    kind = s.basic.get("kind") if s.basic else ""
    return (("kind", f"{s.kind} / {kind}"),) if kind and s.kind and kind != s.kind else NOTHING


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
BASIC: Final = (
    "行政许可法第十六条;基本目录与实施清单(国办函〔2016〕108号)",
    "Licensing Law art. 16; basic catalogue and implementation lists",
)
RULES: Final = (
    Rule(
        "B01",
        E,
        _longer_than_the_basic,
        ("时限比基本目录的法定时限长", "A limit longer than the basic item's statutory one"),
        BASIC,
        ("缩短到法定时限以内", "Shorten it to the statutory limit"),
    ),
    Rule(
        "B02",
        E,
        _fee_added,
        ("基本目录不收费,这里收费", "A fee, where the basic item has none"),
        ("优化营商环境条例第二十五条", "Regulation on the business environment art. 25"),
        ("取消收费", "Drop the fee"),
    ),
    Rule(
        "B03",
        E,
        _audience_narrowed,
        ("比基本目录少了服务对象", "Some whom the basic item is for are left out"),
        BASIC,
        ("补上服务对象", "Add them"),
    ),
    Rule(
        "B04",
        E,
        _material_added,
        ("基本目录没有这个材料", "A material that the basic item doesn't have"),
        (
            "行政许可法第三十一条;优化营商环境条例第四十三条",
            "Licensing Law art. 31; Regulation on the business environment art. 43",
        ),
        ("删去,或者先改基本目录", "Delete it, or have the basic item changed first"),
    ),
    Rule(
        "B05",
        E,
        _condition_added,
        ("基本目录没有这个条件", "A condition that the basic item doesn't have"),
        BASIC,
        ("删去,或者先改基本目录", "Delete it, or have the basic item changed first"),
    ),
    Rule(
        "B06",
        W,
        _basis_dropped,
        ("少了基本目录的设定依据", "A legal basis of the basic item is missing"),
        BASIC,
        ("补上依据", "Add it"),
    ),
    Rule(
        "B07",
        E,
        _more_visits,
        ("到现场次数比基本目录多", "More visits than the basic item allows"),
        BASIC,
        ("减少次数", "Ask for fewer visits"),
    ),
    Rule(
        "B08",
        W,
        _way_closed,
        ("比基本目录少了办理形式", "A way to apply of the basic item is closed"),
        BASIC,
        ("补上办理形式", "Open it"),
    ),
    Rule(
        "B09",
        W,
        _other_kind,
        ("事项类型和基本目录不同", "Another kind than the basic item's"),
        BASIC,
        ("按基本目录更正", "Correct it by the basic catalogue"),
        on_guides=False,
    ),
)
