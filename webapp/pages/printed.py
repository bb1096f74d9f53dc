"""Reports of a month or a year to print: of a district, of a department, of both or of the whole city."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, Response, abort, render_template, request, url_for

from webapp.insight import expected, gathering, queries
from webapp.insight.facts import Facts
from webapp.insight.kept import kept
from webapp.insight.measures import Measures, Window, before, by_key, measured, year_before
from webapp.insight.periods import Period
from webapp.insight.queries import Scope
from webapp.languages import locale_of
from webapp.pages.context import served
from webapp.pages.council_choice import districts_of, own_district
from webapp.pages.language import chosen_language
from webapp.pages.places import atlas
from webapp.pages.words import service_words
from webapp.people.access import access, roles

blueprint = Blueprint("printed", __name__)
RULE = roles("council", "supervisor")
MOST_SERVICES = 40
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """Of what a report is; all of it is in the page's address."""

    period: Period
    text: str
    """Such as ``2026-10`` or ``2026``."""
    district: str | None
    department: str | None
    """Its code."""

    @property
    def of_a_year(self) -> bool:
        """Whether it is of a year, not of a month."""
        return len(self.text) == 4

    def address(self, endpoint: str) -> str:
        """Return the address of a view of the same report."""
        query = {"period": self.text, "district": self.district, "department": self.department}
        return url_for(endpoint, lang=chosen_language(), **query)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Row:
    """Figures with the name of what they are about."""

    name: str
    figures: Measures


@blueprint.get("/printed")
@access(RULE)
def show() -> str:
    """Show a report, ready to be printed."""
    return _report(_asked())


@blueprint.get("/printed.pdf")
@access(RULE)
def pdf() -> Response:
    """Answer a report as a PDF."""
    # It takes a third of a second to import, which no other page should wait for.
    from webapp.pages.pdf import pdf_of

    asked = _asked()
    name = "-".join(filter(None, (served().city.slug, asked.text, asked.district, asked.department)))
    return Response(
        pdf_of(_report(asked)),
        mimetype="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{_plain(name)}.pdf"',
            "Cache-Control": "private, no-cache",
        },
    )


def _asked() -> Asked:
    """Read what is asked for from the address: the last whole month where no period is."""
    here = served()
    district = own_district() or request.args.get("district") or None
    if district is not None and district not in dict(districts_of(atlas())):
        abort(404)
    department = request.args.get("department") or None
    if department is not None and department not in _departments():
        abort(404)
    text = request.args.get("period") or _last_month(here.city.id, district)
    period = _period(text)
    if period is None:
        abort(404)
    return Asked(period, text, district, department)


def _last_month(city_id: int, district: str | None) -> str:
    """Return the last month that was over when the newest ticket was opened."""
    here = served()
    newest = queries.newest(here.session, city_id, district) or datetime.now(UTC)
    month = newest.astimezone(ZoneInfo(here.city.time_zone)).date().replace(day=1)
    year, month_number = (month.year - 1, 12) if month.month == 1 else (month.year, month.month - 1)
    return f"{year:04d}-{month_number:02d}"


def _period(text: str) -> Period | None:
    """Return the days of such as ``2026`` or ``2026-10``, None where it is neither."""
    match = _PERIOD.fullmatch(text)
    year, month = (int(match[1]), int(match[2] or 0)) if match else (0, 0)
    if not 1900 <= year <= 9000 or (match and match[2] and not 1 <= month <= 12):
        return None
    first, last = (month, month) if month else (1, 12)
    return Period(date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1]))


def _departments() -> dict[str, str]:
    """Return the names of departments by code."""
    return {each.code: each.name for each in served().catalog.departments.values()}


def _report(asked: Asked) -> str:
    here, districts, own = served(), dict(districts_of(atlas())), own_district()
    known = kept(here.session, here.city.id)
    now = known.refreshed_at if known else datetime.now(UTC)
    facts = known.facts if known else gathering.read(here.session, here.city.id)
    facts = facts.within(_scope(asked), opened=False)
    windows = [Window(*period.instants(here.city.time_zone), now) for period in _periods(asked.period)]
    rows = [Row(service_words(key), each) for key, each in by_key(facts, facts.service, windows[0]).items()]
    rows = sorted((row for row in rows if row.figures.received), key=lambda row: -row.figures.received)
    return render_template(
        "figures/printed.html",
        asked=asked,
        period_words=_period_words(asked),
        district=districts.get(asked.district or "", ""),
        department=_departments().get(asked.department or "", ""),
        figures=[measured(facts, window) for window in windows],
        rows=rows[:MOST_SERVICES],
        left_out=max(len(rows) - MOST_SERVICES, 0),
        months=_months(asked, facts, now),
        forecast=_forecast(asked),
        districts=districts if own is None else {},
        departments=_departments(),
        now=now,
    )


def _scope(asked: Asked) -> Scope:
    here = served()
    departments = here.catalog.departments.values()
    of_department = [each.id for each in departments if each.code == asked.department]
    begin, end = asked.period.instants(here.city.time_zone)
    return Scope(
        city_id=here.city.id,
        begin=begin,
        end=end,
        district=asked.district,
        department_ids=of_department if asked.department else None,
    )


def _periods(period: Period) -> tuple[Period, Period, Period]:
    """Return a period, the one before it, and the same days of the year before."""
    if period.first.day == 1 and period.first.month == period.last.month:
        end = period.first.toordinal() - 1
        previous = Period(date.fromordinal(end).replace(day=1), date.fromordinal(end))
    else:
        previous = before(period)
    return period, previous, year_before(period)


def _months(asked: Asked, facts: Facts, now: datetime) -> list[Row]:
    """Return the months of a year's report, those that had begun."""
    if not asked.of_a_year:
        return []
    zone, rows = served().city.time_zone, []
    for month in range(1, 13):
        period = _period(f"{asked.text}-{month:02d}")
        if period is None or period.instants(zone)[0] > now:
            break
        name = format_date(period.first, "LLLL", locale=locale_of(chosen_language()))
        rows.append(Row(name, measured(facts, Window(*period.instants(zone), now))))
    return rows


def _forecast(asked: Asked) -> dict[str, Any] | None:
    """Return what is expected of the weeks to come; of a department there is no forecast."""
    if asked.department:
        return None
    here = served()
    found = expected.forecasts(here.session, here.city.id, asked.district or "")
    whole = next((each for each in found if not each.group and each.expected), None)
    return {"row": whole, "weeks": expected.weeks(whole)} if whole else None


def _period_words(asked: Asked) -> str:
    """Return such as ``October 2026``."""
    form = "y" if asked.of_a_year else "LLLL y"
    return str(format_date(asked.period.first, form, locale=locale_of(chosen_language())))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)
