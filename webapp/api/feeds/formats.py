"""Feeds as Atom with GeoRSS, as GeoJSON and as iCalendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

from icalendar import Calendar, Event, vDuration

from webapp.api.features.items import moment, plain
from webapp.api.feeds.entries import Entry, Feed

MEDIA_TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "geojson": "application/geo+json",
    "ics": "text/calendar; charset=utf-8",
}
READ_AGAIN = timedelta(hours=1)

_ATOM = "http://www.w3.org/2005/Atom"
_GEORSS = "http://www.georss.org/georss"
# Characters that XML 1.0 has no way to write (its production 2, Char); iCalendar has none for most of them.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Xml.register_namespace("georss", _GEORSS)


def atom(feed: Feed) -> str:
    """Return a feed as Atom (RFC 4287), where things are as GeoRSS Simple (OGC 17-002r1)."""
    root = Xml.Element("feed", {"xmlns": _ATOM})
    _text(root, "id", feed.uuid.urn)
    _text(root, "title", feed.title)
    _text(root, "updated", moment(feed.updated_at))
    Xml.SubElement(root, "link", {"rel": "self", "href": feed.url, "type": "application/atom+xml"})
    _text(Xml.SubElement(root, "author"), "name", f"{feed.city.name} 311")
    for each in feed.entries:
        _atom_entry(Xml.SubElement(root, "entry"), each)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _atom_entry(element: Xml.Element, entry: Entry) -> None:
    _text(element, "id", entry.uuid.urn)
    _text(element, "title", entry.title)
    _text(element, "updated", moment(entry.updated_at))
    _text(element, "published", moment(entry.opened_at))
    Xml.SubElement(element, "link", {"rel": "alternate", "href": entry.url, "type": "text/html"})
    Xml.SubElement(element, "category", {"term": entry.service.code, "label": _clean(entry.service.name)})
    _text(element, "summary", entry.summary)
    if entry.lon is not None and entry.lat is not None:
        _text(element, f"{{{_GEORSS}}}point", f"{round(entry.lat, 7)} {round(entry.lon, 7)}")


def geojson(feed: Feed) -> str:
    """Return a feed as GeoJSON (RFC 7946)."""
    features = [
        {
            "type": "Feature",
            "id": each.id,
            "geometry": None
            if each.lon is None or each.lat is None
            else {"type": "Point", "coordinates": [round(each.lon, 7), round(each.lat, 7)]},
            "properties": {
                "title": each.title,
                "summary": each.summary,
                "service_code": each.service.code,
                "service": each.service.name,
                "status": each.status,
                "address": each.address,
                "opened_at": each.opened_at,
                "updated_at": each.updated_at,
                "due_at": each.due_at,
                "closed_at": each.closed_at,
                "url": each.url,
            },
        }
        for each in feed.entries
    ]
    return plain({"type": "FeatureCollection", "title": feed.title, "features": features})


def calendar(feed: Feed) -> str:
    """Return a feed as iCalendar (RFC 5545, RFC 7986): an event on the day of each promise."""
    found = Calendar()
    found.add("prodid", "-//Pinward//Promised dates//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("uid", str(feed.uuid))
    found.add("name", _clean(feed.title))
    found.add("x-wr-calname", _clean(feed.title))
    found.add("refresh-interval", vDuration(READ_AGAIN), parameters={"value": "DURATION"})
    for each in feed.entries:
        if each.due_at is not None:
            found.add_component(_event(feed, each, each.due_at))
    return str(found.to_ical(), "utf-8")


def _event(feed: Feed, entry: Entry, due_at: datetime) -> Event:
    day = due_at.astimezone(feed.zone).date()
    event = Event()
    event.add("uid", str(entry.uuid))
    event.add("dtstamp", entry.updated_at.astimezone(UTC))
    event.add("last-modified", entry.updated_at.astimezone(UTC))
    event.add("sequence", entry.version)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", _clean(entry.title))
    event.add("description", _clean(entry.summary))
    event.add("categories", [_clean(entry.service.name)])
    event.add("url", entry.url)
    if entry.address:
        event.add("location", _clean(entry.address))
    if entry.lon is not None and entry.lat is not None:
        event.add("geo", (round(entry.lat, 7), round(entry.lon, 7)))
    return event


def _text(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", text)
