"""For managers: what came, what was done, how fast, where it does not last; figures with their tickets."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request
from flask_login import current_user

from layers.atlas import Atlas
from webapp.insight import answers, rhythm
from webapp.insight.drilling import WHICH, tickets_of
from webapp.insight.facts import Facts
from webapp.insight.kept import Kept, kept
from webapp.insight.measures import Measures, before, measured, year_before
from webapp.insight.worst import worst
from webapp.pages import crew_choice
from webapp.pages.context import served
from webapp.pages.manage_choice import Choice, now, read_choice, scope_of, window_of
from webapp.pages.manage_files import as_csv, as_geojson, names_of
from webapp.pages.manage_rows import CHANNELS, grouping, language_name, of_key, places, rows_of, titles
from webapp.pages.manage_words import FIGURES, MORE_HOWS
from webapp.pages.places import atlas
from webapp.people.access import access, roles
from webapp.tickets import queries

blueprint = Blueprint("manage", __name__, url_prefix="/manage")
RULE = roles("supervisor", "auditor")

MOST = 50
"""Tickets on a page."""
MOST_WORST, MOST_IN_FILE = 10, 1000


@dataclass(frozen=True)
class Periods:
    """The figures of a period, of the one before, and of the year before."""

    now: Measures
    before: Measures
    year_before: Measures


@blueprint.get("")
@access(RULE)
def show() -> str:
    """Show the figures."""
    here, chosen, moment = served(), read_choice(), now()
    found = kept(here.session, here.city.id)
    if found is None:
        return render_template("manage/nothing.html")
    map_now = atlas()
    by = titles(map_now)
    window, earlier = window_of(chosen.period, moment), window_of(before(chosen.period), moment)
    last_year = window_of(year_before(chosen.period), moment)
    scope = scope_of(chosen, window)
    facts = found.facts.within(scope, opened=False)
    group = grouping(chosen.by if chosen.by in by else "department", map_now)
    rows = rows_of(facts, group, window, earlier)
    compared = chosen.by if chosen.by in ("crew", "district") else "district"
    street = names_of(map_now, "segment")
    received = tickets_of(facts, "received", window)
    return render_template(
        "manage/dashboard.html",
        chosen=chosen,
        age=found.refreshed_at,
        figures=FIGURES,
        hows=MORE_HOWS,
        periods=Periods(*(measured(facts, each) for each in (window, earlier, last_year))),
        titles=by,
        by=chosen.by if chosen.by in by else "department",
        rows=rows,
        steps=rhythm.steps(facts, window, chosen.period, here.city.time_zone),
        unit=rhythm.unit(chosen.period),
        hours=rhythm.hours(facts, window, here.city.time_zone),
        satisfaction=answers.satisfaction(here.session, scope),
        answered=answers.answered_without_ticket(here.session, here.city.id, chosen.period),
        compared=compared,
        places=places(
            rows if compared == chosen.by else rows_of(facts, grouping(compared, map_now), window, earlier)
        ),
        worst=[(street(each.id), each) for each in worst(received, "segment", most=MOST_WORST)],
        worst_assets=[(each.id, each) for each in worst(received, "asset", most=MOST_WORST)],
        **_filters(found, map_now),
    )


@blueprint.get("/tickets")
@access(RULE)
def tickets() -> str:
    """List the tickets of a figure, of all or of one row of a table."""
    here, chosen, map_now = served(), read_choice(), atlas()
    figure, key = request.args.get("figure", ""), request.args.get("key")
    if figure not in WHICH:
        abort(404)
    facts = tickets_of(_chosen_facts(chosen, opened=False), figure, window_of(chosen.period, now()))
    name = None
    if key is not None:
        by = chosen.by if chosen.by in titles(map_now) else "department"
        facts, name = of_key(facts, by, key, map_now), grouping(by, map_now).name(key)
    page = max(request.args.get("page", 1, int), 1)
    ids = facts.id[::-1][(page - 1) * MOST : page * MOST].tolist()
    found = queries.tickets(here.session, here.city.id, ids)
    return render_template(
        "manage/tickets.html",
        chosen=chosen,
        figure=next((each for each in FIGURES if each.tickets == figure), None),
        name=name,
        more={"figure": figure, "key": key},
        tickets=[found[number] for number in ids if number in found],
        total=len(facts),
        page=page,
        pages=-(-len(facts) // MOST),
        may_open=current_user.role != "auditor",
    )


@blueprint.get("/worst.<form>")
@access(RULE)
def worst_places(form: str) -> Response:
    """Return the pieces of street or the assets that are done again and again, for a capital plan."""
    what = request.args.get("what", "segment")
    if what not in ("segment", "asset") or form not in ("csv", "geojson"):
        abort(404)
    chosen = read_choice()
    facts = tickets_of(_chosen_facts(chosen, opened=True), "received", window_of(chosen.period, now()))
    found = worst(facts, "asset" if what == "asset" else "segment", most=MOST_IN_FILE)
    body, kind = (as_csv, "text/csv") if form == "csv" else (as_geojson, "application/geo+json")
    name = f"{served().city.slug}-{what}s-{chosen.first}-{chosen.last}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}
    return Response(body(found, atlas(), what), mimetype=kind, headers=headers)


def _chosen_facts(chosen: Choice, *, opened: bool) -> Facts:
    here = served()
    found = kept(here.session, here.city.id)
    if found is None:
        abort(404)
    return found.facts.within(scope_of(chosen, window_of(chosen.period, now())), opened=opened)


def _filters(found: Kept, map_now: Atlas) -> dict[str, object]:
    """Return what can be chosen: among what the reader may see."""
    here, mine = served(), crew_choice.departments()
    catalog, facts = here.catalog, found.facts
    departments = [each for each in catalog.departments.values() if mine is None or each.id in mine]
    services = [each for each in catalog.services.values() if mine is None or each.department_id in mine]
    crews = [each for each in catalog.crews.values() if mine is None or each.department_id in mine]
    name = grouping("district", map_now).name
    return {
        "departments": departments,
        "services": sorted(services, key=lambda service: service.name),
        "groups": sorted({service.group for service in services}),
        "crews": sorted(crews, key=lambda crew: crew.name),
        "districts": []
        if crew_choice.district()
        else [(key, name(key)) for key in sorted(facts.district.names, key=_by_number)],
        "channels": [(key, str(CHANNELS.get(key, key))) for key in sorted(facts.channel.names)],
        "languages": [(key, language_name(key)) for key in sorted(facts.language.names)],
    }


def _by_number(key: str) -> tuple[int, str]:
    return (int(key) if key.isdecimal() else 0, key)
