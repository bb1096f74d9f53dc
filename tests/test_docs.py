"""The documents say what the code does."""

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from layers.sections import AssetLayer, CitySection, EmergencySection, OwnerRow, SegmentLayer, ZoneLayer
from webapp.catalog.sections import (
    ArticleRow,
    CalendarSection,
    CrewRow,
    DepartmentRow,
    DuplicatesRow,
    HolidayRow,
    OnlyIfRow,
    OptionRow,
    QuestionRow,
    ServiceRow,
    ServiceTranslation,
    TargetRow,
)
from webapp.catalog.tables import TableRow
from webapp.config import CHECKOUT, Settings
from webapp.dispatch.sections import EscalationRow, PriorityRow, RuleRow
from webapp.notices.sections import BackOfficeRow, QuietHoursSection
from webapp.people.cityfile import PrivacySection, StaffSection

CITY_FILE = (
    *(CitySection, SegmentLayer, ZoneLayer, AssetLayer, CalendarSection, HolidayRow, DepartmentRow, CrewRow),
    *(ServiceRow, TargetRow, ServiceTranslation, DuplicatesRow, QuestionRow, OptionRow, RuleRow, TableRow),
    *(PriorityRow, EscalationRow, StaffSection, ArticleRow, BackOfficeRow, OwnerRow, EmergencySection),
    *(QuietHoursSection, PrivacySection, OnlyIfRow),
)


def rows_of(model: type[BaseModel]) -> Iterator[str]:
    """Yield the line that documents each key of a section."""
    for name, field in model.model_fields.items():
        if field.description:
            needed = "needed" if field.is_required() else ""
            text = field.description.replace("|", "\\|")
            yield f"| `{field.alias or name}` | {text} | {needed} |"


@pytest.mark.parametrize("model", CITY_FILE, ids=lambda model: model.__name__)
def test_each_key_of_the_city_file_is_documented(model: type[BaseModel]) -> None:
    page = (CHECKOUT / "docs" / "city-file.md").read_text().splitlines()
    assert [row for row in rows_of(model) if row not in page] == []


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
