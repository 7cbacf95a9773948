"""Composite indices in plain numpy; follows the ten steps of the OECD/JRC Handbook (2008).

    from tongban.indices import assess, read_data, read_framework

    file = read_framework(Path("framework.toml"))
    framework = file.edition()
    result = assess(framework, read_data(Path("data.csv"), framework))
    result.units[0].rank, result.units[0].rank_interval

Needs numpy; `tongban.base` for reading tables; SciPy only for the benefit of the doubt.
"""

from tongban.indices.assessing import assess
from tongban.indices.editions import find_edition
from tongban.indices.framework.model import Framework, in_language
from tongban.indices.framework.parsing import FrameworkFile, FrameworkProblem, read_framework
from tongban.indices.reading import InvalidTable, RawTable, read_raw
from tongban.indices.result import Assessment, UnitResult
from tongban.indices.table import DataTable, as_data, read_data

__all__ = [
    "Assessment",
    "DataTable",
    "Framework",
    "FrameworkFile",
    "FrameworkProblem",
    "InvalidTable",
    "RawTable",
    "UnitResult",
    "as_data",
    "assess",
    "find_edition",
    "in_language",
    "read_data",
    "read_framework",
    "read_raw",
]
