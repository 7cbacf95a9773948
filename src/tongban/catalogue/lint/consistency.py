"""What a guide says in two places must agree (rules that real checkers apply; domain.md section 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from tongban.catalogue.lint.model import NOTHING, Rule, Severity, Spot, Subject, zh

# How long a unit is in working days, to compare limits of different units; a week has five of seven.
IN_WORKING_DAYS: Final = {
    "hour": 1 / 8,
    "working_day": 1.0,
    "day": 5 / 7,
    "month": 21.0,
    "year": 250.0,
    "on_the_spot": 0.0,
}
UNIT_WORDS: Final = {
    "hour": "小时",
    "working_day": "工作日",
    "day": "自然日",
    "month": "月",
    "year": "年",
    "on_the_spot": "当场",
}
ONLINE: Final = frozenset({"web", "mobile"})
# A little more in another unit is no more: 14 calendar days are ten working days.
TOLERANCE: Final = 1.05
HOTLINE: Final = re.compile(r"(?:\d{3,4}-)?1\d{4}|(?:\d{3,4}-)?9[56]\d{3,4}")
_AREA: Final = r"(?:[(\uff08]?(?:\+?86[- ]?)?0?\d{2,3}[)\uff09]?\s?-{0,2}\s?)?"
_EXTENSION: Final = r"(?:\s?(?:转|-|ext\.?)\s?\d{1,6}(?:-\d{1,4})?号?)?"
# Anything that can be dialled: a line with or without area code and extension, a hotline, a mobile
# number (masked or not), 400 and 800 numbers.
NUMBER: Final = re.compile(
    rf"(?<!\d){_AREA}[2-9]\d{{2,3}}\s?\d{{4}}(?!\d){_EXTENSION}"
    rf"|(?<!\d){_AREA}(?:1\d{{4}}|9[56]\d{{3,4}})(?!\d){_EXTENSION}"
    r"|(?<!\d)[48]00-?\d{3,4}-?\d{3,4}(?!\d)"
    r"|(?<!\d)1\d{2}[\d*]{4}\d{4}(?!\d)"
)
# What looks like an area code with a line that is too short or too long.
BROKEN: Final = re.compile(r"(?<![\d-])0\d{2,3}-[\d-]+")


def days(limit: dict[str, Any]) -> float:
    """A limit in working days, about."""
    return float(limit["value"] * IN_WORKING_DAYS[limit["unit"]])


def said(limit: dict[str, Any]) -> str:
    return f"{limit['value'] or ''}{UNIT_WORDS[limit['unit']]}"


def _promise_too_long(s: Subject) -> Iterable[Spot]:
    promised, statutory = s.guide.get("promised_limit"), s.guide.get("statutory_limit")
    if not promised or not statutory:
        return NOTHING
    tolerance = 1 if promised["unit"] == statutory["unit"] else TOLERANCE
    if days(promised) <= days(statutory) * tolerance:
        return NOTHING
    return (("promised_limit", f"{said(promised)} > {said(statutory)}"),)


def _instant_with_a_term(s: Subject) -> Iterable[Spot]:
    promised, case_type = s.guide.get("promised_limit"), s.guide.get("case_type")
    if not promised or case_type != "instant" or promised["unit"] == "on_the_spot":
        return NOTHING
    return NOTHING if days(promised) < 1 else (("promised_limit", f"即办件,{said(promised)}"),)


def _on_the_spot_but_not_instant(s: Subject) -> Iterable[Spot]:
    promised, case_type = s.guide.get("promised_limit"), s.guide.get("case_type")
    if promised and promised["unit"] == "on_the_spot" and case_type == "promised":
        return (("case_type", "承诺件,当场"),)
    return NOTHING


def _online_nowhere(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    if guide.get("form_pages") or guide.get("online_url"):
        return NOTHING
    online = not ONLINE.isdisjoint(guide.get("handling_forms") or ())
    return (("online_url", ""),) if online else NOTHING


def _online_with_visits(s: Subject) -> Iterable[Spot]:
    guide = s.guide
    visits = guide.get("on_site_visits")
    if not visits:
        return NOTHING
    forms = set(guide.get("handling_forms") or ())
    if forms and forms <= ONLINE:
        return (("on_site_visits", f"只能网上办,却要到现场{visits}次"),)
    whole = {"accept", "handle", "result_feedback", "licence_feedback"}
    if whole <= set(guide.get("online_capabilities") or ()):
        return (("on_site_visits", f"全程网办,却要到现场{visits}次"),)
    return NOTHING


def _visits_without_reason(s: Subject) -> Iterable[Spot]:
    visits = s.guide.get("on_site_visits")
    if not visits or s.guide.get("on_site_reason"):
        return NOTHING
    return (("on_site_reason", f"{visits}次"),)


def _reason_without_visits(s: Subject) -> Iterable[Spot]:
    if s.guide.get("on_site_visits") == 0 and s.guide.get("on_site_reason"):
        return (("on_site_reason", zh(s.guide["on_site_reason"])[:40]),)
    return NOTHING


def _no_visit_but_counter_only(s: Subject) -> Iterable[Spot]:
    if s.guide.get("on_site_visits") == 0 and s.guide.get("handling_forms") == ["counter"]:
        return (("handling_forms", "0次,只有窗口"),)
    return NOTHING


def _steps_too_long(s: Subject) -> Iterable[Spot]:
    steps, promised = s.guide.get("steps"), s.guide.get("promised_limit")
    if not steps or not promised:
        return NOTHING
    total = sum(days(step["limit"]) for step in steps if step.get("limit"))
    if total <= days(promised) * TOLERANCE:
        return NOTHING
    return (("steps", f"{total:g}工作日 > {said(promised)}"),)


def _fee_contradicts(s: Subject) -> Iterable[Spot]:
    charges, fees = s.guide.get("charges_fee"), s.guide.get("fees")
    if charges is False and fees:
        return (("charges_fee", f"不收费,却列了{zh(fees[0]['name'])}"),)
    if charges and not fees:
        return (("fees", "收费,却没有列项目"),)
    return NOTHING


def _payment_without_fee(s: Subject) -> Iterable[Spot]:
    if s.guide.get("supports_online_payment") and s.guide.get("charges_fee") is False:
        return (("supports_online_payment", "不收费,却有网上支付"),)
    return NOTHING


def _same_phones(s: Subject) -> Iterable[Spot]:
    phone = s.guide.get("enquiry_phone")
    if not phone or phone != s.guide.get("complaint_phone") or HOTLINE.fullmatch(phone):
        return NOTHING
    return (("complaint_phone", phone[:40]),)


def _bad_phone(s: Subject) -> Iterable[Spot]:
    """Nothing to dial, or one of several numbers that lacks digits."""
    found = []
    for name in ("enquiry_phone", "complaint_phone"):
        phone = s.guide.get(name)
        if not phone:
            continue
        if not NUMBER.search(phone):
            found.append((name, phone[:40]))
        elif wrong := [one for one in BROKEN.findall(phone) if not NUMBER.match(one)]:
            found.append((name, wrong[0]))
    return found


RESULT_WORDS: Final = (
    (re.compile(r"(?:证|证书|执照)$"), "certificate"),
    (re.compile(r"批复$"), "approval"),
)


def _result_kind(s: Subject) -> Iterable[Spot]:
    result = s.guide.get("result")
    if not result or not result.get("kind"):
        return NOTHING
    name = zh(result["name"])
    for pattern, kind in RESULT_WORDS:
        if pattern.search(name) and result["kind"] != kind:
            return (("result.kind", f"{name}: {result['kind']}"),)
    return NOTHING


def _limit_of_nothing(s: Subject) -> Iterable[Spot]:
    found = []
    for name in ("statutory_limit", "promised_limit"):
        limit = s.guide.get(name)
        if limit and (limit["unit"] == "on_the_spot") != (limit["value"] == 0):
            found.append((name, f"{limit['value']}{UNIT_WORDS[limit['unit']]}"))
    return found


def _material_twice(s: Subject) -> Iterable[Spot]:
    materials = s.guide.get("materials")
    if not materials or len(materials) < 2:
        return NOTHING
    seen: set[str] = set()
    found = []
    for place, material in enumerate(materials):
        name = zh(material["name"])
        if name in seen and not material.get("when"):
            found.append((f"materials.{place}.name", name))
        seen.add(name)
    return found


def _themes_of_others(s: Subject) -> Iterable[Spot]:
    audience = s.guide.get("audience")
    if not audience:
        return NOTHING
    if s.guide.get("personal_themes") and "natural_person" not in audience:
        return (("personal_themes", "服务对象没有自然人"),)
    if s.guide.get("corporate_themes") and set(audience) == {"natural_person"}:
        return (("corporate_themes", "服务对象只有自然人"),)
    return NOTHING


def _longer_than_the_law_allows(s: Subject) -> Iterable[Spot]:
    promised = s.guide.get("promised_limit")
    if s.kind != "licence" or not promised or s.guide.get("statutory_limit"):
        return NOTHING
    return (("promised_limit", said(promised)),) if days(promised) > 20 else NOTHING


def _shared_from_applicant(s: Subject) -> Iterable[Spot]:
    return [
        (f"materials.{place}", zh(material["name"]))
        for place, material in enumerate(s.guide.get("materials") or ())
        if material.get("how") == "shared" and material.get("source") == "applicant"
    ]


def _other_name(s: Subject) -> Iterable[Spot]:
    """Not one character in common: the guide is of another item."""
    name = zh(s.guide.get("name"))
    if not name or not s.name or not set(name).isdisjoint(s.name):
        return NOTHING
    return (("name", f"{name} / {s.name}"),)


def _slower_than_neighbours(s: Subject) -> Iterable[Spot]:
    promised, others = s.guide.get("promised_limit"), s.neighbours
    if not promised or others is None or others.organs < 5:
        return NOTHING
    mine = days(promised)
    if mine <= max(others.usual_days * 2, others.usual_days + 2):
        return NOTHING
    return (("promised_limit", f"{said(promised)},多数部门{others.usual_days:g}工作日"),)


def _delivery_without_forms(s: Subject) -> Iterable[Spot]:
    """Nothing to come for, nothing sent, and no result online: how does it reach anybody?"""
    guide = s.guide
    if guide.get("on_site_visits") != 0 or guide.get("supports_delivery") is not False:
        return NOTHING
    if {"result_feedback", "licence_feedback"}.isdisjoint(guide.get("online_capabilities") or ()):
        return (("supports_delivery", "0次到场,不寄送,网上也不给结果"),)
    return NOTHING


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
CHECKERS: Final = ("地方事项库的校验规则(实践)", "Rules of existing item libraries (practice)")
RULES: Final = (
    Rule(
        "K01",
        E,
        _promise_too_long,
        ("承诺时限比法定时限长", "The promised limit is longer than the statutory one"),
        ("行政许可法第四十二条", "Administrative Licensing Law art. 42"),
        ("缩短承诺时限,或者更正法定时限", "Shorten the promise, or correct the statutory limit"),
        "promised_limit",
    ),
    Rule(
        "K02",
        E,
        _instant_with_a_term,
        ("即办件却要好几天", "An instant item that takes days"),
        CHECKERS,
        ("改为当场办结,或者改为承诺件", "Promise it on the spot, or make it a promised item"),
        "case_type",
    ),
    Rule(
        "K03",
        W,
        _on_the_spot_but_not_instant,
        ("当场办结却是承诺件", "Done on the spot, but not an instant item"),
        CHECKERS,
        ("改为即办件", "Make it an instant item"),
        "case_type",
    ),
    Rule(
        "K04",
        E,
        _online_nowhere,
        ("可以网上办,但没有表单,也没有网址", "Online, but with neither a form nor an address"),
        ("国办函〔2016〕108号(应上尽上)", "State Council Office letter 2016-108"),
        ("加上表单或者网办地址", "Add the form or the address"),
        "online_url",
    ),
    Rule(
        "K05",
        E,
        _online_with_visits,
        ("全程网上办,却要到现场", "Wholly online, but one has to come"),
        CHECKERS,
        ("减为0次,或者降低网办深度", "Make it no visit, or lower the online depth"),
        "on_site_visits",
    ),
    Rule(
        "K06",
        W,
        _visits_without_reason,
        ("要到现场,但没有写原因", "One has to come, but it isn't said why"),
        CHECKERS,
        ("写明为什么必须到现场", "Say why people must come"),
        "on_site_visits",
    ),
    Rule(
        "K07",
        W,
        _reason_without_visits,
        ("不用到现场,却写了到场原因", "No visit, but a reason for one"),
        CHECKERS,
        ("删去原因,或者更正次数", "Delete the reason, or correct the number"),
        "on_site_visits",
    ),
    Rule(
        "K08",
        E,
        _no_visit_but_counter_only,
        ("不用到现场,却只能到窗口办", "No visit, but only a counter"),
        CHECKERS,
        ("加上网上或者邮寄,或者更正次数", "Add web or post, or correct the number"),
        "on_site_visits",
    ),
    Rule(
        "K09",
        E,
        _steps_too_long,
        ("各环节时限加起来超过承诺时限", "The steps add up to more than the promise"),
        CHECKERS,
        ("缩短环节时限,或者更正承诺时限", "Shorten the steps, or correct the promise"),
        "steps",
    ),
    Rule(
        "K10",
        E,
        _fee_contradicts,
        ("是否收费前后不一", "Two answers to whether there is a fee"),
        CHECKERS,
        ("统一收费与收费项目", "Make the answer and the list of fees agree"),
        "fees",
    ),
    Rule(
        "K11",
        N,
        _payment_without_fee,
        ("不收费却支持网上支付", "Online payment without a fee"),
        CHECKERS,
        ("不收费的不写网上支付", "Leave out online payment"),
        "supports_online_payment",
    ),
    Rule(
        "K12",
        W,
        _same_phones,
        ("咨询电话和监督电话相同", "The same phone for enquiries and complaints"),
        CHECKERS,
        ("监督电话写监督部门的", "Give the phone of who supervises"),
        "complaint_phone",
    ),
    Rule(
        "K13",
        W,
        _bad_phone,
        ("电话打不通:号码不完整", "No phone number that can be dialled"),
        CHECKERS,
        ("写区号加号码,或者五位热线", "Write area code and number, or a five-digit hotline"),
        "enquiry_phone",
    ),
    Rule(
        "K14",
        N,
        _result_kind,
        ("结果名称和结果类型不符", "Name and kind of the result disagree"),
        CHECKERS,
        ("“证”填证照,“批复”填批文", "A 证 is a certificate, a 批复 an approval"),
        "result",
    ),
    Rule(
        "K15",
        E,
        _limit_of_nothing,
        ("时限的数和单位不合", "Number and unit of a limit don't fit"),
        CHECKERS,
        ("当场填0,其他单位填正数", "On the spot is 0, every other unit more"),
        "promised_limit",
    ),
    Rule(
        "K16",
        W,
        _material_twice,
        ("同一材料列了两次", "A material is listed twice"),
        ("优化营商环境条例第四十三条", "Regulation on the business environment art. 43"),
        ("合并,或者写明各在什么情形下需要", "Merge them, or say when each is needed"),
        "materials",
    ),
    Rule(
        "K17",
        N,
        _themes_of_others,
        ("主题和服务对象不符", "Themes don't match the audience"),
        CHECKERS,
        (
            "自然人主题对自然人,法人主题对法人",
            "Personal themes for people, corporate ones for bodies",
        ),
        "themes",
    ),
    Rule(
        "K18",
        W,
        _longer_than_the_law_allows,
        (
            "承诺超过二十个工作日,又没有写更长的法定时限",
            "More than twenty working days, without a longer statutory limit",
        ),
        ("行政许可法第四十二条", "Administrative Licensing Law art. 42"),
        ("写明法定时限的依据,或者缩短", "Give the rule that allows it, or shorten it"),
        "promised_limit",
    ),
    Rule(
        "K19",
        W,
        _shared_from_applicant,
        ("说是共享取得,来源却是申请人", "Said to be shared, but the applicant is its source"),
        CHECKERS,
        (
            "来源改为政府部门,或者改为上传",
            "Make a government organ the source, or ask for an upload",
        ),
        "materials",
    ),
    Rule(
        "K20",
        W,
        _other_name,
        (
            "指南的名称和事项的名称没有一个字相同",
            "The guide's name has nothing in common with the item's",
        ),
        CHECKERS,
        ("核对是不是贴错了指南", "Check whether it is the guide of another item"),
        "name",
    ),
    Rule(
        "K21",
        N,
        _slower_than_neighbours,
        (
            "承诺时限比多数同类部门长一倍以上",
            "More than twice as slow as most organs with the same item",
        ),
        ("同一事项无差别受理、同标准办理(实践)", "The same item by the same standard (practice)"),
        ("对照同类部门,说明理由或者压缩", "Compare, and explain or shorten"),
        "promised_limit",
    ),
    Rule(
        "K22",
        W,
        _delivery_without_forms,
        ("不到场、不寄送、网上也不给结果", "No visit, no delivery, no result online"),
        CHECKERS,
        ("写明结果怎么拿到", "Say how the result reaches people"),
        "on_site_visits",
    ),
)
