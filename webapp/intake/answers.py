"""The answers to a service's questions, checked against them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.catalog.snapshot import QuestionEntry, ServiceEntry
from webapp.intake.words import plain_text
from webapp.languages import Sentence

LONGEST_ANSWER = 4000


def read_answers(service: ServiceEntry, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers by question code, and what is wrong by question code.

    What was answered to a question that the other answers leave out is left out too.

    Parameters
    ----------
    given
        A text or a list of texts for each code. An empty one is no answer.

    Returns
    -------
    answers : dict
        A number for a number, a list of keys for a list of several, else a text.
    wrong : dict
        What to do, in words.
    """
    questions = {question.code: question for question in service.questions if question.variable}
    wrong = {
        code: f"{service.name} has no question {code[:80]!r}: leave the answer out."
        for code in given
        if code not in questions
    }
    answers: dict[str, Any] = {}
    for code, question in questions.items():
        if not _asked(question, answers):
            continue
        values = _texts(given.get(code))
        if not values:
            if question.required:
                wrong[code] = Sentence("Please answer: %(question)s", question=question.text)
            continue
        try:
            answers[code] = _READERS.get(question.datatype, _text)(question, values)
        except ValueError as problem:
            wrong[code] = problem.args[0]
    return answers, wrong


def _asked(question: QuestionEntry, answers: Mapping[str, Any]) -> bool:
    """Say whether a question is asked, after the answers to those before it."""
    if question.only_if is None:
        return True
    given = answers.get(question.only_if.question, ())
    return not question.only_if.answers.isdisjoint([given] if isinstance(given, str) else given)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [text for text in (plain_text(str(each)) for each in values if each is not None) if text]


def _text(question: QuestionEntry, values: list[str]) -> str:
    if len(values) > 1:
        raise ValueError(f"Give one answer only: {question.text}")
    if len(values[0]) > LONGEST_ANSWER:
        raise ValueError(Sentence("Shorten the answer to %(most)d characters.", most=LONGEST_ANSWER))
    return values[0]


def _number(question: QuestionEntry, values: list[str]) -> float | int:
    try:
        number = float(_text(question, values))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(Sentence("Answer with a number: %(question)s", question=question.text))
    return int(number) if number.is_integer() else number


def _datetime(question: QuestionEntry, values: list[str]) -> str:
    try:
        return datetime.fromisoformat(_text(question, values)).isoformat()
    except ValueError:
        raise ValueError(
            Sentence(
                "Answer with a date such as 2026-11-22 or 2026-11-22T14:05: %(question)s",
                question=question.text,
            )
        ) from None


def _choices(question: QuestionEntry, values: list[str]) -> list[str]:
    keys = [option["key"] for option in question.options]
    if not set(values) <= set(keys):
        raise ValueError(f"Choose from {', '.join(keys)}: {question.text}")
    return [key for key in keys if key in values]


def _choice(question: QuestionEntry, values: list[str]) -> str:
    return _text(question, _choices(question, values))


_READERS: dict[str, Any] = {
    "number": _number,
    "datetime": _datetime,
    "singlevaluelist": _choice,
    "multivaluelist": _choices,
}
