"""Open311 GeoReport v2: services, their definitions, and service requests in XML and JSON.

Two endpoints answer alike. What is posted to the *test* one goes all the way of a report and is then thrown
away, so that an app can be tried without sending a crew out.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from webapp.api.open311 import bulk, discovery, listing, services, submission, updates
from webapp.api.open311.errors import register_errors
from webapp.people.access import API_KEY, PUBLIC, Rule, access

_FORM = "<any(xml, json):form>"

_ROUTES: list[tuple[str, Callable[..., Response], str, Rule]] = [
    (f"/discovery.{_FORM}", discovery.document, "GET", PUBLIC),
    (f"/services.{_FORM}", services.all_services, "GET", PUBLIC),
    (f"/services/<code>.{_FORM}", services.definition, "GET", PUBLIC),
    (f"/requests.{_FORM}", listing.several, "GET", PUBLIC),
    (f"/requests.{_FORM}", submission.post, "POST", API_KEY),
    (f"/requests/<tracking_number>.{_FORM}", listing.one, "GET", PUBLIC),
    ("/requests.csv", bulk.stream, "GET", PUBLIC),
    (f"/servicerequestupdates.{_FORM}", updates.updates_told, "GET", PUBLIC),
    (f"/servicerequestupdates.{_FORM}", updates.take_update, "POST", API_KEY),
    (f"/tokens/<token>.{_FORM}", listing.token, "GET", PUBLIC),
]


def _endpoint(name: str, path: str) -> Blueprint:
    blueprint = Blueprint(name, __name__, url_prefix=path)
    for rule, view, method, who in _ROUTES:
        blueprint.add_url_rule(rule, view_func=access(who)(view), methods=[method])
    register_errors(blueprint)

    @blueprint.after_request
    def any_site_may_read(response: Response) -> Response:
        response.access_control_allow_origin = "*"
        return response

    return blueprint


root = Blueprint("open311_discovery", __name__)
root.add_url_rule(f"/discovery.{_FORM}", view_func=access(PUBLIC)(discovery.document))
register_errors(root)

production = _endpoint("open311", discovery.ENDPOINTS["production"])
test = _endpoint(submission.TEST_BLUEPRINT, discovery.ENDPOINTS["test"])

blueprints = [production, test, root]
