"""Finds in a text what its writer may not want everybody to read: phone numbers, addresses, licence plates.

It only warns, so it may err: what looks like one is shown to the writer, who decides.
"""

from __future__ import annotations

import re

PATTERNS = {
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
    "phone": r"(?:^|[^\d.])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?:$|[^\d])|\+\d[\d ().-]{7,}\d",
    "plate": r"\b[A-Z]{3}[ -]?\d{3,4}\b|\b\d{3}[ -]?[A-Z]{3}\b|\b\d[A-Z]{3}\d{3}\b"
    r"|\b(?:[Pp]late|[Ll]icen[cs]e)s?\b[^\n]{0,12}\b[A-Z0-9]{2,4}[ -]?[A-Z]?\d[A-Z0-9]{1,4}\b",
}
"""What each kind looks like, written so that Python and browsers read it alike."""


def personal(text: str) -> list[str]:
    """Return the kinds of `PATTERNS` that a text seems to hold."""
    return [kind for kind, pattern in PATTERNS.items() if re.search(pattern, text, re.ASCII)]


def found(text: str) -> list[str]:
    """Return what in a text looks like one of `PATTERNS`, as it stands there, each once."""
    hits = (match.group() for pattern in PATTERNS.values() for match in re.finditer(pattern, text, re.ASCII))
    return list(dict.fromkeys(hit.strip(" \t\n.,;:()") for hit in hits))
