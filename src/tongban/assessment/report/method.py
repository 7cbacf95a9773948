"""The method page: every choice that was made, in words."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _

from tongban.assessment.report.view import View
from tongban.indices import in_language


def choices(view: View) -> list[tuple[str, str]]:
    """Name and text of each choice, in the order of the steps."""
    result, framework = view.result, view.result.framework
    rows = [(_("Framework"), f"{view.title} ({framework.id})")]
    if framework.edition:
        how = _found()
        found = how.get(result.edition_found, result.edition_found)
        rows.append((_("Edition"), f"{framework.edition} ({found})"))
    if framework.source:
        rows.append((_("Source"), framework.source))
    rows.append((_("Table"), result.table.name))
    rows.append((_("Missing values"), _missing(view)))
    if framework.incomplete.indicators:
        parts = ", ".join(view.label(code) for code in framework.incomplete.indicators)
        rows.append(
            (_("Incomplete sets"),
             _("A unit without %(parts)s has the score %(score)s, by the publisher's rule.")
             % {"parts": parts, "score": f"{framework.incomplete.score:g}"})
        )  # fmt: skip
    if framework.screening.minimum:
        rows.append(
            (_("Screening"),
             _("Units with less than %(share)s %% of the data are left out.")
             % {"share": f"{100 * framework.screening.minimum:.0f}"})
        )  # fmt: skip
    rows.append((_("Outliers"), _outliers(view)))
    rows.append((_("Normalisation"), _normalisation(view)))
    rows.append((_("Weights"), _weighting(view)))
    rows.append((_("Aggregation"), AGGREGATIONS()[framework.aggregation.method]))
    rows.append((_("Ties"), TIES()[framework.ties]))
    if framework.published.decides == "rank" and result.table.published_score is not None:
        rows.append(
            (_("Published scores"),
             _("Scores are recomputed from their parts; ranks and tiers follow the published score."))
        )  # fmt: skip
    elif framework.published.decides == "score" and result.table.published_score is not None:
        rows.append(
            (_("Published scores"), _("The published total is the score; its parts explain it."))
        )
    if framework.tiers:
        rows.append(
            (_("Tiers"), "; ".join(_bound(view, place) for place in range(len(framework.tiers))))
        )
    rows.append((_("Rank intervals"), _intervals(view)))
    rows.append((_("Quality"), _quality(view)))
    return rows


def _found() -> dict[str, str]:
    """How an edition was found (`indices.editions`)."""
    return {
        "said": _("as asked for"),
        "known figures of the table": _("by known figures of the table"),
        "its rules give the published values": _("its rules give the published values"),
        "file name": _("by the file name"),
        "the newest": _("the newest"),
    }


def _missing(view: View) -> str:
    rule = view.result.framework.missing
    texts = {
        "refuse": _("None are allowed; the table is refused."),
        "zero": _("Count as zero."),
        "exclude": _("Are left out; the other parts carry their weight."),
        "mean": _("Get the mean of all units."),
        "group_mean": _("Get the mean of their group (%(group)s).")
        % {"group": view.group_name(rule.group)},
        "cold_deck": _("Get the value of the table before."),
    }
    text = texts[rule.rule]
    names = {one.unit: view.name(one) for one in view.result.units}
    for one in rule.estimates:
        said = _("%(unit)s has an estimate of %(value)s, between %(low)s and %(high)s: %(source)s.")
        text += " " + said % {
            "unit": names.get(one.unit, one.unit), "value": f"{one.value:g}", "low": f"{one.low:g}",
            "high": f"{one.high:g}", "source": one.source,
        }  # fmt: skip
    return text


def _outliers(view: View) -> str:
    rule = view.result.framework.outliers
    if rule.method == "none":
        return _("Are left as they are.")
    treated = ", ".join(
        f"{view.label(code)} ({done.points if done.method == 'winsorise' else done.method})"
        for code, done in view.result.treatments.items()
    )  # fmt: skip
    return _(
        "Where skewness passes %(skewness)s and kurtosis %(kurtosis)s, the outermost values are taken"
        " in to the next one, at most %(points)s. Treated, with the number of values: %(treated)s."
    ) % {
        "skewness": f"{rule.skewness:g}", "kurtosis": f"{rule.kurtosis:g}",
        "points": rule.most_points, "treated": treated or "–",
    }  # fmt: skip


def _normalisation(view: View) -> str:
    rule = view.result.framework.normalisation
    ends = {"low": f"{rule.low:g}", "high": f"{rule.high:g}"}
    return {
        "none": _("None: the indicators are on one scale as published."),
        "min_max": _("From the worst unit (%(low)s) to the best (%(high)s).") % ends,
        "z_score": _("Distance from the mean in standard deviations."),
        "rank": _("Number of units that are worse."),
        "percentile": _("Share of units that are worse, from %(low)s to %(high)s.") % ends,
        "goalposts": _("Between fixed goalposts, from %(low)s to %(high)s.") % ends,
        "reference": _("In per cent of a reference value."),
        "categories": _("By categories, from %(low)s to %(high)s.") % ends,
    }[rule.method]


def _weighting(view: View) -> str:
    framework, result = view.result.framework, view.result
    text = {
        "given": _("Given by the framework."),
        "equal": _("Equal."),
        "pca": _("By principal components."),
        "entropy": _("By entropy."),
        "critic": _("By spread and conflict (CRITIC)."),
        "budget": _("By budget allocation of experts."),
        "benefit_of_the_doubt": _("Each unit's most favourable ones (benefit of the doubt)."),
    }[framework.weighting.method]
    own = result.rolled.weights[framework.root.code]
    own = np.nanmean(own, axis=0) if own.ndim == 2 else own
    if len(own) > 1:
        shares = own / own.sum()
        text += " " + ", ".join(
            f"{view.label(part.code)} {100 * share:.4g} %"
            for part, share in zip(view.dimensions, shares, strict=True)
        )
    return text


def AGGREGATIONS() -> dict[str, str]:  # noqa: N802
    return {
        "arithmetic": _("Weighted mean: a strong part makes up for a weak one."),
        "geometric": _("Weighted geometric mean: a weak part costs more than a strong one brings."),
        "harmonic": _("Weighted harmonic mean: the weakest parts count most."),
        "power": _("Weighted power mean."),
        "copeland": _("Pairwise comparison (Copeland): no part makes up for another."),
    }


def TIES() -> dict[str, str]:  # noqa: N802
    return {
        "competition": _("Equal units share a rank and the next ranks are left out (1, 2, 2, 4)."),
        "dense": _("Equal units share a rank and the next rank follows (1, 2, 2, 3)."),
        "fractional": _("Equal units share the mean of their places (1, 2.5, 2.5, 4)."),
    }


def _bound(view: View, place: int) -> str:
    tiers = view.result.framework.tiers
    tier = tiers[place]
    name = in_language(tier.names, view.language)
    if view.result.framework.tier_basis == "quantile":
        return name
    if tier.above is not None:
        return f"{name} > {tier.above:g}"
    if tier.start is not None:
        return f"{name} ≥ {tier.start:g}"
    return name


def _intervals(view: View) -> str:
    rule = view.result.framework.uncertainty
    if not view.result.draws:
        return _("Were not asked for.")
    methods = [*rule.normalisations, *rule.aggregations]
    text = _(
        "%(draws)s draws (seed %(seed)s): every weight varies by up to %(spread)s %% and the methods by"
        " turns; the interval holds %(level)s %% of the draws."
    ) % {
        "draws": f"{view.result.draws:,}", "seed": view.result.seed,
        "spread": f"{100 * rule.weight_spread:.0f}", "level": f"{100 * rule.level:.0f}",
    }  # fmt: skip
    if methods:
        text += " " + _("Methods that are tried too: %(methods)s.") % {
            "methods": ", ".join(methods)
        }
    return text


def _quality(view: View) -> str:
    rule = view.result.framework.quality
    return _(
        "A unit is marked when less than %(mark)s %% of its weight rests on its own data, and gets no"
        " rank below %(withhold)s %%. When fewer than %(table)s %% of the units can be ranked, none is."
    ) % {
        "mark": f"{100 * rule.mark_below:.0f}", "withhold": f"{100 * rule.withhold_below:.0f}",
        "table": f"{100 * rule.table_below:.0f}",
    }  # fmt: skip
