"""Which parts of a track there are: what a condition's ``has`` and ``lacks`` ask, and what a redaction takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.policy.terms import Field
from gateway.track import ALERT_SCHEME, Identifier, State, Status, Track

KINEMATICS = (
    "course_deg",
    "ground_speed_mps",
    "vertical_rate_mps",
    "heading_deg",
    "magnetic_heading_deg",
    "turn_rate_degps",
    "acceleration_east_mps2",
    "acceleration_north_mps2",
    "indicated_airspeed_mps",
    "true_airspeed_mps",
    "mach",
)
HEIGHTS = (
    "altitude_hae_m",
    "altitude_msl_m",
    "altitude_baro_m",
    "altitude_qnh_m",
    "height_agl_m",
    "height_takeoff_m",
)
LASTING_STATUS = ("started", "ended", "simulated", "test", "exercise")
"""Facts that no redaction takes: without them an end is never seen, and an exercise leaks into the live picture."""
PASSING_STATUS = tuple(name for name in Status.__struct_fields__ if name not in LASTING_STATUS)
_SENSOR_SCHEMES = frozenset(
    {
        "system_track",
        "sensor_track",
        "composed_track",
        "asterix_service",
        "nffi_track",
        "nvg_uri",
        "cot_uid",
        "geojson_id",
    }
)
"""Schemes of names that a sensor or system gave, rather than names that the object has of its own."""


def is_systems_name(identifier: Identifier) -> bool:
    """Whether an identifier is a sensor's or system's name of the track: it names the system, or only it knows it."""
    scheme = identifier.scheme
    return scheme in _SENSOR_SCHEMES or scheme.startswith(("sapient", "asterix", "x-"))


def has_part(track: Track, field: Field) -> bool:
    """Whether the track has any of what the field covers."""
    return PRESENCE[field](track)


def _in_state(*names: str) -> Callable[[Track], bool]:
    def is_there(track: Track) -> bool:
        state = track.state
        if state is not None:
            for name in names:
                if getattr(state, name) is not None:
                    return True
        return False

    return is_there


def has_accuracy(state: State) -> bool:
    """Whether a state says how good it is."""
    if state.accuracy is not None or state.covariance is not None:
        return True
    polar = state.polar
    return polar is not None and (
        polar.range_95_m is not None or polar.azimuth_95_deg is not None or polar.elevation_95_deg is not None
    )


def _has_status(track: Track) -> bool:
    status = track.status
    return status is not None and any(getattr(status, name) is not None for name in PASSING_STATUS)


def _has_classes(track: Track) -> bool:
    if track.platform is not None or track.detection_confidence_pct is not None:
        return True
    return any(one.scheme != ALERT_SCHEME for one in track.classifications)


def _has_sensors(track: Track) -> bool:
    identity = track.identity
    if track.sources or (identity is not None and identity.assigned_by is not None):
        return True
    if track.state is not None and track.state.polar is not None:
        return True
    return any(map(is_systems_name, track.identifiers))


PRESENCE: Mapping[Field, Callable[[Track], bool]] = {
    Field.SENSORS: _has_sensors,
    Field.RAW: lambda track: track.raw is not None,
    Field.OPERATOR: lambda track: track.operator is not None,
    Field.POLAR: _in_state("polar"),
    Field.ACCURACY: lambda track: track.state is not None and has_accuracy(track.state),
    Field.IDENTIFIERS: lambda track: bool(track.identifiers),
    Field.NAME: lambda track: track.name is not None,
    Field.REMARKS: lambda track: track.remarks is not None,
    Field.IDENTITY: lambda track: track.identity is not None,
    Field.CLASSIFICATIONS: _has_classes,
    Field.DIMENSIONS: lambda track: track.dimensions is not None,
    Field.STATUS: _has_status,
    Field.POSITION: _in_state("position"),
    Field.ALTITUDE: _in_state(*HEIGHTS),
    Field.KINEMATICS: _in_state(*KINEMATICS),
    Field.RELATIONS: lambda track: bool(track.relations),
    Field.EXTENSIONS: lambda track: bool(track.extensions),
}
