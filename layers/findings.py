"""What a check has to say: where the mistake is, what it is, and how to put it right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a city file or in a file it names."""

    level: Literal["error", "warning"]
    """An error refuses publication; a warning is printed and kept with the edition."""
    message: str
    fix: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place + ': ' if place else ''}{self.level}: {self.message}\n  fix: {self.fix}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON keeps it."""
        return asdict(self)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Return whether any finding refuses publication."""
    return any(finding.level == "error" for finding in findings)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the known word closest to a mistyped one, or all of them."""
    choices = sorted(known)
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{folded[close[0]]}"?'
    return f"Known are: {', '.join(choices) or 'none'}."


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the words for one or for many: ``1 gap``, ``2,000 gaps``."""
    return f"{number:,} {one if number == 1 else many}"


def some(items: Iterable[object], limit: int = 3) -> str:
    """Return the first few items as a list for a sentence, and how many more there are."""
    everything = [str(item) for item in items]
    more = len(everything) - limit
    return ", ".join(everything[:limit]) + (f" and {more} more" if more > 0 else "")
