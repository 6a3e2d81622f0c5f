"""The policy file as frozen values: what one ``policy.toml`` says. `gateway.config.policy_load` reads it.

The docstring under each field is its documentation in ``docs/policy.md`` and in the JSON Schema.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from gateway.config.labels import CategoryTable
from gateway.config.table import Table
from gateway.config.values import CodePattern, DnsName, FilePath, Name, OpenCode, RuleId, Text, UtcTime
from gateway.labels.equivalence import Direction
from gateway.policy.terms import Admittance, Existing, Height
from gateway.policy.terms import Field as TrackField
from gateway.track import Environment, Identity

Words = Annotated[tuple[Text, ...], Field(max_length=1_000)]
Age = Annotated[float, Field(ge=0, le=31_536_000, allow_inf_nan=False)]
Codes = Annotated[tuple[CodePattern, ...], Field(max_length=1_000)]


_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


def _date(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if _DATE.fullmatch(value) is None:
            raise ValueError("another spelling")
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a date, such as 2026-03-01") from None


Date = Annotated[
    date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date", "pattern": _DATE.pattern})
]


class IdentityTest(StrEnum):
    """A declared identity, or that nobody declared one."""

    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    ASSUMED_FRIEND = "ASSUMED_FRIEND"
    FRIEND = "FRIEND"
    NEUTRAL = "NEUTRAL"
    SUSPECT = "SUSPECT"
    HOSTILE = "HOSTILE"
    NONE = "NONE"


class AboutTable(Table):
    """What this policy is."""

    name: Text
    """Name of the policy, for people."""
    issued: UtcTime
    """When it was issued; the time at which labels that it gives were created."""
    review: UtcTime
    """When it is to be reviewed; the review time of labels that it gives."""
    originator: DnsName | None = None
    """DNS name of whoever sets the labels; absent names nobody."""
    follow_succession: bool = False
    """Let a label's successor apply from its succession time on. Otherwise the stricter of both applies."""


class SecurityPolicyTable(Table):
    """One security policy (XML SPIF 2.1) whose labels can be decided on."""

    use: Text | None = None
    """Name of a shipped one: `PUBLIC`, `TLP`, and the fictitious `ALPHA` and `BRAVO`."""
    file: FilePath | None = None
    """XML SPIF 2.1 file; this or `use`."""
    mandatory: Words = ()
    """Tag sets that every label of it must have, beyond what the file says."""
    ignore_case: bool = False
    """Compare its names and values without regard to letter case, as NATO and PUBLIC labels are."""


class ValueTable(Table):
    """One value of a tag set that reads as another in the other policy."""

    from_tag: Text
    """Tag set of the label's policy."""
    from_value: Text
    """Value there."""
    to_tag: Text
    """Tag set of the other policy."""
    to_value: Text
    """Value there."""


class EquivalenceTable(Table):
    """How labels of one policy read in another, as an operator has signed it off. A mapped level is not a release."""

    from_policy: Text
    """Policy that the label speaks in."""
    to_policy: Text
    """Policy that it is read in."""
    direction: Direction
    """`encrypt` for what we send, `decrypt` for what we receive, `both`."""
    levels: Annotated[dict[Text, Text], Field(max_length=100)] = Field(default_factory=dict)
    """Classification to classification. Absent takes those that the SPIF of `from_policy` states for this direction."""
    value: tuple[ValueTable, ...] = ()
    """Values of tag sets. What is not mapped is not released."""
    discard: Words = ()
    """Tag sets of `from_policy`, none of them restrictive, that the other label leaves out."""
    signed_off_by: Text
    """Who answers for it."""
    signed_off_on: Date
    """Since when."""


class SuccessionTable(Table):
    """What becomes of a label by itself: an embargo that ends, an exercise that begins."""

    at: UtcTime
    """From then on the other label applies to those who follow successions; to others the stricter of both does always.
    """
    label: Name
    """Label of the same security policy, without TLP marking, purpose, alternatives and succession of its own."""


class NamedLabelTable(Table):
    """One label; markings name it."""

    policy: Text
    """Name of the security policy that the label speaks in."""
    classification: Text
    """Classification of that policy."""
    category: tuple[CategoryTable, ...] = ()
    """Categories of the label."""
    privacy_mark: Text | None = None
    """Privacy mark."""
    tlp: OpenCode | None = None
    """Traffic Light Protocol marking beside the label, such as `GREEN`. It decides nothing."""
    purpose: OpenCode | None = None
    """Purpose that the tracks may be used for, as an open code."""
    alternatives: tuple[Name, ...] = ()
    """Labels of other policies that say the same, for partners who read those."""
    succession: SuccessionTable | None = None
    """Label that follows it."""


class ClearanceTable(Table):
    """What a node or a national consumer may see, under one security policy."""

    policy: Text | None = None
    """Name of the security policy."""
    classifications: Words = ()
    """Classifications of it: a list, not an upper bound."""
    category: tuple[CategoryTable, ...] = ()
    """Values held of each tag set."""
    file: FilePath | None = None
    """ADatP-4774 confidentiality clearance (XML), instead of the above."""


class OwnTable(Table):
    """This node."""

    clearances: tuple[Name, ...] = ()
    """What it may receive from partners, one clearance for each security policy."""


class PartnerTable(Table):
    """One partner node; the table's name is its node name, as in `[link.NAME]` of gateway.toml. A node whose tracks
    come by way of another has no link; it stands here for rules that name it in `when.origin`."""

    clearances: tuple[Name, ...] = ()
    """What it may see, one clearance for each security policy."""


class GroupTable(Table):
    """One release group: partners for whom the same rules are tried, and who share one signed message."""

    partners: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Its partner nodes."""
    description: str = ""
    """Words for people."""


class CircleTable(Table):
    """A circle on the ground."""

    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    """Latitude of its centre, WGS 84."""
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    """Longitude of its centre."""
    radius_m: Annotated[float, Field(gt=0, le=5_000_000)]
    """Radius in metres."""


Vertex = tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]


class AreaTable(Table):
    """One area: a polygon, a circle, or a file."""

    polygon: Annotated[tuple[Vertex, ...], Field(max_length=10_000)] = ()
    """Vertices as [latitude, longitude] in degrees, WGS 84, joined by straight lines in these coordinates, the last
    with the first. An edge of more than 180 degrees of longitude crosses the antimeridian. Around a pole: from
    longitude -180 to 180, then [90, 180] and [90, -180]."""
    circle: CircleTable | None = None
    """A circle instead."""
    file: FilePath | None = None
    """GeoJSON file (RFC 7946) with one Polygon or MultiPolygon instead."""
    description: str = ""
    """Words for people."""


class AltitudeTable(Table):
    """A band of heights."""

    height: Height
    """Which kind of height: `hae`, `msl`, `baro`, `qnh`, `agl` or `takeoff`. None is converted into another."""
    min_m: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """From here on, metres."""
    max_m: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Up to below this, metres."""


class LabelTest(Table):
    """Labels that a condition is about."""

    policy: Text
    """Security policy."""
    classifications: Words = ()
    """Classifications of it; absent is any."""


class ConditionTable(Table):
    """When a rule applies: every part that is given must be met. Texts may hold `*` and `?`."""

    source: Words = ()
    """National sources of gateway.toml (our own tracks)."""
    origin: Words = ()
    """Nodes that signed the tracks (tracks of partners)."""
    format: Codes = ()
    """Input formats as the provenance names them: `ASTERIX_*`, `SAPIENT`, `REMOTE_ID*`, `COT`."""
    environment: tuple[Environment, ...] = ()
    """Where the object moves."""
    identity: tuple[IdentityTest, ...] = ()
    """Declared identity; `NONE` is an identity that nobody declared."""
    platform: Codes = ()
    """Platform codes, such as `UAV`."""
    object_class: Words = ()
    """Classes that a sensor gave it, in any letter case."""
    area: tuple[Name, ...] = ()
    """Inside any of these areas."""
    not_area: tuple[Name, ...] = ()
    """Outside all of these areas."""
    altitude: AltitudeTable | None = None
    """Within a band of heights."""
    exercise: bool | None = None
    """Whether the track is part of an exercise: as it says itself, or else as its message does, which for our own
    tracks is `[node] exercise`."""
    simulated: bool | None = None
    """Whether the track is simulated: as it says itself, or else as its message does, which for our own tracks is
    `[node] simulation`."""
    min_age_s: Age | None = None
    """At least so long ago (its time of applicability). Seconds."""
    max_age_s: Age | None = None
    """At most so long ago. Seconds."""
    has: tuple[TrackField, ...] = ()
    """Parts that it has."""
    lacks: tuple[TrackField, ...] = ()
    """Parts that it has not."""
    identifier: dict[Text, Annotated[Words, Field(min_length=1)]] = Field(default_factory=dict)
    """Scheme to values, one of which it must have, such as `icao24 = ["4841*"]`; in any letter case."""
    label: tuple[LabelTest, ...] = ()
    """Labels, one of which it must have."""


class MarkingTable(Table):
    """The label of tracks that come without one. First match; what no marking matches goes nowhere."""

    id: RuleId
    """Name of the rule."""
    when: ConditionTable = Field(default_factory=dict, validate_default=True)
    """Which tracks."""
    label: Name
    """Label that they get."""
    existing: Existing = Existing.KEEP
    """What becomes of a label that the source gave: `keep`, `combine` (at least as strict as both), or `refuse`."""


class Action(StrEnum):
    """What a release rule does."""

    RELEASE = "release"
    WITHHOLD = "withhold"
    REDACT = "redact"


class ReleaseTable(Table):
    """One release rule. First match wins, for each release group; what no rule matches is withheld."""

    id: RuleId
    """Name of the rule: it stands in messages and ledgers."""
    to: tuple[Name, ...] = ()
    """Release groups; absent is every group."""
    when: ConditionTable = Field(default_factory=dict, validate_default=True)
    """Which tracks."""
    action: Action
    """`release`, `withhold`, or `redact`: release with something taken out or made coarser."""
    drop: tuple[TrackField, ...] = ()
    """Parts that are taken out (`redact`)."""
    position_grid_m: Annotated[float, Field(ge=1, le=1_000_000)] | None = None
    """Position to the middle of a cell of about this size (`redact`). Metres."""
    altitude_grid_m: Annotated[float, Field(ge=1, le=100_000)] | None = None
    """Heights to a multiple of this (`redact`). Metres."""
    downgrade: dict[Identity, Identity] = Field(default_factory=dict)
    """Identities that are replaced, and by what (`redact`)."""
    delay_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """Hold each snapshot until it is so old. Seconds."""
    every_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    """At most one snapshot of a track in that time. Seconds."""
    personal_data: bool = False
    """Let personal data through, such as where the operator of a drone stands."""
    onward: bool = False
    """The rule is about tracks of partners, and lets them go on to others as far as their labels allow."""
    description: str = ""
    """Words for people."""


class AcceptTable(Table):
    """One rule for what partners may send. First match wins, for each track; what no rule matches is refused."""

    id: RuleId
    """Name of the rule."""
    partner: tuple[Name, ...] = ()
    """Partners that send; absent is every partner."""
    when: ConditionTable = Field(default_factory=dict, validate_default=True)
    """Which tracks."""
    action: Admittance = Admittance.ACCEPT
    """`accept`, `drop` (the track is left out, the message is accepted) or `refuse` (the whole message)."""
    description: str = ""
    """Words for people."""


class PolicyFile(Table):
    """One node's release policy. Every list of rules has an order; what no rule names is refused."""

    policy: AboutTable
    security_policy: tuple[SecurityPolicyTable, ...] = ()
    equivalence: tuple[EquivalenceTable, ...] = ()
    label: dict[Name, NamedLabelTable] = Field(default_factory=dict)
    clearance: dict[Name, ClearanceTable] = Field(default_factory=dict)
    own: OwnTable = Field(default_factory=dict, validate_default=True)
    partner: dict[Name, PartnerTable] = Field(default_factory=dict)
    group: dict[Name, GroupTable] = Field(default_factory=dict)
    area: dict[Name, AreaTable] = Field(default_factory=dict)
    marking: tuple[MarkingTable, ...] = ()
    release: tuple[ReleaseTable, ...] = ()
    accept: tuple[AcceptTable, ...] = ()
