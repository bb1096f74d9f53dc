"""``pinward languages``: keep the translations in step with the sentences of the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

import webapp
from webapp.languages import OFFERED, SOURCE, catalog_file, locale_of, read_catalog

METHODS = [("**/translations/**", "ignore"), ("**.py", "python"), ("**/templates/**.*", "jinja2")]
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "marked": None,
    "Sentence": None,
    "ngettext": (1, 2),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


@click.group()
def languages() -> None:
    """Keep translations in step with the sentences of the code."""


@languages.command()
@click.argument("added", metavar="[LANGUAGE]...", nargs=-1)
def update(added: tuple[str, ...]) -> None:
    """Write new sentences into every catalog, and take out those that are gone.

    A LANGUAGE that is named gets a catalog of its own, to be translated.
    """
    template = extract()
    for language in dict.fromkeys((*OFFERED, *added)):
        if language == SOURCE:
            continue
        path = catalog_file(language)
        if path.exists():
            catalog = read_catalog(language)
            # A sentence that only resembles an old one is no translation of it: nothing is guessed.
            catalog.update(template, no_fuzzy_matching=True)
        else:
            catalog = Catalog(locale=locale_of(language), project="Pinward", fuzzy=False)
            catalog.update(template)
        catalog.header_comment = "# Sentences of Pinward: see docs/languages.md."
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=110, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
        click.echo(f"{language}: {len(catalog)} sentences, {len(list(faults(catalog)))} to do")


@languages.command()
def check() -> None:
    """Say which sentences lack a translation, or have a wrong one."""
    template = extract()
    found = 0
    for language in OFFERED[1:]:
        catalog = read_catalog(language)
        for fault in (*missing(catalog, template), *faults(catalog)):
            found += 1
            click.echo(f"{language}: {fault}")
    if found:
        raise click.ClickException(
            f"{found} to do. Run: pinward languages update. Then translate the empty ones."
        )
    click.echo(f"All {len(template)} sentences are translated into {', '.join(OFFERED[1:])}.")


def extract() -> Catalog:
    """Return every sentence of the code, without translations."""
    template = Catalog(project="Pinward", fuzzy=False)
    room = Path(webapp.__file__).parent
    for name, _line, sentence, comments, context in extract_from_dir(
        room, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        template.add(sentence, None, [(f"webapp/{name}", 0)], auto_comments=comments, context=context)
    return template


def missing(catalog: Catalog, template: Catalog) -> Iterator[str]:
    """Tell the sentences of the code that a catalog does not have."""
    for message in template:
        if message.id and message.id not in catalog:
            yield f"not in the catalog: {_first(message)!r}"


def faults(catalog: Catalog) -> Iterator[str]:
    """Tell what is wrong in a catalog: no translation, a guessed one, other plural forms or placeholders."""
    for message in catalog:
        if message.id:
            fault = _fault(message, catalog.num_plurals)
            if fault:
                yield f"{fault}: {_first(message)!r}"


def _fault(message: Message, forms: int) -> str | None:
    texts = message.string if isinstance(message.string, tuple) else (str(message.string or ""),)
    if message.fuzzy:
        return "only guessed (fuzzy)"
    if not all(texts):
        return "not translated"
    plural = isinstance(message.id, tuple)
    if len(texts) != (forms if plural else 1):
        return f"{len(texts)} plural forms instead of {forms}"
    if any(
        not _same_placeholders(str(message.id[-1] if plural else message.id), text, plural) for text in texts
    ):
        return "other placeholders"
    return None


def _same_placeholders(source: str, text: str, plural: bool) -> bool:
    """Say whether both have the same placeholders; a form for one or two things may spell the number."""
    wanted, given = sorted(_PLACEHOLDER.findall(source)), sorted(_PLACEHOLDER.findall(text))
    if plural:
        wanted, given = [[one for one in each if one != "%(num)d"] for each in (wanted, given)]
    return wanted == given


def _first(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else str(message.id)
