"""The hot loops are compiled before any test is timed out by them, and never stale."""

import pytest

import geo


@pytest.fixture(scope="session", autouse=True)
def _warm_kernels() -> None:
    geo.warm()
