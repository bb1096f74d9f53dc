"""In which language, direction and time zone a page speaks."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from babel import Locale
from flask import Blueprint, Flask, g, request
from flask.blueprints import BlueprintSetupState
from flask_babel import Babel, format_date, format_time, get_locale
from flask_babel import gettext as _

from webapp.pages.context import known_city

blueprint = Blueprint("language", __name__)
OFFERED = ("en",)
"""Languages whose pages are translated whole. A city offers those that its file names too."""

_babel = Babel()


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Hang Flask-Babel into the application."""
    app = cast("Flask", state.app)
    _babel.init_app(app, locale_selector=chosen_language, timezone_selector=city_time_zone)


def offered() -> list[str]:
    """Return the languages to choose from here."""
    city = known_city()
    return [language for language in city.languages if language in OFFERED] if city else ["en"]


def city_time_zone() -> str:
    """Return the time zone in which dates and times are shown: the city's, wherever the reader is."""
    city = known_city()
    return city.time_zone if city else "UTC"


def chosen_language() -> str:
    """Return the language of this request: asked for, remembered, or the browser's."""
    if "language" not in g:
        languages = offered()
        asked = request.args.get("lang") or request.cookies.get("language")
        best = request.accept_languages.best_match([language.replace("_", "-") for language in languages])
        g.language = asked if asked in languages else (best or languages[0]).replace("-", "_")
    language: str = g.language
    return language


@blueprint.app_context_processor
def words() -> dict[str, object]:
    """Give templates the page's language and direction."""
    locale = get_locale() or Locale("en")
    return {
        "lang": str(locale).replace("_", "-"),
        "lang_code": str(locale),
        "text_direction": locale.text_direction,
    }


@blueprint.app_template_filter()
def day(moment: datetime | None) -> str:
    """Return such as ``Fri, Nov 27``; with the year when it is not this one."""
    if moment is None:
        return ""
    pattern = "EEE, MMM d" if moment.year == datetime.now(moment.tzinfo).year else "MMM d, y"
    return format_date(moment, pattern)


@blueprint.app_template_filter()
def day_and_time(moment: datetime | None) -> str:
    """Return such as ``Fri, Nov 27, 5:00 PM``, in the city's own time."""
    if moment is None:
        return ""
    # Few fonts have the narrow space that the locale data puts before AM and PM.
    clock = format_time(moment, "short").replace("\u202f", "\u00a0")
    return _("%(day)s, %(time)s", day=day(moment), time=clock)
