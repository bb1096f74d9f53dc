"""The documents say what the code does."""

import pytest

from webapp.config import CHECKOUT, Settings


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_each_setting_is_documented(name: str) -> None:
    field = Settings.model_fields[name]
    page = (CHECKOUT / "docs" / "settings.md").read_text()
    assert f"| `{field.validation_alias}` | {field.description} |" in page


def test_links_between_documents_lead_somewhere() -> None:
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md")]
    dead = [
        f"{page.name}: {target}"
        for page in pages
        for target in _links(page.read_text())
        if "://" not in target and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert not dead


def _links(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("](")[1:] if not part.startswith("#")]
