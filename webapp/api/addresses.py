"""Where we are, in the addresses that answers name."""

from __future__ import annotations

from flask import current_app, request


def base_url() -> str:
    """Return the address that people know, without a slash at its end; else the one that was asked."""
    return (current_app.config["PINWARD"].public_url or request.host_url).rstrip("/")
