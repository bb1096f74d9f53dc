"""HTML for people. Each module is one blueprint; ``blueprints`` lists them for ``create_app``."""

from flask import Blueprint

blueprints: list[Blueprint] = []
