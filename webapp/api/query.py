"""The query of a request, read into a pydantic model: strictly, with errors that name the parameter.

One model is both the check of a route's parameters and their description in the API's document.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from webapp.api.errors import RequestError

MOST_PARAMETERS = 100
LONGEST_VALUE = 2000
LONGEST_FILTER = 6000
"""Of ``filter``, which may hold a shape. nginx takes no longer address than 8 KB."""
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_UNDECODABLE = re.compile("[\ud800-\udfff\x00]")

Model = TypeVar("Model", bound="Query")


class Query(BaseModel):
    """The parameters of a route. Each field's description says what it takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def bad(name: str, fix: str) -> RequestError:
    """Return the refusal of a parameter's value."""
    return RequestError(400, f"{name}: {fix}")


def whole(value: object) -> object:
    """Return the integer that a text says in plain digits; pydantic alone would take 1_000 and 1.0 too."""
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise ValueError("It is not a whole number")
    return int(value)


def decimals(text: str, *counts: int) -> tuple[float, ...]:
    """Return the numbers of a list with commas between.

    Parameters
    ----------
    counts
        How many there may be.

    Raises
    ------
    ValueError
        If there are not so many, or one is no number in plain decimals.
    """
    parts = [part.strip() for part in text.split(",")]
    numbers = tuple(float(part) for part in parts if _NUMBER.fullmatch(part))
    if len(parts) not in counts or len(numbers) != len(parts) or not all(map(math.isfinite, numbers)):
        raise ValueError(f"It is not {' or '.join(map(str, counts))} numbers with commas between")
    return numbers


Whole = Annotated[int, BeforeValidator(whole)]


def read(model: type[Model], raw: bytes, *, also: Collection[str] = ()) -> tuple[Model, dict[str, str]]:
    """Return a request's parameters, checked, and apart from them those named in ``also``, as they are.

    Raises
    ------
    RequestError
        400 for one that is unknown, repeated, not UTF-8, too long, or that the model refuses.
    """
    values = pairs(raw)
    names = {field.alias or name for name, field in model.model_fields.items()}
    unknown = values.keys() - names - set(also)
    if unknown:
        known = ", ".join([*sorted(names), *sorted(also)]) or "none"
        raise bad(_printable(min(unknown)), f"is not a parameter here; there are: {known}.")
    try:
        found = model.model_validate({name: value for name, value in values.items() if name in names})
    except ValidationError as error:
        raise _refusal(model, error) from None
    return found, {name: value for name, value in values.items() if name not in names}


def pairs(raw: bytes) -> dict[str, str]:
    """Return the parameters of a query string by name.

    Raises
    ------
    RequestError
        400 for a repeated, undecodable or overlong one, and for too many.
    """
    try:
        # Bytes that are not UTF-8 become surrogates, which are refused by the parameter's name.
        listed = parse_qsl(
            raw.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise RequestError(400, f"There are more than {MOST_PARAMETERS} parameters.") from None
    values: dict[str, str] = {}
    for name, value in listed:
        if _UNDECODABLE.search(name) or _UNDECODABLE.search(value):
            raise bad(_printable(name), "is not valid UTF-8, or holds a NUL character.")
        longest = LONGEST_FILTER if name == "filter" else LONGEST_VALUE
        if len(value) > longest:
            raise bad(_printable(name), f"is longer than {longest:,} characters.")
        if name in values:
            raise bad(_printable(name), "is given more than once.")
        values[name] = value
    return values


def _refusal(model: type[Query], error: ValidationError) -> RequestError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0])
    fields: dict[str, Any] = {field.alias or key: field for key, field in model.model_fields.items()}
    what = first["msg"].removeprefix("Value error, ").rstrip(".")
    return bad(name, f"{what}. It takes: {fields[name].description}")


def _printable(name: str) -> str:
    return name[:60].encode("ascii", "backslashreplace").decode() or "A parameter without a name"
