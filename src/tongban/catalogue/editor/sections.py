"""The sections of the editor: every part of a record stands in exactly one (a test says so)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Section:
    key: str
    label: Any
    fields: tuple[str, ...]


SECTIONS: Final = (
    Section(
        "basics",
        _("Basics"),
        (
            "name", "summary", "aliases", "audience", "case_type", "identity_level", "slug",
            "effective_from", "personal_themes", "personal_theme_codes", "corporate_themes",
            "corporate_theme_codes",
        ),
    ),
    Section(
        "law",
        _("Law and power"),
        (
            "legal_bases", "power_source", "power_division", "power_content", "level",
            "organ_nature", "entrusting_organ", "joint_organs", "handling_office",
            "handling_office_code", "system_level",
        ),
    ),
    Section(
        "limits",
        _("Limits and steps"),
        (
            "statutory_limit", "promised_limit", "steps", "special_procedures",
            "tolerant_acceptance", "commitment_handling", "handling",
        ),
    ),
    Section("conditions", _("Conditions"), ("conditions", "quantity_limit", "intermediary_service")),
    Section("materials", _("Materials"), ("needs_materials", "materials")),
    Section("fees", _("Fees"), ("charges_fee", "fees", "supports_online_payment")),
    Section(
        "access",
        _("Visits and online"),
        (
            "handling_forms", "online_capabilities", "online_url", "on_site_visits",
            "on_site_reason", "cross_region_range", "supports_appointment", "daily_appointments",
            "supports_delivery", "single_sign_on", "enters_hall", "self_service",
        ),
    ),
    Section("results", _("Results"), ("result", "further_results")),
    Section(
        "contact",
        _("Place and phones"),
        ("place", "opening_hours", "enquiry_channel", "enquiry_phone", "complaint_phone"),
    ),
    Section("questions", _("Questions and rights"), ("faq", "rights_and_duties", "remedies")),
    Section("form", _("Online form"), ("form_pages",)),
)  # fmt: skip
BY_KEY: Final = {section.key: section for section in SECTIONS}
SECTION_OF: Final = {name: section.key for section in SECTIONS for name in section.fields}
