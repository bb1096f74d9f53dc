"""What it is about, in people's own words: services that fit, an article that answers, danger to life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from webapp.catalog import articles, finding
from webapp.catalog.danger import Danger, danger_of
from webapp.catalog.snapshot import ArticleEntry, ServiceEntry
from webapp.pages.context import served
from webapp.pages.language import chosen_language
from webapp.pages.throttle import limiter
from webapp.people.access import PUBLIC, access

blueprint = Blueprint("what", __name__)

LONGEST = 200
MOST_ARTICLES = 2


@dataclass(frozen=True)
class Found:
    """What words mean."""

    services: list[ServiceEntry]
    """Best first."""
    articles: list[ArticleEntry]
    danger: bool


def danger() -> Danger:
    """Return the words of danger to life, in the reader's language and in the city file's own."""
    return danger_of(served().city.details, chosen_language())


def found_for(words: str) -> Found:
    """Return what words mean, in the reader's language."""
    words = words[:LONGEST]
    found = finding.find(served().catalog, words, chosen_language())
    return Found(
        services=[each for each in found if isinstance(each, ServiceEntry)],
        articles=[each for each in found if isinstance(each, ArticleEntry)][:MOST_ARTICLES],
        danger=danger().is_in(words),
    )


def groups(found: Found | None = None) -> list[dict[str, Any]]:
    """Return the services by group, each with all the words people may look for it by.

    Where words were found to mean some services, these alone, the likeliest first.
    """
    if found is not None and found.services:
        return [{"name": _("What fits your words"), "services": [_tile(each) for each in found.services]}]
    language = chosen_language()
    by_group: dict[str, list[dict[str, str]]] = {}
    for service in served().catalog.active:
        by_group.setdefault(service.translated("group", language), []).append(_tile(service))
    return [{"name": name, "services": services} for name, services in by_group.items()]


def _tile(service: ServiceEntry) -> dict[str, str]:
    language = chosen_language()
    keywords = service.translations.get(language, {}).get("keywords", ())
    described = service.translated("description", language)
    return {
        "code": service.code,
        "icon": service.icon,
        "name": service.translated("name", language),
        "words": " ".join([service.name, service.group, described, *service.keywords, *keywords]),
    }


@blueprint.get("/what")
@access(PUBLIC)
def what() -> str:
    """Return what words mean, for the form."""
    return render_template("report/found.html", found=found_for(request.args.get("q", "")))


@blueprint.post("/answered")
@access(PUBLIC)
@limiter.limit("60 per 10 minutes")
def answered() -> AnyResponse:
    """Count a question that an article answered: nothing needs to be sent."""
    here = served()
    article = here.catalog.article_by_code.get(request.form.get("article", ""))
    if article is not None:
        today = datetime.now(UTC).astimezone(ZoneInfo(here.city.time_zone)).date()
        articles.count_answer(here.session, here.city.id, article.id, "web", today)
        here.session.commit()
        flash(_("Good to know that this helped. Nothing was sent."))
    return redirect(url_for("report.report"), 303)
