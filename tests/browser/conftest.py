"""Browser tests see the small demo city."""

from __future__ import annotations

import pytest


@pytest.fixture
def committed_database(demo_database: str) -> str:
    """URL of a copy of the demo city for this test alone: what ``live_app`` serves."""
    return demo_database
