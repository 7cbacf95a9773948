"""Small builders of what systems report."""

from __future__ import annotations

from typing import Any

from tests.conftest import AT, ID_NUMBERS, World
from tongban.cases.models import ReportingRight
from tongban.directory.models import ConnectedSystem
from tongban.directory.services.systems import register_system


def make_system(world: World, name: str = "公安审批系统(示例)", *organs: object) -> ConnectedSystem:
    """A registered system that may report for the world's organ, or for `organs`."""
    system, secret = register_system(name=name, redirect_uris=["https://x.example/cb"], at=AT)
    for organ in organs or (world.organ,):
        ReportingRight.objects.create(system=system, organ=organ, given_at=AT)
    system.told_secret = secret  # type: ignore[attr-defined]
    return system


def row(number: str = "GA-2026-0001", stage: str = "applied", **changes: Any) -> dict[str, Any]:
    """A row as a system sends it, up to a stage, with Chinese and English names mixed."""
    said: dict[str, Any] = {
        "application": {
            "case_number": number,
            "item_name": "户口迁移",
            "申请者名称": "li(示例)",
            "applicant_document_type_code": "111",
            "applicant_document_number": ID_NUMBERS[0],
            "application_source_code": "1",
            "applied_at": "20260227T090000",
            "materials": [{"材料名称": "户口簿", "is_collected": "1", "collected_copies": "1"}],
        }
        | changes.pop("application", {})
    }
    if stage in ("accepted", "paused", "concluded"):
        said["事项受理"] = {
            "case_number": number,
            "accepting_organ": "区公安分局",
            "受理时间": "20260227T100000",
            "promised_conclusion": "2026-03-10",
        }
    if stage in ("paused", "concluded"):
        said["handling"] = [
            {
                "step_name": "检测",
                "step_started_at": "20260228T090000",
                "special_procedure_kind": "检测",
                "special_procedure_code": "2",
                "special_procedure_started_at": "20260228T090000",
            }
            | ({"special_procedure_ended_at": "20260301T090000"} if stage == "concluded" else {})
        ]
    if stage == "concluded":
        said["conclusion"] = {
            "concluded_at": "2026030110:00:00",
            "concluded_by": "王",
            "result_description": "准予",
        }
    return said | changes
