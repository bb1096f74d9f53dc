"""A map of a district for other sites, such as a council member's own: public, small, and without cookies.

It tells what everybody may know: where tickets of public services of the last 90 days are, by blocks. What it
shows cannot be chosen, so that comparing two answers tells nothing more, and caches may share it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.insight.maps.base import PageFigure, Tiles, map_of
from webapp.insight.maps.layers import Heat
from webapp.pages.context import TILES, TILES_MAX_ZOOM
from webapp.pages.council_choice import Choice, districts_of, is_public, usual_period
from webapp.pages.council_figures import Shown, heat_source, period_words, shown, title_of
from webapp.pages.council_map import map_files
from webapp.pages.headers import csp_nonce
from webapp.pages.places import atlas
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("embed", __name__, url_prefix="/embed")

KEPT_S = 900
WHOLE_CITY = "city"
"""In the place of a district's id."""
SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox"
"""All that the frame needs: to draw the map, and to open the city's page beside it."""


@blueprint.get("/<zone>")
@access(PUBLIC)
def district(zone: str) -> Response:
    """Show the map of a district, or of the city."""
    what = _shown(zone)
    if what.outline is None:
        abort(404)
    page = render_template(
        "embed/map.html",
        title=title_of(what.atlas, what.chosen.district),
        period=period_words(what.chosen),
        received=len(what.counted),
        still_open=int(np.isnat(what.counted.closed).sum()),
        address=_here(),
        map=_map(what, what.outline, zone),
    )
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = _policy()
    answer.headers["Permissions-Policy"] = "geolocation=(), camera=(), microphone=()"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return _kept(answer)


@blueprint.get("/<zone>/heat.json")
@access(PUBLIC)
def heat_json(zone: str) -> Response:
    """Return where its tickets are, by blocks. A frame in a sandbox is of no site, so any may read it."""
    return _kept(jsonify(heat_source(_shown(zone))))


def snippet(zone: str | None) -> Markup:
    """Return the HTML that shows the map on another site."""
    address = _here() + url_for("embed.district", zone=zone or WHOLE_CITY)
    title = title_of(atlas(), zone)
    return Markup(
        '<iframe src="{}" title="{}" sandbox="{}" loading="lazy" referrerpolicy="no-referrer"'
        ' width="100%" height="480"></iframe>'
    ).format(address, _("311 tickets: %(place)s", place=title), SANDBOX)


def _here() -> str:
    """Return the address that people know, without a slash at its end; else the one that was asked."""
    return str(current_app.config["PINWARD"].public_url or request.host_url).rstrip("/")


def _shown(zone: str) -> Shown:
    """Return the tickets of public services of the last 90 days, of a district or of the city."""
    map_now = atlas()
    chosen = None if zone == WHOLE_CITY else zone
    if chosen is not None and chosen not in dict(districts_of(map_now)):
        abort(404)
    period = usual_period(chosen)
    what = shown(map_now, Choice(chosen, period, group="", only_open=False, areas="", view="heat"))
    return replace(what, counted=what.counted.where(is_public(what.counted)))


def _map(what: Shown, outline: shapely.Geometry, zone: str) -> Markup:
    files = map_files()
    return map_of(
        PageFigure(csp_nonce(), "heat"),
        files,
        Tiles(TILES, TILES_MAX_ZOOM),
        label=_("Map of tickets"),
        outline=outline,
        layers=[Heat(files, url_for("embed.heat_json", zone=zone))],
    )


def _policy() -> str:
    """Return what the frame may do: load what is ours, be shown on the sites that the city allows."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {current_app.config['PINWARD'].embedded_by}",
        ]
    )


def _kept(answer: Response) -> Response:
    """Let caches share an answer, which also keeps cookies out of it."""
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_S}"
    answer.access_control_allow_origin = "*"
    return answer
