"""What ``[city]`` and ``[layers.NAME]`` of a city file may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from geo.projection import projection


class Section(BaseModel):
    """A table of a city file. Unknown keys are mistakes; a description says what a wrong value should be."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]


class OwnerRow(Section):
    """``[[city.owners]]``: somebody outside the city administration who looks after streets or land here."""

    name: str = Field(min_length=1, description="what people call them, as rules name them under owner")
    phone: str | None = Field(default=None, description="a telephone number for everybody")
    url: str | None = Field(
        default=None, pattern=r"^https?://\S+$", description='a page, such as "https://roads.example.gov"'
    )
    outside: bool = Field(default=False, description="true: they are to be asked about what lies outside")


class DangerWords(Section):
    """Words of one language that tell of danger to life."""

    words: list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]] = Field(
        default=[], description='words or phrases of danger to life, such as ["gas leak", "fire"]'
    )
    unless: list[Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]] = Field(
        default=[], description='phrases with such a word that are harmless, such as ["fire hydrant"]'
    )


class EmergencySection(DangerWords):
    """``[city.emergency]``."""

    number: str = Field(default="911", pattern=r"^[0-9 +()-]+$", description="the number to call instead")
    translations: dict[str, DangerWords] = Field(
        default={}, description="{ language = { words = […], unless = […] } }"
    )


class CitySection(Section):
    """``[city]``."""

    slug: str = Field(
        pattern=r"^[a-z][a-z0-9-]*$",
        description='a short name of lower-case letters, digits and hyphens, such as "boston"',
    )
    name: str = Field(min_length=1, description='what people call the city, such as "Boston"')
    time_zone: str = Field(description='a name of the IANA time zone list, such as "America/New_York"')
    languages: list[Language] = Field(
        default=["en"], min_length=1, description='codes of the languages offered, such as ["en", "es"]'
    )
    metric_srid: int | None = Field(
        default=None,
        description="EPSG code of a projected CRS in metres; leave it out for the UTM zone of the boundary",
    )
    snap_radius_m: float = Field(
        default=60.0, gt=0, le=1000, description="metres beyond which a pin is snapped to no street"
    )
    boundary: str = Field(description="the name of the zones layer that bounds the city")
    districts: str | None = Field(
        default=None, description="the name of the zones layer of council districts"
    )
    fallback_points: list[tuple[Longitude, Latitude]] = Field(
        default=[],
        description="[[longitude, latitude], …] that other systems write when they cannot find an address",
    )
    contact: dict[str, str] = Field(
        default={}, description='what pages show, such as { phone = "311", email = "311@example.gov" }'
    )
    owners: list[OwnerRow] = Field(default=[], description="who looks after what the city does not")
    emergency: EmergencySection = Field(
        default=EmergencySection(), description="what is not for the city but for the emergency services"
    )

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f'"{value}" is not a known time zone')
        return value

    @field_validator("metric_srid")
    @classmethod
    def _metric(cls, value: int | None) -> int | None:
        if value is not None:
            projection(value)
        return value


class SegmentFields(Section):
    """Which field of the file is which column of a segment."""

    id: str | None = None
    name: str | None = None
    class_: str | None = Field(default=None, alias="class")
    owner: str | None = None
    left_from: str | None = None
    left_to: str | None = None
    right_from: str | None = None
    right_to: str | None = None
    left_zip: str | None = None
    right_zip: str | None = None


class ZoneFields(Section):
    """Which field of the file is which column of a zone."""

    id: str | None = None
    name: str | None = None
    class_: str | None = Field(default=None, alias="class")
    # Left out where it is not said: layers keep the fingerprint that they had before there was such a field.
    residents: str | None = Field(default=None, exclude_if=lambda field: field is None)


class AssetFields(Section):
    """Which field of the file is which column of an asset."""

    id: str | None = None
    street: str | None = None
    owner: str | None = None


class LayerSection(Section):
    """What every ``[layers.NAME]`` may hold."""

    title: str = Field(default="", description="what people call the layer; its name, if left out")
    file: str = Field(description="path of the file, relative to the city file, or with ${SHARED} or ${HOME}")
    table: str | None = Field(default=None, description="the layer within the file, where it holds several")
    where: str | None = Field(default=None, description="a condition in OGR SQL, such as \"kind = 'road'\"")
    crs: str | None = Field(
        default=None,
        description='the CRS of the numbers, such as "EPSG:2249", where the file names none or a wrong one',
    )

    def mapped(self) -> dict[str, str]:
        """Return {our column: the file's field} for the fields named in the city file."""
        fields: SegmentFields | ZoneFields | AssetFields = self.fields  # type: ignore[attr-defined]
        return fields.model_dump(by_alias=True, exclude_none=True)


class SegmentLayer(LayerSection):
    """A layer of street centerlines."""

    kind: Literal["segments"]
    fields: SegmentFields = SegmentFields()


class ZoneLayer(LayerSection):
    """A layer of named polygons."""

    kind: Literal["zones"]
    fields: ZoneFields = ZoneFields()
    name_format: str = Field(default="{name}", description='a text that holds {name}, such as "Ward {name}"')
    partition: bool = Field(
        default=False, description="true: its zones must cover the city with neither overlaps nor gaps"
    )

    @field_validator("name_format")
    @classmethod
    def _holds_name(cls, value: str) -> str:
        try:
            example = value.format(name="7", id="7")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError("it may hold {name} and {id} and no other braces") from error
        if example == value:
            raise ValueError("it must hold {name} or {id}")
        return value


class AssetLayer(LayerSection):
    """A layer of things that can break."""

    kind: Literal["assets"]
    asset: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description='the kind of asset, such as "street_light" or "hydrant"'
    )
    fields: AssetFields = AssetFields()


AnyLayer = SegmentLayer | ZoneLayer | AssetLayer
LAYER_MODELS: dict[Any, type[AnyLayer]] = {
    "segments": SegmentLayer,
    "zones": ZoneLayer,
    "assets": AssetLayer,
}
