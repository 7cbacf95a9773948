"""The data items of GB/T 39046-2020 tables 5-8: what a case is called when systems speak of it.

Formats as the standard writes them: a letters, n digits, an both; `..k` at most k characters; `ul`
unlimited. Table 5 repeats items 20-26 for each material, table 7 all of them for each step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class DataItem:
    section: str
    name: str
    zh: str
    form: str

    @property
    def longest(self) -> int | None:
        """Most characters, None for no limit. Codes of items are longer than the standard says."""
        if self.name in REAL_LENGTHS:
            return REAL_LENGTHS[self.name]
        found = re.fullmatch(r"[an]+(?:\.\.)?(\d+)", self.form)
        return int(found[1]) if found else None

    @property
    def is_time(self) -> bool:
        return self.form.startswith("YYYY")

    @property
    def is_number(self) -> bool:
        return re.fullmatch(r"n(\.\.)?\d+", self.form) is not None


# National practice: implementation codes of 31 characters and more (docs/case-exchange.md).
REAL_LENGTHS: Final = {"implementation_code": 64, "basic_code": 24, "item_name": 400}
SECTIONS: Final = {
    "application": "办事申请",
    "acceptance": "事项受理",
    "handling": "事项办理",
    "conclusion": "事项办结",
}
DATA_ITEMS: Final = tuple(
    DataItem(*row)
    for row in (
        ("application", "case_number", "办件编号", "an..50"),
        ("application", "implementation_code", "实施编码", "an..24"),
        ("application", "item_name", "事项名称", "an..200"),
        ("application", "case_type", "办件类型", "an..20"),
        ("application", "case_type_code", "办件类型代码", "n1"),
        ("application", "applicant_name", "申请者名称", "an..100"),
        ("application", "applicant_document_type_code", "申请者证件类型代码", "n3"),
        ("application", "applicant_document_number", "申请者证件号码", "an..18"),
        ("application", "agent_name", "联系人/代理人姓名", "a..30"),
        ("application", "agent_document_type_code", "联系人/代理人证件类型代码", "n3"),
        ("application", "agent_document_number", "联系人/代理人证件号码", "an..18"),
        ("application", "contact_mobile", "联系人手机号码", "an..18"),
        ("application", "postal_code", "邮政编码", "n6"),
        ("application", "postal_address", "通讯地址", "an..100"),
        ("application", "legal_representative", "法定代表人", "a..30"),
        ("application", "application_source_code", "申报来源代码", "n1"),
        ("application", "applied_at", "申请时间", "YYYYMMDDThhmmss"),
        ("application", "investment_project_number", "投资项目编号", "an..24"),
        ("application", "region_code", "行政区划", "n..9"),
        ("application", "case_number_of_material", "办件编号", "an..20"),
        ("application", "material_name", "材料名称", "an..200"),
        ("application", "is_collected", "是否收取", "n1"),
        ("application", "collection_way", "收取方式", "an..20"),
        ("application", "collected_copies", "收取数量", "n..2"),
        ("application", "collected_at", "收取时间", "YYYYMMDDThhmmss"),
        ("application", "attachment", "附件实体", "binary"),
        ("acceptance", "case_number", "办件编号", "an..50"),
        ("acceptance", "basic_code", "基本编码", "an..10"),
        ("acceptance", "implementation_code", "实施编码", "an..24"),
        ("acceptance", "item_name", "事项名称", "an..200"),
        ("acceptance", "accepting_organ", "受理单位名称", "an..100"),
        ("acceptance", "accepting_organ_code", "受理单位统一社会信用代码", "an..18"),
        ("acceptance", "accepted_by", "受理人员", "an..30"),
        ("acceptance", "accepted_at", "受理时间", "YYYYMMDDThhmmss"),
        ("acceptance", "acceptance_document_number", "受理文书编号", "an..30"),
        ("acceptance", "promised_conclusion", "承诺办结时间", "an..20"),
        ("acceptance", "case_type", "办件类型", "an..20"),
        ("acceptance", "case_type_code", "办件类型代码", "n1"),
        ("acceptance", "region_code", "行政区划", "n..9"),
        ("handling", "case_number", "办件编号", "an..50"),
        ("handling", "action", "业务动作", "an..20"),
        ("handling", "step_name", "环节名称", "an..100"),
        ("handling", "step_handler", "环节处理人", "a..30"),
        ("handling", "step_opinion", "环节处理意见", "an..1000"),
        ("handling", "step_started_at", "环节开始时间", "YYYYMMDDThhmmss"),
        ("handling", "step_ended_at", "环节结束时间", "YYYYMMDDThhmmss"),
        ("handling", "step_organ", "处理单位名称", "an..100"),
        ("handling", "step_organ_code", "处理单位统一社会信用代码", "an..18"),
        ("handling", "step_state_code", "环节办理状态代码", "n1"),
        ("handling", "special_procedure_kind", "特别程序种类名称", "an..100"),
        ("handling", "special_procedure_code", "特别程序种类代码", "n1"),
        ("handling", "special_procedure_started_at", "特别程序开始时间", "YYYYMMDDThhmmss"),
        ("handling", "special_procedure_reason", "特别程序启动理由或依据", "..ul"),
        ("handling", "special_procedure_requester", "申请人", "a..30"),
        ("handling", "special_procedure_ended_at", "特别程序结束时间", "YYYYMMDDThhmmss"),
        ("handling", "special_procedure_result", "特别程序结果", "..ul"),
        ("handling", "special_procedure_opinion", "特别程序办理意见", "..ul"),
        ("handling", "special_procedure_organ", "办理单位名称", "an..100"),
        ("handling", "special_procedure_organ_code", "办理单位统一社会信用代码", "an..18"),
        ("handling", "special_procedure_handler", "办理人", "a..30"),
        ("conclusion", "case_number", "办件编号", "an..50"),
        ("conclusion", "concluded_by", "办理人姓名", "a..30"),
        ("conclusion", "concluded_at", "办结时间", "YYYYMMDDhh:mm:ss"),
        ("conclusion", "licence_name", "结果证照名称", "an..200"),
        ("conclusion", "licence_number", "结果证照编号", "an..50"),
        ("conclusion", "result_description", "办件结果描述", "an..1000"),
        ("conclusion", "licence_validity", "证照有效期限", "an..30"),
        ("conclusion", "issuing_organ", "发证/盖章单位", "an..100"),
        ("conclusion", "region_code", "行政区划", "n..9"),
        ("conclusion", "is_delivered_by_post", "是否快递寄送结果", "n1"),
        ("conclusion", "has_fee", "是否收费", "n1"),
    )
)
# Items 20-26 of table 5, for each material; the file itself is not exchanged as a cell.
MATERIAL: Final = (
    "material_name",
    "is_collected",
    "collection_way",
    "collected_copies",
    "collected_at",
)
NOT_TAKEN: Final = frozenset({"attachment", "case_number_of_material"})
# Code lists: A.5 handling form, A.6 case type, A.7 special procedure, and those in the tables.
CODES: Final = {
    "application_source_code": frozenset("12349"),
    "case_type_code": frozenset("129"),
    "special_procedure_code": frozenset("12"),
    "step_state_code": frozenset("12"),
    "is_collected": frozenset("01"),
    "is_delivered_by_post": frozenset("01"),
    "has_fee": frozenset("01"),
}
ITEM: Final = {(one.section, one.name): one for one in DATA_ITEMS}
# Of two items of the same Chinese name in a table (办件编号) the first.
BY_ZH: Final = {(one.section, one.zh): one.name for one in reversed(DATA_ITEMS)}
