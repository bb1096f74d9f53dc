"""A TOML file that remembers on which line each key stands."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any

Keys = tuple[str | int, ...]


def line_numbers(text: str) -> dict[Keys, int]:
    """Return the line (from 1) of every table, key and inline key of a valid TOML text.

    The text is cut into statements by handing `tomllib` line after line until one parses, so that strings and
    arrays of several lines need no parser of our own. What is inside such an array has the line it begins on.
    """
    lines = text.split("\n")
    found: dict[Keys, int] = {}
    arrays: Counter[Keys] = Counter()
    table: Keys = ()
    number = 0
    while number < len(lines):
        start, statement = number + 1, lines[number]
        while (parsed := _parse(statement)) is None:
            number += 1
            statement += "\n" + lines[number]
        number += 1
        if statement.lstrip().startswith("["):
            table = _resolve(parsed, arrays)
            found.setdefault(table, start)
        else:
            _record(parsed, table, start, found)
    return found


def _parse(statement: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None


def _resolve(header: dict[str, Any], arrays: Counter[Keys]) -> Keys:
    """Return the path that ``[a.b]`` or ``[[a.b]]`` means, with the numbers of array elements."""
    path: Keys = ()
    value: Any = header
    while value:
        name, value = next(iter(value.items()))
        path = (*path, name)
        if isinstance(value, list):
            value = value[0]
            arrays[path] += 1
        if path in arrays:
            path = (*path, arrays[path] - 1)
    return path


def _record(value: Any, path: Keys, line: int, found: dict[Keys, int]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.setdefault((*path, key), line)
        _record(inner, (*path, key), line, found)
