"""For programs. Each module is one blueprint; ``blueprints`` lists them for ``create_app``."""

from flask import Blueprint

from webapp.api import (
    errors,
    exports,
    features,
    feeds,
    health,
    one_tap,
    one_tap_alerts,
    open311,
    openapi,
    photos,
    tiles,
)

blueprints: list[Blueprint] = [
    *open311.blueprints,
    features.blueprint,
    exports.blueprint,
    feeds.blueprint,
    openapi.blueprint,
    health.blueprint,
    photos.blueprint,
    tiles.blueprint,
    one_tap.blueprint,
    one_tap_alerts.blueprint,
    errors.blueprint,
]
