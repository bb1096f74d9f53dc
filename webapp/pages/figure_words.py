"""Days, shares, sizes and small pictures of figures, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date
from flask import Blueprint
from flask_babel import format_decimal, format_percent
from flask_babel import gettext as _
from markupsafe import Markup

from webapp.languages import locale_of
from webapp.pages.language import chosen_language

blueprint = Blueprint("figure_words", __name__)

WEEK_WIDTH, HEIGHT = 10, 60
"""Of a picture of weeks, in its own units."""


@blueprint.app_template_filter()
def percent(share: float | None) -> str:
    """Return such as ``87%``, a dash where there is none."""
    return "–" if share is None else format_percent(share)


@blueprint.app_template_filter()
def calendar_day(day: date) -> str:
    """Return such as ``Nov 27, 2026``."""
    return format_date(day, "medium", locale=locale_of(chosen_language()))


@blueprint.app_template_filter()
def megabytes(size: int) -> str:
    """Return such as ``3.1 MB``."""
    return _("%(amount)s MB", amount=format_decimal(size / 1e6, format="#,##0.0"))


@blueprint.app_template_filter()
def whole(amount: float) -> str:
    """Return such as ``1,235``: what is expected is no more exact than that."""
    return format_decimal(round(amount))


@blueprint.app_template_global()
def weeks_picture(
    past: Sequence[int], low: Sequence[float], expected: Sequence[float], high: Sequence[float]
) -> Markup:
    """Return an SVG of the last weeks as a line, and of the weeks expected as a line within its band."""
    top = max([*past, *high, 1])
    ends = [(place, HEIGHT - HEIGHT * value / top) for place, value in enumerate(past)]
    after = len(past) - 1
    ahead = [_ahead(after, line, top) for line in (low, expected, high)]
    begin = ends[-1:] if past else []
    band = [*begin, *ahead[2], *reversed(ahead[0])]
    return Markup(
        '<svg class="weeks" viewBox="-2 -3 {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon class="weeks__band" points="{band}"/><polyline class="weeks__past" points="{past}"/>'
        '<polyline class="weeks__ahead" points="{ahead}"/></svg>'
    ).format(
        width=WEEK_WIDTH * (len(past) + len(high)) + 4,
        height=HEIGHT + 6,
        band=_points(band),
        past=_points(ends),
        ahead=_points([*begin, *ahead[1]]),
    )


def _ahead(after: int, values: Sequence[float], top: float) -> list[tuple[int, float]]:
    return [(after + place, HEIGHT - HEIGHT * value / top) for place, value in enumerate(values, start=1)]


def _points(corners: Sequence[tuple[int, float]]) -> str:
    return " ".join(f"{place * WEEK_WIDTH},{down:.1f}" for place, down in corners)
