"""Running a framework over tables: what the command and, later, pages call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tongban.assessment.library import find_framework
from tongban.indices import Assessment, as_data, assess, find_edition, read_raw
from tongban.indices.assessing import with_edition
from tongban.indices.outside import against, with_groups


@dataclass(frozen=True)
class Request:
    """What to assess and beside what."""

    framework: str
    data: Path
    edition: str = ""
    previous: Path | None = None
    previous_edition: str = ""
    previous_framework: str = ""
    ignore: Sequence[str] = ()
    groups: Path | None = None
    outside: Path | None = None
    outside_column: str = ""
    outside_name: str = ""
    draws: int | None = None
    sensitivity: bool = False
    seed: int = 1


def run(request: Request) -> Assessment:
    """The assessment of a table. No database is needed.

    Raises NotFound, FrameworkProblem, TableError, InvalidTable.
    """
    before = None
    if request.previous is not None:
        earlier = replace(
            request,
            framework=request.previous_framework or request.framework,
            sensitivity=False,
        )
        before = _assessed(earlier, request.previous, request.previous_edition, None, draws=0)
    result = _assessed(request, request.data, request.edition, before, draws=request.draws)
    if request.outside is not None:
        result = against(
            result, read_raw(request.outside), request.outside_column, request.outside_name
        )
    return result


def _assessed(
    request: Request, path: Path, edition: str, before: Assessment | None, *, draws: int | None
) -> Assessment:
    file = find_framework(request.framework)
    raw = read_raw(path)
    raw = raw.without([column for column in request.ignore if column in raw.header])
    found = find_edition(file, raw, edition)
    framework = file.edition(found.code)
    table = as_data(raw, framework)
    if request.groups is not None:
        framework = with_groups(framework, read_raw(request.groups), table)
        table = as_data(raw, framework)
    result = assess(
        framework,
        table,
        previous=before,
        draws=draws,
        seed=request.seed,
        sensitivity=request.sensitivity and draws != 0,
    )
    return with_edition(result, found.how, found.warning)
