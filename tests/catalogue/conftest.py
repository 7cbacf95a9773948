"""An office that writes guides, and one whose item stands below a basic one."""

from __future__ import annotations

import pytest

from tongban.catalogue.rules import BasicDocument
from tongban.catalogue.services import packaged_basics, publish_basic


@pytest.fixture
def office(world):
    world.administrator = world.make_staff("administrator", world.organ, "administrator")
    world.editor = world.make_staff("editor", world.organ, "administrator")
    world.approver = world.make_staff("head", world.organ, "head")
    return world


@pytest.fixture
def fixed(office):
    """The item below a basic item that fixes limit, fee, audience, materials and visits."""
    office.item.basic_code = "511A0005200004"
    office.item.save()
    content = packaged_basics()[0].model_dump() | {
        "kind": "public_service",
        "result": None,
        "audience": ("natural_person",),
        "conditions": (),
        "statutory_limit": {"value": 20, "unit": "working_day"},
        "materials": [one.model_dump() for one in office.document.materials],
        "charges_fee": False,
        "on_site_visits": 1,
        "handling_forms": ("counter",),
    }
    publish_basic(BasicDocument.model_validate(content))
    office.item.refresh_from_db()
    return office
