"""A site to visit."""

from __future__ import annotations

import pytest

from tests.conftest import World
from tongban.catalogue.search.index import rebuild


@pytest.fixture
def site(world, calendar, own_home) -> World:
    rebuild()
    return world
