"""What to expect in the weeks to come, how far off such forecasts were, and which days were unusual."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from webapp.insight import expected
from webapp.pages.context import served
from webapp.pages.council_choice import districts_of, own_district
from webapp.pages.places import atlas
from webapp.people.access import access, roles

blueprint = Blueprint("forecast", __name__)
RULE = roles("council", "supervisor")


@blueprint.get("/forecast")
@access(RULE)
def show() -> str:
    """Show the forecasts of a district, or of the city."""
    here, districts, own = served(), dict(districts_of(atlas())), own_district()
    district = own or request.args.get("district", "")
    if district and district not in districts:
        abort(404)
    return render_template(
        "figures/forecast.html",
        rows=expected.forecasts(here.session, here.city.id, district),
        days=expected.unusual_days(here.session, here.city.id) if not own else [],
        districts=districts if own is None else {},
        district=district,
        name=districts.get(district, ""),
        weeks=expected.weeks,
    )
