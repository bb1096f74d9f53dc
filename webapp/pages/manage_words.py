"""The figures of managers in words: what each is called, how it is computed, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from babel.dates import format_time
from flask import Blueprint
from flask_babel import format_decimal, format_number, format_percent, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.insight.measures import Measures
from webapp.languages import locale_of
from webapp.pages.figure_words import percent
from webapp.pages.language import chosen_language

blueprint = Blueprint("manage_words", __name__)


@dataclass(frozen=True)
class Figure:
    """One figure of `Measures`."""

    name: str
    label: object
    how: object
    kind: str = "count"
    """Or days, or share."""
    tickets: str = ""
    """The tickets that make it up, of `webapp.insight.drilling.WHICH`; empty: no count."""
    fewer_is_better: bool | None = None


FIGURES = (
    Figure(
        "received", _l("Received"),
        _l("Tickets whose first report came in these days. Several reports of one problem are one ticket."),
        tickets="received",
    ),
    Figure(
        "closed", _l("Closed"),
        _l(
            "Tickets closed in these days, done or declined, whenever they came. The last closing "
            "counts of one that was opened again."
        ),
        tickets="closed", fewer_is_better=False,
    ),
    Figure(
        "open", _l("Open"),
        _l(
            "Tickets open at the end of these days, or now, whenever they came. One that was opened "
            "again counts as open all along."
        ),
        tickets="open", fewer_is_better=True,
    ),
    Figure(
        "open_days", _l("Age of open tickets"),
        _l(
            "Half of the open tickets are older than this; the time that they wait for somebody "
            "counts too."
        ),
        kind="days", fewer_is_better=True,
    ),
    Figure(
        "old", _l("Open over 30 days"), _l("Of the open tickets, those that came more than 30 days before."),
        tickets="old", fewer_is_better=True,
    ),
    Figure(
        "on_time", _l("On time"),
        _l(
            "Of the tickets received that have a promised date and are closed, or open past it: the "
            "share closed by it. While a ticket waits for somebody outside, its promised date moves "
            "on."
        ),
        kind="share", fewer_is_better=False,
    ),
    Figure(
        "overdue", _l("Open and late"),
        _l("Tickets received in these days that are still open, past their promised date."),
        tickets="overdue", fewer_is_better=True,
    ),
    Figure(
        "median_days", _l("Half done within"),
        _l(
            "Of the tickets received, half were completed within this time, from the first report to "
            "the closing. The time that they waited for somebody is no part of it. Open tickets count"
            " with the time they have taken so far (Kaplan and Meier, 1958); declined ones are left "
            "out."
        ),
        kind="days", fewer_is_better=True,
    ),
    Figure(
        "most_days", _l("Four in five done within"),
        _l("The same for 80 of 100 tickets. There is no figure until so many are done."),
        kind="days", fewer_is_better=True,
    ),
    Figure(
        "response_days", _l("First answer within"),
        _l(
            "Half of the tickets received had a first answer within this time: staff, or the system "
            "that does the work, began, planned, asked, passed on, closed or wrote something that the"
            " reporter can see. Tickets without an answer count with the time they have waited so "
            "far."
        ),
        kind="days", fewer_is_better=True,
    ),
    Figure(
        "reopened", _l("Opened again"),
        _l("Of the tickets received whose work was ever said to be done, the share that was opened again."),
        kind="share", tickets="reopened", fewer_is_better=True,
    ),
    Figure(
        "repeats", _l("Again within 90 days"),
        _l(
            "Tickets received for the same service at the same asset, or on the same piece of street,"
            " up to 90 days after it was fixed there. Tickets about no asset and no street are not "
            "compared."
        ),
        tickets="repeats", fewer_is_better=True,
    ),
)  # fmt: skip
MORE_HOWS = (
    (
        "satisfied", _l("Satisfied"),
        _l(
            "Reporters are asked when the work is said to be done. Of those asked in these days who "
            "answered, and those who answered without being asked, the share that is satisfied or "
            "very satisfied. Few answer: those who do may not be like the rest."
        ),
    ),
    (
        "answered", _l("Answered without a ticket"),
        _l(
            "Questions that an article of the desk or of the site answered in these days, so that no "
            "ticket was needed. Only days count here, not the other filters."
        ),
    ),
    (
        "hours", _l("By hour"),
        _l(
            "Tickets received by the hour of the city's clock at which the first report came, all "
            "days together."
        ),
    ),
    (
        "league", _l("Order"),
        _l(
            "The share on time, drawn towards that of all together, the more the fewer tickets it is "
            "of. The bar is the interval in which the true share lies with 95 % confidence (Wilson, "
            "1927). The place begins after those that are surely better and ends before those that "
            "are surely worse. With fewer than 20 tickets nobody has a place."
        ),
    ),
    (
        "worst", _l("Done again and again"),
        _l(
            "Pieces of street and assets by how many tickets came again within 90 days or were opened"
            " again. A visit is each time that the work was said to be done. Tickets about an asset "
            "count for the asset alone."
        ),
    ),
)  # fmt: skip


@blueprint.app_template_global()
def figure_value(figure: Figure, measures: Measures) -> str:
    """Return a figure as it is written."""
    return _written(figure.kind, getattr(measures, figure.name))


@blueprint.app_template_global()
def figure_change(figure: Figure, now: Measures, then: Measures) -> str:
    """Return by how much a figure differs from that of another period; empty where nothing compares."""
    is_now, was = getattr(now, figure.name), getattr(then, figure.name)
    if is_now is None or was is None:
        return ""
    if figure.kind == "count":
        return format_percent((is_now - was) / was, format="+#,##0 %;−#,##0 %") if was else ""
    if figure.kind == "share":
        points = format_decimal(100 * (is_now - was), format="+#,##0.0;−#,##0.0")
        return _("%(number)s points", number=points)
    return days_words(is_now - was, signed=True)


@blueprint.app_template_global()
def better(figure: Figure, now: Measures, then: Measures) -> str:
    """Return ``better`` or ``worse`` than then; empty where neither is to be said."""
    is_now, was = getattr(now, figure.name), getattr(then, figure.name)
    if figure.fewer_is_better is None or is_now is None or was is None or is_now == was:
        return ""
    return "better" if (is_now < was) == figure.fewer_is_better else "worse"


@blueprint.app_template_filter()
def hour_words(hour: int) -> str:
    """Return such as ``5:00 PM``: where an hour of the clock begins."""
    # Few fonts have the narrow space that the locale data puts before AM and PM.
    return format_time(time(hour), "short", locale=locale_of(chosen_language())).replace("\u202f", "\u00a0")


@blueprint.app_template_filter("days_words")
def days_words(days: float | None, *, signed: bool = False) -> str:
    """Return such as ``3.5 days``, or hours where it is less than two days."""
    if days is None:
        return "–"
    sign = "+" if signed and days > 0 else "−" if days < 0 else ""
    amount = abs(days)
    if amount < 2:
        hours = 24 * amount
        written = format_decimal(hours, format="#,##0.0" if hours < 10 else "#,##0")
        return ngettext(
            "%(sign)s%(hours)s hour", "%(sign)s%(hours)s hours", _plural(hours), sign=sign, hours=written
        )
    written = format_decimal(amount, format="#,##0.0" if amount < 100 else "#,##0")
    return ngettext("%(sign)s%(days)s day", "%(sign)s%(days)s days", _plural(amount), sign=sign, days=written)


def _plural(amount: float) -> int:
    return 1 if amount == 1 else max(2, round(amount))


def _written(kind: str, value: float | None) -> str:
    if kind == "days":
        return days_words(value)
    if kind == "share":
        return percent(value)
    return format_number(value)
