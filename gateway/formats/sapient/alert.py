"""A valid Alert to a track-like report: something that a node wants people to know, linked to detections by their ids.

An alert is no track: its first name is of scheme ``sapient_alert``, its class of scheme ``SAPIENT_ALERT``, and what it
is about stands in the extension with node and object ids, for whoever joins the two.
"""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.sapient.kept import extension_of
from gateway.formats.sapient.motion import known_of, location_errors
from gateway.formats.sapient.place import is_unknown, place_of
from gateway.formats.sapient.plausible import alert_doubts
from gateway.formats.sapient.polar import Sighting, sighting_of
from gateway.formats.sapient.reading import MAPPING, ROUNDED_TIME, Rules, doubted, instant_of, long, time_quality
from gateway.formats.sapient.session.arrived import Arrived
from gateway.formats.sapient.session.codes import NOT_REGISTERED
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.v2 import Alert, AlertStatus, AlertType
from gateway.track import (
    ALERT_SCHEME,
    Accuracy,
    Classification,
    Identifier,
    Loss,
    Provenance,
    RawRecord,
    State,
    Status,
    Track,
)

SCHEME = ALERT_SCHEME
IDENTIFIER = "sapient_alert"
_TAKEN = frozenset(("alert_id", "alert_type", "description", "range_bearing", "location", "confidence"))


def alert_track(arrived: Arrived, node: Node, rules: Rules) -> Track:
    """The report of an alert. `FormatError` as for detections: also before the node's Registration."""
    if node.declared is None:
        raise FormatError(NOT_REGISTERED, place="node_id", cause=f"node {node.node_id}")
    message, frame = arrived.message, arrived.frame
    alert = message.alert
    losses: list[Loss] = []
    time, rounded = instant_of(message)
    if rounded:
        losses.append(ROUNDED_TIME)
    sighting = _sighting(alert, node, rules, losses)
    remarks = long(alert.description, "alert.description", rules.limits, losses) or None
    accuracy = None
    if sighting.horizontal_95_m is not None or sighting.vertical_95_m is not None:
        accuracy = Accuracy(
            horizontal_95_m=sighting.horizontal_95_m, vertical_95_m=sighting.vertical_95_m, basis=sighting.basis
        )
    kept = [pair for pair in alert.ListFields() if pair[0].name not in _TAKEN]
    extension, lost = extension_of("alert", kept, message.additional_information)
    losses.extend([Loss(f"alert.{name}", "NOT_MODELLED") for name in lost])
    too_long = len(extension.xml.encode()) > rules.limits.max_text_octets
    if too_long:
        losses.extend([Loss(f"alert.{field.name}", "NOT_MODELLED") for field, _ in kept])
    classes: tuple[Classification, ...] = ()
    if alert.HasField("alert_type"):
        classes = (Classification(type=AlertType(alert.alert_type).name, scheme=SCHEME),)
    return Track(
        identifiers=(Identifier(IDENTIFIER, f"{node.node_id}/{alert.alert_id}"),),
        remarks=remarks,
        classifications=classes,
        detection_confidence_pct=round(alert.confidence * 100, 4) if alert.HasField("confidence") else None,
        status=Status(ended=True) if alert.status == AlertStatus.CLEAR else None,
        state=State(
            time=time,
            time_quality=time_quality(time, frame, rules),
            received_at=frame.received_at,
            sent_at=time,
            position=sighting.position,
            altitude_hae_m=sighting.hae_m,
            altitude_msl_m=sighting.msl_m,
            accuracy=accuracy,
            polar=sighting.polar,
        ),
        sources=node.sources,
        provenance=(
            Provenance(
                gateway=rules.gateway,
                input_format="SAPIENT",
                mapping_id=MAPPING,
                input_message_id=alert.alert_id,
                losses=(*losses, *arrived.losses),
            ),
        ),
        raw=RawRecord("SAPIENT", arrived.octets) if rules.keep_raw else None,
        extensions=() if too_long or not (kept or message.additional_information) else (extension,),
    )


def _sighting(alert: Alert, node: Node, rules: Rules, losses: list[Loss]) -> Sighting:
    which = alert.WhichOneof("location_oneof")
    if which == "location":
        location = alert.location
        if is_unknown(location):
            losses.append(Loss("alert.location", "NOT_MODELLED"))
            return Sighting()
        meaning = node.meaning(False, location.coordinate_system, location.datum)
        doubted(alert_doubts(alert, known_of(meaning, None)), rules, losses)
        place = place_of(location, meaning.zone, "alert.location", rules.letters)
        horizontal, vertical = location_errors(location, place.position.latitude_deg, meaning, losses)
        basis = meaning.error.basis if meaning.error is not None else None
        return Sighting(place.position, place.hae_m, place.msl_m, None, horizontal, vertical, basis)
    if which == "range_bearing":
        bearing = alert.range_bearing
        meaning = node.meaning(True, bearing.coordinate_system, bearing.datum)
        doubted(alert_doubts(alert, known_of(meaning, node.pose.reach_m)), rules, losses)
        return sighting_of(bearing, node, meaning, "alert.range_bearing", losses)
    return Sighting()
