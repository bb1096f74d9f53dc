"""Every language that is offered is whole, and a page keeps to the one that was chosen."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from flask.testing import FlaskClient

import webapp
from webapp.cli.languages import extract, faults, missing
from webapp.config import CHECKOUT
from webapp.languages import OFFERED, SOURCE, nearest, read_catalog, sentences

ROOM = Path(webapp.__file__).parent
TRANSLATED = [language for language in OFFERED if language != SOURCE]
TEMPLATES = sorted(path for path in ROOM.rglob("templates/**/*") if path.suffix in (".html", ".txt"))

# Spoken in templates without gettext: names and notations that are the same in all languages.
SAME_EVERYWHERE = {"API", "Authorization", "Bearer", "Ctrl", "SHA", "km", "m"}


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extract()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_with_its_placeholders_and_plurals(
    language: str, template: Catalog
) -> None:
    catalog = read_catalog(language)
    assert [*missing(catalog, template), *faults(catalog)] == [], "Run: pinward languages update"


def _told(msgid: str | tuple[str, str], text: str | tuple[str, ...], *, fuzzy: bool = False) -> list[str]:
    catalog = Catalog(locale="es")
    catalog.add(msgid, text, flags=["fuzzy"] if fuzzy else [])
    return [fault.partition(":")[0] for fault in faults(catalog)]


def test_what_is_wrong_in_a_catalog_is_found() -> None:
    days = ("%(num)d day", "%(num)d days")
    assert _told("Hello", "") == ["not translated"]
    assert _told("Hello", "Hola", fuzzy=True) == ["only guessed (fuzzy)"]
    assert _told("To %(name)s", "A %(nombre)s") == ["other placeholders"]
    assert _told("{n} found", "encontrados") == ["other placeholders"]
    assert _told(days, ("%(num)d día", "")) == ["not translated"]
    assert _told(days, ("%(num)d día", "%(num)d días", "días")) == ["3 plural forms instead of 2"]
    assert _told(days, ("un día", "%(num)d días")) == []
    added = Catalog()
    added.add("New here")
    assert list(missing(Catalog(locale="es"), added)) == ["not in the catalog: 'New here'"]


def _bare(text: str) -> list[str]:
    """Return words that a template says without gettext: between its tags, and in attributes that are read."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(
        r"\{%-? block (main_attributes|page_class).*?\{%-? endblock", "{% endblock", text, flags=re.S
    )
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "\0", text, flags=re.S)
    read_out = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"', text)
    between = re.sub(r"<[^>]*>", "\0", text)
    between = re.sub(r'[\w-]+="[^"]*"', "", between)  # what a block or a macro gives to a tag
    words = re.findall(r"[^\W\d_]{2,}", " ".join([between, *read_out]))
    return [word for word in words if word not in SAME_EVERYWHERE]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_templates_say_nothing_without_gettext(path: Path) -> None:
    assert _bare(path.read_text()) == []


def test_a_bare_word_in_a_template_is_found() -> None:
    assert _bare('<p>Hello {{ name }}</p><img alt="A cat"><p>{{ _("Well") }}</p>') == ["Hello", "cat"]


GETTEXT = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "marked"}
SHOWN = {"flash", "alert", "Wrong"}


def _shown_bare(source: str) -> list[str]:
    """Return sentences that a view shows or keeps as an error without gettext."""
    tree = ast.parse(source)
    hidden: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in GETTEXT:
            hidden |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(id(node.value))
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error")
        ):
            hidden |= {id(part) for part in ast.walk(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in hidden
        and re.match(r"[A-Z][a-z’']* [a-z]+\b.*|[A-Z][a-z]+\.$", node.value)
    ]


@pytest.mark.parametrize("path", sorted((ROOM / "pages").glob("*.py")), ids=lambda path: path.name)
def test_views_say_nothing_without_gettext(path: Path) -> None:
    assert _shown_bare(path.read_text()) == []


def test_a_bare_sentence_in_a_view_is_found() -> None:
    assert _shown_bare('flash("All is well.")\nflash(_("So it is."))') == ["All is well."]


def test_a_language_that_is_not_offered_is_answered_in_the_nearest() -> None:
    assert [nearest(code) for code in ("es-MX", "zh_Hans", "zh-CN", "fr", "ar")] == [
        "es", "zh-Hans", "zh-Hans", None, "ar",
    ]  # fmt: skip
    assert sentences("fr").gettext("Done") == "Done"
    assert sentences("es").gettext("Done") == "Terminado"


def test_one_tap_changes_the_language_and_it_is_remembered(demo_client: FlaskClient) -> None:
    english = demo_client.get("/track?x=1").text
    assert '<html lang="en" dir="ltr"' in english
    link = re.search(r'<a href="([^"]+)" lang="ar"', english)
    assert link
    arabic = demo_client.get(link[1].replace("&amp;", "&")).text
    assert '<html lang="ar" dir="rtl"' in arabic
    assert "رقم المتابعة" in arabic
    assert 'lang="ar"' in demo_client.get("/").text
    assert "حفرة في الطريق" in demo_client.get("/").text
    # What is not offered is not remembered.
    assert '<html lang="ar"' in demo_client.get("/track?lang=xx").text
    assert '<html lang="ar"' in demo_client.get("/track").text


@pytest.mark.parametrize(
    ("browser", "page"), [("zh-CN,zh;q=0.9,en;q=0.5", "zh-Hans"), ("es-MX,es;q=0.9", "es"), ("fr", "en")]
)
def test_the_browsers_language_counts_until_one_is_chosen(
    demo_client: FlaskClient, browser: str, page: str
) -> None:
    answer = demo_client.get("/track", headers={"Accept-Language": browser})
    assert f'<html lang="{page}"' in answer.text


def test_the_demo_city_is_whole_in_every_language() -> None:
    city = tomllib.loads((CHECKOUT / "cities" / "demo" / "city.toml").read_text())
    assert city["city"]["languages"] == list(OFFERED)
    groups: dict[tuple[str, str], str] = {}
    for service in city["services"]:
        assert list(service["translations"]) == TRANSLATED, service["code"]
        for language, words in service["translations"].items():
            assert all(words[part] for part in ("name", "group", "description", "keywords")), service["code"]
            assert "notice" not in service or words["notice"], service["code"]
            assert groups.setdefault((language, service["group"]), words["group"]) == words["group"]
        for question in service.get("questions", ()):
            assert list(question["translations"]) == TRANSLATED, service["code"]
            keys = {option["key"] for option in question.get("options", ())}
            for words in question["translations"].values():
                assert words["text"], service["code"]
                assert set(words.get("options", ())) == keys, service["code"]
    for article in city["articles"]:
        assert set(article["translations"]) == set(TRANSLATED), article["code"]
        assert all(
            words[part]
            for words in article["translations"].values()
            for part in ("title", "body", "keywords")
        )
