"""Plain text as it is kept: what somebody wrote, without what no one can read or the database cannot hold."""

from __future__ import annotations

import re

_UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters but tab and newline, marks that turn the text's direction around, half characters."""


def plain_text(text: str) -> str:
    """Return ``text`` with line ends as newlines, and without unreadable characters and outer space.

    Markup stays as the text that it is: whoever shows it escapes it.
    """
    return _UNREADABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
