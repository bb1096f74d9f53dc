"""Tells those who have alerts what was found, in their language. The caller commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from layers.current import current_atlas
from layers.models import City
from webapp.catalog.queries import catalog
from webapp.config import Settings
from webapp.languages import SOURCE, nearest, sentences
from webapp.notices import alerts
from webapp.notices.alert_areas import district_now
from webapp.notices.confirming import alert_path
from webapp.notices.links import base_url
from webapp.notices.messages import Message, hand_over
from webapp.people import contacts


def tell(session: Session, settings: Settings, city: City, now: datetime) -> int:
    """Hand over a message for each alert that has something to tell; return how many."""
    count = 0
    for alert_id in alerts.due(session, city.id, now):
        finds, number = alerts.take_finds(session, city, alert_id, now)
        alert = alerts.get(session, city.id, alert_id)
        if finds and alert is not None:
            message = _message(session, settings, city, alert, finds, number)
            key = f"alert {alert_id} to {finds[-1].ticket_id}"
            count += hand_over(session, city.id, alert.contact_id, message, key=key)
    return count


def _message(
    session: Session,
    settings: Settings,
    city: City,
    alert: alerts.Chosen,
    finds: list[alerts.Find],
    number: int,
) -> Message:
    person = contacts.get(session, city.id, alert.contact_id)
    language = nearest(person.language if person else SOURCE) or SOURCE
    translations = sentences(language)
    _, ngettext = translations.gettext, translations.ngettext
    known = catalog(session, city)
    path = alert_path(settings, city.id, alert.id)
    lines = []
    for find in finds:
        service = known.services[find.service_id].translated("name", language)
        what = f"{service}, {find.address}" if find.address else service
        lines.append(f"{what}\n{base_url(settings)}/track/{find.tracking_number}")
    if number > len(finds):
        more = number - len(finds)
        lines.append(ngettext("And %(num)d more.", "And %(num)d more.", more) % {"num": more})
    lines.extend(_of_moved_borders(session, city, alert, _))
    return Message(
        subject=ngettext("%(num)d new report: %(area)s", "%(num)d new reports: %(area)s", number)
        % {"num": number, "area": alert.name},
        text="\n\n".join(lines),
        path=path,
        path_words=_("Change or stop this alert"),
        stop_path=f"{path}/now",
    )


def _of_moved_borders(
    session: Session, city: City, alert: alerts.Chosen, _: Callable[[str], str]
) -> list[str]:
    """Return what to say where the district is no longer what it was when it was chosen."""
    if alert.zone_id is None:
        return []
    standing = district_now(current_atlas(session, city), alert.zone_id, alert.shape)
    told = {
        "same": [],
        "moved": [
            _(
                "The borders of this district have changed since. You still hear of the area that you chose; "
                "by the link you can take the new borders."
            )
        ],
        "gone": [_("This district no longer exists. You still hear of the area that you chose.")],
    }
    return told[standing]
