"""A guide as its page shows it. What a source does not say is left out, never guessed."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from tongban.catalogue.guide_schema import GuideRecord
from tongban.catalogue.guide_schema.parts import Material
from tongban.catalogue.models import Guide
from tongban.catalogue.selectors import record_of
from tongban.catalogue.wording import (
    AUDIENCE_LABELS,
    FORM_LABELS,
    HOW_LABELS,
    NECESSITY_LABELS,
    labels,
    limit_of,
    said,
    visits_words,
)

WEB: Final = ("https://", "http://")


def guide_context(guide: Guide) -> dict[str, object]:
    """A guide's content in the language of the page, for `catalogue/guide.html`."""
    return {
        "guide": guide,
        **record_context(record_of(guide), guide.item.name, complete=guide.is_complete),
    }


def record_context(document: GuideRecord, name: str, *, complete: bool) -> dict[str, object]:
    """What a record says, in the language of the page. `name`: the item's, where it has none."""
    return {
        "name": said(document.name) or name,
        "summary": said(document.summary),
        "facts": _facts(document, complete),
        "audience_labels": labels(AUDIENCE_LABELS, document.audience),
        "conditions": [said(condition) for condition in document.conditions],
        "materials": [material_row(material) for material in document.materials],
        "steps": [
            {
                "name": said(step.name),
                "office": said(step.office),
                "limit": limit_of(step.limit),
                "note": said(step.note),
            }
            for step in document.steps
        ],
        "fees": [
            {
                "name": said(fee.name),
                "standard": said(fee.standard),
                "basis": fee.basis,
                "reduction": said(fee.reduction),
            }
            for fee in document.fees
        ],
        "legal_bases": document.legal_bases,
        "power_source": said(document.power_source),
        "results": [said(one.name) for one in (document.result, *document.further_results) if one],
        "result": said(document.result.name) if document.result else "",
        "place": said(document.place),
        "opening_hours": said(document.opening_hours),
        "enquiry_phone": document.enquiry_phone,
        "complaint_phone": document.complaint_phone,
        "handling_forms": labels(FORM_LABELS, document.handling_forms),
        "on_site_reason": said(document.on_site_reason),
        "limit_notes": [
            note
            for limit in (document.promised_limit, document.statutory_limit)
            if limit and (note := said(limit.note))
        ],
        "statutory_limit": limit_of(document.statutory_limit),
        "promised_limit": limit_of(document.promised_limit),
        "remedies": said(document.remedies),
        "faq": [
            {"question": said(one.question), "answer": said(one.answer)} for one in document.faq
        ],
        "quantity_limit": said(document.quantity_limit),
        "intermediary_service": said(document.intermediary_service),
        "supports_appointment": document.supports_appointment,
        "supports_delivery": document.supports_delivery,
        "free": document.charges_fee is False or (complete and not document.fees),
        "needs_nothing": document.needs_materials is False or complete,
        "special_procedures": [
            {"name": said(one.name), "basis": one.basis, "limit": limit_of(one.limit)}
            for one in document.special_procedures
        ],
        "joint_organs": document.joint_organs,
        "online_address": document.online_url if document.online_url.startswith(WEB) else "",
    }


def _facts(document: GuideRecord, complete: bool) -> list[dict[str, str]]:
    """The four things that people ask first, as far as they are known."""
    uploads = sum(material.how == "upload" for material in document.materials)
    free = document.charges_fee is False or (complete and not document.fees)
    facts = [
        (_("Time"), limit_of(document.promised_limit)),
        (_("In person"), visits_words(document.on_site_visits)),
        (_("Fee"), _("see below") if document.fees else _("free") if free else ""),
        (_("To upload"), str(uploads) if complete else ""),
    ]
    return [{"label": label, "value": value} for label, value in facts if value]


def material_row(material: Material) -> dict[str, object]:
    """A material for `web/components/material_list.html`."""
    return {
        "key": material.key,
        "name": said(material.name),
        "how": material.how,
        "how_label": HOW_LABELS[material.how]() if material.how else "",
        "necessity": material.necessity,
        "necessity_label": NECESSITY_LABELS[material.necessity]() if material.necessity else "",
        "issuer": said(material.issuer),
        "note": said(material.note),
        "when": said(material.when),
        "originals": material.originals,
        "photocopies": material.photocopies,
        "accept": ", ".join(material.accept).upper(),
        "accept_attribute": ",".join(
            {"pdf": ".pdf", "jpg": ".jpg,.jpeg", "png": ".png"}[kind] for kind in material.accept
        ),
        "max_mb": material.max_mb,
    }
