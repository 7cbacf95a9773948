"""The form of guides: as sources have them (`GuideRecord`), and complete (`GuideDocument`)."""

from tongban.catalogue.guide_schema.document import GuideDocument, completed, read_guide
from tongban.catalogue.guide_schema.parts import (
    AUDIENCES,
    FIELD_KINDS,
    HANDLING_FORMS,
    ONLINE_CAPABILITIES,
    PREFILLS,
    TIME_UNITS,
    Condition,
    FormField,
    FormPage,
    LegalBasis,
    Limit,
    Text,
    texts_in,
)
from tongban.catalogue.guide_schema.parts import CompleteMaterial as Material
from tongban.catalogue.guide_schema.record import GuideRecord, content_of, online_depth

__all__ = [
    "AUDIENCES",
    "FIELD_KINDS",
    "HANDLING_FORMS",
    "ONLINE_CAPABILITIES",
    "PREFILLS",
    "TIME_UNITS",
    "Condition",
    "FormField",
    "FormPage",
    "GuideDocument",
    "GuideRecord",
    "LegalBasis",
    "Limit",
    "Material",
    "Text",
    "completed",
    "content_of",
    "online_depth",
    "read_guide",
    "texts_in",
]
