"""Addresses of pictures that other programs gave. They are kept as words and never fetched."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

LONGEST = 2000
_BREAKS_OUT = re.compile(r"[\s<>\"]")


def is_address(url: str) -> bool:
    """Whether it may be kept: http or https, without what would end an attribute or a line."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return False
    return scheme in ("http", "https") and len(url) <= LONGEST and not _BREAKS_OUT.search(url)


def shown(urls: Iterable[str]) -> list[str]:
    """Return those that may be shown as links: https, of a named host that anybody could reach."""
    return [url for url in urls if is_address(url) and _leads_outside(url)]


def _leads_outside(url: str) -> bool:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or parts.username is not None or "." not in host:
        return False
    if host.endswith((".local", ".localhost", ".internal")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # To a browser 0x7f.1 is an address too; no top-level domain begins with a digit.
        return not host.rsplit(".", 1)[-1][0].isdigit()
    return False
