"""What leaves people guessing (优化营商环境条例 art. 43; 国务院令716 art. 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tongban.catalogue.lint.model import NOTHING, Check, Rule, Severity, Spot, Subject, zh

_SUCH = "有关|相关|业务|相应|佐证|补充|必要|需要|应当|证明|申请|提交|的|所需|应"
CATCH_ALL: Final = re.compile(
    rf"其[他它](?:{_SUCH})*(?:材料|资料|证件|证明|文件)"
    r"|等(?:相关|有关|其他|的|证明)*(?:材料|资料|证明|文件|证件)(?!清单)"
    r"|(?:相关|有关)(?:的)?(?:证明|证件|佐证|申请|备案)?(?:材料|资料|文件|证明|证件)"
)
# The whole name, so that 材料清单 or 申请材料真实性承诺书 are left alone.
NAMELESS: Final = re.compile(
    r"(?:申请|证明|申报|办理|所需|受理|提交)?(?:材料|资料|证明|证件|文件|凭证|附件)[。;\uff1b]?"
)
AS_REQUIRED: Final = re.compile(
    r"按(?:照)?(?:有关|相关)?(?:要求|需要)(?:提供|提交|办理)?|视(?:具体)?情况|根据(?:具体|实际)?(?:情况|需要)"
    r"|(?:要求|需要)(?:提交|提供|补充)?的?(?:其[他它])?(?:材料|资料)|(?:认为|有)必要的"
)
# 其他情形 is how the law itself ends a list; a condition that nobody can know is another matter.
OTHER_CONDITIONS: Final = re.compile(
    r"(?:规定|要求|应当具备|需要)的其[他它](?:有关|相关)?(?:条件|要求)|其[他它](?:有关|相关)?条件[。;\uff1b]?$"
    r"|等(?:有关|相关|其他)?条件"
)
POINTS_ELSEWHERE: Final = re.compile(
    r"(?:以|按|依据|依照|详见|见|参见|参照)[^,\uff0c。;\uff1b]{0,30}(?:为准|执行|文件|通知|公告|规定|条件|办法)[。;\uff1b]?"
    r"|第[一二三四五六七八九十百]+条[。;\uff1b]?|符合(?:相关|有关)?(?:规定|条件|要求)(?:的)?(?:即可申请)?[。;\uff1b]?"
)
ARTICLE_ONLY: Final = re.compile(
    r"第[一二三四五六七八九十百]+条(?:第?[一二三四五六七八九十]+[款项])?(?:规定的)?情形"
)
PLACEHOLDER: Final = re.compile(
    r"(?:无|暂无|没有|待补充|待定|待完善|略|同上|详见附件|/|-|—|x+|test|测试|null|none|不详)[。.]?",
    re.I,
)
CUT_OFF: Final = re.compile(r"[:\uff1a、,\uff0c(\uff08]$")
HOURS: Final = re.compile(r"\d{1,2}\s*[:\uff1a点时]|24\s*小时|全天")
ADDRESS: Final = re.compile(r"\d|[一二三四五六七八九十]+[号楼层]|大厅|中心|窗口")
SAID_ONCE: Final = (
    "place",
    "opening_hours",
    "summary",
    "remedies",
    "quantity_limit",
    "intermediary_service",
)


def _materials(pattern: re.Pattern[str]) -> Check:
    def check(s: Subject) -> Iterable[Spot]:
        materials = s.guide.get("materials")
        if not materials:
            return NOTHING
        return [
            (f"materials.{place}.name", name)
            for place, material in enumerate(materials)
            if pattern.search(name := zh(material["name"]))
        ]

    return check


def _nameless_material(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}.name", name)
        for place, material in enumerate(s.guide.get("materials") or ())
        if NAMELESS.fullmatch(name := zh(material["name"]))
    ]


def _material_by_article(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}.name", name)
        for place, material in enumerate(s.guide.get("materials") or ())
        if ARTICLE_ONLY.search(name := zh(material["name"]))
    ]


def _as_required(s: Subject) -> Iterable[Spot]:
    found = []
    for place, material in enumerate(s.guide.get("materials") or ()):
        for part in ("name", "note", "when", "use_note"):
            if (text := zh(material.get(part))) and AS_REQUIRED.search(text):
                found.append((f"materials.{place}.{part}", text[:60]))
    return found


def _other_conditions(s: Subject) -> Iterable[Spot]:
    return [
        (f"conditions.{place}", hit.group())
        for place, condition in enumerate(s.guide.get("conditions") or ())
        if (hit := OTHER_CONDITIONS.search(zh(condition)))
    ]


def _condition_elsewhere(s: Subject) -> Iterable[Spot]:
    conditions = s.guide.get("conditions")
    if not conditions or len(conditions) > 1:
        return NOTHING
    text = zh(conditions[0]).strip()
    return (("conditions.0", text[:60]),) if POINTS_ELSEWHERE.fullmatch(text) else NOTHING


def _cut_off(s: Subject) -> Iterable[Spot]:
    return [
        (f"conditions.{place}", "…" + text[-20:])
        for place, condition in enumerate(s.guide.get("conditions") or ())
        if CUT_OFF.search(text := zh(condition).rstrip())
        # In a list only the last point has to end.
        and place == len(s.guide["conditions"]) - 1
    ]


FIRST_POINT: Final = re.compile(
    r"(?:^|[:\uff1a。;\uff1b\s])(?:[(\uff08](?P<bracket>[一1])[)\uff09]|(?P<plain>[一1])[、.\uff0e)\uff09](?!\d))"
)
SECOND: Final = {"一": "二", "1": "2"}
# What a list is announced with: after it one point alone is not the whole list.
ANNOUNCED: Final = re.compile(r"(?:全部|所有|以下|下列|之一)[^。]{0,20}[:\uff1a]\s*$")


def _list_of_one(s: Subject) -> Iterable[Spot]:
    """An enumeration that stops after its first point: the rest was lost when it was copied.

    Only where the list was announced, or its last words wait for more (`;`).
    """
    conditions = s.guide.get("conditions")
    if not conditions or len(conditions) > 1:
        return NOTHING
    text = zh(conditions[0]).strip()
    first = FIRST_POINT.search(text)
    if first is None or CUT_OFF.search(text):
        return NOTHING
    second = SECOND[first["bracket"] or first["plain"]]
    if re.search(rf"{second}\s*[)\uff09、.\uff0e]", text):
        return NOTHING
    before = text[: first.start() + 1]
    if ANNOUNCED.search(before) or text[-1] in ";\uff1b":
        return (("conditions.0", text[:40]),)
    return NOTHING


def _placeholder(s: Subject) -> Iterable[Spot]:
    found = []
    guide = s.guide
    for name in SAID_ONCE:
        text = guide.get(name)
        if text and PLACEHOLDER.fullmatch(zh(text).strip()):
            # “None” is an answer for what an item may not have.
            if name in ("quantity_limit", "intermediary_service") and zh(text)[0] in "无没":
                continue
            found.append((name, zh(text)))
    return found


def _vague_hours(s: Subject) -> Iterable[Spot]:
    hours = zh(s.guide.get("opening_hours"))
    return NOTHING if not hours or HOURS.search(hours) else (("opening_hours", hours[:60]),)


def _vague_place(s: Subject) -> Iterable[Spot]:
    place = zh(s.guide.get("place"))
    if not place or ADDRESS.search(place) or PLACEHOLDER.fullmatch(place):
        return NOTHING
    return (("place", place[:60]),)


def _vague_result(s: Subject) -> Iterable[Spot]:
    name = zh((s.guide.get("result") or {}).get("name"))
    if name and (PLACEHOLDER.fullmatch(name) or name in ("结果", "办理结果", "相关证件", "批文")):
        return (("result.name", name),)
    return NOTHING


def _vague_limit_note(s: Subject) -> Iterable[Spot]:
    found = []
    for name in ("statutory_limit", "promised_limit"):
        note = zh((s.guide.get(name) or {}).get("note"))
        if note and AS_REQUIRED.search(note):
            found.append((f"{name}.note", note[:60]))
    return found


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
ART_43: Final = (
    "优化营商环境条例第四十三条;国务院令第716号第六条",
    "Regulation on the business environment art. 43; Decree 716 art. 6",
)
CLEAR: Final = ("国务院令第716号第六条(指南要明确)", "Decree 716 art. 6: a guide is definite")
RULES: Final = (
    Rule(
        "V01",
        E,
        _materials(CATCH_ALL),
        ("兜底材料:没有说清是什么", "A catch-all material: nobody knows what it is"),
        ART_43,
        ("逐项写明,写不清的删去", "Name each material; delete what can't be named"),
        "materials",
    ),
    Rule(
        "V02",
        W,
        _nameless_material,
        ("材料没有名字", "A material without a name of its own"),
        ART_43,
        ("写明是什么材料、由谁出具", "Say which document, and who issues it"),
        "materials",
    ),
    Rule(
        "V03",
        W,
        _as_required,
        (
            "“按要求”“视情况”:要什么由窗口说了算",
            "“As required”: what is needed is left to the counter",
        ),
        ART_43,
        ("写明什么情形要什么", "Say what is needed in which situation"),
        "materials",
    ),
    Rule(
        "V04",
        W,
        _material_by_article,
        ("只写了第几条的情形,没有说是什么材料", "A material that only points to an article"),
        ART_43,
        ("把条文里的情形和对应的材料写出来", "Write out the situations and the document for each"),
        "materials",
    ),
    Rule(
        "V05",
        W,
        _other_conditions,
        ("兜底条件:“其他条件”", "A catch-all condition"),
        (
            "行政许可法第十六条(不得增设条件)",
            "Licensing Law art. 16: no conditions beyond the law's",
        ),
        ("写明是哪一条规定的什么条件", "Name the rule and the condition"),
        "conditions",
    ),
    Rule(
        "V06",
        W,
        _condition_elsewhere,
        ("条件只指到别处", "The conditions only point elsewhere"),
        CLEAR,
        ("把条件写出来", "Write the conditions out"),
        "conditions",
    ),
    Rule(
        "V07",
        W,
        _cut_off,
        ("条件没有写完", "The conditions break off"),
        CLEAR,
        ("补全", "Complete them"),
        "conditions",
    ),
    Rule(
        "V08",
        W,
        _list_of_one,
        ("列举只有第一项,后面的丢了", "A list that stops after its first point"),
        CLEAR,
        ("补全其余各项,只有一项的不编号", "Add the others; a single point needs no number"),
        "conditions",
    ),
    Rule(
        "V09",
        W,
        _placeholder,
        ("只填了占位的字", "Only a placeholder"),
        CLEAR,
        ("写明内容", "Write what it is"),
        "place",
    ),
    Rule(
        "V10",
        W,
        _vague_hours,
        ("办理时间没有钟点", "Opening hours without hours"),
        CLEAR,
        ("写明星期几、几点到几点", "Give days and hours"),
        "opening_hours",
    ),
    Rule(
        "V11",
        N,
        _vague_place,
        ("地点没有门牌或者窗口", "A place without a number or counter"),
        CLEAR,
        ("写明路名、门牌、楼层、窗口", "Give street, number, floor, counter"),
        "place",
    ),
    Rule(
        "V12",
        W,
        _vague_result,
        ("结果没有名字", "The result has no name"),
        CLEAR,
        ("写明证照或者文书的全名", "Give the full name of the document"),
        "result",
    ),
    Rule(
        "V13",
        W,
        _vague_limit_note,
        ("时限说明是“视情况”", "A limit that “depends”"),
        CLEAR,
        ("写明什么情形下是多长", "Say how long in which situation"),
        "promised_limit",
    ),
)
