"""A town with the two packaged bundles: their items, organs and staff; not a test itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from tests.conftest import AT, World, png
from tongban.cases.bundles import filing, sending
from tongban.cases.models import BundleFiling, BundlePart, Case, Draft
from tongban.cases.services import handling
from tongban.catalogue.bundles.publishing import (
    documents_of,
    guides_of,
    packaged_bundles,
    publish_bundles,
)
from tongban.catalogue.bundles.selectors import find_bundle
from tongban.catalogue.guide_schema import read_guide
from tongban.catalogue.models import Bundle
from tongban.catalogue.services.publishing import PACKAGED_GUIDES, publish_guide

# What people type; every other field is filled by its kind.
TYPED = {
    "text": "城南路 5 号",
    "textarea": "说明",
    "number": "2",
    "date": "2026-01-05",
    "phone": "0826-2000101",
    "checkbox": "",
    "uscc": "91511602MA62T01A08",
}


def sent_rows(world: World, case: Case, waiting: Draft) -> BundleFiling:
    """A bundle as sent whose one part is this case and whose other waits in this draft."""
    document = packaged_bundles()[0].model_dump(mode="json", exclude_defaults=True)
    parts = document["parts"][:2]
    other = world.make_item("511602-waiting", "等着的事项", world.organ)
    parts[0]["item_code"], parts[1]["item_code"] = case.item.code, other.code
    bundle = Bundle.objects.create(
        slug="two-things",
        version=1,
        region_path="511602",
        effective_from=AT.date(),
        is_sample=True,
        document=document | {"slug": "two-things", "parts": parts},
    )
    sent = BundleFiling.objects.create(
        key=uuid.uuid4(),
        number="511602-260302-SECRETAA-0",
        bundle=bundle,
        account=case.applicant.account,
        principal=case.applicant,
        ledger_ref=uuid.uuid4().hex,
        choices={"card": "no"},
        updated_at=AT,
        sent_at=AT,
    )
    for place, (item, key) in enumerate(((case.item, case.draft_key), (other, waiting.key))):
        BundlePart.objects.create(
            filing=sent, key=parts[place]["key"], place=place, item=item, draft_key=key
        )
    return sent


class Town(World):
    """`World` with the items of the packaged bundles, each in an organ of its own with staff."""

    def __init__(self) -> None:
        super().__init__()
        self.staff = {"resident-id-card": (self.clerk, self.reviewer)}
        for slug in (
            "household-move",
            "social-security-card",
            "self-employed-registration",
            "food-business-licence",
        ):
            document = read_guide(PACKAGED_GUIDES / f"{slug}.toml")
            organ = self.make_organ(f"{slug} 局")
            self.make_item(document.item_code, document.name.zh, organ)
            assert publish_guide(document, is_sample=True)
            self.staff[slug] = (
                self.make_staff(f"{slug}-clerk", organ, "clerk"),
                self.make_staff(f"{slug}-reviewer", organ, "reviewer"),
            )
        report = publish_bundles(packaged_bundles(), is_sample=True)
        assert (report.created, report.problems) == (2, [])

    def bundle(self, slug: str) -> Bundle:
        found = find_bundle(slug)
        assert found is not None
        return found

    def begin(self, slug: str, at: datetime = AT, **choices: str) -> BundleFiling:
        return filing.begin(self.resident, self.bundle(slug), choices=choices, at=at)

    def fill(self, begun: BundleFiling, at: datetime = AT) -> None:
        """Answer every question of the one form, and hand in every paper."""
        now = filing.opened(begun)
        person = self.resident.person
        known = {"person.name": person.name, "person.id_number": person.id_number}
        for page in now.form.pages:
            typed = {
                field.key: known.get(field.prefill or "")
                or (field.options[0].value if field.options else TYPED.get(field.kind, ""))
                for field in page.fields
            }
            assert filing.save_page(self.resident, begun.key, page, typed, at=at) == []
        for material in now.form.materials:
            if material.how == "upload":
                filing.attach_file(self.resident, begun.key, material.key, png(), at=at)

    def sent(self, slug: str, at: datetime = AT, **choices: str) -> BundleFiling:
        begun = self.begin(slug, at, **choices)
        self.fill(begun, at)
        return sending.send(self.resident, begun.key, at=at)

    def decide(
        self, slug: str, number: str, *, approve: bool = True, result: str = "", at: datetime = AT
    ) -> None:
        """Accept and decide a case of this item."""
        clerk, reviewer = self.staff[slug]
        handling.accept(clerk, number, at=at)
        typed = {"reasons": "符合规定的条件" if approve else "不符合落户条件"}
        act = handling.Act.APPROVE if approve else handling.Act.DENY
        if approve:
            typed["result_number"] = result
        handling.handle(reviewer, number, act, typed, at=at)

    def documents(self, slug: str):  # type: ignore[no-untyped-def]
        from tongban.catalogue.bundles.selectors import bundle_document

        document = bundle_document(self.bundle(slug))
        return document, documents_of(guides_of(document.parts))
