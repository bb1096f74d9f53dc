"""The languages that Pinward speaks, and their catalogs of sentences.

A language has one file, ``translations/LOCALE/LC_MESSAGES/messages.po``, which is read as it is: in a tenth
of a second, once a process. So nothing has to be compiled at set-up, and no compiled file can be older than
its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

SOURCE = "en"
"""The language of the sentences in the code."""

OFFERED = (SOURCE, "es", "zh-Hans", "vi", "ar")
"""Languages translated whole, by the codes of a city file. A city offers those that its file names too."""

_FOLDER = Path(__file__).parent / "translations"


def locale_of(language: str) -> Locale:
    """Return how a language, such as ``zh-Hans``, writes dates, numbers and plurals.

    A code that Babel does not know is taken as English: no message waits for what a phone once sent.
    """
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale(SOURCE)


def nearest(asked: str, languages: Sequence[str] = OFFERED) -> str | None:
    """Return the language that comes nearest to what is asked for, such as ``es`` for ``es-MX``, or None."""
    code = asked.replace("_", "-")
    same = (language for language in languages if language.partition("-")[0] == code.partition("-")[0])
    return code if code in languages else next(same, None)


class Sentence(str):
    """A sentence in English that can be said in other languages: what a room below the pages tells people.

    Parameters
    ----------
    template
        The sentence with placeholders such as ``%(most)d``.
    values
        What they stand for.
    """

    def __new__(cls, template: str, **values: object) -> Sentence:
        """Return the sentence, which is its English to all who know no better."""
        self = super().__new__(cls, template % values if values else template)
        self.template, self.values = template, values
        return self

    template: str
    values: dict[str, object]


def marked(sentence: str) -> str:
    """Return a sentence as it is: marks one that is said later, in a language that is not known yet."""
    return sentence


def catalog_file(language: str) -> Path:
    """Return where the sentences of a language are."""
    return _FOLDER / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"


def read_catalog(language: str) -> Catalog:
    """Return the sentences of a language, as its file has them.

    Raises
    ------
    FileNotFoundError
        When there is no file of that language.
    """
    with catalog_file(language).open("rb") as file:
        return read_po(file, locale=locale_of(language))


@cache
def sentences(language: str) -> NullTranslations:
    """Return gettext for a language; English, or one that is not offered, keeps the sentences of the code."""
    if language == SOURCE or language not in OFFERED:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalog(language))
    compiled.seek(0)
    return Translations(compiled)
