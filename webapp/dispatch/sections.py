"""What ``[[rules]]`` of a city file may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from layers.sections import Section
from webapp.catalog.sections import Code, Text


def _zone_ids(value: object) -> object:
    """Return a list of texts of one zone id or several, written as text or number."""
    values = value if isinstance(value, list) else [value]
    return [str(one) if isinstance(one, int) else one for one in values]


class RuleRow(Section):
    """One of ``[[rules]]``: conditions, of which those left out hold for every ticket, and who gets it."""

    services: list[Code] = Field(default=[], description="codes of services")
    group: Text | None = Field(default=None, description="a group of services, instead of services")
    layer: Text | None = Field(default=None, description="the name of a zones layer")
    zone: Annotated[list[Text], BeforeValidator(_zone_ids)] = Field(
        default=[], description="the id of a zone of that layer, or a list of them"
    )
    street_class: Text | None = Field(default=None, description="the class of the street")
    street_owner: Text | None = Field(default=None, description="the owner of the street")
    asset_owner: Text | None = Field(default=None, description="the owner of the service's asset")
    crew: Code | None = Field(default=None, description="the code of the crew that gets the tickets")
    department: Code | None = Field(default=None, description="the code of the department that gets them")
    owner: Text | None = Field(default=None, description="the name of who outside the city gets them")

    @model_validator(mode="after")
    def _consistent(self) -> RuleRow:
        if sum(value is not None for value in (self.crew, self.department, self.owner)) != 1:
            raise ValueError("it needs exactly one of crew, department and owner")
        if self.services and self.group is not None:
            raise ValueError("it names both services and a group: write one of them")
        if (self.layer is None) != (not self.zone):
            raise ValueError("layer and zone belong together: write both or neither")
        return self
