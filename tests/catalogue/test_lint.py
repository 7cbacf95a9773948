"""Lint: every planted defect is found, complete guides raise no error, and it is quick."""

from __future__ import annotations

import copy
import json
import time

import pytest

from tests.catalogue.builders import load_catalogue, make_regions
from tongban.catalogue.guide_schema import GuideRecord, content_of
from tongban.catalogue.lint.model import DELIVERED, Happened, Neighbours, Severity, Subject
from tongban.catalogue.lint.reporting import (
    LintReport,
    read_baseline,
    sarif,
    score_of,
    write_baseline,
)
from tongban.catalogue.lint.rules import BY_CODE, RULES, errors_of, findings_of, rules_for
from tongban.catalogue.lint.running import check, items_to_check, subjects_of, usual_promises
from tongban.catalogue.models import Guide, ServiceItem
from tongban.catalogue.services import packaged_guides

GUIDES = {guide.slug: guide for guide in packaged_guides()}
GOOD = content_of(GUIDES["food-business-licence"])


def subject(content: dict, **more) -> Subject:
    base = {
        "code": "1151160200877869XM-1",
        "name": "食品经营许可核发",
        "kind": "licence",
        "organ": "区市场监管局",
        "organ_code": "x.1",
        "region": "511602",
        "source": "tongban",
        "guide": content,
    }
    return Subject(**(base | more))


def found(content: dict, **more) -> set[str]:
    return {finding.rule.code for finding in findings_of(subject(content, **more))}


def planted(**parts):
    """The good guide with parts replaced; None takes a part away."""
    content = copy.deepcopy(GOOD)
    for name, value in parts.items():
        if value is None:
            content.pop(name, None)
        else:
            content[name] = value
    return content


def material(name: str, **more) -> dict:
    return planted(materials=[{"name": {"zh": name, "en": "x"}, "how": "upload", **more}])


def text(zh: str) -> dict:
    return {"zh": zh, "en": "x"}


def limit(value: int, unit: str = "working_day", **more) -> dict:
    return {"value": value, "unit": unit, **more}


def basis(instrument: str, article: str = "第三条", said: str = "应当依法取得许可。") -> dict:
    return planted(legal_bases=[{"instrument": instrument, "article": article, "text": said}])


# One row a defect: the rule that must find it, the guide, what else is so with the item.
DEFECTS = [
    # completeness
    ("C01", planted(legal_bases=None), {}),
    ("C02", planted(conditions=None), {}),
    ("C03", planted(materials=None, form_pages=None), {}),
    ("C04", planted(promised_limit=None), {}),
    ("C05", planted(statutory_limit=None), {}),
    ("C06", planted(steps=None), {}),
    ("C07", planted(steps=[{"name": text("受理")}, {"name": text("送达")}]), {}),
    ("C08", planted(result=None), {}),
    ("C09", planted(place=None), {}),
    ("C10", planted(opening_hours=None), {}),
    ("C11", planted(enquiry_phone=None), {}),
    ("C12", planted(complaint_phone=None), {}),
    ("C13", planted(audience=None), {}),
    ("C14", planted(form_pages=None), {}),
    ("C15", planted(fees=[{"name": text("工本费"), "standard": text("10元")}]), {}),
    ("C15", planted(fees=[{"name": text("工本费"), "basis": "物价局文件"}]), {}),
    ("C16", planted(remedies=None), {}),
    ("C17", planted(faq=None), {}),
    ("C18", planted(handling_forms=None), {}),
    ("C19", planted(on_site_visits=None), {}),
    ("C20", planted(), {}),
    ("C21", material("申请表", kind="form"), {}),
    ("C22", planted(personal_themes=["其他"]), {}),
    ("C23", planted(promised_limit=None), {"kind": "public_service"}),
    ("C24", {}, {"has_guide": False}),
    ("C25", planted(), {"organ_code": ""}),
    ("C26", planted(), {"kind": ""}),
    # consistency
    ("K01", planted(promised_limit=limit(21)), {}),
    ("K01", planted(promised_limit=limit(2, "month")), {}),
    ("K01", planted(statutory_limit=limit(5, "day")), {}),
    ("K02", planted(case_type="instant"), {}),
    ("K03", planted(promised_limit=limit(0, "on_the_spot")), {}),
    ("K04", planted(form_pages=None), {}),
    ("K05", planted(handling_forms=["web"], on_site_visits=1), {}),
    (
        "K05",
        planted(
            on_site_visits=2,
            on_site_reason=text("核验"),
            online_capabilities=["accept", "handle", "result_feedback", "licence_feedback"],
        ),
        {},
    ),
    ("K06", planted(on_site_visits=1), {}),
    ("K07", planted(on_site_reason=text("核验原件")), {}),
    ("K08", planted(handling_forms=["counter"]), {}),
    ("K09", planted(promised_limit=limit(9)), {}),
    ("K10", planted(charges_fee=True), {}),
    ("K10", planted(charges_fee=False, fees=[{"name": text("工本费")}]), {}),
    ("K11", planted(charges_fee=False, supports_online_payment=True), {}),
    ("K12", planted(complaint_phone="0826-2000021"), {}),
    ("K13", planted(enquiry_phone="0826-20021"), {}),
    ("K13", planted(complaint_phone="见公告"), {}),
    ("K14", planted(result={"name": text("食品经营许可证"), "kind": "approval"}), {}),
    ("K15", planted(statutory_limit=limit(0)), {}),
    ("K15", planted(promised_limit=limit(3, "on_the_spot")), {}),
    ("K16", planted(materials=[{"name": text("章程")}, {"name": text("章程")}]), {}),
    ("K17", planted(audience=["enterprise"], personal_themes=["就业创业"]), {}),
    ("K18", planted(promised_limit=limit(25), statutory_limit=None), {}),
    ("K19", material("章程", how="shared", source="applicant"), {}),
    ("K20", planted(name=text("户口迁移")), {}),
    ("K21", planted(), {"neighbours": Neighbours(9, 3.0)}),
    ("K22", planted(supports_delivery=False, online_capabilities=["accept"]), {}),
    # vagueness
    ("V01", material("其他材料"), {}),
    ("V01", material("法律法规规定的其他有关材料"), {}),
    ("V01", material("身份证、户口簿等材料"), {}),
    ("V01", material("相关证明"), {}),
    ("V02", material("申请材料"), {}),
    ("V03", material("按要求提供的照片"), {}),
    ("V03", material("照片", note=text("视情况提交")), {}),
    ("V04", material("《注册建筑师条例》第二十三条情形之一的证明"), {}),
    ("V05", planted(conditions=[text("法律、法规规定的其他条件")]), {}),
    ("V06", planted(conditions=[text("以本年度通知文件为准")]), {}),
    ("V06", planted(conditions=[text("符合相关规定")]), {}),
    ("V07", planted(conditions=[text("申请人应当具备下列条件\uff1a")]), {}),
    ("V08", planted(conditions=[text("应当具备以下条件\uff1a1.年满十八周岁\uff1b")]), {}),
    ("V09", planted(place=text("待定")), {}),
    ("V10", planted(opening_hours=text("法定工作日")), {}),
    ("V11", planted(place=text("市政府旁边")), {}),
    ("V12", planted(result={"name": text("办理结果")}), {}),
    ("V13", planted(promised_limit=limit(10, note=text("视情况延长"))), {}),
    # needless proof
    ("N01", material("居民身份证复印件"), {}),
    ("N01", material("营业执照"), {}),
    ("N01", material("结婚证"), {}),
    ("N01", material("社会保险参保缴费证明"), {}),
    ("N02", material("从业人员名单", shared_resource="ZY-0001"), {}),
    ("N03", material("健在证明"), {}),
    ("N03", material("社区出具的居住证明"), {}),
    ("N03", material("同一人证明"), {}),
    ("N04", material("组织机构代码证"), {}),
    ("N04", material("暂住证"), {}),
    ("N05", material("卫生许可证", kind="certificate", issuer=text("区市场监管局")), {}),
    ("N06", material("单位介绍信"), {}),
    ("N07", material("环评批复", source="government"), {}),
    (
        "N08",
        planted(handling_forms=["web"], materials=[{"name": text("图纸"), "form": "paper"}]),
        {},
    ),
    ("N09", planted(materials=[{"name": text(f"图纸{n}")} for n in range(16)]), {}),
    ("N10", material("环评批复", kind="certificate", source="government"), {}),
    ("N11", material("图纸", photocopies=6), {}),
    ("N12", material("未婚证明"), {}),
    ("N12", material("亲属关系证明"), {}),
    # legal basis
    ("L01", basis("食品安全法", ""), {}),
    ("L02", basis("食品安全法", "三五"), {}),
    ("L03", basis("食品安全法", "第三十五条", ""), {}),
    ("L04", basis("中华人民共和国婚姻法"), {}),
    ("L04", basis("《中华人民共和国公司登记管理条例》"), {}),
    ("L04", basis("餐饮服务许可管理办法"), {}),
    (
        "L05",
        planted(
            fees=[{"name": text("登记费"), "standard": text("10元"), "basis": "《合同法》第三条"}]
        ),
        {},
    ),
    ("L06", basis("关于规范食品经营许可的通知"), {}),
    ("L07", planted(legal_bases=GOOD["legal_bases"] + GOOD["legal_bases"][:1]), {}),
    ("L08", planted(special_procedures=[{"name": text("现场勘验")}]), {}),
    # readability
    ("R01", planted(conditions=[text("申请人" + "应当具备场所和设备" * 15)]), {}),
    ("R02", planted(conditions=[text("申请人应当具备场所和设备。" * 40)]), {}),
    ("R03", planted(summary=text("按照 HACCP 体系办理")), {}),
    ("R04", planted(summary=None), {}),
    ("R05", planted(), {"name": "食品经营许可" * 11}),
    ("R06", planted(aliases=None), {}),
    ("R07", planted(name={"zh": "食品经营许可核发"}), {}),
    ("R08", planted(summary=text("兹证明此项予以办理为荷")), {}),
    # against the basic catalogue
    ("B01", planted(), {"basic": {"statutory_limit": limit(5)}}),
    ("B02", planted(charges_fee=True), {"basic": {"charges_fee": False}}),
    ("B03", planted(), {"basic": {"audience": ["social_organisation"]}}),
    ("B04", planted(), {"basic": {"materials": [{"name": text("申请表")}]}}),
    ("B05", planted(), {"basic": {"conditions": [text("年满十八周岁。")]}}),
    (
        "B06",
        planted(),
        {"basic": {"legal_bases": [{"instrument": "行政许可法", "article": "第九条"}]}},
    ),
    ("B07", planted(on_site_visits=1), {"basic": {"on_site_visits": 0}}),
    ("B08", planted(), {"basic": {"handling_forms": ["post"]}}),
    ("B09", planted(), {"basic": {"kind": "confirmation"}}),
    # what happened
    ("X01", planted(), {"happened": Happened(decided=20, median_working_days=14)}),
    ("X02", planted(), {"happened": Happened(asked_for=("消防验收意见",))}),
    ("X03", planted(), {"happened": Happened(decided=20, corrected=11)}),
]


def test_the_list_of_planted_defects_is_long_and_knows_every_rule():
    assert len(DEFECTS) >= 60
    assert {rule for rule, _content, _more in DEFECTS} == set(BY_CODE)


@pytest.mark.parametrize(
    ("rule", "content", "more"), DEFECTS, ids=[f"{n}-{one[0]}" for n, one in enumerate(DEFECTS)]
)
def test_a_planted_defect_is_found(rule, content, more):
    GuideRecord.model_validate(content)
    assert rule in found(content, **more)


def test_a_planted_defect_is_what_makes_the_difference():
    """Without it, the rule is silent: the guide is not simply bad in every way."""
    clean = found(GOOD)
    always = {
        rule for rule, content, more in DEFECTS if rule in clean and (content != GOOD or more)
    }
    assert always <= {"C22"}  # The sample has no themes.


@pytest.mark.parametrize("slug", GUIDES)
@pytest.mark.parametrize("kind", ["licence", "public_service", "confirmation"])
def test_a_complete_guide_raises_no_error(slug, kind):
    guide = GUIDES[slug]
    errors = errors_of(subject(content_of(guide), name=guide.name.zh, kind=kind))
    assert [(one.rule.code, one.detail) for one in errors] == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        # What only looks like a defect. Each was a false alarm, or is next to one.
        (material("专家论证意见和相关利益群体意见"), "V01"),
        (material("三年以上其他法律职业经历证明"), "V01"),
        (material("法定代表人未担任其他社会团体法定代表人声明"), "V01"),
        (material("有效护照或者其他国际旅行证件"), "V01"),
        (material("申请材料真实性承诺书"), "V02"),
        (material("台湾地区永久性居民身份证明材料"), "N01"),
        (material("身份证或护照复印件"), "N01"),
        (material("军人身份证明"), "N01"),
        (material("营业执照", how="shared", source="government"), "N01"),
        (material("加载统一社会信用代码的营业执照或税务登记证"), "N04"),
        (material("部队开具的行政介绍信"), "N06"),
        (planted(enquiry_phone="020-61292811、020-61292822。"), "K13"),
        (planted(enquiry_phone="020-12333-9-3"), "K13"),
        (planted(enquiry_phone="020-86350153,受理时间:周一至周五8:30-12:00"), "K13"),
        (planted(enquiry_phone="(8620)2236 0123"), "K13"),
        (planted(enquiry_phone="400-7000-690"), "K13"),
        (planted(enquiry_phone="12345", complaint_phone="12345"), "K12"),
        (planted(promised_limit=limit(28, "day"), statutory_limit=limit(20)), "K01"),
        (planted(conditions=[text("(一)甲;(二)乙。")]), "V08"),
        (
            planted(conditions=[text("1.申请人应当符合下列条件\uff1a(一)有场所;(二)有人员。")]),
            "V08",
        ),
        (planted(conditions=[text("法律规定应当注销的其他情形。")]), "V05"),
        (basis("中华人民共和国民法典"), "L04"),
        (basis("中华人民共和国食品安全法实施条例"), "L04"),
        (planted(special_procedures=[{"name": text("听证")}]), "L08"),
    ],
)
def test_what_only_looks_like_a_defect_is_left_alone(content, rule):
    assert rule not in found(content)


def test_each_rule_says_what_why_and_how_to_fix_in_both_languages():
    assert len(RULES) >= 30
    assert len(BY_CODE) == len(RULES)
    for rule in RULES:
        for chinese, english in (rule.message, rule.source, rule.fix):
            assert any("\u4e00" <= char <= "\u9fff" for char in chinese) or "WCAG" in chinese, rule
            assert english.isascii() or "证" in english or "…" in english or "“" in english, rule
            assert english


def test_nobody_is_blamed_for_what_a_source_has_no_column_for():
    content = {"name": {"zh": "某许可"}, "handling_forms": ["counter"], "place": {"zh": "路1号"}}
    codes = found(content, source="guangdong", name="某许可")
    assert {"C11", "C12", "C04"} <= codes
    assert not codes & {"C01", "C06", "C08", "C10", "C19", "R04", "R07"}
    assert {"C01", "C06", "C08", "C10", "C19"} <= found(content, name="某许可")
    parts = {rule.part for rule in RULES if rule.part}
    assert DELIVERED["guangdong"] & parts
    assert len(rules_for("guangdong", True)) < len(rules_for("tongban", True))


# Over a catalogue


@pytest.fixture
def catalogue(db, tmp_path):
    load_catalogue(tmp_path)


def run(**where) -> LintReport:
    report = LintReport()
    for one, findings in check(subjects_of(items_to_check(**where))):
        report.add(one, findings)
    return report


def test_a_run_counts_by_rule_and_by_organ(catalogue):
    report = run(region="44")
    assert report.items == ServiceItem.objects.filter(region_path__startswith="44").count()
    assert report.by_rule.total() == sum(report.by_severity.values()) == len(report.findings)
    document = report.as_json()
    assert document["not_judged"]["guangdong"]
    worst = document["organs"][0]
    assert worst["score"] <= document["organs"][-1]["score"]
    assert worst["worst"][0]["score"] == min(
        score_of(findings)
        for one, findings in check(subjects_of(items_to_check(organ=worst["code"])))
    )


def test_the_samples_are_without_error_where_they_are(catalogue):
    guides = set(Guide.objects.filter(is_sample=True).values_list("item__code", flat=True))
    errors = [
        one
        for one in run(region="511602").findings
        if one.item in guides and one.rule.severity is Severity.ERROR
    ]
    assert errors == []


def test_items_are_read_with_a_few_queries(catalogue, django_assert_max_num_queries):
    # Items, usual promises, cases, notices, and twice the calendar.
    with django_assert_max_num_queries(6):
        run()


def test_neighbours_are_other_organs_with_the_same_item(db):
    make_regions()
    from tongban.directory.models import Organ

    for number in range(6):
        organ = Organ.objects.create(
            code=f"o{number}", name=f"局{number}", region_id="511602000000"
        )
        item = ServiceItem.objects.create(
            code=f"code-{number}", code_pattern="x", basic_code="B1", name="某许可", kind="licence",
            region_id="511602000000", region_path="511602", organ=organ, source="tongban", source_row={},
        )  # fmt: skip
        Guide.objects.create(
            item=item, version=1, effective_from="2026-01-01", is_sample=False, is_complete=False,
            promised_value=20 if number == 5 else 4, promised_unit="working_day", accepts_online=False,
            document={"promised_limit": limit(20 if number == 5 else 4)},
        )  # fmt: skip
    assert usual_promises() == {("B1", "某许可"): Neighbours(6, 4.0)}
    slow = [one.item for one in run().findings if one.rule.code == "K21"]
    assert slow == ["code-5"]


def test_a_baseline_leaves_out_what_is_known_and_counts_what_is_mended(catalogue, tmp_path):
    first = run(region="44")
    path = tmp_path / "baseline.json"
    fingerprints = {one.fingerprint for one in first.findings}
    write_baseline(path, fingerprints)
    item = ServiceItem.objects.get(code=first.findings[0].item)
    guide = item.guides.get()
    guide.document["enquiry_phone"] = "020-1"
    guide.save()
    again = LintReport(known=read_baseline(path))
    for one, findings in check(subjects_of(items_to_check("44"))):
        again.add(one, findings)
    assert {one.rule.code for one in again.findings} == {"K13"}
    assert again.as_json()["known"] == len(again.seen_known) > 0


def test_sarif_names_rule_place_and_fingerprint(catalogue):
    report = run(region="44")
    document = json.loads(json.dumps(sarif(report)))
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    rules = only["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert len(only["results"]) == len(report.findings)
    for result, finding in zip(only["results"], report.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule.code
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        place = result["locations"][0]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == f"items/{finding.item}/"
        assert result["partialFingerprints"]["tongban/v1"] == finding.fingerprint


def test_rules_take_microseconds():
    """A floor that fails only for something badly wrong; `make bench` measures."""
    subjects = [subject(content_of(guide), name=guide.name.zh) for guide in GUIDES.values()]
    began = time.perf_counter()
    for _ in range(100):
        for one in subjects:
            list(findings_of(one))
    assert (time.perf_counter() - began) / (100 * len(subjects)) < 0.002


def test_the_page_lists_the_rules_as_they_are():
    from tools import lint_rules

    assert lint_rules.page() == lint_rules.PAGE.read_text(encoding="utf-8"), "tools/lint_rules.py"
