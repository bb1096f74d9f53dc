"""For programs. Each module is one blueprint; ``blueprints`` lists them for ``create_app``."""

from flask import Blueprint

from webapp.api import errors, health, open311, tiles

blueprints: list[Blueprint] = [*open311.blueprints, health.blueprint, tiles.blueprint, errors.blueprint]
