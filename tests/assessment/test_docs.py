"""The page of documentation names every option and every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tongban.assessment.cli import assess_command
from tongban.assessment.library import shipped
from tongban.indices import aggregation, missing, normalisation, ranks, weights
from tongban.indices.framework import sections

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "assessment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", [
    name for one in assess_command(lambda: None).params for name in one.opts if name.startswith("--")
])  # fmt: skip
def test_options(option):
    assert option in PAGE


@pytest.mark.parametrize("name", shipped())
def test_frameworks(name):
    assert f"`{name}`" in PAGE


def test_keys_and_methods():
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(sections.__file__).parent.glob("*.py")
    )
    keys = set(sections.SECTIONS)
    for listed in re.findall(r"reader\.unknown\(\s*[^,]+,\s*[^,]+,((?:\s*\"[^\"]+\")+)", source):
        keys.update(" ".join(re.findall(r'"([^"]+)"', listed)).split())
    assert len(keys) > 60
    for module in (aggregation, normalisation, weights):
        keys.update(module.METHODS)
    keys.update(missing.RULES, ranks.RULES)
    words = set(re.findall(r"\w+", PAGE))
    assert keys - words == set()
