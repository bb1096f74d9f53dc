"""Hands an order over to its back office: what is said, and what is done about each answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from layers.models import City
from webapp.catalog.queries import catalog
from webapp.catalog.snapshot import QuestionEntry
from webapp.config import Settings
from webapp.notices import orders
from webapp.notices.georeport import Office, Pairs, RefusedError
from webapp.notices.links import base_url
from webapp.notices.models import BackOffice
from webapp.notices.orders import Claimed
from webapp.notices.outside import NoAnswerError, NotSentError
from webapp.tickets import media
from webapp.tickets.models import Report, TimelineEntry, WorkOrder
from webapp.tickets.photo_models import Photo

log = structlog.get_logger()

LONGEST_DESCRIPTION = 4000
"""GeoReport's."""


class NoKeyError(NotSentError):
    """Nobody told us the key of the back office."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a back office is told of a report: nothing of who made it."""

    label: str
    """What comes before ``ours`` in the last line of the description: so it is found again."""
    ours: str
    """The tracking number; of a ticket that was reopened, with how often."""
    key: str
    """Of the submission: sent twice, it is known."""
    service_code: str
    fields: Pairs
    answers: dict[str, list[str]]
    """By the code of the question."""


def office_of(settings: Settings, city: City, office: BackOffice) -> Office:
    """Return a back office as it is spoken with.

    Raises
    ------
    NoKeyError
        The settings have no key for it.
    """
    name = f"{city.slug}/{office.code}"
    if name not in settings.back_office_keys:
        raise NoKeyError(f"There is no key for {name}: set PINWARD_BACK_OFFICE_KEYS.")
    key = settings.back_office_keys[name].get_secret_value()
    return Office(office.endpoint, key, office.form, office.jurisdiction_id, settings.hooks_inside)


def hand_over_due(session: Session, settings: Settings, city: City) -> int:
    """Hand over every order that is due; commits as it goes. Returns how many arrived."""
    arrived = 0
    silent: set[int] = set()
    while (claimed := orders.claim(session, city.id, silent=silent)) is not None:
        said = _said(session, settings, city, claimed)
        session.commit()
        try:
            arrived += _hand_over(session, settings, city, claimed, said)
        except NotSentError as problem:
            if isinstance(problem, NoAnswerError | NoKeyError):
                silent.add(claimed.office.id)
            taken = False if isinstance(problem, RefusedError | NoKeyError) else None
            orders.failed(session, city.id, claimed, str(problem), taken=taken)
            log.warning("ticket not sent", city=city.slug, to=claimed.office.code, error=str(problem))
        session.commit()
    return arrived


def _hand_over(session: Session, settings: Settings, city: City, claimed: Claimed, said: Said) -> bool:
    office = office_of(settings, city, claimed.office)
    if claimed.token is not None:
        number = office.number_of(claimed.token)
        if number is None:
            raise NotSentError("There is a token, and no number yet.")
        orders.sent(session, city.id, claimed, number)
        return True
    if claimed.tried_at is not None:
        number = office.find(said.service_code, said.label, said.ours, claimed.tried_at)
        if number is not None:
            orders.sent(session, city.id, claimed, number)
            return True
    if not claimed.wanted:
        orders.drop(session, city.id, claimed)
        return False
    fields = said.fields + _understood(said, office)
    given = office.send(fields, said.key)
    if given.reference is None and given.token is not None:
        orders.promised(session, city.id, claimed, given.token)
        return False
    orders.sent(session, city.id, claimed, given.reference)
    return True


def _understood(said: Said, office: Office) -> Pairs:
    """Return the answers to those questions that the back office asks too."""
    if not said.answers:
        return []
    asked = office.questions(said.service_code)
    pairs = []
    for code, answers in said.answers.items():
        if code in asked:
            known = [answer for answer in answers if not asked[code] or answer in asked[code]]
            name = f"attribute[{code}]" if len(known) == 1 else f"attribute[{code}][]"
            pairs += [(name, answer) for answer in known]
    return pairs


def _said(session: Session, settings: Settings, city: City, claimed: Claimed) -> Said:
    row = session.execute(
        select(
            Report.tracking_number, Report.service_id, Report.description, Report.answers, Report.address,
            Report.media_urls, func.st_x(Report.geom).label("lon"), func.st_y(Report.geom).label("lat"),
            select(func.array_agg(Photo.name))
            .where(Photo.city_id == Report.city_id, Photo.report_id == Report.id)
            .scalar_subquery()
            .label("photos"),
        ).where(and_(Report.city_id == city.id, Report.id == claimed.report_id))
    ).one()  # fmt: skip
    service = catalog(session, city).services[row.service_id]
    service_code = claimed.office.services.get(service.code, service.code)
    answers = {code: _several(answer) for code, answer in row.answers.items()}
    label, ours = f"Pinward {city.slug}: ", row.tracking_number
    words = [row.description, *_in_words(service.questions, answers)]
    if claimed.again:
        ours += f", reopened {claimed.again}"
        words.insert(0, _reopened(session, city.id, claimed))
    line = label + ours
    description = "\n".join(filter(None, words))[: LONGEST_DESCRIPTION - len(line) - 2]
    photos = [f"{base_url(settings)}/photos/{name}.jpg" for name in row.photos or ()]
    fields = [
        ("service_code", service_code),
        ("lat", "" if row.lat is None else f"{row.lat:.7f}"),
        ("long", "" if row.lon is None else f"{row.lon:.7f}"),
        ("address_string", row.address or ""),
        ("description", f"{description}\n\n{line}".strip()),
        *(("media_url", url) for url in [*photos, *media.shown(row.media_urls)]),
    ]
    told = [(name, value) for name, value in fields if value]
    key = f"pinward.{city.slug}.{row.tracking_number}" + (f".{claimed.again}" if claimed.again else "")
    return Said(label, ours, key, service_code, told, answers)


def _reopened(session: Session, city_id: int, claimed: Claimed) -> str:
    """Return in words that work which was said to be done is not: what it was called there, and why."""
    order, entry = WorkOrder, TimelineEntry
    called = select(order.reference).where(
        order.city_id == city_id, order.report_id == claimed.report_id, order.system == claimed.office.code
    )
    why = (
        select(entry.note)
        .join(Report, and_(Report.city_id == entry.city_id, Report.ticket_id == entry.ticket_id))
        .where(Report.city_id == city_id, Report.id == claimed.report_id, entry.kind == "reopened")
        .order_by(entry.id.desc())
        .limit(1)
    )
    before, words = session.execute(select(called.scalar_subquery(), why.scalar_subquery())).one()
    return " ".join(filter(None, [f"Reopened, was {before}." if before else "Reopened.", words]))


def _several(answer: Any) -> list[str]:
    return [str(each) for each in (answer if isinstance(answer, list) else [answer])]


def _in_words(questions: Iterable[QuestionEntry], answers: dict[str, list[str]]) -> list[str]:
    """Return a line an answer, for those who do not ask the same questions."""
    lines = []
    for question in questions:
        names = {option["key"]: option["name"] for option in question.options}
        given = [names.get(answer, answer) for answer in answers.get(question.code, [])]
        if given:
            lines.append(f"{question.text} {', '.join(given)}")
    return lines
