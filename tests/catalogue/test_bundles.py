"""Bundles as published: the form of the file, what doesn't fit, versions, finding one."""

from __future__ import annotations

import pytest
from django.test import Client
from pydantic import ValidationError

from tests.cases.bundles import Town
from tongban.base.problems import InvalidInput
from tongban.catalogue.bundles.checking import faults, longest_way
from tongban.catalogue.bundles.merging import merged_form
from tongban.catalogue.bundles.publishing import packaged_bundles, publish_bundle
from tongban.catalogue.bundles.schema import BundleDocument, chosen_parts
from tongban.catalogue.bundles.selectors import bundles_for, bundles_in_force, find_bundle
from tongban.catalogue.models import Bundle
from tongban.ledger.models import Entry

pytestmark = pytest.mark.usefixtures("calendar")


@pytest.fixture
def town(db):
    return Town()


def sample() -> dict:
    document = next(one for one in packaged_bundles() if one.slug == "moving-in")
    return document.model_dump(mode="json", exclude_defaults=True)


def changed(**changes) -> BundleDocument:
    return BundleDocument.model_validate(sample() | changes)


def part(key: str, code: str = "12345678", **more) -> dict:
    return {"key": key, "item_code": code + key} | more


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slug": "X"}, "slug"),
        ({"parts": [part("ab")]}, "parts"),
        ({"parts": [part("ab"), part("ab", "2345678901")]}, "part twice"),
        ({"parts": [part("ab", after=["cd"]), part("cd")]}, "must stand before"),
        ({"parts": [part("ab"), part("cd", after=["ef"])]}, "must stand before"),
        ({"parts": [part("ab"), part("cd", fills={"x1": "ab"})]}, "name it in after"),
        ({"parts": [part("ab"), part("cd", when={"card": "maybe"})]}, "no question"),
        ({"parts": [part("ab", when={"card": "no"}), part("cd", when={"card": "yes"})]}, "always"),
        ({"same": [{"of": ["idcard.delivery"]}]}, "same"),
        ({"same": [{"of": ["a1.b1", "a1.b1"]}]}, "twice"),
        ({"name": {"zh": "只有中文"}}, "English"),
        ({"odd": 1}, "odd"),
    ],
)
def test_a_file_of_another_form_is_refused_by_name(changes, said):
    with pytest.raises(ValidationError, match=said):
        changed(**changes)


def test_the_packaged_bundles_fit_their_guides(town):
    for document in packaged_bundles():
        guides = town.documents(document.slug)[1]
        assert faults(document, guides) == []
        assert document.promise.value >= longest_way(document, guides)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"same": [{"of": ["idcard.nothing", "socialcard.delivery"]}]}, ["unknown"]),
        ({"same": [{"of": ["idcard.delivery", "socialcard.bank"]}]}, ["not_the_same"]),
        ({"same_papers": [{"of": ["idcard.photo", "move.marriage"]}]}, ["not_the_same"]),
        ({"promise": {"value": 39, "unit": "working_day"}}, ["cannot_be_kept"]),
        ({"promise": {"value": 40, "unit": "working_day"}}, []),
    ],
)
def test_what_does_not_fit_the_guides_is_told(town, changes, codes):
    document = changed(**changes)
    assert [fault.code for fault in faults(document, town.documents("moving-in")[1])] == codes


def test_an_item_without_a_guide_can_be_in_no_bundle(town):
    parts = sample()["parts"]
    with pytest.raises(InvalidInput, match="bundle_faulty"):
        publish_bundle(
            changed(
                parts=[parts[0], parts[1] | {"item_code": "no-such-item"}], same=[], same_papers=[]
            ),
            is_sample=False,
        )
    assert not Bundle.objects.filter(version=2).exists()


def test_a_changed_bundle_is_a_new_version_and_the_same_is_none(town):
    entries = Entry.objects.count()
    assert publish_bundle(changed(), is_sample=True) is None
    assert Entry.objects.count() == entries
    newer = publish_bundle(changed(aliases=["安家"]), is_sample=True)
    assert newer.version == 2
    assert find_bundle("moving-in").pk == newer.pk
    assert Bundle.objects.get(slug="moving-in", version=1).effective_to is not None
    assert Entry.objects.count() == entries + 1


def test_what_somebody_does_not_need_is_not_waited_for():
    document = changed(
        parts=[part("ab"), part("cd", when={"card": "yes"}), part("ef", after=["ab", "cd"])],
        same=[],
        same_papers=[],
    )
    assert [one.after for one in chosen_parts(document, {"card": "no"})] == [(), ("ab",)]
    assert [one.after for one in chosen_parts(document, {"card": "yes"})] == [(), (), ("ab", "cd")]


def test_the_merged_question_is_as_strict_as_the_strictest(town):
    document, guides = town.documents("small-restaurant")
    form = merged_form(document, document.parts, guides)
    field = {f.key: f for page in form.pages for f in page.fields}
    # Optional for the registration, needed for the licence: asked for.
    assert field["register__trade_name"].required
    assert form.key_of("food", "business_name") == "register__trade_name"
    assert form.key_of("food", "uscc") == ""
    assert form.spread({"register__trade_name": "小面馆"}) == {
        "register": {"trade_name": "小面馆"},
        "food": {"business_name": "小面馆"},
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("开饭馆", ["small-restaurant"]),
        ("我想开小饭馆要什么手续", ["small-restaurant"]),
        ("落户", ["moving-in"]),
        ("Restaurant", ["small-restaurant"]),
        ("护照", []),
        ("开", []),
        ("", []),
    ],
)
def test_a_bundle_is_found_by_what_it_is_for(town, query, found):
    assert [bundle.slug for bundle in bundles_for(query)] == found


def test_bundles_are_those_of_the_region_above_and_below(town):
    assert len(bundles_in_force("511602000000")) == 2
    assert len(bundles_in_force("510000000000")) == 2
    assert bundles_in_force("440100000000") == []
    assert bundles_for("落户", "440100000000") == []


def test_the_public_pages(town, django_assert_max_num_queries):
    client = Client()
    with django_assert_max_num_queries(6):
        page = client.get("/bundles/").content.decode()
    assert "/bundles/moving-in/" in page
    with django_assert_max_num_queries(6):
        assert client.get("/bundles/moving-in/").status_code == 200
    assert client.get("/bundles/nothing/").status_code == 404
    town.item.guides.update(effective_to="2026-01-02", state="superseded")
    gone = client.get("/bundles/moving-in/").content.decode()
    assert "/bundles/moving-in/apply/" not in gone
