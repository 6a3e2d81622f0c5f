"""What Cursor on Target has no place for, field by field.

Bookkeeping of gateways (track_id, received_at, provenance, raw record) is no part of an object's report, so that it
stays behind is no loss.
"""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter

from gateway.formats.cot.event import EMERGENCIES
from gateway.track import Loss, State, Status, Track

_STATE = {
    "altitude_msl_m": "NO_DATUM",
    "altitude_baro_m": "NO_DATUM",
    "altitude_qnh_m": "NO_DATUM",
    "height_agl_m": "NO_DATUM",
    "height_takeoff_m": "NO_DATUM",
    "altitude_quality": "NO_TARGET",
    "date_basis": "NO_TARGET",
    "heading_deg": "NO_TARGET",
    "magnetic_heading_deg": "NO_TARGET",
    "turn_rate_degps": "NO_TARGET",
    "acceleration_east_mps2": "NO_TARGET",
    "acceleration_north_mps2": "NO_TARGET",
    "indicated_airspeed_mps": "NO_TARGET",
    "true_airspeed_mps": "NO_TARGET",
    "mach": "NO_TARGET",
    "covariance": "NO_TARGET",
}
_STATE_VALUES = attrgetter(*_STATE)
_STATE_LOSSES = [Loss(f"state.{name}", reason) for name, reason in _STATE.items()]
_NO_STATE_VALUES = (None,) * len(_STATE)

_STATUS = (
    "confirmed",
    "started",
    "test",
    "spi",
    "on_ground",
    "military_emergency",
    "mono_sensor",
    "amalgamated",
    "ghost",
    "iff_mode4",
    "iff_mode5",
)
_STATUS_VALUES = attrgetter(*_STATUS)
_STATUS_LOSSES = [Loss(f"status.{name}", "NO_TARGET") for name in _STATUS]

TYPES = {code: text for text, code in EMERGENCIES.items()} | {"TROOPS_IN_CONTACT": "In Contact"}
"""Types of TAK's emergency detail."""

_NO_EMERGENCY = Loss("status.emergency", "NO_CODE")
_NO_TIME_QUALITY = Loss("state.time_quality", "NO_TARGET")
_NO_POLAR = Loss("state.polar", "NO_TARGET")
_DIMENSIONS = Loss("dimensions", "NO_TARGET")
_CLASSIFICATIONS = Loss("classifications", "NO_TARGET")
_SOURCES = Loss("sources", "NO_TARGET")
_DETECTION = Loss("detection_confidence_pct", "NO_TARGET")
_RELATIONS = Loss("relations", "NO_TARGET")
_CONFIDENCE = Loss("identity.confidence_pct", "NO_TARGET")
_ASSIGNED_BY = Loss("identity.assigned_by", "NO_TARGET")
_ASSIGNED_AT = Loss("identity.assigned_at", "NO_TARGET")


def of_track(track: Track, losses: list[Loss]) -> None:
    """Append what the fields of the track itself lose."""
    if track.dimensions is not None:
        losses.append(_DIMENSIONS)
    if track.detection_confidence_pct is not None:
        losses.append(_DETECTION)
    if track.relations:
        losses.append(_RELATIONS)
    if track.sources and (len(track.sources) > 1 or track.sources[0].modality != "COT"):
        losses.append(_SOURCES)
    for one in track.classifications:
        if one.scheme != "COT_TYPE" or one.confidence_pct is not None:
            losses.append(_CLASSIFICATIONS)
            break
    identity = track.identity
    if identity is not None:
        if identity.confidence_pct is not None:
            losses.append(_CONFIDENCE)
        if identity.assigned_by is not None:
            losses.append(_ASSIGNED_BY)
        if identity.assigned_at is not None:
            losses.append(_ASSIGNED_AT)


def of_status(status: Status, losses: list[Loss]) -> None:
    """Append what the status facts lose."""
    losses.extend(_of_status(status) if len(status.emergency or "") < 64 else _of_status.__wrapped__(status))


@lru_cache(maxsize=1024)
def _of_status(status: Status) -> tuple[Loss, ...]:
    values = zip(_STATUS_LOSSES, _STATUS_VALUES(status), strict=True)
    losses = tuple([loss for loss, value in values if value is not None])
    return losses if status.emergency is None or status.emergency in TYPES else (*losses, _NO_EMERGENCY)


def of_state(state: State, losses: list[Loss]) -> None:
    """Append what the kinematics lose."""
    values = _STATE_VALUES(state)
    if values != _NO_STATE_VALUES:
        losses.extend([loss for loss, value in zip(_STATE_LOSSES, values, strict=True) if value is not None])
    if state.time_quality is not None and state.time_quality != "TAGGED":
        losses.append(_NO_TIME_QUALITY)
    if state.polar is not None and state.position is not None:
        losses.append(_NO_POLAR)
