"""Who signs in where, in the small demo city."""

from __future__ import annotations

from flask.testing import FlaskClient

from webapp.people.demo import DOMAIN, PASSWORD


def sign_in(client: FlaskClient, who: str, password: str = PASSWORD) -> None:
    """Sign in as one of the demo accounts, such as ``works-north`` (a crew) or ``agent``."""
    answer = client.post("/sign-in", data={"email": f"{who}@{DOMAIN}", "password": password})
    assert answer.status_code == 302, answer.text
