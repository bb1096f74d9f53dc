"""Addresses of our own pages, as messages name them."""

from __future__ import annotations

from webapp.config import Settings


def base_url(settings: Settings) -> str:
    """Return the address of our pages, without a slash at its end."""
    return (settings.public_url or f"http://localhost:{settings.port}").rstrip("/")


def stop_path(key: str, report_id: int | None) -> str:
    """Return where somebody stops the messages: all, and those of one report where it is about one.

    Parameters
    ----------
    key
        The contact's own: whoever has the address of the page may stop their messages.
    """
    return f"/stop/{key}/{report_id}" if report_id else f"/stop/{key}"
