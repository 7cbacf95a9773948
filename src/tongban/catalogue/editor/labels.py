"""What the editor calls the parts of a record, and their values, in the language of the page.

Names in Chinese are those of GB/T 39046-2020 table 4 where the standard has them.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

LABELS: Final[dict[str, Any]] = {
    "name": _("Name of the service"),
    "summary": _("In one sentence: what it is good for"),
    "aliases": _("What people call it"),
    "audience": _("Who it is for"),
    "case_type": _("Kind of handling"),
    "identity_level": _("How sure we must be who applies"),
    "slug": _("Short name for addresses"),
    "effective_from": _("In force from"),
    "personal_themes": _("Themes for people"),
    "personal_theme_codes": _("Codes of the themes for people"),
    "corporate_themes": _("Themes for businesses"),
    "corporate_theme_codes": _("Codes of the themes for businesses"),
    "legal_bases": _("Legal bases"),
    "power_source": _("Where the power comes from"),
    "power_division": _("Division of powers between levels"),
    "power_content": _("What is exercised here"),
    "level": _("Level that exercises it"),
    "organ_nature": _("Nature of the organ"),
    "entrusting_organ": _("Organ that entrusts"),
    "joint_organs": _("Organs that take part"),
    "handling_office": _("Office that handles it"),
    "handling_office_code": _("Code of the office"),
    "system_level": _("Level of the system it runs in"),
    "statutory_limit": _("Limit by law"),
    "promised_limit": _("Promised limit"),
    "steps": _("Steps"),
    "special_procedures": _("Special procedures"),
    "tolerant_acceptance": _("Accepted though small things are missing"),
    "commitment_handling": _("Handled on a commitment"),
    "handling": _("Own rules of handling"),
    "conditions": _("Conditions"),
    "quantity_limit": _("Limited number"),
    "intermediary_service": _("Intermediary service"),
    "needs_materials": _("Materials are needed"),
    "materials": _("Materials"),
    "charges_fee": _("There is a fee"),
    "fees": _("Fees"),
    "supports_online_payment": _("Can be paid online"),
    "handling_forms": _("Ways to apply"),
    "online_capabilities": _("What can be done online"),
    "online_url": _("Address for applying online"),
    "on_site_visits": _("Visits in person, at most"),
    "on_site_reason": _("Why people have to come"),
    "cross_region_range": _("Where else it can be done"),
    "supports_appointment": _("Appointments can be made"),
    "daily_appointments": _("Appointments a day"),
    "supports_delivery": _("The result can be sent"),
    "single_sign_on": _("Signs in through the platform"),
    "enters_hall": _("Handled in the service hall"),
    "self_service": _("Self-service machine"),
    "result": _("Result"),
    "further_results": _("Further results"),
    "place": _("Place"),
    "opening_hours": _("Opening hours"),
    "enquiry_channel": _("Where to ask"),
    "enquiry_phone": _("Phone for enquiries"),
    "complaint_phone": _("Phone for complaints"),
    "faq": _("Questions people ask"),
    "rights_and_duties": _("Rights and duties"),
    "remedies": _("What one can do against the decision"),
    "form_pages": _("Pages of the online form"),
    # Parts of parts
    "instrument": _("Law, regulation or document"),
    "article": _("Article"),
    "text": _("What it says"),
    "value": _("Number"),
    "unit": _("Unit"),
    "standard": _("How much"),
    "basis": _("By which rule"),
    "reduction": _("Reduction"),
    "reduction_basis": _("Rule of the reduction"),
    "office": _("Who does it"),
    "limit": _("Limit"),
    "key": _("Key"),
    "kind": _("Kind"),
    "form": _("Form"),
    "necessity": _("How necessary"),
    "source": _("Where it comes from"),
    "how": _("What people do about it"),
    "issuer": _("Issued by"),
    "issue_time": _("How recent it must be"),
    "obtaining_note": _("How to get it"),
    "obtaining_place": _("Where to get it"),
    "use_note": _("What it is used for"),
    "when": _("In which situation"),
    "originals": _("Originals"),
    "photocopies": _("Photocopies"),
    "paper_size": _("Paper size"),
    "blank_form": _("Address of the blank form"),
    "sample_form": _("Address of a filled-in sample"),
    "acceptance_standard": _("When it is accepted"),
    "shared_resource": _("Data resource that can replace it"),
    "accept": _("File types"),
    "max_mb": _("Largest file, MB"),
    "legal_basis": _("Rule that asks for it"),
    "question": _("Question in plain words"),
    "answer": _("Answer"),
    "sample": _("Address of a specimen"),
    "code": _("Code"),
    "part": _("Its part in the work"),
    "joint": _("Handled by several organs together"),
    "extension": _("Extension at most"),
    "extension_basis": _("Rule of the extension"),
    "commitment": _("Commitment"),
    "replaces": _("Keys of the materials it replaces"),
    "excluded_waits": _("Waits that do not count"),
    "to_follow_days": _("Working days for papers that follow"),
    "title": _("Heading"),
    "fields": _("Fields"),
    "label": _("Label"),
    "required": _("Must be filled in"),
    "hint": _("Hint"),
    "max_length": _("Characters at most"),
    "minimum": _("Smallest number"),
    "maximum": _("Largest number"),
    "options": _("Choices"),
    "prefill": _("Filled in from"),
}

# What one entry of a list is called, for its heading and buttons.
ENTRIES: Final[dict[str, Any]] = {
    "legal_bases": _("Legal basis"),
    "joint_organs": _("Organ"),
    "steps": _("Step"),
    "special_procedures": _("Special procedure"),
    "conditions": _("Condition"),
    "materials": _("Material"),
    "fees": _("Fee"),
    "further_results": _("Result"),
    "faq": _("Question"),
    "form_pages": _("Page"),
    "fields": _("Field"),
    "options": _("Choice"),
    "excluded_waits": _("Wait"),
}

HINTS: Final[dict[str, Any]] = {
    "aliases": _("One a line. People search for these words."),
    "slug": _("Small letters, digits and hyphens, as in food-licence."),
    "effective_from": _("A day to come lets the version wait for it; empty or past means at once."),
    "promised_limit": _("Never longer than the limit by law. On the spot is 0."),
    "online_capabilities": _("They decide the depth of online handling, I to IV."),
    "enquiry_phone": _("Area code and number, as in 0826-2220000, or a hotline of five digits."),
    "complaint_phone": _("That of who supervises, not of the counter."),
    "personal_themes": _("One a line."),
    "corporate_themes": _("One a line."),
    "personal_theme_codes": _("One a line."),
    "corporate_theme_codes": _("One a line."),
    "replaces": _("One a line."),
}

# Values by the part they stand in; a part of a part as `of.part`.
VALUES: Final[dict[str, dict[str, Any]]] = {
    "identity_level": {
        "registered": _("a registered account"),
        "verified": _("verified by a trusted source"),
        "in_person": _("verified in person"),
    },
    "audience": {
        "natural_person": _("Residents"),
        "enterprise": _("Enterprises"),
        "public_institution": _("Public institutions"),
        "social_organisation": _("Social organisations"),
        "administrative_organ": _("Government organs"),
        "other_organisation": _("Other organisations"),
    },
    "case_type": {
        "instant": _("done on the spot"),
        "promised": _("promised within a limit"),
        "other": _("another kind"),
    },
    "level": {
        "national": _("national"),
        "provincial": _("provincial"),
        "municipal": _("municipal"),
        "county": _("county"),
        "town": _("town"),
        "village": _("village"),
        "by_grade": _("by grade"),
    },
    "system_level": {
        "national": _("national"),
        "provincial": _("provincial"),
        "municipal": _("municipal"),
    },
    "organ_nature": {
        "statutory": _("by law"),
        "authorised": _("authorised"),
        "entrusted": _("entrusted"),
        "other": _("other"),
    },
    "handling_forms": {
        "counter": _("at the counter"),
        "web": _("online"),
        "mobile": _("on the phone"),
        "post": _("by post"),
        "other": _("another way"),
    },
    "online_capabilities": {
        "enquire": _("ask"),
        "hand_in": _("hand in"),
        "precheck": _("have it checked first"),
        "accept": _("be accepted"),
        "handle": _("be handled"),
        "result_feedback": _("get the result"),
        "licence_feedback": _("get the licence"),
        "other": _("other"),
    },
    "cross_region_range": {
        "national": _("everywhere"),
        "cross_province": _("in several provinces"),
        "cross_city": _("in the whole province"),
        "cross_county": _("in the whole city"),
        "none": _("only here"),
    },
    "unit": {
        "working_day": _("working days"),
        "day": _("days"),
        "month": _("months"),
        "year": _("years"),
        "hour": _("hours"),
        "on_the_spot": _("on the spot"),
    },
    "materials.kind": {
        "certificate": _("certificate"),
        "form": _("form"),
        "other": _("other"),
    },
    "materials.form": {
        "paper": _("on paper"),
        "electronic": _("electronic"),
        "both": _("either"),
    },
    "materials.necessity": {
        "required": _("Required"),
        "not_required": _("Only if it applies"),
        "to_follow": _("May follow later"),
    },
    "materials.source": {
        "applicant": _("the applicant"),
        "government": _("a government organ"),
        "other": _("somebody else"),
    },
    "materials.how": {
        "upload": _("Upload"),
        "shared": _("Shared data, nothing to hand in"),
        "on_file": _("On file"),
        "bring": _("Bring the original"),
    },
    "result.kind": {
        "certificate": _("certificate"),
        "document": _("document"),
        "approval": _("approval"),
        "record": _("record"),
        "none": _("none"),
    },
    "excluded_waits.kind": {
        "site_inspection": _("inspection on site"),
        "technical_review": _("technical review"),
        "publicity": _("public announcement"),
        "other_organ": _("another organ"),
    },
    "fields.kind": {
        "text": _("one line"),
        "textarea": _("several lines"),
        "choice": _("a choice"),
        "date": _("a date"),
        "number": _("a number"),
        "checkbox": _("a tick"),
        "resident_id": _("resident ID number"),
        "uscc": _("unified social credit code"),
        "phone": _("phone number"),
    },
    "fields.prefill": {
        "person.name": _("name of the person"),
        "person.id_number": _("ID number of the person"),
        "person.phone": _("phone of the person"),
        "person.address": _("address of the person"),
        "enterprise.name": _("name of the enterprise"),
        "enterprise.uscc": _("credit code of the enterprise"),
    },
}
VALUES["further_results.kind"] = VALUES["result.kind"]


# Where a part of a part is called otherwise than the part of the guide with the same name.
WITHIN: Final[dict[str, Any]] = {
    "name": _("What it is called"),
    "note": _("Explanation"),
    "form": _("Form"),
}
# Of an entry with many parts those that few fill in: folded until somebody does.
SELDOM: Final[dict[str, frozenset[str]]] = {
    "materials": frozenset(
        {
            "key", "issue_time", "obtaining_note", "obtaining_place", "use_note", "paper_size",
            "blank_form", "sample_form", "acceptance_standard", "accept", "max_mb", "legal_basis",
        }
    ),
    "fields": frozenset({"hint", "max_length", "minimum", "maximum", "options", "prefill"}),
}  # fmt: skip


def label_of_part(name: str, of: str = "") -> str:
    """What a part is called; `of`: the part that it stands in, "" for a part of the guide."""
    return str((WITHIN.get(name) if of else None) or LABELS.get(name, name))


def values_of(of: str, name: str) -> dict[str, Any]:
    """The labels of the values of a part; `of` is the list or part that it stands in."""
    return VALUES.get(f"{of}.{name}") or VALUES.get(name, {})
