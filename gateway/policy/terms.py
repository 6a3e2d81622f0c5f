"""The words of a release policy: conditions, what is taken out, and the three kinds of rules. Data, no logic.

A condition on something that a track does not say (an area, of a bearing without a position) is not met by a rule that
lets something through, and met by one that keeps something back. A rule that lets through and takes something out does
both: it does not let the track go, and what it takes out is taken out by whichever later rule lets it go. So does a
marking: the label is then at least as strict as both.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from gateway.track import Environment, Identity, Label


class Height(StrEnum):
    """Which kind of height an altitude band is about. None is ever converted into another."""

    HAE = "hae"
    MSL = "msl"
    BARO = "baro"
    QNH = "qnh"
    AGL = "agl"
    TAKEOFF = "takeoff"


class AltitudeBand(Struct, frozen=True, kw_only=True):
    """From `min_m` up to below `max_m`, in metres."""

    height: Height
    min_m: float | None = None
    max_m: float | None = None


class Field(StrEnum):
    """Parts of a track that rules ask for and take out. ``docs/policy-redaction.md`` says what each covers."""

    SENSORS = "sensors"
    """Which sensors and systems saw it: sources, names that they gave it, who declared its identity, the polar
    original, the raw octets."""
    RAW = "raw"
    OPERATOR = "operator"
    POLAR = "polar"
    ACCURACY = "accuracy"
    IDENTIFIERS = "identifiers"
    NAME = "name"
    REMARKS = "remarks"
    IDENTITY = "identity"
    CLASSIFICATIONS = "classifications"
    DIMENSIONS = "dimensions"
    STATUS = "status"
    POSITION = "position"
    ALTITUDE = "altitude"
    KINEMATICS = "kinematics"
    RELATIONS = "relations"
    EXTENSIONS = "extensions"


class Condition(Struct, frozen=True, kw_only=True):
    """When a rule applies: every part that is given must be met. Texts may hold ``*`` and ``?``.

    A part is met, not met, or not said (`gateway.policy.condition.meets`): not said are a source of ours, format,
    platform, class, position, the kind of height, time, a scheme of identifiers or a label that the track has none of.
    An identity that nobody declared, the environment ``UNKNOWN`` and absent flags are said.
    """

    sources: tuple[str, ...] = ()
    """Configured national sources, for our own tracks."""
    origins: tuple[str, ...] = ()
    """Nodes that signed it; ours for our own tracks."""
    formats: tuple[str, ...] = ()
    """Input formats as provenance names them: ``ASTERIX_*``, ``SAPIENT``."""
    environments: frozenset[Environment] = frozenset()
    identities: frozenset[Identity | None] = frozenset()
    """`None` is an identity that nobody declared."""
    platforms: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """Types of its classifications, in any letter case."""
    areas: tuple[str, ...] = ()
    """Inside any of them."""
    not_areas: tuple[str, ...] = ()
    """Outside all of them."""
    altitude: AltitudeBand | None = None
    exercise: bool | None = None
    """What the track says of itself, or else `unsaid_exercise`."""
    simulated: bool | None = None
    unsaid_exercise: bool = False
    """Whether a track that says nothing is an exercise's: what every message of this node says of our own tracks."""
    unsaid_simulated: bool = False
    min_age_s: float | None = None
    max_age_s: float | None = None
    """Since its time of applicability."""
    has: frozenset[Field] = frozenset()
    lacks: frozenset[Field] = frozenset()
    identifiers: Mapping[str, tuple[str, ...]] = {}
    """Scheme to values, one of which it must have, for each scheme."""
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(security policy, classifications), one of which its label must be of; no classifications is any."""


class Redaction(Struct, frozen=True, kw_only=True):
    """What is taken out of a track or made coarser before it leaves. Each is listed in the track's provenance."""

    drop: frozenset[Field] = frozenset()
    position_grid_m: float | None = None
    """Position to the middle of a cell of about this size; its accuracy, polar original and raw octets go with it."""
    altitude_grid_m: float | None = None
    identities: Mapping[Identity, Identity] = {}
    """Identities that are downgraded, and to what."""

    @property
    def is_empty(self) -> bool:
        """Whether the track leaves as it is."""
        return not (self.drop or self.position_grid_m or self.altitude_grid_m or self.identities)


class Existing(StrEnum):
    """What a marking does with a label that the source gave."""

    KEEP = "keep"
    """It stands."""
    COMBINE = "combine"
    """The one that is at least as strict as both stands."""
    REFUSE = "refuse"
    """The track goes nowhere."""


class Marking(Struct, frozen=True, kw_only=True):
    """The default label of tracks that come without one. First match; without a match nothing leaves."""

    id: str
    when: Condition = Condition()
    label: Label
    existing: Existing = Existing.KEEP


class ReleaseRule(Struct, frozen=True, kw_only=True):
    """What a release group may see. First match wins; the last is deny."""

    id: str
    groups: frozenset[str] = frozenset()
    """Empty is every group."""
    when: Condition = Condition()
    release: bool
    """False withholds."""
    redaction: Redaction = Redaction()
    personal_data: bool = False
    """Lets personal data through. Without it an operator and his control station are taken out."""
    onward: bool = False
    """Applies to tracks of partners, which is onward release, and to these alone."""
    delay_s: float = 0.0
    """Held until it is so old (seconds since its time of applicability), then decided anew."""
    every_s: float = 0.0
    """At most one snapshot of a track and group in that time; an end always goes."""


class Admittance(StrEnum):
    """What becomes of a partner's track that a rule for acceptance matches."""

    ACCEPT = "accept"
    DROP = "drop"
    """The track is left out, counted and ledgered; the message is accepted."""
    REFUSE = "refuse"
    """The whole message is refused."""


class AcceptRule(Struct, frozen=True, kw_only=True):
    """What a partner may send us. First match wins, for each track; the last is refuse."""

    id: str
    partners: frozenset[str] = frozenset()
    """Nodes that send; empty is every partner."""
    when: Condition = Condition()
    admit: Admittance
