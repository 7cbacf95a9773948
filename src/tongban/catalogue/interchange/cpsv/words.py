"""An item in the words of CPSV-AP, and back as far as the words go.

item -> PublicService, basis -> LegalResource, condition -> Requirement, material -> EvidenceType,
result -> Output, fee -> Cost, form -> Channel, limit -> processingTime (domain.md, section 11).
"""

from __future__ import annotations

import re
from typing import Any, Final

from tongban.catalogue.interchange.form import ItemForm
from tongban.catalogue.interchange.words import BASIS

Record = dict[str, Any]

DURATIONS: Final = {"working_day": "P{}D", "day": "P{}D", "month": "P{}M", "year": "P{}Y"}
DURATION: Final = re.compile(r"P(?:(\d+)D|(\d+)M|(\d+)Y|T(\d+)H|T(0)S)")
UNITS: Final = ("day", "month", "year", "hour", "on_the_spot")
# Which parts of a record each word tells of.
DEPENDS: Final[dict[str, tuple[str, ...]]] = {
    "title": ("name",),
    "description": ("summary",),
    "keyword": ("aliases",),
    "processing_time": ("promised_limit",),
    "legal": ("legal_bases",),
    "requirement": ("conditions",),
    "evidence": ("materials",),
    "output": ("result", "further_results"),
    "cost": ("fees",),
    "channel": ("handling_forms",),
    "audience": ("audience",),
    "telephone": ("enquiry_phone",),
    "opening_hours": ("opening_hours",),
}


def of_record(record: Record, item_name: str) -> Record:
    """The words of a guide's record. A service needs a title and a description: its name, if need be."""
    name = record.get("name") or {"zh": item_name}
    results = [record["result"]] if record.get("result") else []
    return {
        "title": name,
        "description": record.get("summary") or name,
        "keyword": sorted(set(record.get("aliases", []))),
        "processing_time": _duration_of(record.get("promised_limit")),
        "legal": [_basis_words(basis) for basis in record.get("legal_bases", [])],
        "requirement": [_text(one) for one in record.get("conditions", [])],
        "evidence": [one["name"] for one in record.get("materials", [])],
        "output": [one["name"] for one in (*results, *record.get("further_results", []))],
        "cost": [one.get("standard") or one["name"] for one in record.get("fees", [])],
        "channel": sorted(set(record.get("handling_forms", []))),
        "audience": sorted(set(record.get("audience", []))),
        "telephone": record.get("enquiry_phone", ""),
        "opening_hours": record.get("opening_hours") or {},
    }


def to_record(said: Record, item_name: str) -> Record:
    """The record that the words tell, without empty parts."""
    title, description, outputs = said["title"], said["description"], said["output"]
    record: Record = {
        "name": title if title != {"zh": item_name} else None,
        "summary": description if description != title else None,
        "aliases": said["keyword"],
        "promised_limit": _limit_of(said["processing_time"]),
        "legal_bases": [_basis_of(*words) for words in said["legal"]],
        "conditions": said["requirement"],
        "materials": [{"name": name} for name in said["evidence"]],
        "result": {"name": outputs[0]} if outputs else None,
        "further_results": [{"name": name} for name in outputs[1:]],
        "fees": [{"name": text} for text in said["cost"]],
        "handling_forms": said["channel"],
        "audience": said["audience"],
        "enquiry_phone": said["telephone"],
        "opening_hours": said["opening_hours"],
    }
    return {name: value for name, value in record.items() if value}


def _text(value: Record) -> Record:
    return {language: value[language] for language in ("zh", "en") if value.get(language)}


def _duration_of(limit: Record | None) -> str:
    """An xsd:duration. It knows no working days: they are written as days (see the remainder)."""
    if limit is None:
        return ""
    if limit["unit"] == "on_the_spot":
        return "PT0S"
    if limit["unit"] == "hour":
        return f"PT{limit['value']}H"
    return DURATIONS[limit["unit"]].format(limit["value"])


def _limit_of(duration: str) -> Record | None:
    found = DURATION.fullmatch(duration)
    if found is None:
        return None
    value, unit = next(
        (value, unit) for value, unit in zip(found.groups(), UNITS, strict=True) if value
    )
    return {"value": int(value), "unit": unit} if len(value) < 6 else None


def _basis_words(basis: Record) -> tuple[str, str]:
    return f"《{basis['instrument']}》{basis.get('article', '')}", basis.get("text", "")


def _basis_of(title: str, text: str) -> Record:
    found = BASIS.fullmatch(title)
    basis = {"instrument": title, "article": "", "text": text}
    if found:
        basis |= {"instrument": found["instrument"], "article": found["article"].strip()}
    return {name: value for name, value in basis.items() if value}


def rest_of_item(item: ItemForm, said: Record) -> Record:
    """What an item says beside its guide and CPSV-AP has no word for."""
    whole = item.as_json()
    rest = {
        name: whole[name]
        for name in ("basic_code", "main_item", "source", "organ", "basic", "source_row")
    }
    return rest | ({"name": item.name} if item.name != said["title"]["zh"] else {})
