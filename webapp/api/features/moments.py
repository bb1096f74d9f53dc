"""Times in CQL2: instants and intervals, and how one lies to another (OGC 21-065r2, 7.7 and annex C).

Everything is an interval here; an instant is one that ends when it begins, and a day is one of the city.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, SQLColumnExpression, and_, cast, literal, not_, or_

from webapp.api.features.cql import FilterError, words
from webapp.api.features.when import interval

KEYS = ("timestamp", "date", "interval")
_OPEN = ".."

Condition = SQLColumnExpression[bool]


@dataclass(frozen=True)
class Moment:
    """From ``begin`` to ``end``, both in it, as SQL says them."""

    begin: SQLColumnExpression[datetime]
    end: SQLColumnExpression[datetime]


Relation = Callable[[Moment, Moment], Condition]


def _meets(one: Moment, other: Moment) -> Condition:
    return and_(one.begin < one.end, one.end == other.begin, other.begin < other.end)


RELATIONS: dict[str, Relation] = {
    "t_after": lambda a, b: a.begin > b.end,
    "t_before": lambda a, b: a.end < b.begin,
    "t_contains": lambda a, b: and_(a.begin < b.begin, a.end > b.end),
    "t_disjoint": lambda a, b: or_(a.end < b.begin, a.begin > b.end),
    "t_during": lambda a, b: and_(a.begin > b.begin, a.end < b.end),
    "t_equals": lambda a, b: and_(a.begin == b.begin, a.end == b.end),
    "t_finishedby": lambda a, b: and_(a.begin < b.begin, a.end == b.end),
    "t_finishes": lambda a, b: and_(a.begin > b.begin, a.end == b.end),
    "t_intersects": lambda a, b: and_(a.begin <= b.end, a.end >= b.begin),
    "t_meets": _meets,
    "t_metby": lambda a, b: _meets(b, a),
    "t_overlappedby": lambda a, b: and_(a.begin > b.begin, a.begin < b.end, a.end > b.end),
    "t_overlaps": lambda a, b: and_(a.begin < b.begin, a.end > b.begin, a.end < b.end),
    "t_startedby": lambda a, b: and_(a.begin == b.begin, a.end > b.end),
    "t_starts": lambda a, b: and_(a.begin == b.begin, a.end < b.end),
}
COMPARE: dict[str, Relation] = {
    "=": lambda a, b: and_(a.begin >= b.begin, a.end <= b.end),
    "<>": lambda a, b: not_(COMPARE["="](a, b)),
    "<": lambda a, b: a.end < b.begin,
    "<=": lambda a, b: a.end <= b.end,
    ">": lambda a, b: a.begin > b.end,
    ">=": lambda a, b: a.begin >= b.begin,
}
"""A time is equal to a day when it lies in it, and later than that when it is later than all of it."""


def moment(node: dict[str, Any], zone: ZoneInfo, inner: Callable[[Any], Moment]) -> Moment:
    """Return what a timestamp, a date or an interval of CQL2-JSON means.

    Parameters
    ----------
    inner
        Reads a property or a function within an interval.

    Raises
    ------
    FilterError
        If it is no time that there is.
    """
    ((kind, said),) = node.items()
    if kind == "interval":
        if not isinstance(said, list) or len(said) != 2:
            raise FilterError(f"{words(node)} is not an interval of two times")
        ends = [_end(each, zone, inner) for each in said]
        return Moment(_infinite("-infinity", ends[0], "begin"), _infinite("infinity", ends[1], "end"))
    if not isinstance(said, str) or (kind == "date") == ("T" in said.upper()):
        raise FilterError(f"{words(node)} is not a {kind}")
    return _read(said, zone)


def _end(node: Any, zone: ZoneInfo, inner: Callable[[Any], Moment]) -> Moment | None:
    if node == _OPEN:
        return None
    return _read(node, zone) if isinstance(node, str) else inner(node)


def _infinite(name: str, end: Moment | None, side: str) -> SQLColumnExpression[datetime]:
    if end is None:
        return cast(name, DateTime(timezone=True))
    found: SQLColumnExpression[datetime] = getattr(end, side)
    return found


def _read(text: str, zone: ZoneInfo) -> Moment:
    try:
        if "/" in text or text in ("", _OPEN):
            raise ValueError(f"{text[:40]!r} is no time")
        found = interval(text, zone)
    except ValueError as error:
        raise FilterError(str(error)) from None
    kind = DateTime(timezone=True)
    return Moment(literal(found.begin, kind), literal(found.end, kind))
