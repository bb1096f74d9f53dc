"""``pinward insight``: what figures are counted from, forecasts, and how good these are."""

from __future__ import annotations

import click

from layers.findings import counted
from webapp.cli.city_session import city_session
from webapp.insight import forecasting
from webapp.insight.checking import checked


@click.group()
def insight() -> None:
    """Bring figures up to date, forecast reports, and judge the forecasts."""


@insight.command()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.option("--whole", is_flag=True, help="Gather all tickets anew, not those alone that changed.")
def refresh(slug: str | None, whole: bool) -> None:
    """Bring what figures are counted from up to date; a job does it every five minutes.

    For example: pinward insight refresh
    """
    from webapp.insight import keeping

    with city_session(slug) as (session, city):
        done = keeping.refresh(session, city.id, whole=whole)
        session.commit()
        click.echo(f"{counted(done.gathered, 'ticket', 'tickets')} gathered.")


@insight.command()
@click.option("--city", "slug", help="Short name of the city; the one served where not given.")
@click.option("--check", is_flag=True, help="Judge forecasts of the last 8 weeks; keep nothing.")
def forecast(slug: str | None, check: bool) -> None:
    """Forecast the reports of the next 8 weeks, by group of services and district.

    With --check each of the last 8 whole weeks is forecast from each of the weeks before it, without what
    came after: 36 forecasts a group. The naive forecast repeats the same weeks of the year before; where
    there is less than a year, the last week. "of naive" is the mean absolute error over that of the naive
    forecast on the same 36: below 1 the forecast is better. MASE (Hyndman and Koehler 2006) divides the same
    error by the naive forecast's mean error one week ahead in the weeks before the 8. "inside" counts the
    forecasts whose week fell into the 80 % band.

    For example: pinward insight forecast --city boston --check
    """
    with city_session(slug) as (session, city):
        if check:
            click.echo("\n".join(checked(session, city)))
            return
        made = forecasting.make(session, city)
        session.commit()
        click.echo(f"{made} forecasts." if made else "The forecasts of this week are made already.")
