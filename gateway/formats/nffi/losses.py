"""What NFFI has no place for, field by field. Bookkeeping of gateways is no part of a report, so it is no loss."""

from __future__ import annotations

from operator import attrgetter

from gateway.formats.nffi.reader import SCHEME
from gateway.track import Loss, Track

_STATE = {
    "altitude_hae_m": "NO_DATUM",
    "altitude_baro_m": "NO_DATUM",
    "altitude_qnh_m": "NO_DATUM",
    "height_agl_m": "NO_DATUM",
    "height_takeoff_m": "NO_DATUM",
    "altitude_quality": "NO_TARGET",
    "date_basis": "NO_TARGET",
    "sent_at": "NO_TARGET",
    "stale_at": "NO_TARGET",
    "heading_deg": "NO_TARGET",
    "magnetic_heading_deg": "NO_TARGET",
    "turn_rate_degps": "NO_TARGET",
    "acceleration_east_mps2": "NO_TARGET",
    "acceleration_north_mps2": "NO_TARGET",
    "indicated_airspeed_mps": "NO_TARGET",
    "true_airspeed_mps": "NO_TARGET",
    "mach": "NO_TARGET",
    "covariance": "NO_TARGET",
    "polar": "NO_TARGET",
}
_STATUS = (
    "confirmed",
    "coasted",
    "started",
    "simulated",
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
_TRACK = ("dimensions", "detection_confidence_pct", "relations")
_IDENTITY = ("confidence_pct", "assigned_at")
_TABLES = [
    (attrgetter("state"), [(name, Loss(f"state.{name}", reason)) for name, reason in _STATE.items()]),
    (attrgetter("status"), [(name, Loss(f"status.{name}", "NO_TARGET")) for name in _STATUS]),
    (attrgetter("identity"), [(name, Loss(f"identity.{name}", "NO_TARGET")) for name in _IDENTITY]),
]
_OPERATOR = Loss("operator", "WITHHELD")
_NAMES = ("callsign", "flight_plan", "registration")


def list_losses(track: Track, lost: list[Loss]) -> None:
    """Append what the track has and a message cannot say."""
    for part, fields in _TABLES:
        value = part(track)
        if value is not None:
            lost.extend(loss for name, loss in fields if getattr(value, name) is not None)
    lost.extend(Loss(name, "NO_TARGET") for name in _TRACK if getattr(track, name))
    state, identity = track.state, track.identity
    if state is not None and state.time_quality not in (None, "TAGGED"):
        lost.append(Loss("state.time_quality", "NO_TARGET"))
    if identity is not None and identity.assigned_by not in (None, "NFFI"):
        lost.append(Loss("identity.assigned_by", "NO_TARGET"))
    if len(track.sources) > 1 or any(one.modality != "NFFI" for one in track.sources):
        lost.append(Loss("sources", "NO_TARGET"))
    if track.operator is not None:
        lost.append(_OPERATOR)
    shown = next((scheme for scheme in _NAMES if any(one.scheme == scheme for one in track.identifiers)), "")
    for one in track.identifiers:
        if one.scheme != SCHEME and not (track.name is None and one.scheme == shown):
            lost.append(Loss(f"identifiers.{one.scheme}"[:200], "NO_TARGET"))
