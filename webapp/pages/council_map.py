"""The council's map: what it shows, by address; the same as one file, and as a picture."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, jsonify, make_response, render_template
from flask_babel import format_datetime
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.insight.areas import MEASURES
from webapp.insight.maps import packing
from webapp.insight.maps.base import FileFigure, Files, PageFigure, Streets, Tiles, map_of
from webapp.insight.maps.layers import Heat, HeatThroughTime, Shades
from webapp.insight.maps.streets import streets
from webapp.pages.assets import STATIC, asset
from webapp.pages.context import TILES, TILES_MAX_ZOOM, served
from webapp.pages.council_choice import read_choice
from webapp.pages.council_figures import (
    Shown,
    about,
    heat_source,
    months_source,
    shades_source,
    shown,
    title_of,
)
from webapp.pages.headers import csp_nonce
from webapp.pages.places import atlas
from webapp.people.access import access, roles

blueprint = Blueprint("council_map", __name__, url_prefix="/council")
RULE = roles("council")


@blueprint.get("/heat.json")
@access(RULE)
def heat_json() -> Response:
    """Return where the tickets are, on a grid of blocks."""
    return _private(jsonify(heat_source(_asked())))


@blueprint.get("/months.json")
@access(RULE)
def months_json() -> Response:
    """Return where the tickets of each month are."""
    return _private(jsonify(months_source(_asked())))


@blueprint.get("/areas.json")
@access(RULE)
def areas_json() -> Response:
    """Return the areas with their colours by each measure."""
    return _private(jsonify(shades_source(_asked(), linked=True)))


@blueprint.get("/map.html")
@access(RULE)
def map_file() -> Response:
    """Return the map as one file, which opens from a mail, without a network."""
    what = _asked()
    if what.ground is None or what.outline is None:
        abort(404)
    files = map_files()
    figure = FileFigure(_text_of, what.chosen.view)
    lines = packing.lines(streets(what.atlas, what.ground), what.atlas.metric)
    page = render_template(
        "council/file.html",
        title=title_of(what.atlas, what.chosen.district),
        what=what,
        lines=about(what.chosen),
        source=_source(),
        measures=MEASURES,
        style=Markup(_text_of(asset("app.css"))),  # noqa: S704  (our own style sheet)
        map=map_of(
            figure,
            files,
            Streets(lines),
            label=_label(),
            outline=what.outline,
            layers=[
                Heat(files, heat_source(what)),
                HeatThroughTime(files, months_source(what)),
                Shades(list(MEASURES), shades_source(what, linked=False)),
            ],
        ),
    )
    return _saved(make_response(page), _file_name(what, "html"))


@blueprint.get("/map.png")
@access(RULE)
def map_picture() -> Response:
    """Return the map as a picture for slides."""
    what = _asked()
    if what.ground is None:
        abort(404)
    # It takes half a second to import matplotlib, and few ask.
    from webapp.pages.council_picture import picture_of

    content = picture_of(what, _source())
    answer = make_response(content)
    answer.mimetype = "image/png"
    return _saved(answer, _file_name(what, "png"))


def page_map(what: Shown) -> Markup | None:
    """Return the map as part of a page; None where the city has no boundary."""
    if what.outline is None:
        return None
    files, chosen = map_files(), what.chosen
    return map_of(
        PageFigure(csp_nonce(), chosen.view),
        files,
        Tiles(TILES, TILES_MAX_ZOOM),
        label=_label(),
        outline=what.outline,
        layers=[
            Heat(files, chosen.address("council_map.heat_json")),
            HeatThroughTime(files, chosen.address("council_map.months_json")),
            Shades(list(MEASURES), chosen.address("council_map.areas_json")),
        ],
    )


def map_files() -> Files:
    """Return the addresses of the scripts of a map."""
    return Files(
        leaflet=asset("vendor/leaflet.js"), heat=asset("vendor/leaflet-heat.js"), ground=asset("folium.js")
    )


def _asked() -> Shown:
    return shown(atlas(), read_choice())


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _saved(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _private(answer)


def _label() -> str:
    return _("Map of tickets. The tables below have the same figures.")


def _source() -> list[str]:
    now = format_datetime(format="medium")
    return [
        _("Source: %(city)s 311", city=served().city.name),
        _("Computed %(when)s by Pinward", when=now),
    ]


def _file_name(what: Shown, kind: str) -> str:
    """Return such as ``map-district-4-2026-11-22.png``, in letters that every system can write."""
    name = re.sub(r"[^a-z0-9]+", "-", title_of(what.atlas, what.chosen.district).lower()).strip("-")
    return f"map-{name or 'city'}-{what.chosen.period.last.isoformat()}.{kind}"


def _text_of(address: str) -> str:
    """Return what is in a built file, by its address."""
    path = address.partition("/static/")[2]
    return (STATIC / path).read_text("utf-8")
