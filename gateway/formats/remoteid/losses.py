"""What of a track Remote ID has no place for, and what it rounds."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.remoteid import codes
from gateway.formats.remoteid.leftovers import NAMESPACE
from gateway.formats.remoteid.tracks import CATEGORY_SCHEME, CLASS_SCHEME
from gateway.track import Environment, Loss, State, Track

_TRACK = ("identity", "name", "detection_confidence_pct", "dimensions", "relations", "label")
_STATE = (
    "sent_at",
    "stale_at",
    "altitude_quality",
    "heading_deg",
    "magnetic_heading_deg",
    "turn_rate_degps",
    "acceleration_east_mps2",
    "acceleration_north_mps2",
    "indicated_airspeed_mps",
    "true_airspeed_mps",
    "mach",
    "covariance",
    "polar",
)
_NO_DATUM = ("altitude_msl_m", "altitude_qnh_m")
_STATUS = (
    "confirmed",
    "coasted",
    "started",
    "ended",
    "simulated",
    "test",
    "exercise",
    "spi",
    "military_emergency",
    "mono_sensor",
    "amalgamated",
    "ghost",
    "iff_mode4",
    "iff_mode5",
)
_NUMBERS = (
    "altitude_hae_m",
    "altitude_baro_m",
    "height_agl_m",
    "height_takeoff_m",
    "course_deg",
    "ground_speed_mps",
    "vertical_rate_mps",
)
_OBSTACLE = "OBSTACLE"
_GENERAL = "GENERAL"


def check_numbers(track: Track, state: State) -> None:
    """`FormatError` (``RID-022``) for a number that is not finite, or a position that is not on Earth."""
    for name in _NUMBERS:
        value = getattr(state, name)
        if value is not None and value - value != 0.0:
            raise FormatError(codes.NOT_FINITE, cause=f"state.{name}")
    operator = track.operator
    above = None if operator is None else operator.altitude_hae_m
    if above is not None and above - above != 0.0:
        raise FormatError(codes.NOT_FINITE, cause="operator.altitude_hae_m")
    for place in (state.position, operator.position if operator is not None else None):
        if place is not None and not (-90 <= place.latitude_deg <= 90 and -180 <= place.longitude_deg <= 180):
            raise FormatError(codes.NOT_FINITE, cause="a position")


def not_carried(track: Track, state: State) -> list[Loss]:
    """What the track says and no message has a field for."""
    losses = [Loss(name, "NO_TARGET") for name in _TRACK if getattr(track, name) not in (None, ())]
    losses.extend([Loss(f"state.{name}", "NO_TARGET") for name in _STATE if getattr(state, name) is not None])
    losses.extend([Loss(f"state.{name}", "NO_DATUM") for name in _NO_DATUM if getattr(state, name) is not None])
    if state.time_quality in ("RECEIVED", "INFERRED"):
        losses.append(Loss("state.time_quality", "NO_TARGET"))  # a reader takes the time for a measured one
    status = track.status
    if status is not None:
        losses.extend([Loss(f"status.{name}", "NO_TARGET") for name in _STATUS if getattr(status, name) is not None])
        if status.emergency is not None:
            if status.emergency != _GENERAL:
                losses.append(Loss("status.emergency", "ROUNDED"))
            if status.on_ground is not None:
                losses.append(Loss("status.on_ground", "NO_TARGET"))
    if track.environment not in (Environment.AIR, Environment.UNKNOWN) and track.platform != _OBSTACLE:
        losses.append(Loss("environment", "NO_TARGET"))
    if state.accuracy is not None and state.accuracy.course_95_deg is not None:
        losses.append(Loss("state.accuracy.course_95_deg", "NO_TARGET"))
    if any(one.scheme not in (CATEGORY_SCHEME, CLASS_SCHEME) for one in track.classifications):
        losses.append(Loss("classifications", "NO_TARGET"))
    if any(one.namespace != NAMESPACE for one in track.extensions):
        losses.append(Loss("extensions", "NO_TARGET"))
    return losses


def rounded(
    field: str,
    value: float | None,
    step: float,
    lost: list[Loss],
    *,
    least: float = float("-inf"),
    most: float = float("inf"),
) -> float | None:
    """The value at its field's step and within its ends, with a loss where that is not the value."""
    if value is None:
        return None
    if not least <= value <= most:
        lost.append(Loss(field, "OUT_OF_RANGE"))
        return min(max(value, least), most)
    near = round(value / step) * step
    if abs(near - value) > 1e-6:
        lost.append(Loss(field, "ROUNDED"))
    return near
