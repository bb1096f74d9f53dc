"""The file that holds the matching's coefficients: readable by people, loaded without any heavy import."""

import math
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from geo.duplicates import Limits, Model
from geo.pair_features import FEATURES

SHIPPED = Path(__file__).with_name("duplicates.toml")


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
        Naming the file, the entry and what is wrong with it.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return _model(data)
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path}: {what}. Write it anew with `pinward duplicates fit`.") from error


def _model(data: dict[str, Any]) -> Model:
    unknown = sorted(set(data["features"]) ^ set(FEATURES))
    if unknown:
        raise ValueError(f"these features are not in both the file and the code: {', '.join(unknown)}")
    curves = [data["features"][name] for name in FEATURES]
    width = max(len(curve["knots"]) for curve in curves)
    knots = np.full((len(FEATURES), width), math.inf)
    weights = np.zeros((len(FEATURES), width))
    for row, (name, curve) in enumerate(zip(FEATURES, curves, strict=True)):
        points = np.array([curve["knots"], curve["weights"]], float)
        if not np.isfinite(points).all() or not (np.diff(points[0]) > 0).all():
            raise ValueError(f"features.{name}: knots must ascend, and each has one finite weight")
        knots[row, : points.shape[1]], weights[row, : points.shape[1]] = points
    return Model(
        knots=knots,
        weights=weights,
        missing=np.array([curve["missing"] for curve in curves], float),
        repeat_rates=data["repeat_rates"],
        affinities={(pair["a"], pair["b"]): float(pair["log_odds"]) for pair in data.get("affinities", [])},
        prior_repeat_rate=float(data["priors"]["repeat_rate"]),
        prior_same=float(data["priors"]["same_service"]),
        prior_group=float(data["priors"]["same_group"]),
        limits=Limits(**{name: float(value) for name, value in data["limits"].items()}),
        about=data["about"],
    )


def save(model: Model, path: Path) -> None:
    """Write a model file that `load` reads back exactly as it is rounded here."""
    path.write_text("\n".join(_lines(model)) + "\n", encoding="utf-8")


def _lines(model: Model) -> Iterable[str]:
    yield "# How alike a report and an open ticket must be to be one problem. Written by `pinward duplicates fit`."
    yield "# Weights are log-odds, linear between the knots; `missing` is what an unknown value weighs."
    yield from _table("about", model.about)
    limits = model.limits
    yield from _table("limits", {name: getattr(limits, name) for name in limits.__slots__})
    yield from _table(
        "priors",
        {
            "repeat_rate": model.prior_repeat_rate,
            "same_service": model.prior_same,
            "same_group": model.prior_group,
        },
    )
    for name, knots, weights, missing in zip(
        FEATURES, model.knots, model.weights, model.missing, strict=True
    ):
        used = np.isfinite(knots)
        yield from _table(
            f"features.{name}",
            {"knots": knots[used].tolist(), "weights": weights[used].tolist(), "missing": float(missing)},
        )
    yield from _table("repeat_rates", dict(sorted(model.repeat_rates.items())))
    for (a, b), value in sorted(model.affinities.items()):
        yield from ["", "[[affinities]]", f'a = "{a}"', f'b = "{b}"', f"log_odds = {_toml(value)}"]


def _table(name: str, values: Any) -> Iterable[str]:
    yield from ["", f"[{name}]"]
    for key, value in values.items():
        yield f"{key} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if value != int(value) else f"{value:.1f}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return (
        str(value)
        if isinstance(value, int)
        else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
