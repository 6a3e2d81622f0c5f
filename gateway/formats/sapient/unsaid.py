"""What a DetectionReport of ours cannot say of a track, field by field.

Bookkeeping of gateways (track_id, received_at, provenance, raw record) is no part of an object's report, so that it
stays behind is no loss.
"""

from __future__ import annotations

from gateway.formats.sapient.alert import IDENTIFIER as ALERT_IDENTIFIER
from gateway.formats.sapient.alert import SCHEME as ALERT_SCHEME
from gateway.formats.sapient.classes import SCHEME
from gateway.formats.sapient.spoken import name_of
from gateway.symbols.meaning import NO_IDENTITY
from gateway.track import Loss, State, Track

_OWN_NAMES = frozenset(("sapient_object", ALERT_IDENTIFIER))
_TRACK = ("dimensions", "operator", "relations", "label")
_STATUS = ("emergency", "iff_mode4", "iff_mode5")
_STATE = ("date_basis", "altitude_quality", "covariance")


def unsaid(track: Track, state: State, lost: list[Loss]) -> None:
    """Append the losses."""
    if track.identity is not None:
        lost.append(NO_IDENTITY)
    for name in _TRACK:
        value = getattr(track, name)
        if value is not None and value != ():
            lost.append(Loss(name, "NO_TARGET"))
    if any(one.scheme not in (SCHEME, ALERT_SCHEME) for one in track.classifications):
        lost.append(Loss("classifications", "NO_TARGET"))
    for one in track.identifiers:
        if one.scheme in _OWN_NAMES:
            if track.track_id is not None and one.scheme == "sapient_object":  # the object has our id now
                lost.append(Loss("identifiers.sapient_object", "NO_TARGET"))
        elif name_of(one.scheme, one.value) is None:
            lost.append(Loss(f"identifiers.{one.scheme}", "NO_TARGET"))
        elif one.quality is not None:
            lost.append(Loss(f"identifiers.{one.scheme}.quality", "NO_TARGET"))
    if track.sources:
        lost.append(Loss("sources", "NO_TARGET"))
    if track.status is not None:
        lost.extend(
            [Loss(f"status.{name}", "NO_TARGET") for name in _STATUS if getattr(track.status, name) is not None]
        )
    lost.extend([Loss(f"state.{name}", "NO_TARGET") for name in _STATE if getattr(state, name) is not None])
    if state.time_quality is not None and state.time_quality != "TAGGED":
        lost.append(Loss("state.time_quality", "NO_TARGET"))
    if state.sent_at is not None and state.sent_at != state.time:
        lost.append(Loss("state.sent_at", "NO_TARGET"))
    if state.polar is not None and state.position is not None:
        lost.append(Loss("state.polar", "NO_TARGET"))
    accuracy = state.accuracy
    if accuracy is not None and accuracy.basis is not None and accuracy.basis != "SIGMA_XY":
        lost.append(Loss("state.accuracy.basis", "NOT_MODELLED"))
