"""A CQL2 filter as a condition: OGC API – Features, Part 3 (OGC 19-079r2), with CQL2 (OGC 21-065r2).

Every part has a kind, and what does not fit together is refused before the database sees it. Values go as
parameters; only properties that are listed as queryable can be asked for.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Double, SQLColumnExpression, and_, func, literal, not_, or_
from sqlalchemy.types import Text

from webapp.api.features import moments, shapes
from webapp.api.features.collections import Features
from webapp.api.features.cql import FilterError, Lang, tree, words
from webapp.api.features.crs import Crs
from webapp.api.features.moments import Moment

Condition = SQLColumnExpression[bool]

_COMPARE: dict[str, Callable[[Any, Any], Condition]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALLED = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "time": "a time",
    "shape": "a shape",
}
_INT64 = 2**63


@dataclass(frozen=True)
class Term:
    """A value: what it is, and how SQL says it."""

    kind: str
    value: Any
    """An expression; of a time a `Moment`."""


def condition(text: str, lang: Lang, features: Features, crs: Crs, zone: ZoneInfo) -> Condition:
    """Return the condition that a filter means.

    Parameters
    ----------
    crs
        Of the coordinates in the filter.
    zone
        The city's: a day in the filter is one of it.

    Raises
    ------
    FilterError
        If it means nothing here; the text names the part.
    """
    return _Reader(features, crs, zone).condition(tree(text, lang))


class _Reader:
    """Turns the parts of a filter into conditions and terms."""

    def __init__(self, features: Features, crs: Crs, zone: ZoneInfo) -> None:
        self._properties = {each.name: each for each in features.properties}
        self._geometry = features.geometry
        self._crs = crs
        self._zone = zone

    def condition(self, node: Any) -> Condition:
        """Return what is true or false."""
        if isinstance(node, dict) and "op" in node:
            return self._operation(node)
        term = self._term(node)
        if term.kind != "boolean":
            raise FilterError(f"{words(node)} is {_CALLED[term.kind]}, where a condition belongs")
        found: Condition = term.value
        return found

    def _operation(self, node: dict[str, Any]) -> Condition:
        args = node.get("args")
        op = str(node["op"]).lower()
        if not isinstance(args, list) or node.keys() != {"op", "args"}:
            raise FilterError(f"{words(node)} is not an operation with a list of args")
        if op in ("and", "or"):
            if not args:
                raise FilterError(f"{words(node)} takes conditions")
            return (and_ if op == "and" else or_)(*map(self.condition, args))
        for relations, kind in ((shapes.RELATIONS, "shape"), (moments.RELATIONS, "time")):
            if op in relations:
                left, right = self._terms(node, args, 2, kind)
                return relations[op](left.value, right.value)
        if op in _COMPARE:
            return _compared(node, op, *self._terms(node, args, 2))
        others: dict[str, tuple[int, Callable[[], Condition]]] = {
            "not": (1, lambda: not_(self.condition(args[0]))),
            "isnull": (1, lambda: self._is_null(node, args[0])),
            "like": (2, lambda: self._like(node, args)),
            "in": (2, lambda: self._in(node, args)),
            "between": (3, lambda: self._between(node, args)),
        }
        if op not in others:
            raise FilterError(f"{words(node)}: {str(node['op'])[:40]} is not known here")
        count, make = others[op]
        if len(args) != count:
            raise FilterError(f"{words(node)} takes {count} args")
        return make()

    def _term(self, node: Any) -> Term:
        """Return a property or a value."""
        if isinstance(node, bool):
            return Term("boolean", literal(node))
        if isinstance(node, str):
            return Term("string", literal(node, Text))
        if isinstance(node, (int, float)):
            return Term("number", _number(node))
        if isinstance(node, dict):
            return self._made(node)
        raise FilterError(f"{words(node)} is no value")

    def _made(self, node: dict[str, Any]) -> Term:
        if node.keys() == {"property"}:
            return self._property(node["property"])
        if len(node) == 1 and next(iter(node)) in moments.KEYS:
            return Term("time", moments.moment(node, self._zone, self._moment_of))
        if "type" in node or node.keys() == {"bbox"}:
            return Term("shape", shapes.shape(node, self._crs))
        if str(node.get("op")).lower() == "casei":
            (inner,) = self._terms(node, node.get("args"), 1, "string")
            return Term("string", func.lower(inner.value))
        if "op" in node:
            return Term("boolean", self._operation(node))
        raise FilterError(f"{words(node)} is no value")

    def _property(self, name: Any) -> Term:
        if name == "geometry":
            return Term("shape", self._geometry)
        if not isinstance(name, str) or name not in self._properties:
            known = ", ".join([*self._properties, "geometry"])
            raise FilterError(f"{words({'property': name})} is not a property here; there are: {known}")
        found = self._properties[name]
        if found.kind == "date-time":
            return Term("time", Moment(found.column, found.column))
        return Term("number" if found.kind == "integer" else found.kind, found.column)

    def _moment_of(self, node: Any) -> Moment:
        term = self._term(node)
        if term.kind != "time":
            raise FilterError(f"{words(node)} is {_CALLED[term.kind]}, where a time belongs")
        found: Moment = term.value
        return found

    def _terms(self, node: Any, args: Any, count: int, kind: str | None = None) -> list[Term]:
        """Return so many args, all of one kind: that of the first one where none is named."""
        if not isinstance(args, list) or len(args) != count:
            raise FilterError(f"{words(node)} takes {count} args")
        terms = [self._term(each) for each in args]
        wanted = kind or terms[0].kind
        for each, term in zip(args, terms, strict=True):
            if term.kind != wanted:
                hint = ": TIMESTAMP('2026-05-04T12:00:00Z') or DATE('2026-05-04')" if wanted == "time" else ""
                raise FilterError(
                    f"{words(node)}: {words(each)} is {_CALLED[term.kind]}, "
                    f"where {_CALLED[wanted]} belongs{hint}"
                )
        return terms

    def _between(self, node: Any, args: list[Any]) -> Condition:
        term, least, greatest = self._terms(node, args, 3)
        return and_(_compared(node, ">=", term, least), _compared(node, "<=", term, greatest))

    def _in(self, node: Any, args: list[Any]) -> Condition:
        if not isinstance(args[1], list) or not args[1]:
            raise FilterError(f"{words(node)} takes a list of values")
        term, *others = self._terms(node, [args[0], *args[1]], 1 + len(args[1]))
        if term.kind in ("string", "number"):
            found: Condition = term.value.in_([each.value for each in others])
            return found
        return or_(*(_compared(node, "=", term, each) for each in others))

    def _like(self, node: Any, args: list[Any]) -> Condition:
        text, pattern = self._terms(node, args, 2, "string")
        said = args[1]
        while isinstance(said, dict) and said.get("args"):
            said = said["args"][0]
        if not isinstance(said, str):
            raise FilterError(f"{words(node)}: a pattern is a text, in CASEI at most")
        if (len(said) - len(said.rstrip("\\"))) % 2:
            raise FilterError(f"{words(node)}: nothing follows the last backslash of the pattern")
        found: Condition = text.value.like(pattern.value)
        return found

    def _is_null(self, node: Any, arg: Any) -> Condition:
        if not isinstance(arg, dict) or arg.keys() != {"property"}:
            raise FilterError(f"{words(node)}: only a property can be null")
        value = self._property(arg["property"]).value
        found: Condition = (value.begin if isinstance(value, Moment) else value).is_(None)
        return found


def _compared(node: Any, op: str, left: Term, right: Term) -> Condition:
    if left.kind == "shape" or (left.kind == "boolean" and op not in ("=", "<>")):
        raise FilterError(f"{words(node)}: {op} does not compare {_CALLED[left.kind]} with another")
    compare = moments.COMPARE if left.kind == "time" else _COMPARE
    found: Condition = compare[op](left.value, right.value)
    return found


def _number(value: float) -> Any:
    # As wide as can be asked for: a smaller column's own type would overflow.
    if not math.isfinite(value) or abs(value) >= _INT64:
        return literal(math.copysign(math.inf, value), Double)
    return literal(int(value), BigInteger) if value == int(value) else literal(value, Double)
