"""The city file: read, with a finding for each mistake, and able to say on which line everything stands."""

from __future__ import annotations

import tomllib
import types
import typing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from layers.findings import Finding, did_you_mean
from layers.sections import LAYER_MODELS, AnyLayer, CitySection
from layers.tomlfile import Keys, line_numbers
from webapp.config import Settings

SECTIONS = (
    *("city", "layers", "calendar", "staff", "privacy", "departments", "crews", "services", "rules"),
    *("priorities", "escalations", "back_offices", "quiet_hours", "articles", "tables"),
)

Model = TypeVar("Model", bound=BaseModel)


@dataclass
class CityDocument:
    """A city file.

    ``data`` is the parsed TOML, whole. ``city`` and ``layers`` are its map part, checked; the rooms that own
    the other sections check them with `parse`, which turns each mistake into a finding with its line.
    """

    path: Path
    text: str
    data: dict[str, Any]
    settings: Settings
    city: CitySection | None = None
    layers: dict[str, AnyLayer] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong with ``[city]``, ``[layers]`` and the names of the sections."""
    features: dict[str, Any] = field(default_factory=dict)
    """The layers that `layers.features.features` has read, so that none is read twice."""

    @cached_property
    def _lines(self) -> dict[Keys, int]:
        return line_numbers(self.text)

    def line_of(self, *keys: str | int) -> int | None:
        """Return the line of a key, given as ``line_of("services", 3, "code")``, or of what holds it."""
        path: Keys = keys
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)

    def finding(
        self, level: Literal["error", "warning"], message: str, fix: str, *keys: str | int
    ) -> Finding:
        """Return a finding that points at a key of this file."""
        return Finding(level, message, fix, str(self.path), self.line_of(*keys))

    def error(self, message: str, fix: str, *keys: str | int) -> Finding:
        """Return an error that points at a key of this file."""
        return self.finding("error", message, fix, *keys)

    def warning(self, message: str, fix: str, *keys: str | int) -> Finding:
        """Return a warning that points at a key of this file."""
        return self.finding("warning", message, fix, *keys)

    def get(self, *keys: str | int) -> Any:
        """Return the value of a key, or None where there is none."""
        value: Any = self.data
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def parse(self, model: type[Model], *keys: str | int) -> tuple[Model | None, list[Finding]]:
        """Check the table at a key against a model.

        Returns
        -------
        value : model or None
            None where anything is wrong.
        findings : list of Finding
            One for each mistake, with its line and what to do, taken from the field's description.
        """
        try:
            return model.model_validate(self.get(*keys) or {}), []
        except ValidationError as error:
            return None, [self._explain(model, keys, mistake) for mistake in error.errors()]

    def resolve(self, file: str) -> Path:
        """Return the path that a ``file`` of this document means."""
        file = file.replace("${SHARED}", str(self.settings.shared_data))
        file = file.replace("${HOME}", str(self.settings.home))
        return (self.path.parent / Path(file).expanduser()).resolve()

    def _explain(self, model: type[BaseModel], keys: Keys, mistake: Any) -> Finding:
        place: Keys = mistake["loc"]
        where = ".".join(str(key) for key in (*keys, *place[:-1]))
        owner, description = _described(model, place)
        name = str(place[-1]) if place else where
        if mistake["type"] == "extra_forbidden":
            known = [info.alias or key for key, info in owner.model_fields.items()]
            return self.error(
                f'[{where}] has an unknown key "{name}".', did_you_mean(name, known), *keys, *place
            )
        advice = f'Set "{name}" to {description}.' if description else f'Set "{name}" in [{where}].'
        if mistake["type"] == "missing":
            return self.error(f'[{where}] has no "{name}".', advice, *keys, *place)
        said = mistake["msg"].removeprefix("Value error, ")
        return self.error(
            f'"{name}" in [{where}] is wrong: {said[:1].lower()}{said[1:]}.', advice, *keys, *place
        )


def _described(model: type[BaseModel], place: Keys) -> tuple[type[BaseModel], str | None]:
    """Return the model that owns the key at a place within a model, and the description of that key."""
    owner, description = model, None
    inner: type[BaseModel] | None = model
    for key in place:
        if inner is None:
            break
        if isinstance(key, int):
            continue
        owner = inner
        info = next((i for k, i in owner.model_fields.items() if key in (k, i.alias)), None)
        description = info.description if info else None
        inner = _model_within(info.annotation) if info else None
    return owner, description


def _model_within(annotation: Any) -> type[BaseModel] | None:
    """Return the model in ``Model``, ``Model | None``, ``list[Model]`` or ``dict[str, Model]``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (_model_within(inner) for inner in typing.get_args(annotation))
    return next((inner for inner in found if inner), None)


def read(path: Path, settings: Settings) -> tuple[CityDocument | None, list[Finding]]:
    """Read a city file.

    Returns
    -------
    document : CityDocument or None
        None where the file cannot be read at all.
    findings : list of Finding
        Mistakes in the file's syntax, in ``[city]``, in ``[layers]`` and in the names of its sections.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = CityDocument(path, text, tomllib.loads(text), settings)
    except OSError as error:
        fix = "Name a city file, such as cities/boston/city.toml."
        return None, [Finding("error", f"The file cannot be read: {error.strerror}.", fix, str(path))]
    except UnicodeDecodeError:
        return None, [Finding("error", "The file is not UTF-8 text.", "Save it as UTF-8.", str(path))]
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(path, text, str(error))]
    document.findings = [*_names(document), *_city(document), *_layers(document), *_references(document)]
    return document, document.findings


def _syntax(path: Path, text: str, said: str) -> Finding:
    """Turn ``… (at line 3, column 5)`` into a finding on that line."""
    what, _, where = said.partition(" (at ")
    digits = where.removeprefix("line ").partition(",")[0]
    line = int(digits) if digits.isdigit() else len(text.splitlines())
    return Finding(
        "error", f"This is not TOML: {what}.", "See https://toml.io for the rules.", str(path), line
    )


def _names(document: CityDocument) -> list[Finding]:
    return [
        document.error(f'There is no section "{name}".', did_you_mean(name, SECTIONS), name)
        for name in document.data
        if name not in SECTIONS
    ]


def _city(document: CityDocument) -> list[Finding]:
    if not isinstance(document.get("city"), dict):
        fix = "Add [city] with slug, name, time_zone and boundary."
        return [document.error("The file has no [city].", fix)]
    document.city, findings = document.parse(CitySection, "city")
    return findings


def _layers(document: CityDocument) -> list[Finding]:
    tables = document.get("layers")
    if not isinstance(tables, dict) or not tables:
        fix = "Add [layers.streets] and the layer that bounds the city."
        return [document.error("The file has no [layers.NAME].", fix)]
    findings: list[Finding] = []
    for name, table in tables.items():
        kind = table.get("kind") if isinstance(table, dict) else None
        if kind not in LAYER_MODELS:
            said = "has no kind" if kind is None else f'has the unknown kind "{kind}"'
            fix = f"Set kind to one of {', '.join(LAYER_MODELS)}."
            findings.append(document.error(f"[layers.{name}] {said}.", fix, "layers", name, "kind"))
            continue
        layer, mistakes = document.parse(LAYER_MODELS[kind], "layers", name)
        findings += mistakes
        if layer is not None:
            document.layers[name] = layer
    return findings


def _references(document: CityDocument) -> list[Finding]:
    """Check that the boundary and the districts are zones layers of the file."""
    if document.city is None:
        return []
    tables = document.get("layers") or {}
    zones = [name for name in tables if document.get("layers", name, "kind") == "zones"]
    unnamed = [
        document.error(
            f'"{key}" names the zones layer "{name}", which the file does not have.',
            did_you_mean(name, zones),
            "city",
            key,
        )
        for key, name in (("boundary", document.city.boundary), ("districts", document.city.districts))
        if name is not None and name not in zones
    ]
    if not any(document.get("layers", name, "kind") == "segments" for name in tables):
        fix = 'Add [layers.streets] with kind = "segments".'
        unnamed.append(document.error("No layer has the city's streets.", fix, "layers"))
    return unnamed
