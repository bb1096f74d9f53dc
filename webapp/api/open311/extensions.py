"""What ``extensions=true`` adds to a service request: answers, photos, timeline, ticket and place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from webapp.api.open311.dates import local
from webapp.catalog.snapshot import Catalog, ServiceEntry
from webapp.tickets.lifecycle import words


def extension_fields(
    row: RowMapping, known: Catalog, zone: ZoneInfo, pictures: list[str], *, sees_all: bool
) -> dict[str, Any]:
    """Return the further fields of a request; the answers and the spot only of what may be read whole."""
    service = known.services[row["service_id"]]
    crew = known.crews.get(row["crew_id"])
    return {
        "attributes": _attributes(row["answers"], service) if sees_all else [],
        "extended_attributes": {
            "channel": row["channel"],
            "x": row["x"] if sees_all else None,
            "y": row["y"] if sees_all else None,
            "photos": [{"media_url": url} for url in pictures],
        },
        "notes": [
            {
                "datetime": local(datetime.fromtimestamp(at, UTC), zone),
                "description": note or words(kind).capitalize(),
                "type": kind,
            }
            for at, kind, note in row["timeline"] or []
        ],
        "ticket_id": row["ticket_id"],
        "duplicate_of": row["duplicate_of"],
        "district": row["district"],
        "service_area": row["service_area"],
        "crew": crew.name if crew else None,
        "segment_id": row["segment_id"] if sees_all else None,
        "work_order": row["work_orders"],
    }


def _attributes(answers: dict[str, Any], service: ServiceEntry) -> list[dict[str, Any]]:
    """Return one item an answer: the question, and the answer in words and as its key."""
    questions = {question.code: question for question in service.questions}
    items: list[dict[str, Any]] = []
    for code, answer in answers.items():
        question = questions.get(code)
        names = {option["key"]: option["name"] for option in question.options} if question else {}
        label = question.text if question else code
        items += [
            {"label": label, "name": code, "value": names.get(str(key), key), "code": key}
            for key in (answer if isinstance(answer, list) else [answer])
        ]
    return items
