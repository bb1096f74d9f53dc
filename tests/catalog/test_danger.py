"""Words of danger to life are noticed in every language of the demo city, and harmless ones are not."""

from __future__ import annotations

import tomllib

import pytest

from webapp.catalog.danger import danger_of
from webapp.config import CHECKOUT

DETAILS = tomllib.loads((CHECKOUT / "cities" / "demo" / "city.toml").read_text())["city"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "There is a FIRE in the park"),
        ("en", "smell of gas, at the corner"),
        ("en", "a live wire on the sidewalk"),
        ("en", "Power line down!"),
        ("es", "Hay un incendio"),
        ("es", "huele a gas"),
        ("es", "fire"),
        ("zh-Hans", "公园着火了"),
        ("zh-Hans", "这里有煤气味"),
        ("vi", "Có cháy ở công viên"),
        ("vi", "rò rỉ khí ga"),
        ("ar", "يوجد حريق في الحديقة"),
        ("ar", "تسرب غاز"),
    ],
)
def test_danger_is_noticed(language: str, text: str) -> None:
    danger = danger_of(DETAILS, language)
    assert danger.is_in(text)
    assert danger.number == "911"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The fire hydrant leaks"),
        ("en", "parked in the fire lane"),
        ("en", "campfire ring broken"),
        ("en", ""),
        ("es", "hidrante de incendios abierto"),
        ("zh-Hans", "消防栓漏水"),
        ("vi", "Trụ cứu hỏa rò nước"),
        ("vi", "nước chảy trên đường"),
        ("ar", "مصباح معطل"),
    ],
)
def test_what_is_harmless_is_not(language: str, text: str) -> None:
    assert not danger_of(DETAILS, language).is_in(text)


def test_a_city_that_names_no_words_is_never_in_danger() -> None:
    assert not danger_of({}, "en").is_in("fire")
