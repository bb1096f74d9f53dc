"""XML and JSON of one shape."""

from __future__ import annotations

import json
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from webapp.api.open311.formats import to_json, to_xml

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=[]))


def test_lists_become_wrapped_elements_and_nothing_becomes_an_empty_one() -> None:
    shape = [{"service_code": "a", "metadata": True, "keywords": "", "values": [], "order": 1, "lat": -0.5}]
    assert to_xml("services", shape).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        "<services><service><service_code>a</service_code><metadata>true</metadata><keywords/>"
        "<values></values><order>1</order><lat>-0.5</lat></service></services>"
    )
    assert json.loads(to_json(shape)) == shape


@given(ANY_TEXT)
def test_any_text_at_all_makes_a_well_formed_document_that_says_the_same(words: str) -> None:
    document = to_xml("errors", [{"description": words}])
    root: Element = ElementTree.fromstring(document)
    read = root.findtext("error/description")
    assert read is not None
    assert len(read) == len(words)
    assert all(a == b or b == "\ufffd" for a, b in zip(words, read, strict=True))


@given(
    st.recursive(ANY_TEXT | st.integers() | st.none(), lambda part: st.dictionaries(st.just("note"), part))
)
def test_markup_in_text_stays_text(value: Any) -> None:
    root = ElementTree.fromstring(to_xml("note", value))
    assert {element.tag for element in root.iter()} == {"note"}


def test_special_characters_survive_and_forbidden_ones_are_replaced() -> None:
    text = "<b>&amp; \"quoted\" 'so'</b> ]]> \r\n\t\x00\x0b\ud800\ufffe 🕳️"
    read = ElementTree.fromstring(to_xml("note", text)).text
    assert read == "<b>&amp; \"quoted\" 'so'</b> ]]> \r\n\t" + "\ufffd" * 4 + " 🕳️"
