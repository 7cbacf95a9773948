"""Acts on the catalogue. Importing and exporting lists are in `importing/` and `interchange/`."""

from tongban.catalogue.services.basics import packaged_basics, publish_basic, publish_basics
from tongban.catalogue.services.gate import Override
from tongban.catalogue.services.publishing import (
    NEIGHBOURS,
    PACKAGED_GUIDES,
    PACKAGED_ITEMS,
    SAMPLE_ITEMS,
    packaged_guides,
    publish_guide,
    publish_guides,
)

__all__ = [
    "NEIGHBOURS",
    "PACKAGED_GUIDES",
    "PACKAGED_ITEMS",
    "SAMPLE_ITEMS",
    "Override",
    "packaged_basics",
    "packaged_guides",
    "publish_basic",
    "publish_basics",
    "publish_guide",
    "publish_guides",
]
