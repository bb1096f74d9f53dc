"""The columns map: which column of a file of reports means what, for ``pinward reports load``.

A TOML file beside the city file, such as ``cities/boston/reports.toml``::

    [columns]                          # our name = "the file's name"
    external_id = "case_enquiry_id"    # required: loading a file again adds nothing
    service = "type"                   # required: a service's code or name
    requested_at = "open_dt"           # required
    lon = "longitude"                  # required, degrees (EPSG:4326)
    lat = "latitude"                   # required
    closed_at = "closed_dt"            # and from here on as far as the file has them
    status = "case_status"
    due_at = "target_dt"               # with it, the file's promises are kept, also where it promised nothing
    description = "case_title"
    address = "location"
    channel = "source"

    [file]
    time_zone = "America/New_York"     # of times that name none; the city's where not given
    time_format = "%m/%d/%Y %I:%M %p"  # of times as text (as for strptime); ISO 8601 where not given
    encoding = "utf-8"                 # of a CSV file
    delimiter = ","                    # of a CSV file

    [status]                           # what the file's states mean: a state of webapp.tickets.lifecycle,
    "Open" = "open"                    # or open: new, assigned or referred, as it is assigned
    "Closed" = "done"

    [channels]                         # only where the file's value should be called otherwise
    "Employee Generated" = "staff"     # staff: the city's own people noticed it

    [services]                         # only where the file's value is neither a code nor a name
    "Pothole Repair (Internal)" = "pothole"

A time that the clock shows twice in autumn means the first of the two; one that it leaves out in spring
counts on from before the change. Without ``[status]`` a report is done once it has a closing time.
"""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from webapp.tickets.models import CLOSED_STATUSES, OPEN_STATUSES

OPEN = "open"
"""The status of a report that is open, in the state in which its assignment puts it."""


class MapError(ValueError):
    """A columns map, or a file of reports, that cannot be used as it is; the text says what to do."""


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone; write one such as America/New_York") from None
    return name


def _time_format(text: str) -> str:
    if "%" not in text or "%z" in text or "%Z" in text:
        raise ValueError("is no format without a zone, such as %m/%d/%Y %I:%M %p; a zone goes to time_zone")
    return text


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError("is no encoding; write one such as utf-8 or latin-1") from None


def _status(status: str) -> str:
    known = (OPEN, *OPEN_STATUSES, *CLOSED_STATUSES)
    if status not in known:
        raise ValueError(f"is none of {', '.join(known)}")
    return status


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Strict):
    """``[columns]``: the file's name for each column of ours."""

    external_id: str
    service: str
    requested_at: str
    lon: str
    lat: str
    closed_at: str | None = None
    status: str | None = None
    due_at: str | None = None
    description: str | None = None
    address: str | None = None
    channel: str | None = None

    def of_file(self) -> list[str]:
        """Return the columns of the file that are read, each once."""
        return list(dict.fromkeys(name for name in self.model_dump().values() if name is not None))


class FileFacts(_Strict):
    """``[file]``: how the file is written."""

    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = None
    time_format: Annotated[str, AfterValidator(_time_format)] | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class ColumnsMap(_Strict):
    """The whole map."""

    columns: Columns
    file: FileFacts = FileFacts()
    status: dict[str, Annotated[str, AfterValidator(_status)]] = Field(default_factory=dict)
    channels: dict[str, Annotated[str, Field(pattern=r"^[a-z0-9_]{1,20}$")]] = Field(default_factory=dict)
    services: dict[str, str] = Field(default_factory=dict)


def read_map(path: Path) -> ColumnsMap:
    """Read a columns map.

    Raises
    ------
    MapError
        Naming the file, the key and what to do.
    """
    try:
        return ColumnsMap.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MapError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{path} is not TOML: {error}.") from error
    except ValidationError as error:
        raise MapError("\n".join(f"{path}: {_advice(mistake)}" for mistake in error.errors())) from error


def _advice(mistake: object) -> str:
    found = dict(mistake)  # type: ignore[call-overload]
    key = ".".join(str(part) for part in found["loc"])
    if found["type"] == "missing":
        return f'{key} is missing: write {key.rsplit(".", 1)[-1]} = "the file\'s column" under [columns].'
    if found["type"] == "extra_forbidden":
        return f"there is no {key}: leave it out. (docs: webapp/intake/bulk/columns.py)"
    if found["type"] == "value_error":
        return f"{key} {found['ctx']['error']}."
    return f"{key}: {found['msg'][:1].lower()}{found['msg'][1:]}."
