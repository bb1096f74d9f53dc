"""What ``[quiet_hours]`` and ``[[back_offices]]`` of a city file may hold."""

from __future__ import annotations

from datetime import time
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from layers.sections import Section
from webapp.catalog.sections import CODE, Code, Text
from webapp.tickets.wanted import read_wanted


class QuietHoursSection(Section):
    """``[quiet_hours]``: when nobody is woken by a message."""

    begin: time = Field(description="the time of day from which nothing is sent, such as 21:00:00")
    end: time = Field(description="the time of day from which what waited is sent, such as 08:00:00")
    channels: list[Literal["mail", "sms", "push"]] = Field(
        default=["mail", "sms", "push"],
        description='what waits, such as ["sms", "push"]; where left out, mail waits, too',
    )


class BackOfficeRow(Section):
    """One of ``[[back_offices]]``: another system, whose tickets it gets, and how it says things."""

    code: Code = Field(description=CODE)
    endpoint: str = Field(
        description='the address that requests.json is joined to, such as "https://works.example.gov/open311/v2/"'
    )
    format: Literal["json", "xml"] = Field(default="json", description="json or xml: what it speaks")
    jurisdiction: Text | None = Field(
        default=None, description="its jurisdiction_id of the city, where it serves several"
    )
    department: Code | None = Field(
        default=None, description="the code of the department whose tickets it gets"
    )
    crew: Code | None = Field(
        default=None, description="the code of the crew whose tickets it gets, instead of a department"
    )
    services: dict[Code, Text] = Field(
        default={}, description='{ our-code = "its code" } of services that it calls by another code'
    )
    states: dict[Text, str] = Field(
        default={},
        description='{ "its status" = "our state" }, with a detail as in "done/fixed", or "remark"',
    )

    @field_validator("endpoint")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f'"{value}" is not an address beginning with https://')
        return value.rstrip("/") + "/"

    @field_validator("states")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for words in value.values():
            read_wanted(words)
        return {status.lower(): words for status, words in value.items()}

    @model_validator(mode="after")
    def _one(self) -> BackOfficeRow:
        if (self.department is None) == (self.crew is None):
            raise ValueError("it needs exactly one of department and crew")
        return self
