"""Mail to staff about figures: alerts that they set, and each week what changed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import Catalog
from webapp.insight import alerts
from webapp.insight.changes import Change, changes
from webapp.insight.counting import ALL, Daily
from webapp.insight.watch_models import FigureAlert
from webapp.languages import SOURCE, locale_of, marked, nearest, sentences
from webapp.notices.messages import Message, hand_over_to_staff


@dataclass(frozen=True)
class Writer:
    """Writes in the first language of a city: staff have told of none."""

    city: City
    known: Catalog
    districts: dict[str, str]
    """Their names by id."""

    @property
    def language(self) -> str:
        """The language of the mail."""
        return nearest(self.city.languages[0]) or SOURCE

    def say(self, sentence: str, **values: object) -> str:
        """Return a sentence in the language of the mail."""
        return str(sentences(self.language).gettext(sentence)) % values

    def number(self, amount: float) -> str:
        """Return a whole number as the language writes it."""
        return str(format_decimal(round(amount), locale=locale_of(self.language)))

    def day(self, when: date) -> str:
        """Return a day as the language writes it."""
        return str(format_date(when, "medium", locale=locale_of(self.language)))

    def about(self, alert: FigureAlert) -> str:
        """Return what an alert is about: a service, a district, both, or all."""
        what = self.say(marked("All services"))
        service = self.known.services.get(alert.service_id or 0)
        if service is not None:
            what = service.translations.get(self.language, {}).get("name") or service.name
        where = self.districts.get(alert.district or "", alert.district) or self.city.name
        return self.say(marked("%(what)s, %(where)s"), what=what, where=where)


def writer(session: Session, city: City) -> Writer:
    """Return who writes for a city."""
    zones = current_atlas(session, city).zones.get(city.district_layer or "")
    names = dict(zip(zones.source_id.tolist(), zones.name.tolist(), strict=True)) if zones else {}
    return Writer(city, catalog(session, city), names)


def tell(session: Session, by: Writer, crossed: Sequence[alerts.Crossed]) -> None:
    """Have a message mailed for each alert that went beyond its limit. The caller commits."""
    for each in crossed:
        message = _alert(by, each)
        hand_over_to_staff(
            session, by.city.id, each.alert.staff_id, message, key=f"figure alert {each.crossing.id}"
        )


def tell_weekly(session: Session, by: Writer, known: Daily) -> int:
    """Have the weekly mail sent to whoever asked for it, once for each week; return to how many."""
    sent = 0
    for alert in alerts.weekly(session, by.city.id):
        message = _week(by, alert, known, changes(known, alert.district or ALL))
        key = f"week {known.end.isoformat()} of alert {alert.id}"
        sent += hand_over_to_staff(session, by.city.id, alert.staff_id, message, key=key)
    return sent


def _alert(by: Writer, crossed: alerts.Crossed) -> Message:
    alert, found = crossed.alert, by.number(crossed.crossing.value)
    about, most = by.about(alert), by.number(alert.most)
    if alert.measure == "reports_week":
        subject = by.say(marked("More than %(most)s reports a week: %(about)s"), most=most, about=about)
        first = by.say(marked("Reports in the last 7 days: %(found)s."), found=found)
        again = by.say(marked("You hear of it again once it has come back and goes beyond the limit anew."))
    else:
        subject = by.say(marked("Late by more than %(most)s days: %(about)s"), most=most, about=about)
        first = by.say(marked("Tickets that you have not heard of yet: %(found)s."), found=found)
        again = by.say(marked("You hear of each late ticket once, at most one mail a day."))
    return Message(
        subject=subject,
        text=f"{first}\n\n{again}",
        path="/forecast/alerts",
        path_words=by.say(marked("See your alerts")),
    )


def _week(by: Writer, alert: FigureAlert, known: Daily, found: Sequence[Change]) -> Message:
    sunday = known.end - timedelta(days=1)
    subject = by.say(
        marked("What changed in the week to %(day)s: %(about)s"), day=by.day(sunday), about=by.about(alert)
    )
    lines = [
        by.say(
            marked("%(group)s: %(reports)s reports, usual are %(usual)s."),
            group=change.group, reports=by.number(change.reports), usual=by.number(change.usual),
        )
        for change in found
    ] or [by.say(marked("Nothing changed by more than chance explains."))]  # fmt: skip
    how = by.say(
        marked(
            "Compared with the eight weeks before. Kinds of service with fewer than ten reports are left out."
        )
    )
    path = f"/forecast?district={alert.district}" if alert.district else "/forecast"
    return Message(
        subject=subject,
        text="\n\n".join([*lines, how]),
        path=path,
        path_words=by.say(marked("See what to expect")),
    )
