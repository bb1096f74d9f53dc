"""In which language, direction and time zone a page speaks."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from babel.dates import format_skeleton
from babel.support import NullTranslations
from flask import Blueprint, Flask, Response, current_app, g, has_request_context, request
from flask.blueprints import BlueprintSetupState
from flask_babel import Babel, Domain, format_time, to_user_timezone
from flask_babel import gettext as _
from werkzeug.urls import iri_to_uri

from webapp.languages import OFFERED, SOURCE, Sentence, locale_of, nearest, sentences
from webapp.pages.context import known_city

blueprint = Blueprint("language", __name__)
A_YEAR_S = 365 * 24 * 60 * 60


class _Catalogs(Domain):  # type: ignore[misc]
    """The catalogs that mails are written with, too."""

    def get_translations(self) -> NullTranslations:
        return sentences(chosen_language()) if has_request_context() else NullTranslations()


class _Babel(Babel):  # type: ignore[misc]
    domain_instance = _Catalogs()


_babel = _Babel()


@blueprint.record_once
def start(state: BlueprintSetupState) -> None:
    """Hang Flask-Babel into the application."""
    app = cast("Flask", state.app)
    _babel.init_app(
        app, locale_selector=lambda: locale_of(chosen_language()), timezone_selector=city_time_zone
    )


def offered() -> list[str]:
    """Return the languages to choose from here, by their codes in the city file."""
    city = known_city()
    return [language for language in city.languages if language in OFFERED] if city else [SOURCE]


def city_time_zone() -> str:
    """Return the time zone in which dates and times are shown: the city's, wherever the reader is."""
    city = known_city()
    return city.time_zone if city else "UTC"


def chosen_language() -> str:
    """Return the language of this request: asked for, remembered, or the browser's."""
    if "language" not in g:
        languages = offered() or [SOURCE]
        said = (request.args.get("lang"), request.cookies.get("language"))
        asked = (language for language in said if language in languages)
        spoken = (nearest(code, languages) for code in request.accept_languages.values())
        g.language = next(asked, None) or next(filter(None, spoken), languages[0])
    language: str = g.language
    return language


@blueprint.after_app_request
def remember(response: Response) -> Response:
    """Remember the language that was asked for; not in answers that caches share."""
    asked = request.args.get("lang")
    if asked and not response.cache_control.public and asked in offered():
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie("language", asked, max_age=A_YEAR_S, samesite="Lax", secure=secure, httponly=True)
    return response


def said(told: str | Exception, **instead: object) -> str:
    """Return what a room below tells, or an error that says it, in the reader's language.

    Parameters
    ----------
    instead
        Values in the reader's language, in place of those that the sentence has.
    """
    sentence = told if isinstance(told, str) else next(iter(told.args), "")
    if not isinstance(sentence, Sentence):
        return str(told)
    values = {name: instead.get(name, value) for name, value in sentence.values.items()}
    return str(_(sentence.template, **values))


@blueprint.app_context_processor
def words() -> dict[str, object]:
    """Give templates the page's language and direction, and the ways to this page in other languages."""
    language = chosen_language()
    return {
        "lang": language,
        "text_direction": locale_of(language).text_direction,
        "language_links": _links,
    }


def _links() -> list[tuple[str, str, str]]:
    """Return code, own name and address of this page for each language to choose."""
    path = request.path if _can_be_opened() else "/"
    query = {name: values for name, values in request.args.lists() if name != "lang"}
    return [
        (code, _own_name(code), f"{iri_to_uri(path)}?{urlencode({**query, 'lang': code}, doseq=True)}")
        for code in offered()
    ]


def _can_be_opened() -> bool:
    """Say whether this address answers a link: some only take what a form sends."""
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(method="GET")


@blueprint.app_template_global()
def language_name(language: str) -> str:
    """Return what a language is called in the reader's own."""
    return locale_of(language).get_display_name(locale_of(chosen_language())) or language


def _own_name(language: str) -> str:
    name = locale_of(language).get_display_name() or language
    return name[:1].upper() + name[1:]


@blueprint.app_template_filter()
def day(moment: datetime | None) -> str:
    """Return such as ``Fri, Nov 27``; with the year when it is not this one."""
    if moment is None:
        return ""
    local = to_user_timezone(moment)
    skeleton = "MMMEd" if local.year == datetime.now(local.tzinfo).year else "yMMMd"
    return format_skeleton(skeleton, local, locale=locale_of(chosen_language()))


@blueprint.app_template_filter()
def day_and_time(moment: datetime | None) -> str:
    """Return such as ``Fri, Nov 27, 5:00 PM``, in the city's own time."""
    if moment is None:
        return ""
    # Few fonts have the narrow space that the locale data puts before AM and PM.
    clock = format_time(moment, "short").replace("\u202f", "\u00a0")
    return _("%(day)s, %(time)s", day=day(moment), time=clock)
