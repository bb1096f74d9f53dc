"""Speaks Open311 GeoReport v2, and its updates extension, with a back office.

What it answers is taken as it comes: numbers as numbers or as texts, one object or a list of one. What cannot
be understood is an error like no answer at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from webapp.notices import outside
from webapp.notices.outside import Answer, NotSentError

Pairs = list[tuple[str, str]]
Row = dict[str, Any]

AT_ONCE = 50
"""Numbers in one question: a URL may be some 2,000 characters long."""
MOST_PAGES = 50
EARLIER = timedelta(hours=1)
"""Another system's clock may be behind ours by so much."""
_NO_SUCH_PATH = (404, 405, 410, 501)
_NOT_FOR_THIS_KEY = (401, 403)
_PERHAPS_TAKEN = 408
"""Of the statuses that refuse, the one that does not say that nothing was made: it took too long."""


class RefusedError(NotSentError):
    """The back office answered that it did not take what was sent."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a back office gives for a request: its number, a token to ask for it, or neither."""

    reference: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a back office tells of a request."""

    update_id: str
    reference: str
    status: str
    code: str
    """The status in its own words, where it has any."""
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Office:
    """A back office as it is spoken with."""

    endpoint: str
    """Ends in a slash."""
    key: str
    form: str
    """``json`` or ``xml``."""
    jurisdiction_id: str | None
    inside: bool
    """Whether it may be at a private address."""

    def send(self, fields: Pairs, idempotency_key: str) -> Given:
        """Send a request.

        Raises
        ------
        RefusedError
            It was not taken: nothing was made there.
        NotSentError
            Nobody knows whether it was.
        """
        answer = self._ask("POST", "requests", [*self._who(key=True), *fields], idempotency_key)
        if 400 <= answer.status < 500 and answer.status != _PERHAPS_TAKEN:
            raise RefusedError(f"Answered {answer.status}. {self._said(answer)}".strip())
        rows = self._rows(answer)
        if not rows:
            raise NotSentError(f"Answered {answer.status} without saying what it made.")
        if "code" in rows[0]:
            # An error document all the same.
            raise RefusedError(f"Answered {answer.status}. {self._said(answer)}".strip())
        return Given(_text(rows[0], "service_request_id") or None, _text(rows[0], "token") or None)

    def number_of(self, token: str) -> str | None:
        """Return the number of the request that a token stands for, None while there is none."""
        answer = self._read(f"tokens/{quote(token, safe='')}")
        if answer.status in _NO_SUCH_PATH:
            return None
        return next((_text(row, "service_request_id") for row in self._rows(answer)), "") or None

    def find(self, service_code: str, label: str, ours: str, since: datetime) -> str | None:
        """Return the number of a request made since then whose description ends in our own number.

        Parameters
        ----------
        label
            What stands before our number. What a reporter wrote, who may know other numbers, comes earlier.
        """
        since -= EARLIER
        asked = [("service_code", service_code), ("start_date", _when(since))]
        for row in self._pages("requests", asked, "service_request_id"):
            if _text(row, "description").rpartition(label)[2].startswith(ours):
                return _text(row, "service_request_id")
        return None

    def questions(self, service_code: str) -> dict[str, set[str]]:
        """Return what a service asks: the keys of the choices, none of a free answer, by the code."""
        answer = self._read(f"services/{quote(service_code, safe='')}")
        if answer.status in _NO_SUCH_PATH:
            return {}
        definition: Row = next(iter(self._rows(answer)), {})
        asked = _items(definition.get("attributes"), "attribute")
        return {
            _text(each, "code"): {_text(value, "key") for value in _items(each.get("values"), "value")}
            for each in asked
        }

    def updates(self, since: datetime, until: datetime) -> list[Heard] | None:
        """Return what happened between two moments; None where it does not have the updates extension."""
        asked = [("start_date", _when(since)), ("end_date", _when(until))]
        try:
            rows = list(self._pages("servicerequestupdates", asked, "update_id"))
        except _NotThereError:
            return None
        return [
            Heard(
                update_id=_text(row, "update_id"),
                reference=_text(row, "service_request_id"),
                status=_text(row, "status").lower(),
                code=_text(row, "external_status_code").lower(),
                note=_text(row, "description"),
                at=_moment(row),
            )
            for row in rows
        ]

    def statuses(self, references: Sequence[str]) -> list[Heard]:
        """Return how requests stand now, by their numbers."""
        found = []
        for begin in range(0, len(references), AT_ONCE):
            some = ",".join(references[begin : begin + AT_ONCE])
            for row in self._rows(self._read("requests", [("service_request_id", some)])):
                reference, status = _text(row, "service_request_id"), _text(row, "status").lower()
                update_id = f"{reference}.{status}.{_text(row, 'updated_datetime')}"
                note = _text(row, "status_notes")
                found.append(Heard(update_id, reference, status, "", note, _moment(row)))
        return found

    def _pages(self, path: str, asked: Pairs, name: str) -> Iterator[Row]:
        """Yield the rows of all pages, also of who has no pages and always answers the same."""
        seen: set[str] = set()
        for page in range(1, MOST_PAGES + 1):
            answer = self._read(path, [*asked, ("page", str(page))])
            if answer.status in _NO_SUCH_PATH:
                raise _NotThereError(f"Answered {answer.status}.")
            new = [row for row in self._rows(answer) if _text(row, name) not in seen | {""}]
            if not new:
                return
            seen |= {_text(row, name) for row in new}
            yield from new

    def _read(self, path: str, asked: Iterable[tuple[str, str]] = ()) -> Answer:
        """Ask with the key, and without where that is not for reading."""
        for key in (True, False):
            answer = self._ask("GET", path, [*self._who(key=key), *asked])
            if answer.status not in _NOT_FOR_THIS_KEY:
                break
        return answer

    def _ask(self, method: str, path: str, pairs: Pairs, idempotency_key: str = "") -> Answer:
        url, body, headers = f"{self.endpoint}{path}.{self.form}", None, {"User-Agent": "Pinward"}
        if method == "GET":
            url += f"?{urlencode(pairs)}" if pairs else ""
        else:
            body = urlencode(pairs).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
            headers["Idempotency-Key"] = idempotency_key
        return outside.ask(method, url, body, headers, inside=self.inside)

    def _who(self, *, key: bool) -> Pairs:
        pairs = [("jurisdiction_id", self.jurisdiction_id or ""), ("api_key", self.key if key else "")]
        return [(name, value) for name, value in pairs if value]

    def _rows(self, answer: Answer) -> list[Row]:
        """Return the objects of an answer of 2xx."""
        if not 200 <= answer.status < 300:
            raise NotSentError(f"Answered {answer.status}. {self._said(answer)}".strip())
        try:
            return _READERS[self.form](answer.body)
        except (ValueError, ElementTree.ParseError, DefusedXmlException, RecursionError) as error:
            raise NotSentError(f"Answered {answer.status} with what is no {self.form.upper()}.") from error

    def _said(self, answer: Answer) -> str:
        """Return the words of an error document, short; nothing where there is none."""
        try:
            rows = _READERS[self.form](answer.body)
        except (ValueError, ElementTree.ParseError, DefusedXmlException, RecursionError):
            return ""
        return " ".join(filter(None, (_text(row, "description") for row in rows)))[:150]


class _NotThereError(NotSentError):
    """There is nothing at the path."""


def _read_json(body: bytes) -> list[Row]:
    found = json.loads(body)
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, dict)]


def _read_xml(body: bytes) -> list[Row]:
    root = ElementTree.fromstring(body)
    if root.tag == "service_definition":
        return [_fields(root)]
    return [_fields(child) for child in root]


def _fields(element: Any) -> Row:
    """Return an element's children by name: their text, or their own children as a list."""
    return {child.tag: [_fields(item) for item in child] if len(child) else child.text for child in element}


_READERS: dict[str, Callable[[bytes], list[Row]]] = {"json": _read_json, "xml": _read_xml}


def _items(value: Any, name: str) -> list[Row]:
    """Return the objects of a list, also of one that is wrapped as in XML made JSON: ``{"value": […]}``."""
    if isinstance(value, dict):
        value = value.get(name)
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, dict)]


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(row: Row) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(row, "updated_datetime"))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
