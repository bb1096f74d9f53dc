"""Parameters of a request: from the query and the form, checked, with errors that name them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.api.open311.errors import Open311Error, bad

MOST_FIELDS = 1000
_LARGEST_FORM = 500_000
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,100})\](\[\])?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_W3C = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# In a URL a plus sign that is not escaped means a space.
_SPACE_FOR_PLUS = re.compile(r" (\d\d:\d\d)$")
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)


class Parameters:
    """All parameters by name. An empty one is an absent one.

    Raises
    ------
    Open311Error
        When one is not UTF-8, holds a NUL, or there are too many.
    """

    def __init__(self, request: Request) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in _pairs(request):
            if _SURROGATE.search(name) or _SURROGATE.search(value):
                raise bad(printable(name), "is not valid UTF-8.")
            if "\x00" in name or "\x00" in value:
                raise bad(printable(name), "holds a NUL character.")
            if value.strip():
                self._values.setdefault(name, []).append(value)

    def text(self, name: str, *, longest: int = 200) -> str | None:
        """Return the one value of a parameter, without the blanks around it."""
        values = {value.strip() for value in self._values.get(name, [])}
        if len(values) > 1:
            raise bad(name, "is given more than once, with different values.")
        if not values:
            return None
        value = values.pop()
        if len(value) > longest:
            raise bad(name, f"is longer than {longest:,} characters.")
        return value

    def texts(self, name: str, *, most: int, longest: int = 200) -> list[str]:
        """Return each value of a parameter that may be repeated."""
        values = list(dict.fromkeys(value.strip() for value in self._values.get(name, [])))
        _check_list(name, values, most, longest)
        return values

    def words(self, name: str, *, most: int, longest: int = 200) -> list[str]:
        """Return the members of a comma list, which may be repeated too."""
        joined = ",".join(self._values.get(name, []))
        words = list(dict.fromkeys(word.strip() for word in joined.split(",") if word.strip()))
        _check_list(name, words, most, longest)
        return words

    def date(self, name: str, zone: ZoneInfo) -> datetime | None:
        """Return a W3C date-time in UTC. One without an offset is in the city's ``zone``."""
        value = self.text(name)
        if value is None:
            return None
        value = _SPACE_FOR_PLUS.sub(r"+\1", value)
        try:
            if not _W3C.fullmatch(value):
                raise ValueError
            when = datetime.fromisoformat(value)
            return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise bad(name, "is not a date and time such as 2026-11-22T14:05:00-05:00.") from None

    def number(self, name: str, least: float, greatest: float) -> float | None:
        """Return a number between ``least`` and ``greatest``."""
        value = self.text(name)
        return None if value is None else _number(name, value, least, greatest)

    def integer(self, name: str, least: int, greatest: int) -> int | None:
        """Return a whole number between ``least`` and ``greatest``."""
        value = self.number(name, least, greatest)
        if value is None:
            return None
        if value != int(value):
            raise bad(name, "is not a whole number.")
        return int(value)

    def flag(self, name: str) -> bool:
        """Return whether a parameter says true."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false", "1", "0"):
            raise bad(name, "is neither true nor false.")
        return value in ("true", "1")

    def point(self) -> tuple[float, float] | None:
        """Return (longitude, latitude) in degrees, EPSG:4326, from ``long`` and ``lat``."""
        latitude, longitude = self.number("lat", -90, 90), self.number("long", -180, 180)
        if (latitude is None) != (longitude is None):
            raise bad("lat" if latitude is None else "long", "is missing: lat and long belong together.")
        return None if latitude is None or longitude is None else (longitude, latitude)

    def box(self, name: str) -> tuple[float, float, float, float] | None:
        """Return (west, south, east, north) in degrees, EPSG:4326."""
        value = self.text(name)
        if value is None:
            return None
        parts = value.split(",")
        if len(parts) != 4:
            raise bad(name, "takes four numbers: west,south,east,north.")
        west, east = (_number(name, parts[i].strip(), -180, 180) for i in (0, 2))
        south, north = (_number(name, parts[i].strip(), -90, 90) for i in (1, 3))
        if west > east or south > north:
            raise bad(name, "takes the smaller number first: west,south,east,north.")
        return west, south, east, north

    def attributes(self) -> dict[str, list[str]]:
        """Return the answers given as ``attribute[CODE]=v`` or ``attribute[CODE][]=v``, by code."""
        answers: dict[str, list[str]] = {}
        for name, values in self._values.items():
            if not name.startswith("attribute"):
                continue
            match = _ATTRIBUTE.fullmatch(name)
            if match is None:
                raise bad(printable(name), "is not of the form attribute[CODE] or attribute[CODE][].")
            answers.setdefault(match[1], []).extend(values)
        return answers


def _pairs(request: Request) -> list[tuple[str, str]]:
    pairs = _parse(request.query_string)
    if request.mimetype == "application/x-www-form-urlencoded":
        if (request.content_length or 0) > _LARGEST_FORM:
            raise Open311Error(413, f"The form is larger than {_LARGEST_FORM:,} bytes.")
        pairs += _parse(request.get_data())
    elif request.mimetype == "multipart/form-data":
        pairs += _multipart(request)
    elif request.content_length:
        raise Open311Error(
            400, "Content-Type: send the form as application/x-www-form-urlencoded or multipart/form-data."
        )
    return pairs


def _multipart(request: Request) -> list[tuple[str, str]]:
    try:
        return list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        raise Open311Error(413, "media: all files together are too large; send smaller pictures.") from None


def _parse(raw: bytes) -> list[tuple[str, str]]:
    # Bytes that are not UTF-8 become surrogates, which the caller refuses by the parameter's name.
    try:
        return parse_qsl(
            raw.decode("utf-8", "surrogateescape"), errors="surrogateescape", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Open311Error(400, f"There are more than {MOST_FIELDS:,} parameters.") from None


def _number(name: str, value: str, least: float, greatest: float) -> float:
    number = float(value) if _NUMBER.fullmatch(value) else math.nan
    if not least <= number <= greatest:
        _out_of_range(name, least, greatest)
    return number


def _out_of_range(name: str, least: float, greatest: float) -> NoReturn:
    raise bad(name, f"is not a number from {least:,g} to {greatest:,g}.")


def _check_list(name: str, values: list[str], most: int, longest: int) -> None:
    if len(values) > most:
        raise bad(name, f"names {len(values):,} values; the most is {most:,}.")
    if any(len(value) > longest for value in values):
        raise bad(name, f"holds a value longer than {longest:,} characters.")


def printable(name: str) -> str:
    """Return a parameter's name, short and printable."""
    return name[:60].encode("ascii", "backslashreplace").decode() or "A parameter without a name"
