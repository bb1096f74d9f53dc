"""The file that holds the matching's coefficients: readable by people, loaded without any heavy import."""

import math
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from geo.calibration import Outlook
from geo.duplicates import Limits, Model, ServiceHistory
from geo.pair_features import FEATURES
from geo.scoring import Weights

SHIPPED = Path(__file__).with_name("duplicates.toml")

_HEAD = """\
# How much a report and a ticket must have in common to be of one problem; geo/scoring.py says how the numbers
# are used. Weights are log-odds, linear between the knots and level beyond them; `missing` is the weight of
# what is unknown or not so. Written by `pinward duplicates fit`.
"""


class ModelError(ValueError):
    """A model file that cannot be used, and why."""


@cache
def shipped() -> Model:
    """Return the model that comes with Pinward."""
    return load(SHIPPED)


def load(path: Path) -> Model:
    """Read a model file.

    Raises
    ------
    ModelError
        Naming the file, what is wrong with it, and what to do.
    """
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: {error}. Write it anew with `pinward duplicates fit`.") from error


def loads(text: str) -> Model:
    """Read what a model file holds.

    Raises
    ------
    ModelError
        Saying what is wrong with it.
    """
    try:
        return _model(tomllib.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{error} is missing" if isinstance(error, KeyError) else str(error)) from error


def save(model: Model, path: Path) -> None:
    """Write a model file. Its numbers are rounded to four decimals."""
    path.write_text(dumps(model), encoding="utf-8")


def dumps(model: Model) -> str:
    """Return what a model file holds."""
    return "\n".join(_lines(model)) + "\n"


def _model(data: dict[str, Any]) -> Model:
    outlook = {name: np.array(column, float) for name, column in data.get("outlook", {}).items()}
    return Model(
        weights=_weights(data["features"], float(data["nesting"])),
        services={name: ServiceHistory(**history) for name, history in data["services"].items()},
        unknown_service=ServiceHistory(**data["unknown_service"]),
        affinities={
            (min(a, b), max(a, b)): float(value)
            for a, others in data["affinities"].items()
            for b, value in others.items()
        },
        related_groups=frozenset(
            (min(a, b), max(a, b)) for a, others in data["related_groups"].items() for b in others
        ),
        limits=Limits(**data["limits"]),
        about=data["about"],
        outlook=Outlook(**outlook) if outlook else None,
    )


def _weights(curves: dict[str, Any], nesting: float) -> Weights:
    strange = sorted(set(curves) ^ set(FEATURES))
    if strange:
        raise ValueError(f"features: {', '.join(strange)} must be both in the file and known to this version")
    if not 0.0 < nesting <= 1.0:
        raise ValueError(f"nesting must be above 0 and at most 1, not {nesting}")
    width = max(len(curve["knots"]) for curve in curves.values())
    knots = np.full((len(FEATURES), width), math.inf)
    weights = np.zeros((len(FEATURES), width))
    for row, name in enumerate(FEATURES):
        at, says = (np.array(curves[name][column], float) for column in ("knots", "weights"))
        finite = at.shape == says.shape and np.isfinite([at, says]).all()
        if not finite or not (np.diff(at) > 0).all():
            raise ValueError(f"features.{name}: knots must ascend, and each has one finite weight")
        knots[row, : len(at)], weights[row, : len(at)] = at, says
    return Weights(knots, weights, np.array([float(curves[name]["missing"]) for name in FEATURES]), nesting)


def _lines(model: Model) -> Iterator[str]:
    yield _HEAD
    yield f"nesting = {_toml(model.weights.nesting)}"
    yield from _table("about", model.about)
    yield from _table("limits", _fields(model.limits))
    for name, knots, weights, missing in zip(FEATURES, *model.weights[:3], strict=True):
        used = np.isfinite(knots)
        curve = {"knots": knots[used].tolist(), "weights": weights[used].tolist(), "missing": float(missing)}
        yield from _table(f"features.{name}", curve)
    yield from _table("unknown_service", _fields(model.unknown_service))
    yield from ["", "[services]"]
    for name, history in sorted(model.services.items()):
        yield f'"{name}" = {_inline(_fields(history))}'
    yield from ["", "[affinities]"]
    for first in sorted({a for a, _ in model.affinities}):
        others = {b: value for (a, b), value in sorted(model.affinities.items()) if a == first}
        yield f'"{first}" = {_inline(others)}'
    yield from ["", "[related_groups]"]
    for first in sorted({a for a, _ in model.related_groups}):
        yield f'"{first}" = {_toml(sorted(b for a, b in model.related_groups if a == first))}'
    if model.outlook is not None:
        yield from _table(
            "outlook", {name: column.tolist() for name, column in _fields(model.outlook).items()}
        )


def _fields(values: Any) -> dict[str, Any]:
    return {name: getattr(values, name) for name in values.__slots__}


def _table(name: str, values: Any) -> Iterator[str]:
    yield from ["", f"[{name}]"]
    for key, value in values.items():
        yield f"{key} = {_toml(value)}"


def _inline(values: dict[str, float]) -> str:
    return "{ " + ", ".join(f'"{key}" = {_toml(value)}' for key, value in values.items()) + " }"


def _toml(value: Any) -> str:
    if isinstance(value, float):
        return repr(round(value, 4))
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
