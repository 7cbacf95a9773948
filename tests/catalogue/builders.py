"""What the tests of the catalogue share: regions, the real lists, forms."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path

from django.test import Client

from tests.conftest import AT
from tongban.catalogue.editor.sections import BY_KEY
from tongban.catalogue.importing import load_items
from tongban.catalogue.interchange.exporting import export_items
from tongban.catalogue.models import BasicItem, Guide, Proposal, ServiceItem
from tongban.catalogue.services import (
    PACKAGED_ITEMS,
    editing,
    packaged_guides,
    proposals,
    publish_guides,
)
from tongban.directory.models import Organ, OrganCode, Region

DATA = Path(__file__).parent / "data"
GUANGDONG = Path(os.environ.get("TONGBAN_TEST_GUANGDONG") or DATA / "guangdong.ndjson")
SHAPES = Path(os.environ.get("TONGBAN_TEST_SHAPES") or DATA / "cpsv-ap" / "shapes.ttl")


def make_regions() -> None:
    for code, name, level, parent in (
        ("000000000000", "全国", 1, None),
        ("440000000000", "广东省", 2, "000000000000"),
        ("440100000000", "广州市", 3, "440000000000"),
        ("510000000000", "四川省", 2, "000000000000"),
        ("511600000000", "广安市", 3, "510000000000"),
        ("511602000000", "广安区", 4, "511600000000"),
    ):
        path = code.rstrip("0")
        path += "0" * (len(path) % 2)
        Region.objects.get_or_create(
            code=code, defaults={"name": name, "level": level, "parent_id": parent, "path": path}
        )


def some_district_rows(folder: Path, step: int) -> Path:
    """Every `step`-th row of the district's list, and those that the guides are for."""
    wanted = {guide.item_code for guide in packaged_guides()}
    with PACKAGED_ITEMS.open(encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    path = folder / "district.csv"
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, rows[0])
        writer.writeheader()
        writer.writerows(
            row for place, row in enumerate(rows) if place % step == 0 or row["item_code"] in wanted
        )
    return path


def load_catalogue(folder: Path, step: int = 12) -> None:
    """A catalogue out of both real sources, with the complete guides."""
    make_regions()
    load_items(some_district_rows(folder, step))
    publish_guides(packaged_guides(), is_sample=True)
    load_items(GUANGDONG)


def empty_catalogue() -> None:
    Guide.objects.all().delete()
    ServiceItem.objects.all().delete()
    BasicItem.objects.update(parent=None)
    BasicItem.objects.all().delete()
    OrganCode.objects.all().delete()
    Organ.objects.all().delete()


def exported(form: str, region: str = "") -> str:
    sink = io.StringIO()
    export_items(sink, form=form, region=region)
    return sink.getvalue()


def save(office, section: str, typed: dict, *, who=None, revision: int = 0) -> Proposal:
    proposal = proposals.begin(who or office.administrator, office.item.code, at=AT)
    fields = BY_KEY[section].fields
    held = {name: value for name, value in proposal.document.items() if name in fields}
    return editing.save_section(
        who or office.administrator,
        office.item,
        proposal.document,
        held | typed,
        fields,
        revision=revision or proposal.revision,
        at=AT,
    )


def signed_in(account, *, factor: bool = True) -> Client:
    client = Client()
    client.force_login(account)
    if factor:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "type": "totp", "at": time.time()}
        ]
        session["account_authentication_methods_user"] = str(account.pk)
        session.save()
    return client
