"""What a guide must say (GB/T 39046-2020 table 4; 国务院令716 art. 6; national reporting)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from tongban.catalogue.lint.model import (
    APPLIED_FOR,
    LICENCE_LIKE,
    NOTHING,
    Rule,
    Severity,
    Spot,
    Subject,
    zh,
)

GUIDE_LAW: Final = (
    "在线政务服务规定(国务院令第716号)第六条;GB/T 39046-2020 表4",
    "Online government services, Decree 716 art. 6; GB/T 39046-2020 table 4",
)
LICENSING: Final = ("行政许可法", "Administrative Licensing Law")


def _missing(part: str) -> Callable[[Subject], Iterable[Spot]]:
    def check(s: Subject) -> Iterable[Spot]:
        return NOTHING if s.guide.get(part) else ((part, ""),)

    return check


def _missing_for(part: str, kinds: frozenset[str]) -> Callable[[Subject], Iterable[Spot]]:
    def check(s: Subject) -> Iterable[Spot]:
        return NOTHING if s.guide.get(part) or s.kind not in kinds else ((part, ""),)

    return check


def _no_guide(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.has_guide or s.kind not in APPLIED_FOR else (("", s.name),)


def _no_organ(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.organ_code else (("organ", s.name),)


def _no_kind(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.kind else (("kind", s.name),)


def _no_materials(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    if guide.get("materials") or guide.get("needs_materials") is False:
        return NOTHING
    # A guide with a form asks for what the form asks.
    return (
        NOTHING if s.kind not in LICENCE_LIKE or guide.get("form_pages") else (("materials", ""),)
    )


def _no_promise(s: Subject) -> Iterable[Spot]:
    if s.guide.get("promised_limit") or s.kind not in LICENCE_LIKE:
        return NOTHING
    return (("promised_limit", ""),)


def _no_promise_of_service(s: Subject) -> Iterable[Spot]:
    if s.guide.get("promised_limit") or s.kind in LICENCE_LIKE or s.kind not in APPLIED_FOR:
        return NOTHING
    return (("promised_limit", ""),)


def _no_place(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    if guide.get("place") or "counter" not in guide.get("handling_forms", ()):
        return NOTHING
    return (("place", ""),)


def _no_hours(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    if guide.get("opening_hours") or "counter" not in guide.get("handling_forms", ()):
        return NOTHING
    return (("opening_hours", ""),)


def _fee_not_answered(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    if guide.get("charges_fee") is None and not guide.get("fees") and not guide.get("form_pages"):
        return (("charges_fee", ""),)
    return NOTHING


def _fee_without_standard(s: Subject) -> Iterable[Spot]:
    fees = s.guide.get("fees")
    if not fees:
        return NOTHING
    return [
        (f"fees.{place}", zh(fee["name"]))
        for place, fee in enumerate(fees)
        if not fee.get("standard") or not fee.get("basis")
    ]


STEPS: Final = (
    ("受理", re.compile(r"受理|收件|接件|申请|接收|申报|签收")),
    ("审查", re.compile(r"审|核|评估|查|检|联系|开具|登簿|办理|勘验|适配|分")),
    (
        "决定、办结",
        re.compile(
            r"决定|办结|签发|发证|发照|登记|制证|制卡|合并|出具|开具|发放|支付|适配|送达|登簿"
        ),
    ),
)


def _steps_missing(s: Subject) -> Iterable[Spot]:
    steps = s.guide.get("steps")
    if not steps or s.kind != "licence":
        return NOTHING
    names = " ".join(zh(step["name"]) for step in steps)
    return [("steps", said) for said, pattern in STEPS if not pattern.search(names)]


def _no_visits(s: Subject) -> Iterable[Spot]:
    return NOTHING if s.guide.get("on_site_visits") is not None else (("on_site_visits", ""),)


def _no_sample(s: Subject) -> Iterable[Spot]:
    result = s.guide.get("result")
    if not result or result.get("sample") or result.get("kind") != "certificate":
        return NOTHING
    return (("result.sample", zh(result["name"])),)


def _form_without_blank(s: Subject) -> Iterable[Spot]:
    found = []
    for place, material in enumerate(s.guide.get("materials") or ()):
        if material.get("blank_form") or material.get("how") in ("shared", "on_file"):
            continue
        if material.get("kind") == "form":
            found.append((f"materials.{place}.blank_form", zh(material["name"])))
    return found


def _no_theme(s: Subject) -> Iterable[Spot]:
    themes = {*s.guide.get("personal_themes", ()), *s.guide.get("corporate_themes", ())}
    if themes - {"其他", "其它"} or s.kind not in APPLIED_FOR:
        return NOTHING
    return (("personal_themes", "、".join(sorted(themes))),)


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
RULES: Final = (
    Rule(
        "C01",
        E,
        _missing("legal_bases"),
        ("没有写设定依据", "No legal basis is given"),
        GUIDE_LAW,
        ("写明法律、法规的名称和条款", "Name the instrument and the article"),
        "legal_bases",
    ),
    Rule(
        "C02",
        W,
        _missing_for("conditions", LICENCE_LIKE),
        ("没有写受理条件", "No conditions are given"),
        GUIDE_LAW,
        (
            "写明谁、在什么条件下可以申请;没有条件的写“无条件”",
            "Say who can apply and when; write “no conditions” if there are none",
        ),
        "conditions",
    ),
    Rule(
        "C03",
        W,
        _no_materials,
        (
            "没有列材料,也没有写明不需要材料",
            "No materials are listed, and it isn't said that none are needed",
        ),
        GUIDE_LAW,
        ("逐项列出材料,或者写明不需要", "List each material, or say that none is needed"),
        "materials",
    ),
    Rule(
        "C04",
        E,
        _no_promise,
        ("没有承诺办结时限", "No promised time limit"),
        GUIDE_LAW,
        ("写明承诺办结时限和单位", "Give the promised limit with its unit"),
        "promised_limit",
    ),
    Rule(
        "C05",
        W,
        _missing_for("statutory_limit", frozenset({"licence"})),
        ("许可事项没有写法定时限", "A licence without its statutory limit"),
        ("行政许可法第四十二条", "Administrative Licensing Law art. 42"),
        (
            "写明法定时限;没有专门规定的是二十日",
            "Give the statutory limit; without a special rule it is twenty working days",
        ),
        "statutory_limit",
    ),
    Rule(
        "C06",
        W,
        _missing("steps"),
        ("没有写办理流程", "No procedure is given"),
        GUIDE_LAW,
        ("按顺序写明环节、部门和时限", "Give the steps in order, with office and limit"),
        "steps",
    ),
    Rule(
        "C07",
        W,
        _steps_missing,
        ("许可事项的流程缺环节", "The procedure of a licence lacks a step"),
        (
            "行政许可法第四章(受理、审查、决定)",
            "Licensing Law ch. 4: acceptance, examination, decision",
        ),
        ("补上受理、审查、决定等环节", "Add acceptance, examination or decision"),
        "steps",
    ),
    Rule(
        "C08",
        W,
        _missing("result"),
        ("没有写办理结果", "The result is not named"),
        GUIDE_LAW,
        ("写明办好以后拿到什么", "Say what people get in the end"),
        "result",
    ),
    Rule(
        "C09",
        E,
        _no_place,
        ("可以到窗口办,但没有写地点", "Handled at a counter, but no place is given"),
        GUIDE_LAW,
        ("写明地址和窗口", "Give the address and the counter"),
        "place",
    ),
    Rule(
        "C10",
        W,
        _no_hours,
        ("可以到窗口办,但没有写办理时间", "Handled at a counter, but no opening hours"),
        GUIDE_LAW,
        ("写明星期和钟点", "Give days and hours"),
        "opening_hours",
    ),
    Rule(
        "C11",
        E,
        _missing("enquiry_phone"),
        ("没有咨询电话", "No phone for enquiries"),
        GUIDE_LAW,
        ("写明带区号的咨询电话", "Give a phone number with area code"),
        "enquiry_phone",
    ),
    Rule(
        "C12",
        E,
        _missing("complaint_phone"),
        ("没有监督投诉电话", "No phone for complaints"),
        GUIDE_LAW,
        ("写明带区号的监督电话", "Give a phone number with area code"),
        "complaint_phone",
    ),
    Rule(
        "C13",
        W,
        _missing("audience"),
        ("没有写服务对象", "It is not said whom the item is for"),
        GUIDE_LAW,
        ("写明自然人、企业法人等", "Say whether people, enterprises or others can apply"),
        "audience",
    ),
    Rule(
        "C14",
        W,
        _fee_not_answered,
        ("没有写是否收费", "It is not said whether there is a fee"),
        GUIDE_LAW,
        ("写明收费或者不收费", "Say that there is a fee, or that there is none"),
        "fees",
    ),
    Rule(
        "C15",
        E,
        _fee_without_standard,
        ("收费没有写标准或者依据", "A fee without its amount or its basis"),
        (
            "优化营商环境条例第二十五条;GB/T 39046-2020 表4第32项",
            "Regulation on the business environment art. 25; GB/T 39046-2020 table 4 item 32",
        ),
        (
            "写明收费标准和依据;没有依据的不得收费",
            "Give amount and basis; without a basis nothing may be charged",
        ),
        "fees",
    ),
    Rule(
        "C16",
        W,
        _missing_for("remedies", LICENCE_LIKE),
        ("没有写不服怎么办", "It is not said what to do if you disagree"),
        ("行政许可法第七条、第三十八条", "Licensing Law arts. 7 and 38"),
        ("写明行政复议和诉讼的机关和期限", "Name the bodies and terms of review and lawsuit"),
        "remedies",
    ),
    Rule(
        "C17",
        N,
        _missing_for("faq", frozenset({"licence"})),
        ("没有常见问题", "No frequent questions"),
        ("国家政务服务事项库填报要求(实践)", "National reporting practice"),
        ("写至少一个人们常问的问题", "Answer at least one question that people ask"),
        "faq",
    ),
    Rule(
        "C18",
        E,
        _missing("handling_forms"),
        ("没有写怎么申请:窗口、网上、邮寄都没有", "No way to apply: no counter, web or post"),
        GUIDE_LAW,
        ("写明办理形式", "Name the ways to apply"),
        "handling_forms",
    ),
    Rule(
        "C19",
        W,
        _no_visits,
        ("没有写要到现场几次", "It is not said how often to come in person"),
        (
            "国办函〔2016〕108号;国家事项库填报要求",
            "State Council Office letter 2016-108; national reporting",
        ),
        ("写明到办事现场次数", "Give the number of visits"),
        "on_site_visits",
    ),
    Rule(
        "C20",
        N,
        _no_sample,
        ("结果是证照,但没有样本", "The result is a certificate, but no specimen is shown"),
        ("GB/T 39046-2020 表4第30项", "GB/T 39046-2020 table 4 item 30"),
        ("附上结果样本", "Add a specimen"),
        "result",
    ),
    Rule(
        "C21",
        W,
        _form_without_blank,
        ("要填的表没有空白表格", "A form to fill in without the blank form"),
        ("行政许可法第二十九条、第三十条", "Licensing Law arts. 29 and 30"),
        ("附上空白表格;格式文本免费提供", "Add the blank form; forms are free of charge"),
        "materials",
    ),
    Rule(
        "C22",
        N,
        _no_theme,
        ("没有主题,或者只归在“其他”", "No theme, or only “other”"),
        GUIDE_LAW,
        ("归到人们会去找的主题", "Put it where people would look"),
        "themes",
    ),
    Rule(
        "C23",
        N,
        _no_promise_of_service,
        ("没有写多久能办好", "It is not said how long it takes"),
        GUIDE_LAW,
        ("写明时限;查询类写“当场”", "Give a limit; “on the spot” for enquiries"),
        "promised_limit",
    ),
    Rule(
        "C24",
        W,
        _no_guide,
        ("事项没有办事指南", "The item has no guide"),
        GUIDE_LAW,
        ("编写并发布办事指南", "Write and publish a guide"),
        on_guides=False,
    ),
    Rule(
        "C25",
        W,
        _no_organ,
        ("不知道由哪个部门办", "No organ is named"),
        GUIDE_LAW,
        ("写明实施主体", "Name the implementing organ"),
        on_guides=False,
    ),
    Rule(
        "C26",
        N,
        _no_kind,
        ("事项类型不明", "The kind of item is not known"),
        ("GB/T 39046-2020 附录A.1", "GB/T 39046-2020 annex A.1"),
        ("按来源的代码表填写事项类型", "Give the kind by the source's code list"),
        on_guides=False,
    ),
)
