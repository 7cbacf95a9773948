"""No leaf holds personal data; what opens one can be erased, and the log still verifies."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from tests.conftest import AT, World
from tests.ledger.building import Served, entry_at, log_of, plain_verifier, vkeys
from tongban.base.clocks import utc_now
from tongban.cases.models import Case, CaseEvent, MaterialFile
from tongban.cases.services import handling, reading
from tongban.catalogue.guide_schema import read_guide
from tongban.catalogue.models import ServiceItem
from tongban.catalogue.services import PACKAGED_GUIDES
from tongban.directory.models import Account, Delegation, Enterprise, Person, PopulationRecord
from tongban.ledger.erasing import NothingToErase, erase_opening
from tongban.ledger.integrating import integrate
from tongban.ledger.models import Entry
from tongban.ledger.rules import read_leaf, split_opening
from tongban.ledger.verification import verify_log

ID_NUMBER = re.compile(r"(?<![0-9])[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9X]")
MOBILE = re.compile(r"(?<![0-9A-Fa-f])1[3-9][0-9]{9}(?![0-9A-Fa-f])")


class DemonstrationWorld(World):
    """The same builders on the people and the items of the demonstration."""

    def __init__(self) -> None:
        self.document = read_guide(PACKAGED_GUIDES / "resident-id-card.toml")
        self.item = ServiceItem.objects.get(code=self.document.item_code)
        names = ("resident-li", "resident-wang", "police-clerk", "police-reviewer")
        self.resident, self.neighbour, self.clerk, self.reviewer = (
            Account.objects.get(username=name) for name in names
        )


@pytest.fixture
def lived(db) -> World:
    """The demonstration, loaded, and a few cases lived through in it."""
    from tongban.web.demonstration import load_demonstration

    load_demonstration()
    world = DemonstrationWorld()
    case = world.make_case()
    handling.open_case(world.clerk, case.number, at=AT)
    handling.request_correction(world.clerk, case.number, reasons="照片不清楚,请重拍", at=AT)
    accepted = world.make_case("accepted", world.neighbour)
    handling.decide(world.reviewer, accepted.number, approve=False, reasons="材料不符合规定", at=AT)
    reading.reveal(world.clerk, accepted.number, reason="核对身份", at=AT)
    return world


def values_of(model, *fields: str) -> set[str]:
    return {str(value) for row in model.objects.values_list(*fields) for value in row if value}


def private_values() -> set[str]:
    """Everything in the database that is about a person, as it is read there."""
    found = values_of(Person, "name", "id_number", "phone", "address")
    found |= values_of(PopulationRecord, "name", "id_number", "phone", "address")
    found |= values_of(Account, "username", "display_name", "email")
    found |= values_of(Enterprise, "name", "uscc")
    found |= values_of(Delegation, "key")
    found |= values_of(Case, "number") | values_of(MaterialFile, "name")
    found |= values_of(CaseEvent, "text")
    for case in Case.objects.all():
        found |= {str(value) for value in case.answers.values()}
    return {value for value in found if len(value) >= 2}


def test_no_name_number_or_phone_of_the_demonstration_stands_in_a_leaf(lived):
    leaves = list(Entry.objects.values_list("leaf", flat=True))
    private = private_values()
    assert len(leaves) > 10
    assert len(private) > 60
    for leaf in leaves:
        # Codes of organs, items and regions are public, and as long as an ID number.
        said = read_leaf(leaf)
        rest = " ".join((said.act, said.at, said.case))
        assert not ID_NUMBER.search(rest), leaf
        assert not MOBILE.search(rest), leaf
        for value in private:
            assert value not in leaf, (value, leaf)


def test_the_scan_sees_what_it_looks_for(lived):
    payloads = " ".join(
        split_opening(opening)[1] for opening in Entry.objects.values_list("opening", flat=True)
    )
    seen = [value for value in private_values() if value in payloads]
    assert len(seen) > 20, "the scan would miss what is there"
    assert ID_NUMBER.search(payloads)


def test_leaves_of_one_person_are_tied_by_nothing_but_random_references(lived):
    references = {read_leaf(leaf).case for leaf in Entry.objects.values_list("leaf", flat=True)}
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in references if one)
    assert len({one for one in references if one}) >= 2


# Erasure


def test_an_opening_is_erased_and_the_log_verifies_as_before(db):
    log_of(30)
    leaf = entry_at(7).leaf
    erase_opening(7, order="(2026)川16行终1号", reason="court order", by="admin", at=AT)
    assert entry_at(7).opening is None
    assert entry_at(7).leaf == leaf
    integrate(at=AT)
    assert verify_log().ok
    plain = plain_verifier()
    assert plain.verify_log(Served().get, plain.read_keys(vkeys())).size == 31


def test_the_erasure_is_an_act_of_its_own_on_the_same_reference(db):
    log_of(3)
    case_ref = "ab" * 16
    from tests.ledger.building import write

    write(1, case_ref=case_ref)
    integrate(at=AT)
    erase_opening(3, order="O-1", reason="court order", by="admin", at=AT + timedelta(days=1))
    erased = Entry.objects.get(leaf__contains='"ledger.erased"')
    assert read_leaf(erased.leaf).case == case_ref
    assert json.loads(split_opening(erased.opening)[1]) == {
        "entry": 3, "order": "O-1", "reason": "court order", "by": "admin",
    }  # fmt: skip


@pytest.mark.parametrize("seq", [-1, 3, 99])
def test_nothing_is_erased_where_nothing_is(db, seq):
    log_of(3)
    before = Entry.objects.count()
    with pytest.raises(NothingToErase):
        erase_opening(seq, order="O-1", reason="x", by="admin", at=utc_now())
    assert Entry.objects.count() == before


def test_nothing_is_erased_twice(db):
    log_of(3)
    erase_opening(1, order="O-1", reason="x", by="admin", at=AT)
    with pytest.raises(NothingToErase, match="before"):
        erase_opening(1, order="O-1", reason="x", by="admin", at=AT)
