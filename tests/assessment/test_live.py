"""The live index: figures, their quality, the list behind them, what mending brings, and keeping it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.assessment.histories import START, accepted, write_case
from tongban.assessment.live.computing import default_period, live_framework, live_of
from tongban.assessment.live.document import as_json
from tongban.assessment.live.figures import COUNTS, Made, Reason, State, figure
from tongban.assessment.models import CatalogueTally, ItemFact, Run, Tally
from tongban.assessment.recomputing import recompute
from tongban.assessment.rules.catalogue import usual_codes
from tongban.assessment.rules.counts import histogram, quantile, size, suppressed
from tongban.assessment.rules.themes import themes, themes_of
from tongban.assessment.selectors.behind import behind, cases_behind, to_do
from tongban.assessment.selectors.hard import hard_numbers
from tongban.assessment.selectors.material import Period, counts_of, forget_counts
from tongban.assessment.services.keeping import keep_live
from tongban.assessment.services.refreshing import refresh
from tongban.assessment.services.surveying import NUMBERS, sums_of_facts, survey, survey_all
from tongban.assessment.services.tallying import tally_all
from tongban.directory.models import Region
from tongban.ledger.models import Entry
from tongban.ledger.rules import split_opening

PERIOD = Period(date(2026, 1, 1), date(2026, 6, 30))
NOW = datetime(2026, 7, 1, 2, 0, tzinfo=START.tzinfo)
QUICK = [("submit", 0, {}), accepted(1, 5), ("approve", 1, {}), ("deliver", 1, {"how": "posted"})]
LATE = [
    ("submit", 0, {}),
    accepted(1, 3),
    ("approve", 30, {}),
    ("deliver", 0, {"how": "collected"}),
]


# Counting by value, and what is not told


@given(st.dictionaries(st.integers(0, 400), st.integers(1, 50), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_that_of_the_listed_cases(spread, share):
    listed = sorted(value for value, cases in spread.items() for _n in range(cases))
    place = next(n for n in range(len(listed)) if n + 1 >= share * len(listed) - 1e-9)
    assert quantile(spread, share) == listed[place]


@given(st.dictionaries(st.integers(0, 400), st.integers(1, 50), min_size=1))
def test_every_case_is_in_one_bin(spread):
    bins = histogram(spread)
    assert sum(one.cases for one in bins) == size(spread)
    assert len(bins) <= 12 + 1
    assert all(one.high is None or one.low <= one.high for one in bins)


@pytest.mark.parametrize(
    ("cases", "hidden"),
    [
        ([], []),
        ([0, 50], [False, False]),
        ([4], [True]),
        ([5, 6], [False, False]),
        # One alone could be worked out from the total: the next smallest goes with it.
        ([3, 20, 9], [True, False, True]),
        ([3, 4, 20], [True, True, False]),
        ([3, 0, 0], [True, False, False]),
    ],
)
def test_small_numbers_are_hidden_and_can_not_be_worked_out(cases, hidden):
    assert suppressed(cases) == hidden


@given(st.lists(st.integers(0, 60), max_size=12))
def test_no_number_of_one_to_four_is_told(cases):
    hidden = suppressed(cases)
    assert all(hide for count, hide in zip(cases, hidden, strict=True) if 0 < count < 5)
    several = sum(count > 0 for count in cases) > 1
    assert not several or sum(hidden) != 1


def test_usual_codes_need_three_places_and_half_of_them():
    places = {"a": frozenset("xy"), "b": frozenset("x"), "c": frozenset("z")}
    assert usual_codes(places) == {"x"}
    assert usual_codes({"a": frozenset("x"), "b": frozenset("x")}) == frozenset()


def test_themes_say_which_items_count():
    assert themes_of("企业设立、变更、注销登记", "") == ("business",)
    assert themes_of("建筑工程施工许可证核发", "") == ("investment",)
    assert themes_of("居住证办理", "") == ()
    assert set(themes()) == {"business", "investment", "ease"}


# The guard


def made(**changes) -> Made:
    counts = {"received": {0: 80, 1: 20}, "answered": {1: 90, 9: 10}, "decided": {3: 100},
              "in_time": {0: 60}, "late": {2: 40}}  # fmt: skip
    return Made(**{"counts": counts, "cases_age": 0.1, "catalogue_age": 0.5} | changes)


def test_figures_are_shares():
    assert figure("maturity_online", made()).value == 80
    assert figure("maturity_promise", made()).value == 60
    assert figure("maturity_answers", made()).value == 90


@pytest.mark.parametrize(
    ("code", "changes", "state", "reasons"),
    [
        ("maturity_ratings", {}, State.NONE, [Reason.NO_SOURCE]),
        ("maturity_online", {"counts": {}}, State.NONE, [Reason.NOTHING]),
        ("maturity_online", {"counts": {"received": {0: 9}}}, State.WITHHELD, [Reason.VERY_FEW]),
        ("maturity_online", {"counts": {"received": {0: 29}}}, State.MARKED, [Reason.FEW]),
        ("maturity_online", {"counts": {"received": {0: 30}}}, State.FULL, []),
        ("maturity_online", {"cases_age": 3}, State.MARKED, [Reason.OLD]),
        ("maturity_online", {"cases_age": 15}, State.WITHHELD, [Reason.OLD]),
        ("maturity_online", {"cases_age": None}, State.WITHHELD, [Reason.OLD]),
        ("coverage_peers", {"sums": {"items": 5}}, State.NONE, [Reason.NO_PEERS]),
        ("guides_lint", {"sums": {"items": 100, "guides": 19, "points": 1900}}, State.WITHHELD,
         [Reason.COVERAGE]),
        ("guides_lint", {"sums": {"items": 100, "guides": 49, "points": 4900}}, State.MARKED,
         [Reason.COVERAGE]),
        ("guides_sound", {"sums": {"items": 9, "guides": 9, "sound": 10}}, State.WITHHELD,
         [Reason.INVALID]),
    ],
)  # fmt: skip
def test_bad_data_give_no_confident_number(code, changes, state, reasons):
    found = figure(code, made(**changes))
    assert (found.state, list(found.reasons)) == (state, reasons)
    assert (found.value is None) == (state in (State.NONE, State.WITHHELD))


def test_every_indicator_of_the_framework_is_counted_and_explained():
    framework = live_framework()
    assert {one.code for one in framework.indicators} == set(COUNTS)
    for one in framework.indicators:
        assert set(one.names) == set(one.definition) == {"en", "zh"}, one.code
        assert one.source


# With a database


@pytest.fixture
def town(world, calendar):
    """Forty quick cases, ten late ones; a second district without any."""
    for number in range(50):
        write_case(
            world, LATE if number % 5 == 0 else QUICK, begins=number, counter=number % 4 == 0
        )
    other = Region.objects.create(
        code="511603000000", name="前锋区", level=4, parent_id="511600000000", path="511603"
    )
    organ = world.make_organ("区医保局", other)
    for number in range(3):
        world.make_item(f"511A-none-{number}", f"没有指南的事项{number}", organ)
    refresh(at=NOW, whole=True)
    world.city = Region.objects.get(code="511600000000")
    world.other = other
    return world


def live(town, region=None, organ=None):
    return live_of(region or town.region, organ, PERIOD, NOW)


def test_the_index_of_a_district_and_its_organ(town):
    found = live(town)
    figures = found.figures[town.region.code]
    assert figures["maturity_promise"].value == pytest.approx(80)
    assert figures["maturity_online"].value == pytest.approx(100 * 37 / 50)
    assert figures["coverage_guides"].value == 100
    assert found.result.score is not None
    assert found.result.status == "ranked"
    assert found.result.quality.state == "marked"  # Ratings and the like are not there yet.
    organ = live(town, town.region, town.organ)
    assert organ.figures[town.organ.code]["maturity_promise"].value == pytest.approx(80)


def test_places_below_are_ranked_and_what_has_no_data_is_not(town):
    found = live(town, town.city)
    by_code = {one.unit: one for one in found.below.units}
    assert by_code[town.region.code].rank == 1
    assert by_code[town.other.code].rank is None
    assert by_code[town.other.code].status == "withheld"


def test_what_if_is_what_comes_out(town):
    """The gain that a list promises is what the index gains when the row is mended."""
    before = live(town)
    row = behind(before, "maturity_promise").rows[0]
    assert (row.code, row.lost, row.of) == (town.item.code, 10, 50)
    task = next(one for one in to_do(before) if one.code == town.item.code)
    assert dict(task.parts)["maturity_promise"] == pytest.approx(row.gain)
    Tally.objects.all().delete()
    counts = before.made[town.region.code].counts
    mended = counts | {"late": {}, "in_time": {0: 50}}
    Tally.objects.create(
        scope="r:511602", monthly=True, day=date(2026, 2, 1), received=0, at_counter=0, decided=0,
        late=0, corrected=0, silent=0, counts=mended,
    )  # fmt: skip
    forget_counts()  # Written by hand, with no event that the index could know of.
    assert live(town).result.score == pytest.approx(before.result.score + row.gain)


def test_a_list_names_the_items_and_the_cases(town):
    found = live(town, town.region, town.organ)
    cases = cases_behind(found, "maturity_promise")
    assert len(cases) == 10
    assert behind(live(town, town.other), "coverage_guides").total == 3
    assert cases_behind(live(town), "maturity_promise") == []  # A place lists none.
    assert behind(found, "maturity_ratings").rows == ()


def test_reading_takes_few_queries_however_many_cases(town, django_assert_max_num_queries):
    live(town, town.city)
    with django_assert_max_num_queries(7):
        live(town, town.city)
    with django_assert_max_num_queries(12):
        hard_numbers(town.city, PERIOD)
    found = live(town)
    with django_assert_max_num_queries(3):
        behind(found, "maturity_promise")


def test_any_period_is_whole_months_and_the_days_beside(town):
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(0, 150, 7)]
    for first in days[::3]:
        for last in days[1::4]:
            if last < first:
                continue
            rows = Tally.objects.filter(
                scope="r:5116", monthly=False, day__gte=first, day__lte=last
            )
            plain = sum(row.received for row in rows)
            found = counts_of(["r:5116"], Period(first, last)).get("r:5116", {})
            assert size(found.get("received")) == plain, (first, last)


def test_sums_of_the_catalogue_are_those_of_the_facts(town):
    sums, _oldest = sums_of_facts()
    stored = {row.scope: row.sums for row in CatalogueTally.objects.all()}
    assert stored == sums
    facts = list(ItemFact.objects.filter(region_path__startswith="5116"))
    assert sums["r:5116"]["items"] == len(facts) == 4
    assert sums["r:5116"]["guides"] == sum(fact.guide > 0 for fact in facts) == 1
    assert set(NUMBERS) < set(sums["r:5116"])


def test_only_what_changed_is_looked_at_again(town):
    assert survey(at=NOW) == 0
    town.item.name = "改了名的事项"
    town.item.save()
    assert survey(at=NOW) == 1
    town.change_guide(photo="not_required")
    assert survey_all(at=NOW) == 1
    assert survey_all(at=NOW + timedelta(days=8)) == 4
    town.other.items.all().delete()
    assert survey_all(at=NOW + timedelta(days=8)) == 3
    assert CatalogueTally.objects.filter(scope="r:511603").count() == 0


def test_hard_numbers_hide_small_groups_and_show_the_spread(town):
    numbers = {one.theme.code: one for one in hard_numbers(town.city, PERIOD)}
    ease = numbers["ease"]
    assert ease.time.cases == 50
    assert ease.time.median is not None
    assert sum(cases or 0 for _bin, cases in ease.bins) >= 40
    assert [place.name for place in ease.districts] == ["广安区"]
    assert numbers["business"].time.cases == 0
    for _n in range(3):
        write_case(town, QUICK, item=town.other.items.first())
    tally_all(at=NOW)
    ease = next(one for one in hard_numbers(town.city, PERIOD) if one.theme.code == "ease")
    # Three cases of one district, so that of the other goes too: the total is known.
    assert [place.time.cases for place in ease.districts] == [None, None]


# Keeping and computing again


def test_a_kept_run_is_computed_again_and_is_the_same(town):
    run = keep_live(None, live(town, town.city), region=town.city, organ=None)
    run = Run.objects.get(pk=run.pk)
    found = recompute(run)
    assert found.differences == ()
    assert found.checked > 50
    opening = Entry.objects.get(pk=run.entry).opening
    payload = json.loads(split_opening(opening)[1])
    assert payload["results_sha256"] == run.results_sha256
    # What comes later changes nothing.
    write_case(town, LATE)
    refresh(at=NOW)
    assert recompute(Run.objects.get(pk=run.pk)).same


@pytest.mark.parametrize(
    ("part", "path", "where"),
    [
        ("results", ("own", "score"), "own.score"),
        ("inputs", ("figures", "511602000000", "maturity_promise", "numerator"),
         "511602000000.maturity_promise.numerator"),
    ],
)  # fmt: skip
def test_a_changed_figure_is_named(town, part, path, where):
    run = keep_live(None, live(town), region=town.region, organ=None)
    document = getattr(run, part)
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] += 1
    Run.objects.filter(pk=run.pk).update(**{part: document})
    found = recompute(Run.objects.get(pk=run.pk))
    named = {one.where for one in found.differences}
    assert f"SHA-256 of the {part}" in named
    assert where in named


def test_a_run_changed_with_its_hash_does_not_fit_the_ledger(town):
    from tongban.assessment.services.keeping import digest

    run = keep_live(None, live(town), region=town.region, organ=None)
    run.results["own"]["score"] = 99.0
    run.results_sha256 = digest(run.results)
    run.save()
    named = {one.where for one in recompute(Run.objects.get(pk=run.pk)).differences}
    assert named >= {"results_sha256 in the ledger", "own.score"}


def test_the_document_has_the_form_of_every_assessment(town):
    found = live(town, town.city)
    document = as_json(found, to_do(found))
    json.dumps(document, allow_nan=False)
    assert set(document) >= {"framework", "units", "summary", "warnings", "indicators", "to_do"}
    for one in document["indicators"]:
        assert set(one["quality"]) == {"coverage", "age_days", "valid"}
        if one["value"] is None:
            assert one["reason_texts"]["zh"]
            assert one["reason_texts"]["en"]
            assert one["numerator"] is None
    assert default_period(NOW).last == date(2026, 7, 1)
