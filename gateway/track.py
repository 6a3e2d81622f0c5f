"""The canonical track: the common noun that stops n x m translation. Imports nothing of ours.

SI units, WGS 84, aware UTC. `None` is absent; unknown is an enumeration member; nothing is defaulted and no number is
magic. A `Track` is one snapshot of one object at one instant. What it cannot hold is lost, so it holds everything that
any of the formats carries about a track, and what no field models travels as `RawRecord` and `Extension`.

The types are frozen `msgspec.Struct`s: immutable and slotted like frozen dataclasses, built ten times faster, and
untracked by the garbage collector (frozen values cannot form cycles). Use `msgspec.structs.replace` to derive one.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gateway.label import Extension as Extension
from gateway.label import Label as Label
from gateway.label import LabelCategory as LabelCategory
from gateway.label import OpenCode as OpenCode
from gateway.label import Succession as Succession


class Environment(StrEnum):
    """Where the object moves; closed by STANAG 1241."""

    AIR = "AIR"
    LAND = "LAND"
    SURFACE = "SURFACE"
    SUBSURFACE = "SUBSURFACE"
    SPACE = "SPACE"
    UNKNOWN = "UNKNOWN"


class Identity(StrEnum):
    """Standard identity; closed by STANAG 1241. `PENDING`, `UNKNOWN` and an absent identity are three things."""

    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    ASSUMED_FRIEND = "ASSUMED_FRIEND"
    FRIEND = "FRIEND"
    NEUTRAL = "NEUTRAL"
    SUSPECT = "SUSPECT"
    HOSTILE = "HOSTILE"


class Identifier(Struct, frozen=True, gc=False):
    """One name of the object in one scheme.

    Schemes: ``system_track`` (sac/sic/number), ``icao24`` (six lower-case hex digits), ``mode1``, ``mode2``,
    ``mode3a`` (octal digits), ``callsign``, ``flight_plan``, ``registration``, ``cot_uid``, ``mmsi``, ``imo``,
    ``uas_serial``, ``uas_session``, ``uas_registration``, ``mac``, ``sapient_object``, and others in
    ``docs/alliance-message.md``.
    """

    scheme: str
    value: str
    quality: OpenCode | None = None
    """What the source says against it, such as ``NOT_VALIDATED`` or ``GARBLED``; absent when it says nothing."""


class IdentityGroup(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody's declared identity of the object. Never inferred from nationality or behaviour."""

    value: Identity
    amplification: OpenCode | None = None
    """Such as ``JOKER``, ``FAKER`` (exercise roles), ``ZOMBIE``."""
    confidence_pct: float | None = None
    assigned_by: str | None = None
    assigned_at: datetime | None = None


class Classification(Struct, frozen=True, kw_only=True, gc=False):
    """One answer to "what is it?"; a detector may give several, a finer one follows its parent at `level` + 1."""

    type: str
    confidence_pct: float | None = None
    scheme: OpenCode | None = None
    """Vocabulary of `type`, such as ``COT_TYPE``, ``ASTERIX_ECAT``, ``SAPIENT``."""
    level: int = 1


class Dimensions(Struct, frozen=True, kw_only=True, gc=False):
    """Size of the object in metres."""

    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None


class Status(Struct, frozen=True, kw_only=True, gc=False):
    """Separate facts about the track, not one enumeration. `None` means that the source did not say."""

    confirmed: bool | None = None
    """False is tentative."""
    coasted: bool | None = None
    """Extrapolated without a fresh measurement."""
    started: bool | None = None
    """First report of this incarnation."""
    ended: bool | None = None
    """Last report of this incarnation."""
    simulated: bool | None = None
    test: bool | None = None
    """A test target of the source (transponder or field monitor), not the exercise indicator of the message."""
    exercise: bool | None = None
    """The source says that this object is part of an exercise; it must not leak into the live picture."""
    emergency: OpenCode | None = None
    spi: bool | None = None
    """Special position identification is active."""
    on_ground: bool | None = None
    military_emergency: bool | None = None
    mono_sensor: bool | None = None
    amalgamated: bool | None = None
    ghost: bool | None = None
    """The source suspects a reflection or a false plot."""
    iff_mode4: OpenCode | None = None
    """Interrogation answer ``FRIENDLY``, ``UNKNOWN`` or ``NO_REPLY``: evidence, not an identity."""
    iff_mode5: OpenCode | None = None


class Position(Struct, frozen=True, gc=False):
    """A point on WGS 84 in degrees. Pass by keyword: two floats in a row are a swapped latitude waiting to happen."""

    latitude_deg: float
    """-90 to 90, north positive."""
    longitude_deg: float
    """Above -180 up to 180, east positive."""


class Accuracy(Struct, frozen=True, kw_only=True, gc=False):
    """95 % bounds (the error is below the figure in 95 of 100 cases)."""

    horizontal_95_m: float | None = None
    vertical_95_m: float | None = None
    course_95_deg: float | None = None
    speed_95_mps: float | None = None
    basis: OpenCode | None = None
    """What the source stated before conversion to 95 %, such as ``SIGMA_XY``, ``COT_CE``, ``CEP50``."""


class Covariance(Struct, frozen=True, gc=False):
    """Upper triangle of a covariance matrix, row by row, SI units, in the frame that `form` names (``EN``, ``ENU``)."""

    form: OpenCode
    values: tuple[float, ...]


class Polar(Struct, frozen=True, kw_only=True, gc=False):
    """What one sensor measured, before anybody turned it into a position.

    Without a range it is a bearing; without an azimuth too, it says only that the sensor noticed something.
    """

    sensor: str
    """Which sensor: an id of the source's own, such as ``asterix:25/201``."""
    sensor_position: Position | None = None
    sensor_altitude_msl_m: float | None = None
    sensor_altitude_hae_m: float | None = None
    """Above the WGS 84 ellipsoid, where the sensor says it so."""
    range_m: float | None = None
    """Slant range."""
    azimuth_deg: float | None = None
    """0 to 360 clockwise from `north`."""
    elevation_deg: float | None = None
    range_rate_mps: float | None = None
    """Positive when receding."""
    north: OpenCode | None = None
    """``TRUE`` (at the sensor), ``MAGNETIC``, ``GRID`` or ``PLATFORM``."""
    correction: OpenCode | None = None
    """How the position was derived from the slant range: ``PRESSURE_ALTITUDE``, ``HEIGHT_3D``, ``ASSUMED_HEIGHT``."""
    reach_m: float | None = None
    """How far the sensor notices things: bounds a detection that has neither range nor bearing."""
    range_95_m: float | None = None
    """95 % bounds of the measurement itself, which a bearing without a range needs: it has no circle on the ground."""
    azimuth_95_deg: float | None = None
    elevation_95_deg: float | None = None


class State(Struct, frozen=True, kw_only=True, gc=False):
    """Kinematics at one instant. The kinds of height are kept apart because none can be had from another for free."""

    time: datetime
    """Time of applicability."""
    time_quality: OpenCode | None = None
    """What `time` rests on: ``MEASURED``, ``TAGGED`` (by the source, date included), ``RECEIVED``, ``INFERRED``."""
    date_basis: OpenCode | None = None
    """Where the date came from if the source gave only a time of day: ``RECEIVED_TIME``."""
    received_at: datetime | None = None
    """When the first gateway got it."""
    sent_at: datetime | None = None
    """When the source sent it, if it says so."""
    stale_at: datetime | None = None
    """End of validity, if the source states one."""

    position: Position | None = None
    """Absent for a bearing-only or sensor-only detection: no format invents a point."""
    altitude_hae_m: float | None = None
    """Above the WGS 84 ellipsoid."""
    altitude_msl_m: float | None = None
    """Above mean sea level (geoid)."""
    altitude_baro_m: float | None = None
    """Pressure altitude on 1013.25 hPa."""
    altitude_qnh_m: float | None = None
    """Barometric, corrected to local QNH."""
    height_agl_m: float | None = None
    """Above ground."""
    height_takeoff_m: float | None = None
    """Above the place where it took off."""
    altitude_quality: OpenCode | None = None
    """What the source says against its pressure altitude: ``NOT_VALIDATED``, ``GARBLED``."""

    course_deg: float | None = None
    """Over ground, true; absent when the object stands still."""
    ground_speed_mps: float | None = None
    vertical_rate_mps: float | None = None
    """Positive climbing."""
    heading_deg: float | None = None
    """True heading of the nose."""
    magnetic_heading_deg: float | None = None
    turn_rate_degps: float | None = None
    """Degrees per second, positive to the right."""
    acceleration_east_mps2: float | None = None
    acceleration_north_mps2: float | None = None
    indicated_airspeed_mps: float | None = None
    true_airspeed_mps: float | None = None
    mach: float | None = None

    accuracy: Accuracy | None = None
    covariance: Covariance | None = None
    polar: Polar | None = None


class Operator(Struct, frozen=True, kw_only=True, gc=False):
    """Who flies an uncrewed aircraft, and from where. Personal data: it leaves only by a rule that names it.

    Kept apart from everything else of the track, so that taking it out needs no knowledge of any format. A decoder puts
    such facts nowhere else but into `RawRecord`, which goes with them.
    """

    identifier: str | None = None
    """Registration of the operator (EN 4709-002 operator id)."""
    position: Position | None = None
    altitude_hae_m: float | None = None
    basis: OpenCode | None = None
    """What the position is: ``TAKEOFF``, ``LIVE_GNSS`` or ``FIXED``."""
    time: datetime | None = None
    """When that was so, if it is said apart from the aircraft's time."""


class Source(Struct, frozen=True, kw_only=True, gc=False):
    """A sensor or system that contributed."""

    id: str
    """An XML NCName, unique among the sources of a message, such as ``src-25-201``."""
    name: str
    modality: OpenCode | None = None
    """``RADAR``, ``SDPS``, ``COT``, ``RF``, ``ACOUSTIC``, ``AIS``, ..."""
    nation: str | None = None
    """Three upper-case letters; absent when the table does not say."""


class Relation(Struct, frozen=True, gc=False):
    """How this track relates to others: ``MERGE``, ``SPLIT``, ``STITCH``, ``FUSED``, ``CORRELATED``."""

    kind: OpenCode
    track_ids: tuple[str, ...]


class Loss(Struct, frozen=True, gc=False):
    """One thing that a mapping could not carry."""

    field: str
    """The source's or the canonical name: ``I062/390``, ``identity.value``."""
    reason: OpenCode
    """``NO_TARGET`` (no such field there), ``NOT_MODELLED`` (in the raw record only), ``ROUNDED``, ``TRUNCATED``,
    ``OUT_OF_RANGE``, ``NO_CODE`` (the target has no code for the value), ``NO_DATUM`` (needs a geoid or a QNH),
    ``NO_POSITION`` (the target needs a point and there is none), ``IMPLIED`` (the target's nearest code says more than
    is known), ``WITHHELD`` (policy took it out), ``COARSENED`` (policy made it less exact), ``DOWNGRADED`` (policy put
    another identity there)."""


class Provenance(Struct, frozen=True, kw_only=True, gc=False):
    """One gateway passed: which mapping it applied to what, and what that lost."""

    gateway: str
    input_format: OpenCode
    """``ASTERIX_048``, ``ASTERIX_062``, ``COT``, ``GEOJSON``, ..."""
    mapping_id: str
    """Name and version of the mapping, such as ``asterix-062/1.21``."""
    mapping_hash: str | None = None
    """Hex SHA-256 of the mapping's definition, where it has one."""
    input_message_id: str | None = None
    losses: tuple[Loss, ...] = ()


class RawRecord(Struct, frozen=True, gc=False):
    """The source's own octets of this track, so that a filter-and-relay keeps them."""

    format: OpenCode
    octets: bytes


class Track(Struct, frozen=True, kw_only=True, gc=False):
    """One snapshot of one object.

    `identifiers[0]` is by contract the source's own name of the track (``system_track``, ``cot_uid``): admission mints
    `track_id` from it. A plot that its source does not track has no such identifier first, and no lasting `track_id`.
    """

    track_id: str | None = None
    """Lower-case UUID minted by the first gateway from (node, source, native number, incarnation) and a secret of its
    own, so that it tells nobody whose number it was; a decoder of a national format leaves it absent."""
    identifiers: tuple[Identifier, ...] = ()
    environment: Environment = Environment.UNKNOWN
    identity: IdentityGroup | None = None
    platform: OpenCode | None = None
    """``FIXED_WING``, ``ROTARY_WING``, ``UAV``, ``BALLOON``, ``GROUND_VEHICLE``, ``VESSEL``, ..."""
    name: str | None = None
    """What people call it on a display."""
    remarks: str | None = None
    classifications: tuple[Classification, ...] = ()
    detection_confidence_pct: float | None = None
    """How sure the detector is that there is an object at all; what it is has confidences of its own."""
    dimensions: Dimensions | None = None
    operator: Operator | None = None
    status: Status | None = None
    state: State | None = None
    sources: tuple[Source, ...] = ()
    relations: tuple[Relation, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    """Oldest first: the gateways passed."""
    label: Label | None = None
    """Tighter than the message's, or absent."""
    raw: RawRecord | None = None
    extensions: tuple[Extension, ...] = ()


ALERT_SCHEME = "SAPIENT_ALERT"
"""Vocabulary whose classes (``WARNING``, ...) make a track an alert: something to be told of, and no object."""


def is_alert(track: Track) -> bool:
    """Whether the track is an alert: formats that know nothing but objects refuse it."""
    for one in track.classifications:  # noqa: SIM110 # on the path of every track: half the price of a generator
        if one.scheme == ALERT_SCHEME:
            return True
    return False
