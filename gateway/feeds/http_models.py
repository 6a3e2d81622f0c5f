"""The JSON bodies of the national side, as models: the OpenAPI document is made from them, tests hold answers to them.

They describe what leaves. What comes in is never JSON of ours but records of a format, which its codec reads.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Body(BaseModel):
    """A JSON body: strict, closed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class RefusedRecord(Body):
    """One record that was refused; its neighbours were not."""

    record: Annotated[int, Field(ge=0)]
    """Which record of the body, from 1; 0 where it cannot be told."""
    code: str
    """Stable code; `gateway explain CODE` says more."""
    title: str
    place: str
    """Octet offset or element within the record."""
    cause: str
    """Which rule failed: expected and observed."""
    remedy: str


class RefusedTranslation(RefusedRecord):
    """One record that was not read, or track that was not written."""

    stage: Literal["decode", "encode"]


class Withheld(Body):
    """Tracks that a release group may not see, by policy."""

    group: str
    track_ids: list[str]
    rule: str
    members: list[str] = Field(default_factory=list)
    """Partners that are left out where others of the group are not; empty means all of them."""
    until: str | None = None
    """When it is decided anew, for tracks that are held; RFC 3339."""


class Accepted(Body):
    """What became of the records. All of it is durable when this is sent."""

    accepted: Annotated[int, Field(ge=0)]
    """Tracks taken."""
    track_ids: list[str]
    """One per accepted track, in order."""
    message_ids: list[str]
    """Alliance messages that carry them; empty when no release group may see any."""
    duplicates: Annotated[int, Field(ge=0)]
    """Records that were known already."""
    refused: list[RefusedRecord]
    withheld: list[Withheld]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: str
    """`urn:alliance:gateway:error:` and the code."""
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    """Which rule failed: expected and observed."""
    code: str
    """Stable code; `gateway explain CODE` says more."""
    place: str
    remedy: str
    refused: list[RefusedRecord | RefusedTranslation] | None = None
    """Every refused record, when all were."""
    missing: list[str] | None = None
    """What keeps the gateway from being ready."""


class Loss(Body):
    """One thing that a mapping could not carry."""

    stage: Literal["decode", "encode"]
    track_id: str
    field: str
    """The source's or the canonical name, such as `I062/390` or `identity.value`."""
    reason: str
    """An open code such as `NO_TARGET`, `ROUNDED`, `OUT_OF_RANGE`."""


class TranslatedFrame(Body):
    """One frame of the target format: text where it is, else base64."""

    text: str | None = None
    base64: str | None = None


class Translation(Body):
    """A dry run from one format to another; nothing was recorded or sent."""

    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    media_type: str
    """Of the frames."""
    tracks: Annotated[int, Field(ge=0)]
    silent: Annotated[int, Field(ge=0)]
    """Records that are valid and carry no track."""
    frames: list[TranslatedFrame]
    losses: list[Loss]
    refused: list[RefusedTranslation]


class Feature(BaseModel):
    """A track as a GeoJSON Feature (RFC 7946); `geometry` is null for a track without a position."""

    model_config = ConfigDict(strict=True, frozen=True)

    type: Literal["Feature"]
    geometry: dict[str, JsonValue] | None
    properties: dict[str, JsonValue] | None
    origin: str
    """Node that reported the track."""
    via: str | None = None
    """Node that told of it in the origin's stead, redacted; absent where the origin's own word was verified."""


class FeatureCollection(BaseModel):
    """The picture as GeoJSON (RFC 7946)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    type: Literal["FeatureCollection"]
    features: list[Feature]


class Reloaded(Body):
    """The release policy was read again and decides."""

    policy: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the policy in force."""
    previous: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the one before."""
    changed: bool
    """Whether they differ."""


class Live(Body):
    """The process answers."""

    live: Literal[True]


class Ready(Body):
    """The gateway takes tracks."""

    ready: Literal[True]
