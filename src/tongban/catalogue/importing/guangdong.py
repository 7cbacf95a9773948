"""Items with guides as the Guangdong platform writes them: one JSON object a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tongban.base.regions import RegionCodeError, level_of, pad
from tongban.base.tables import LoadReport, lines_of
from tongban.catalogue import codes
from tongban.catalogue.interchange.form import (
    BasicForm,
    FormError,
    GuideForm,
    ItemForm,
    OrganForm,
    checked,
)
from tongban.catalogue.interchange.incoming import Incoming, note_odd_codes

SOURCE = "guangdong"
KNOWN: Final = frozenset(
    {
        "task_code",
        "org_code",
        "task_type_code",
        "task_type",
        "task_name",
        "catalog_code",
        "catalog_name",
        "parent_catalog_code",
        "parent_catalog_name",
        "sub_task_name",
        "department",
        "area_code",
        "area_name",
        "level",
        "statutory_limit",
        "promised_limit",
        "online",
        "online_booking",
        "courier",
        "co_departments",
        "location",
        "consult_phone",
        "complaint_phone",
        "accept_conditions",
        "materials",
        "themes",
        "service_objects",
        "source_url",
    }
)
AUDIENCE: Final = {
    "自然人": "natural_person",
    "企业法人": "enterprise",
    "事业法人": "public_institution",
    "社会组织法人": "social_organisation",
    "行政机关": "administrative_organ",
    "其他组织": "other_organisation",
    # The standard has no word of its own for enterprises that are no legal persons.
    "非法人企业": "other_organisation",
}
LEVELS: Final = {"国家级": "national", "省级": "provincial", "市级": "municipal", "县级": "county"}
LEVEL_DIGITS: Final = {"国家级": "1", "省级": "2", "市级": "3", "县级": "4"}
YES_NO: Final = {"是": True, "1": True, "否": False, "0": False, "不支持": False}
NO_COUNTER = "无线下办理窗口"
LIMIT: Final = re.compile(r"(\d+)\((工作日|自然日)\)")
JOINT: Final = re.compile(r"([^、（）]+)（([^（）]*)）")
PHONE: Final = re.compile(r"(\d{3,4}-)?\d{5,8}(转\d+)?")


def read_guangdong(path: Path, report: LoadReport) -> Iterator[Incoming]:
    """The items of a file of JSON lines; what is odd in an object is noted, nothing is dropped.

    A line that is no such object is left out (`not_json`, `missing`). Raises TableError when the
    file is unreadable.
    """
    names: Counter[tuple[str, str]] = Counter()
    for number, line in enumerate(lines_of(path), start=1):
        if not line.strip():
            continue
        report.read += 1
        row = _object_of(line, number, report)
        if row is None:
            continue
        try:
            form = _form_of(row, number, report)
        except FormError as problem:
            report.note(number, problem.field, problem.code, problem.detail)
            continue
        note_odd_codes(number, form, "task_code", report)
        _note_oddities(row, form, number, report)
        names[form.organ.name if form.organ else "", form.name] += 1
        if names[form.organ.name if form.organ else "", form.name] == 2:
            detail = f"{form.name} stands above with another code"
            report.note(number, "task_name", "name_twice", detail)
        yield Incoming(number, form)


def _object_of(line: str, number: int, report: LoadReport) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError as problem:
        report.note(number, "", "not_json", f"the line is not JSON: {problem}")
        return None
    if not isinstance(row, dict):
        report.note(number, "", "not_json", "the line is not a JSON object")
        return None
    for name in ("task_code", "task_name"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            report.note(number, name, "missing", f"no {name}: the item can't be filed")
            return None
    for name in sorted(set(row) - KNOWN):
        report.note(number, name, "unplaced", f"{name} is kept in the source's row only")
    return row


def _said(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _names(row: dict[str, Any], name: str) -> list[str]:
    value = row.get(name)
    if not isinstance(value, list):
        return []
    return [one.strip() for one in value if isinstance(one, str) and one.strip()]


def _text(zh: str) -> dict[str, str]:
    return {"zh": zh}


def _form_of(row: dict[str, Any], number: int, report: LoadReport) -> ItemForm:
    code = _said(row, "task_code")
    try:
        region = pad(_said(row, "area_code"))
    except RegionCodeError as problem:
        report.note(number, "area_code", "bad_region", f"{row.get('area_code')!r}: {problem}")
        region = ""
    organ = None
    if region and _said(row, "department"):
        credit = code[:18]
        sound = credit if codes.organ_code_style(credit).style == "uscc" else ""
        written = tuple(one for one in (credit, _said(row, "org_code")) if one)
        organ = OrganForm(_said(row, "department"), region, uscc=sound, codes=written)
    kind = codes.kind_of(SOURCE, _said(row, "task_type_code"))
    return checked(
        ItemForm(
            code=code,
            name=_said(row, "task_name"),
            kind=kind,
            basic_code=_said(row, "catalog_code"),
            main_item=_said(row, "parent_catalog_name"),
            region=region,
            source=SOURCE,
            organ=organ,
            basic=_basic_of(row, kind),
            guide=GuideForm(_record_of(row, number, report)),
            source_row=row,
        )
    )


def _basic_of(row: dict[str, Any], kind: str) -> BasicForm | None:
    code, parent = _said(row, "catalog_code"), _said(row, "parent_catalog_code")
    if not code or not _said(row, "catalog_name"):
        return None
    if parent == code:  # How this platform writes that there is none above.
        return BasicForm(code, _said(row, "catalog_name"), kind)
    return BasicForm(
        code, _said(row, "catalog_name"), kind, parent, _said(row, "parent_catalog_name")
    )


def _record_of(row: dict[str, Any], number: int, report: LoadReport) -> dict[str, Any]:
    place = _said(row, "location")
    online = YES_NO.get(_said(row, "online"))
    forms = [*(["counter"] if place and place != NO_COUNTER else []), *(["web"] if online else [])]
    audience = list(
        dict.fromkeys(AUDIENCE[one] for one in _names(row, "service_objects") if one in AUDIENCE)
    )
    themes = _names(row, "themes")
    record: dict[str, Any] = {
        "item_code": _said(row, "task_code"),
        "name": _text(_said(row, "task_name")),
        "audience": audience,
        "handling_forms": forms,
        "materials": [{"name": _text(name)} for name in _names(row, "materials")],
        "personal_themes": themes if "natural_person" in audience else [],
        "corporate_themes": themes if set(audience) - {"natural_person"} else [],
        "online_url": _said(row, "source_url"),
        "enquiry_phone": _said(row, "consult_phone"),
        "complaint_phone": _said(row, "complaint_phone"),
        "joint_organs": _joint_organs(_said(row, "co_departments")),
        "supports_appointment": YES_NO.get(_said(row, "online_booking")),
        "supports_delivery": YES_NO.get(_said(row, "courier")),
        "level": LEVELS.get(_said(row, "level")),
    }
    if _said(row, "accept_conditions"):
        record["conditions"] = [_text(_said(row, "accept_conditions"))]
    if place and place != NO_COUNTER:
        record["place"] = _text(place)
    for name in ("statutory_limit", "promised_limit"):
        if limit := _limit_of(row, name, number, report):
            record[name] = limit
    return record


def _joint_organs(said: str) -> list[dict[str, str]]:
    found = [{"name": name, "part": part} for name, part in JOINT.findall(said)]
    return found or ([{"name": said}] if len(said) > 1 else [])


def _limit_of(
    row: dict[str, Any], name: str, number: int, report: LoadReport
) -> dict[str, Any] | None:
    said = _said(row, name)
    if not said:
        return None
    found = LIMIT.fullmatch(said)
    if found is None:
        report.note(number, name, "limit_form", f"{said!r} is not like 10(工作日)")
        return None
    value = int(found[1])
    if value == 0:
        return {"value": 0, "unit": "on_the_spot"}
    return {"value": value, "unit": "working_day" if found[2] == "工作日" else "day"}


def _note_oddities(row: dict[str, Any], form: ItemForm, number: int, report: LoadReport) -> None:
    def note(column: str, code: str, detail: str) -> None:
        report.note(number, column, code, detail)

    parsed = codes.parse_item_code(form.code)
    if not form.kind:
        note("task_type_code", "unknown_type", f"{row.get('task_type_code')!r} is not in the list")
    elif _said(row, "task_type") not in codes.KIND_NAMES[form.kind]:
        detail = f"{row.get('task_type')} stands beside code {row.get('task_type_code')}"
        note("task_type", "type_name", detail)
    if parsed.basic and parsed.basic != form.basic_code:
        note("catalog_code", "basic_in_code", f"the code is of basic item {parsed.basic}")
    if parsed.organ and _said(row, "org_code") != parsed.organ[8:17]:
        note("org_code", "organ_in_code", f"the code is of organ {parsed.organ}")
    level = _said(row, "level")
    if parsed.pattern == SOURCE and LEVEL_DIGITS.get(level) != form.code[18]:
        note("level", "level_in_code", f"{level!r}, but the code says {form.code[18]}")
    if form.region and LEVELS.get(level) != level_of(form.region).name.lower():
        note("level", "level_of_region", f"{level!r} in region {form.region}")
    if row.get("department") != _said(row, "department"):
        note("department", "spaces", "spaces around the name of the department")
    for name in ("consult_phone", "complaint_phone"):
        if _said(row, name) and not PHONE.fullmatch(_said(row, name)):
            note(name, "phone_form", f"{_said(row, name)[:60]!r} is not one phone number")
    if _said(row, "online") == "1" and not _said(row, "source_url"):
        note("source_url", "online_nowhere", "online, but without an address")
    for one in _names(row, "service_objects"):
        if one not in AUDIENCE:
            note("service_objects", "unknown_audience", f"{one!r} is not in the list")
