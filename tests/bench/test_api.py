"""The benchmark of the API asks for pages that there are."""

from __future__ import annotations

from flask.testing import FlaskClient

from bench.api import PATHS, _days


def test_each_page_is_answered(demo_client: FlaskClient) -> None:
    for name, path in PATHS.items():
        answer = demo_client.get(path.format(**_days()))
        assert answer.status_code == 200, (name, answer.text)
