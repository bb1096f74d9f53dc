"""What ``verify.toml`` beside a city file may hold: what is compared, and how well it must agree."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Part = Annotated[float, Field(ge=0, le=1)]


def _with_group(pattern: str) -> str:
    if re.compile(pattern).groups < 1:
        raise ValueError("needs a group, such as 'Ward (.*)'")
    return pattern


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Flagged(_Strict):
    """``[reports.flags.FLAG]``: of the rows where ``column`` is true, so many carry the flag."""

    column: str
    at_least: Part


class Compared(_Strict):
    """``[reports.compare.COLUMN]``: a column of our export says what ``column`` of the file says."""

    column: str
    pattern: Annotated[str, AfterValidator(_with_group)] = "(.*)"
    """Matches a whole label of the file; its first group is compared."""
    at_least: Part


class OnTime(_Strict):
    """``[reports.on_time]``: of the closed rows, ``column`` is ``yes`` where our deadline says on time."""

    column: str
    yes: str
    at_least: Part


class ReportExpectations(_Strict):
    """``[reports]``."""

    file: str
    columns: str
    """The columns map, beside the city file."""
    id: str
    """The column that is ``external_id``."""
    without: str | None = None
    """Rows where this column is true are not compared."""
    least_a_second: int = 0
    flags: dict[str, Flagged] = Field(default_factory=dict)
    compare: dict[str, Compared] = Field(default_factory=dict)
    on_time: OnTime | None = None

    def columns_of_file(self) -> list[str]:
        """Return the columns of the file that are read."""
        named = [self.id, *([self.without] if self.without else [])]
        named += [rule.column for rule in self.flags.values()]
        named += [rule.column for rule in self.compare.values()]
        named += [self.on_time.column] if self.on_time else []
        return list(dict.fromkeys(named))


class AssetStreets(_Strict):
    """``[assets.KIND]``: the segment nearest to each has the name of the street it is listed under."""

    at_least: Part


class HouseNumbers(_Strict):
    """``[house_numbers]``: a point made at a known number gives it back, at most ``within`` off."""

    within: Annotated[int, Field(ge=0)]
    at_least: Part


class Expectations(_Strict):
    """The whole file."""

    reports: ReportExpectations | None = None
    assets: dict[str, AssetStreets] = Field(default_factory=dict)
    house_numbers: HouseNumbers | None = None
