"""An item in the words of GB/T 39046-2020 table 4, and back as far as the words go.

Values as the standard's code sets (annex A) have them; several in one cell are joined by `,`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

from tongban.base.regions import RegionCodeError, level_of, pad
from tongban.catalogue.codes import KINDS
from tongban.catalogue.interchange.form import ItemForm

Record = dict[str, Any]

TYPE_CODES: Final = {
    "licence": "01",
    "penalty": "02",
    "coercion": "03",
    "levy": "04",
    "benefit": "05",
    "inspection": "06",
    "confirmation": "07",
    "reward": "08",
    "adjudication": "09",
    "other": "10",
    "public_service": "20",
}
LEVELS: Final = {
    "national": ("1", "国家级"),
    "provincial": ("2", "省级"),
    "municipal": ("3", "市级"),
    "county": ("4", "县级"),
    "town": ("5", "镇(乡、街道)级"),
    "village": ("6", "村(社区)级"),
    "by_grade": ("7", "分级管理"),
}
NATURES: Final = {
    "statutory": ("1", "法定机关"),
    "authorised": ("2", "授权组织"),
    "entrusted": ("3", "受委托组织"),
    "other": ("9", "其他"),
}
AUDIENCES: Final = {
    "natural_person": ("1", "自然人"),
    "enterprise": ("2", "企业法人"),
    "public_institution": ("3", "事业法人"),
    "social_organisation": ("4", "社会组织法人"),
    "administrative_organ": ("5", "行政机关"),
    "other_organisation": ("6", "其他组织"),
}
FORMS: Final = {
    "counter": ("1", "窗口办理"),
    "web": ("2", "电脑端网上办理"),
    "mobile": ("3", "移动端网上申请"),
    "post": ("4", "快递申请"),
    "other": ("9", "其他"),
}
# The standard gives the order, not the digits.
RANGES: Final = {
    "national": "1",
    "cross_province": "2",
    "cross_city": "3",
    "cross_county": "4",
    "none": "0",
}
UNITS: Final = {
    "working_day": "工作日",
    "day": "自然日",
    "month": "月",
    "year": "年",
    "hour": "小时",
    "on_the_spot": "当场",
}
SYSTEM_LEVELS: Final = {"national": "国家级", "provincial": "省级", "municipal": "市级"}
# What each text of a record is called, where the standard has one cell for it.
TEXTS: Final = {
    "power_division": "power_division",
    "power_content": "power_content",
    "handling_office": "handling_office",
    "intermediary_service": "intermediary_service",
    "quantity_limit": "quantity_limit",
    "place": "place",
    "opening_hours": "opening_hours",
    "enquiry_channel": "enquiry_channel",
}
PLAIN: Final = ("handling_office_code", "online_url", "enquiry_phone", "complaint_phone")
YES_NO: Final = {
    "has_fee": "charges_fee",
    "supports_appointment": "supports_appointment",
    "supports_online_payment": "supports_online_payment",
    "supports_delivery": "supports_delivery",
}
MATERIAL_TEXTS: Final = {
    "material_issuer": "issuer",
    "material_issue_time": "issue_time",
    "material_obtaining_note": "obtaining_note",
    "material_obtaining_place": "obtaining_place",
    "material_use_note": "use_note",
}
# Which parts of a record each word tells of: an edited word sets the remainder of them aside.
DEPENDS: Final[dict[str, tuple[str, ...]]] = {
    **{word: (part,) for word, part in TEXTS.items()},
    **{word: (word,) for word in PLAIN},
    **{word: (part,) for word, part in YES_NO.items()},
    "legal_basis": ("legal_bases",),
    "level_code": ("level",),
    "implementing_organ_nature_code": ("organ_nature",),
    "statutory_limit": ("statutory_limit",),
    "statutory_limit_unit": ("statutory_limit",),
    "statutory_limit_note": ("statutory_limit",),
    "promised_limit": ("promised_limit",),
    "promised_limit_unit": ("promised_limit",),
    "promised_limit_note": ("promised_limit",),
    "acceptance_conditions": ("conditions",),
    "procedure": ("steps",),
    "joint_organ": ("joint_organs",),
    "joint_organ_code": ("joint_organs",),
    "result_name": ("result",),
    "result_sample": ("result",),
    "fee_basis": ("fees",),
    "cross_region_range_code": ("cross_region_range",),
    "audience_code": ("audience",),
    "natural_person_theme_code": ("personal_theme_codes",),
    "legal_person_theme_code": ("corporate_theme_codes",),
    "service_theme": ("personal_themes", "corporate_themes"),
    "handling_form_code": ("handling_forms",),
    "special_procedure": ("special_procedures",),
    "system_level": ("system_level",),
    "faq": ("faq",),
    "materials": ("materials",),
}
BASIS: Final = re.compile(
    r"《(?P<instrument>[^》]+)》(?P<article>[^:\uff1a]*)[:\uff1a]?(?P<text>.*)", re.DOTALL
)


def _zh(text: Record | None) -> str:
    return text["zh"] if text else ""


def _coded(values: list[str], table: dict[str, tuple[str, str]], place: int) -> str:
    return ",".join(table[value][place] for value in values)


def _answer(value: bool | None) -> str:
    return "" if value is None else "1" if value else "0"


def of_item(item: ItemForm) -> dict[str, str]:
    """The words that come from the item itself."""
    return {
        "item_name": item.name,
        "basic_code": item.basic_code,
        "implementation_code": item.code,
        "item_type": KINDS[item.kind][0] if item.kind else "",
        "item_type_code": TYPE_CODES.get(item.kind, ""),
        "implementing_organ": item.organ.name if item.organ else "",
        "implementing_organ_code": item.organ.uscc if item.organ else "",
        "jurisdiction": item.region_name,
        "jurisdiction_code": item.region,
    }


def rest_of_item(item: ItemForm) -> Record:
    """What an item says that the standard has no word for."""
    whole = item.as_json()
    return {
        "main_item": item.main_item,
        "source": item.source,
        "organ": whole["organ"],
        "basic": whole["basic"],
        "source_row": item.source_row,
    }


def to_item(said: dict[str, Any], rest: Record, record: Record) -> Record:
    """The item's form without its guide; edited words win over the remainder."""
    kinds = {code: kind for kind, code in TYPE_CODES.items()}
    region = said["jurisdiction_code"]
    with suppress(RegionCodeError):  # The form names it.
        region = pad(region) if region else ""
    organ = dict(rest.get("organ") or {})
    if said["implementing_organ"]:
        if organ.get("name") != said["implementing_organ"]:
            organ = {"name": said["implementing_organ"], "region": region}
        if said["implementing_organ_code"] != organ.get("uscc", ""):
            organ["uscc"] = said["implementing_organ_code"]
            organ["codes"] = [said["implementing_organ_code"]]
    else:
        organ = {}
    content: Record = {
        "code": said["implementation_code"],
        "name": said["item_name"],
        "kind": kinds.get(said["item_type_code"].zfill(2), ""),
        "basic_code": said["basic_code"],
        "region": region,
        **{name: rest[name] for name in ("main_item", "source", "basic") if name in rest},
        "source_row": rest.get("source_row") or {},
    }
    return content | ({"organ": organ} if organ else {})


def of_record(record: Record, region: str = "") -> dict[str, Any]:
    """The words of a guide's record; `materials` is a list of the words of each.

    Where the record does not say on which level the item is exercised, its region does.
    """
    themes = dict.fromkeys(
        [*record.get("personal_themes", []), *record.get("corporate_themes", [])]
    )
    level = record.get("level") or (level_of(region).name.lower() if region else "")
    nature = record.get("organ_nature", "")
    result = record.get("result") or {}
    said: dict[str, Any] = {
        **{word: _zh(record.get(part)) for word, part in TEXTS.items()},
        **{word: record.get(word, "") for word in PLAIN},
        **{word: _answer(record.get(part)) for word, part in YES_NO.items()},
        **_limit_words(record),
        "legal_basis": "\n".join(map(_basis_words, record.get("legal_bases", []))),
        "level": LEVELS[level][1] if level else "",
        "level_code": LEVELS[level][0] if level else "",
        "implementing_organ_nature": NATURES[nature][1] if nature else "",
        "implementing_organ_nature_code": NATURES[nature][0] if nature else "",
        "acceptance_conditions": "\n".join(one["zh"] for one in record.get("conditions", [])),
        "procedure": "\n".join(step["name"]["zh"] for step in record.get("steps", [])),
        "joint_organ": "\n".join(one["name"] for one in record.get("joint_organs", [])),
        "joint_organ_code": "\n".join(
            one["code"] for one in record.get("joint_organs", []) if one.get("code")
        ),
        "result_name": _zh(result.get("name")),
        "result_sample": result.get("sample", ""),
        "fee_basis": "\n".join(fee["basis"] for fee in record.get("fees", []) if fee.get("basis")),
        "cross_region_range_code": RANGES.get(record.get("cross_region_range", ""), ""),
        "audience": _coded(record.get("audience", []), AUDIENCES, 1),
        "audience_code": _coded(record.get("audience", []), AUDIENCES, 0),
        "service_theme": ",".join(themes),
        "natural_person_theme_code": ",".join(record.get("personal_theme_codes", [])),
        "legal_person_theme_code": ",".join(record.get("corporate_theme_codes", [])),
        "handling_form": _coded(record.get("handling_forms", []), FORMS, 1),
        "handling_form_code": _coded(record.get("handling_forms", []), FORMS, 0),
        "special_procedure": "\n".join(
            one["name"]["zh"] for one in record.get("special_procedures", [])
        ),
        "is_online": _is_online(record.get("handling_forms", [])),
        "system_level": SYSTEM_LEVELS.get(record.get("system_level", ""), ""),
        "faq": "\n".join(
            f"问:{one['question']['zh']}\n答:{one['answer']['zh']}" for one in record.get("faq", [])
        ),
    }
    return said | {"materials": [_material_words(one) for one in record.get("materials", [])]}


def _is_online(forms: list[str]) -> str:
    return _answer(bool({"web", "mobile"} & set(forms))) if forms else ""


def _limit_words(record: Record) -> dict[str, str]:
    said = {}
    for name in ("statutory_limit", "promised_limit"):
        limit = record.get(name)
        said[name] = str(limit["value"]) if limit else ""
        said[f"{name}_unit"] = UNITS[limit["unit"]] if limit else ""
        said[f"{name}_note"] = _zh(limit.get("note")) if limit else ""
    return said


def _basis_words(basis: Record) -> str:
    article, text = basis.get("article", ""), basis.get("text", "")
    return f"《{basis['instrument']}》{article}" + (f":{text}" if text else "")


def _material_words(material: Record) -> dict[str, str]:
    necessity = material.get("necessity")
    return {
        "material_name": material["name"]["zh"],
        **{word: _zh(material.get(part)) for word, part in MATERIAL_TEXTS.items()},
        "original_copies": str(material.get("originals", "")),
        "photocopies": str(material.get("photocopies", "")),
        "is_required_material": ""
        if necessity is None
        else "1"
        if necessity == "required"
        else "0",
    }


# Back again. What the words can't say stays away, and is in the remainder.


def _lines(said: str) -> list[str]:
    return [line.strip() for line in said.split("\n") if line.strip()]


def _decoded(said: str, table: dict[str, tuple[str, str]]) -> list[str]:
    names = {code: name for name, (code, _zh) in table.items()}
    return [names[one] for one in re.split(r"[,\uff0c、^;\uff1b]", said) if one in names]


def to_record(said: dict[str, Any]) -> Record:
    """The record that the words tell, without empty parts."""
    record: Record = {part: {"zh": said[word]} for word, part in TEXTS.items() if said.get(word)}
    record |= {word: said[word] for word in PLAIN if said.get(word)}
    record |= {
        part: said[word] == "1" for word, part in YES_NO.items() if said.get(word) in ("0", "1")
    }
    for name in ("statutory_limit", "promised_limit"):
        if limit := _limit_of(said, name):
            record[name] = limit
    parts: Record = {
        "legal_bases": _bases_of(said.get("legal_basis", "")),
        "level": _first(_decoded(said.get("level_code", ""), LEVELS)),
        "organ_nature": _first(_decoded(said.get("implementing_organ_nature_code", ""), NATURES)),
        "conditions": [{"zh": line} for line in _lines(said.get("acceptance_conditions", ""))],
        "steps": [{"name": {"zh": line}} for line in _lines(said.get("procedure", ""))],
        "joint_organs": [{"name": one} for one in _lines(said.get("joint_organ", "")) if one[1:]],
        "fees": [
            {"name": {"zh": "收费"}, "basis": line} for line in _lines(said.get("fee_basis", ""))
        ],
        "result": _result_of(said),
        "cross_region_range": _first(
            [name for name, code in RANGES.items() if code == said.get("cross_region_range_code")]
        ),
        "audience": _decoded(said.get("audience_code", ""), AUDIENCES),
        "personal_theme_codes": _commas(said.get("natural_person_theme_code", "")),
        "corporate_theme_codes": _commas(said.get("legal_person_theme_code", "")),
        "handling_forms": _decoded(said.get("handling_form_code", ""), FORMS),
        "special_procedures": [
            {"name": {"zh": line}} for line in _lines(said.get("special_procedure", ""))
        ],
        "system_level": _first(
            [name for name, zh in SYSTEM_LEVELS.items() if zh == said.get("system_level")]
        ),
        "materials": [_material_of(one) for one in said.get("materials", [])],
    }
    themes = _commas(said.get("service_theme", ""))
    audience = set(parts["audience"])
    parts["personal_themes"] = themes if "natural_person" in audience or not audience else []
    parts["corporate_themes"] = themes if audience - {"natural_person"} else []
    return record | {name: value for name, value in parts.items() if value}


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _commas(said: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,\uff0c]", said) if one.strip()]


def _limit_of(said: dict[str, Any], name: str) -> Record | None:
    units = {zh: unit for unit, zh in UNITS.items()}
    value, unit = said.get(name, ""), units.get(said.get(f"{name}_unit", ""))
    if not (value.isascii() and value.isdigit() and len(value) < 6) or unit is None:
        return None
    note = said.get(f"{name}_note", "")
    return {"value": int(value), "unit": unit} | ({"note": {"zh": note}} if note else {})


def _bases_of(said: str) -> list[Record]:
    bases = []
    for line in _lines(said):
        if found := BASIS.fullmatch(line):
            basis = {name: value.strip() for name, value in found.groupdict().items()}
            bases.append({name: value for name, value in basis.items() if value})
        elif len(line) > 1:
            bases.append({"instrument": line})
    return bases


def _result_of(said: dict[str, Any]) -> Record | None:
    if not said.get("result_name"):
        return None
    sample = said.get("result_sample", "")
    return {"name": {"zh": said["result_name"]}} | ({"sample": sample} if sample else {})


def _material_of(said: dict[str, str]) -> Record:
    material: Record = {"name": {"zh": said["material_name"]}}
    material |= {
        part: {"zh": said[word]} for word, part in MATERIAL_TEXTS.items() if said.get(word)
    }
    for word, part in (("original_copies", "originals"), ("photocopies", "photocopies")):
        if said.get(word, "").isdigit() and 0 < int(said[word]) < 100:
            material[part] = int(said[word])
    if said.get("is_required_material") in ("0", "1"):
        required = said["is_required_material"] == "1"
        material["necessity"] = "required" if required else "not_required"
    return material
