"""The data items of GB/T 39046-2020 table 4 (事项管理): what they are called, and where each is kept.

A path is of the item (`item.`) or of the guide's record (`guide.`). Formats as the standard writes
them: a letters, n digits, an both; `..k` at most k characters; `ul` unlimited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DataItem:
    name: str
    zh: str
    form: str
    where: str

    @property
    def longest(self) -> int | None:
        """Most characters that the standard allows, None for no limit."""
        found = re.fullmatch(r"[an]+(?:\.\.)?(\d+)", self.form)
        return int(found[1]) if found else None


DATA_ITEMS: Final = tuple(
    DataItem(*row)
    for row in (
        ("item_name", "事项名称", "an..200", "item.name"),
        ("basic_code", "基本编码", "an..10", "item.basic_code"),
        ("implementation_code", "实施编码", "an..24", "item.code"),
        ("item_type", "事项类型", "an..30", "item.kind"),
        ("item_type_code", "事项类型代码", "n2", "item.kind"),
        ("legal_basis", "设定依据", "a..1000", "guide.legal_bases"),
        ("level", "行使层级", "an..200", "guide.level"),
        ("level_code", "行使层级代码", "n1", "guide.level"),
        ("power_division", "权限划分", "a..1000", "guide.power_division"),
        ("power_content", "行使内容", "..ul", "guide.power_content"),
        ("implementing_organ", "实施主体", "an..100", "item.organ.name"),
        ("implementing_organ_code", "实施主体代码", "an..18", "item.organ.uscc"),
        ("implementing_organ_nature", "实施主体性质", "an..100", "guide.organ_nature"),
        ("implementing_organ_nature_code", "实施主体性质代码", "n1", "guide.organ_nature"),
        ("statutory_limit", "法定办结时限", "an..20", "guide.statutory_limit.value"),
        ("statutory_limit_unit", "法定办结时限单位", "an..20", "guide.statutory_limit.unit"),
        ("statutory_limit_note", "法定办结时限说明", "..ul", "guide.statutory_limit.note"),
        ("promised_limit", "承诺办结时限", "an..20", "guide.promised_limit.value"),
        ("promised_limit_unit", "承诺办结时限单位", "an..20", "guide.promised_limit.unit"),
        ("promised_limit_note", "承诺办结时限说明", "..ul", "guide.promised_limit.note"),
        ("acceptance_conditions", "受理条件", "..ul", "guide.conditions"),
        ("procedure", "办理流程", "..ul", "guide.steps"),
        ("joint_organ", "共同实施部门", "an..100", "guide.joint_organs[].name"),
        ("joint_organ_code", "共同实施部门代码", "an..18", "guide.joint_organs[].code"),
        ("handling_office", "承办机构", "an..100", "guide.handling_office"),
        ("handling_office_code", "承办机构代码", "an..18", "guide.handling_office_code"),
        ("intermediary_service", "中介服务", "an..2000", "guide.intermediary_service"),
        ("quantity_limit", "数量限制", "an..200", "guide.quantity_limit"),
        ("result_name", "结果名称", "an..100", "guide.result.name"),
        ("result_sample", "结果样本", "binary", "guide.result.sample"),
        ("has_fee", "是否收费", "n1", "guide.charges_fee"),
        ("fee_basis", "收费依据", "..ul", "guide.fees[].basis"),
        ("cross_region_range_code", "通办范围代码", "n1", "guide.cross_region_range"),
        ("audience", "服务对象", "an..200", "guide.audience"),
        ("audience_code", "服务对象代码", "an..10", "guide.audience"),
        ("service_theme", "服务主题", "an..200", "guide.personal_themes"),
        ("legal_person_theme_code", "法人服务主题代码", "an..10", "guide.corporate_theme_codes"),
        ("natural_person_theme_code", "自然人服务主题代码", "an..10", "guide.personal_theme_codes"),
        ("handling_form", "办理形式", "an..20", "guide.handling_forms"),
        ("handling_form_code", "办理形式代码", "an..10", "guide.handling_forms"),
        ("special_procedure", "特别程序", "..ul", "guide.special_procedures"),
        ("jurisdiction", "行政管辖", "an..20", "item.region.name"),
        ("jurisdiction_code", "行政管辖代码", "an..10", "item.region.code"),
        ("supports_appointment", "是否支持预约办理", "n1", "guide.supports_appointment"),
        ("supports_online_payment", "是否支持网上支付", "n1", "guide.supports_online_payment"),
        ("supports_delivery", "是否支持物流快递", "n1", "guide.supports_delivery"),
        ("is_online", "是否网办", "n1", "guide.handling_forms"),
        ("online_url", "网办地址", "an..50", "guide.online_url"),
        ("system_level", "运行系统层级", "an..20", "guide.system_level"),
        ("place", "办理地点", "an..100", "guide.place"),
        ("opening_hours", "办理时间", "an..150", "guide.opening_hours"),
        ("enquiry_channel", "咨询方式", "an..20", "guide.enquiry_channel"),
        ("enquiry_phone", "咨询电话", "an..18", "guide.enquiry_phone"),
        ("complaint_phone", "监督电话", "an..18", "guide.complaint_phone"),
        ("faq", "常见问题", "an..1000", "guide.faq"),
        ("material_name", "材料名称", "an..200", "guide.materials[].name"),
        ("material_issuer", "出具机构", "an..100", "guide.materials[].issuer"),
        ("material_issue_time", "出具时间要求", "an..150", "guide.materials[].issue_time"),
        ("material_obtaining_note", "材料办理说明", "an..500", "guide.materials[].obtaining_note"),
        (
            "material_obtaining_place",
            "材料办理地点",
            "an..400",
            "guide.materials[].obtaining_place",
        ),
        ("material_use_note", "材料使用说明", "an..500", "guide.materials[].use_note"),
        ("original_copies", "原件份数", "n..2", "guide.materials[].originals"),
        ("photocopies", "复印件份数", "n..2", "guide.materials[].photocopies"),
        ("is_required_material", "是否必备材料", "n1", "guide.materials[].necessity"),
    )
)
WHERE: Final = {item.name: item.where for item in DATA_ITEMS}
