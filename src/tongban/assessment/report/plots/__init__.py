"""The pictures of a report. Each is drawn for a width, as text must stay readable on a phone."""

from tongban.assessment.report.plots.bars import group_bars, ranked_bars, sensitivity_bars
from tongban.assessment.report.plots.heat import correlation_map, heat_map
from tongban.assessment.report.plots.profile import profile
from tongban.assessment.report.plots.scatter import scatter
from tongban.assessment.report.plots.slope import slope
from tongban.assessment.report.plots.tiles import tile_grid

WIDE, NARROW = 860, 340

__all__ = [
    "NARROW",
    "WIDE",
    "correlation_map",
    "group_bars",
    "heat_map",
    "profile",
    "ranked_bars",
    "scatter",
    "sensitivity_bars",
    "slope",
    "tile_grid",
]
