"""Reads CQL2 (OGC 21-065r2), text and JSON, into one tree: that of CQL2-JSON. What it means: ``filters``."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import cql2

Lang = Literal["cql2-text", "cql2-json"]

DEEPEST = 20
"""So many operations may stand within one another; in a text so many parentheses."""
MOST_NODES = 1000

_PLACE = re.compile(r"--> (\d+):(\d+)")
_EXPECTED = re.compile(r"= (expected .+)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# For a text with an error the parser's time doubles with each further parenthesis.
_DEEPEST_TEXT = 8
_UNSTORABLE = re.compile("[\ud800-\udfff\x00]")


class FilterError(ValueError):
    """A filter that cannot be answered; the text says where and why."""


def tree(text: str, lang: Lang) -> Any:
    """Return what a filter says, as CQL2-JSON does.

    Raises
    ------
    FilterError
        If it cannot be read, or is too deep or too large.
    """
    found = _from_text(text) if lang == "cql2-text" else _from_json(text)
    _measure(found)
    return found


def words(node: Any) -> str:
    """Return a part of a filter as CQL2 text, to show which one is meant; as JSON where it is no CQL2."""
    written = json.dumps(node, ensure_ascii=True, allow_nan=False, default=str)
    try:
        said = cql2.parse_json(written).to_text()
    except Exception:  # The library tells of a part that makes no sense by several kinds.
        said = written
    said = said or written
    return said if len(said) <= 100 else f"{said[:97]}…"


def _from_text(text: str) -> Any:
    depth = 0
    for character in re.sub(_QUOTED, "", text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if depth > _DEEPEST_TEXT:
            raise FilterError(f"nests more than {_DEEPEST_TEXT} parentheses")
    if depth:
        raise FilterError("has parentheses that are not in pairs")
    try:
        return cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        raise FilterError(_told(str(error))) from None


def _told(error: str) -> str:
    place, expected = _PLACE.search(error), _EXPECTED.search(error)
    where = f" at line {place[1]}, character {place[2]}" if place else ""
    return f"is not CQL2 text{where}: {expected[1] if expected else error[:200]}"


def _from_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character {error.colno}"
        raise FilterError(f"is not JSON at {place}: {error.msg}") from None
    except (RecursionError, ValueError):
        raise FilterError(f"is no JSON of at most {DEEPEST} levels with numbers that there are") from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _measure(found: Any) -> None:
    """Refuse what is too deep, too large, or holds a text that the database cannot hold."""
    level, count, depth = [found], 0, 0
    while level:
        count, depth = count + len(level), depth + 1
        # Each operation is two levels, itself and its list; shapes have some of their own.
        if depth > 2 * DEEPEST:
            raise FilterError(f"nests more than {DEEPEST} operations")
        if count > MOST_NODES:
            raise FilterError(f"has more than {MOST_NODES:,} parts")
        if any(isinstance(each, str) and _UNSTORABLE.search(each) for each in level):
            raise FilterError("holds a NUL character or half a character")
        level = [
            child
            for each in level
            if isinstance(each, (list, dict))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
