"""The town, read, published and located in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from layers import cityfile
from layers.atlas import Atlas
from layers.check import CityMap, check
from layers.current import load_atlas
from layers.findings import Finding, has_errors
from layers.models import City
from layers.publish import publish
from tests.layers.town import write_town
from webapp.config import settings


@pytest.fixture
def findings_of() -> Callable[[Path], list[Finding]]:
    """Read and check a city file, and return what is wrong with its map."""
    return lambda path: _checked(path)[1]


@pytest.fixture
def load(session: Session) -> Callable[[Path], City]:
    """Publish the map of a city file, which must be without errors, in the test's transaction."""

    def publish_file(path: Path) -> City:
        city_map, findings = _checked(path)
        assert city_map is not None
        assert not has_errors(findings), [str(finding) for finding in findings]
        return publish(session, city_map)[0]

    return publish_file


@pytest.fixture
def town(load: Callable[[Path], City], tmp_path: Path) -> City:
    """The town as it is drawn, published."""
    return load(write_town(tmp_path / "town"))


@pytest.fixture
def atlas(session: Session, town: City) -> Atlas:
    """The town's atlas."""
    return load_atlas(session, town.id)


def _checked(path: Path) -> tuple[CityMap | None, list[Finding]]:
    document, findings = cityfile.read(path, settings())
    if document is None:
        return None, findings
    city_map = check(document)
    return city_map, city_map.findings
