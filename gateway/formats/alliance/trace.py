"""Where each value of a track message stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gateway.dialect import FieldTrace
from gateway.formats.alliance.codes import NO_RETRACTION
from gateway.formats.alliance.dialect import AllianceDecoder
from gateway.formats.alliance.fragments import STATUS_FACTS
from gateway.stages import Frame

_MARKUP = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<\?.*?\?>|</[^>]*>"
    rb"|<(?P<start>[^\s/>!?]+)(?P<attributes>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_POSITION = {"Latitude": ("latitude_deg", "deg"), "Longitude": ("longitude_deg", "deg")}
_CONFIDENTIALITY = {
    "ConfidentialityInformation/PolicyIdentifier": "policy",
    "ConfidentialityInformation/PolicyIdentifier@URI": "policy_uri",
    "ConfidentialityInformation/Classification": "classification",
    "ConfidentialityInformation/PrivacyMark": "privacy_mark",
    "ConfidentialityInformation/Category@TagName": "categories.tag",
    "ConfidentialityInformation/Category@Type": "categories.kind",
    "ConfidentialityInformation/Category@URI": "categories.uri",
    "ConfidentialityInformation/Category/GenericValue": "categories.values",
    "OriginatorID": "originator",
    "OriginatorID@IDType": "originator_kind",
    "CreationDateTime": "created_at",
    "SuccessionHandling/SuccessionDateTime": "successor.at",
}
_SUCCESSOR = "SuccessionHandling/SuccessorConfidentialityLabel/"
_ONE_LABEL = (
    {"@ReviewDateTime": "review_at"}
    | {f"/{name}": field for name, field in _CONFIDENTIALITY.items()}
    | {f"/{_SUCCESSOR}{name}": f"successor.label.{field}" for name, field in _CONFIDENTIALITY.items()}
)
_LABEL = (
    {"Tlp": ("tlp", ""), "Purpose": ("purpose", "")}
    | {f"originatorConfidentialityLabel{name}": (field, "") for name, field in _ONE_LABEL.items()}
    | {f"alternativeConfidentialityLabel{name}": (f"alternatives.{field}", "") for name, field in _ONE_LABEL.items()}
    | {f"metadataConfidentialityLabel{name}": (f"metadata.{field}", "") for name, field in _ONE_LABEL.items()}
)
_STATE = {
    "Time": ("time", ""),
    "TimeQuality": ("time_quality", ""),
    "DateBasis": ("date_basis", ""),
    "ReceivedTime": ("received_at", ""),
    "SentTime": ("sent_at", ""),
    "StaleTime": ("stale_at", ""),
    "AltitudeHae": ("altitude_hae_m", "m"),
    "AltitudeMsl": ("altitude_msl_m", "m"),
    "AltitudeBaro": ("altitude_baro_m", "m"),
    "AltitudeQnh": ("altitude_qnh_m", "m"),
    "HeightAgl": ("height_agl_m", "m"),
    "HeightTakeoff": ("height_takeoff_m", "m"),
    "AltitudeQuality": ("altitude_quality", ""),
    "CourseOverGround": ("course_deg", "deg"),
    "SpeedOverGround": ("ground_speed_mps", "m/s"),
    "VerticalRate": ("vertical_rate_mps", "m/s"),
    "Heading": ("heading_deg", "deg"),
    "MagneticHeading": ("magnetic_heading_deg", "deg"),
    "TurnRate": ("turn_rate_degps", "deg/s"),
    "AccelerationEast": ("acceleration_east_mps2", "m/s2"),
    "AccelerationNorth": ("acceleration_north_mps2", "m/s2"),
    "IndicatedAirspeed": ("indicated_airspeed_mps", "m/s"),
    "TrueAirspeed": ("true_airspeed_mps", "m/s"),
    "Mach": ("mach", ""),
    "Accuracy/HorizontalAccuracy95": ("accuracy.horizontal_95_m", "m"),
    "Accuracy/VerticalAccuracy95": ("accuracy.vertical_95_m", "m"),
    "Accuracy/CourseAccuracy95": ("accuracy.course_95_deg", "deg"),
    "Accuracy/SpeedAccuracy95": ("accuracy.speed_95_mps", "m/s"),
    "Accuracy/AccuracyBasis": ("accuracy.basis", ""),
    "Covariance@form": ("covariance.form", ""),
    "Covariance/Term": ("covariance.values", ""),
    "Polar/Sensor": ("polar.sensor", ""),
    "Polar/SensorAltitudeMsl": ("polar.sensor_altitude_msl_m", "m"),
    "Polar/SensorAltitudeHae": ("polar.sensor_altitude_hae_m", "m"),
    "Polar/SlantRange": ("polar.range_m", "m"),
    "Polar/Azimuth": ("polar.azimuth_deg", "deg"),
    "Polar/Elevation": ("polar.elevation_deg", "deg"),
    "Polar/RangeRate": ("polar.range_rate_mps", "m/s"),
    "Polar/NorthReference": ("polar.north", ""),
    "Polar/SlantCorrection": ("polar.correction", ""),
    "Polar/Reach": ("polar.reach_m", "m"),
    "Polar/RangeAccuracy95": ("polar.range_95_m", "m"),
    "Polar/AzimuthAccuracy95": ("polar.azimuth_95_deg", "deg"),
    "Polar/ElevationAccuracy95": ("polar.elevation_95_deg", "deg"),
}
_TRACK = (
    {
        "TrackId": ("track_id", ""),
        "Identifier@scheme": ("identifiers.scheme", ""),
        "Identifier@quality": ("identifiers.quality", ""),
        "Environment": ("environment", ""),
        "Identity/Value": ("identity.value", ""),
        "Identity/Amplification": ("identity.amplification", ""),
        "Identity/Confidence": ("identity.confidence_pct", "%"),
        "Identity/AssignedBy": ("identity.assigned_by", ""),
        "Identity/AssignedTime": ("identity.assigned_at", ""),
        "Platform": ("platform", ""),
        "Name": ("name", ""),
        "Remarks": ("remarks", ""),
        "ObjectClass/ClassCode": ("classifications.type", ""),
        "ObjectClass/Confidence": ("classifications.confidence_pct", "%"),
        "ObjectClass/ClassScheme": ("classifications.scheme", ""),
        "ObjectClass/Level": ("classifications.level", ""),
        "Dimensions/Length": ("dimensions.length_m", "m"),
        "Dimensions/Width": ("dimensions.width_m", "m"),
        "Dimensions/Height": ("dimensions.height_m", "m"),
        "DetectionConfidence": ("detection_confidence_pct", "%"),
        "UasOperator/OperatorId": ("operator.identifier", ""),
        "UasOperator/AltitudeHae": ("operator.altitude_hae_m", "m"),
        "UasOperator/PositionBasis": ("operator.basis", ""),
        "UasOperator/Time": ("operator.time", ""),
        "SourceRef": ("sources.id", ""),
        "Relation/RelationKind": ("relations.kind", ""),
        "Relation/RelatedTrackId": ("relations.track_ids", ""),
        "Provenance/Gateway": ("provenance.gateway", ""),
        "Provenance/InputFormat": ("provenance.input_format", ""),
        "Provenance/MappingId": ("provenance.mapping_id", ""),
        "Provenance/MappingHash": ("provenance.mapping_hash", ""),
        "Provenance/InputMessageId": ("provenance.input_message_id", ""),
        "Provenance/Loss": ("provenance.losses.field", ""),
        "Provenance/Loss@reason": ("provenance.losses.reason", ""),
        "RawRecord": ("raw.octets", ""),
        "RawRecord@format": ("raw.format", ""),
    }
    | {f"Status/{name}": (f"status.{fact}", "") for fact, name in STATUS_FACTS}
    | {f"Label/{name}": (f"label.{field}", unit) for name, (field, unit) in _LABEL.items()}
    | {f"State/{name}": (f"state.{field}", unit) for name, (field, unit) in _STATE.items()}
    | {
        f"UasOperator/Position/{name}": (f"operator.position.{field}", unit)
        for name, (field, unit) in _POSITION.items()
    }
    | {f"State/Position/{name}": (f"state.position.{field}", unit) for name, (field, unit) in _POSITION.items()}
    | {
        f"State/Polar/SensorPosition/{name}": (f"state.polar.sensor_position.{field}", unit)
        for name, (field, unit) in _POSITION.items()
    }
)
FIELDS = (
    {
        "Header/SimulationIndicator": ("status.simulated", ""),
        "Header/Source@id": ("sources.id", ""),
        "Header/Source/Name": ("sources.name", ""),
        "Header/Source/Modality": ("sources.modality", ""),
        "Header/Source/Nation": ("sources.nation", ""),
        "Header/MessageId": ("provenance.input_message_id", ""),
    }
    | {f"Header/Label/{name}": (f"label.{field}", unit) for name, (field, unit) in _LABEL.items()}
    | {f"Track/{name}": meaning for name, meaning in _TRACK.items()}
)
"""Path below ``TrackMessage`` to canonical name and unit; an ``Identifier`` is named by its scheme instead."""


class _Item(NamedTuple):
    """One attribute or text of the document."""

    path: str
    """Local names below the root joined by slashes, ``@`` before an attribute; foreign names as they stand."""
    track: int
    """Which track of the message, from 1; 0 outside of tracks."""
    scheme: str
    """Of the identifier that it belongs to; empty elsewhere."""
    raw: bytes
    offset: int
    literal: bool = False
    """A CDATA section, in which nothing is escaped."""


def trace(frame: Frame) -> list[FieldTrace]:
    """Every attribute and text of the message, in order; `FormatError` if it is refused.

    `canonical` is empty for what belongs to the message alone or travels in an extension only.
    """
    refused = [problem for problem in AllianceDecoder().decode(frame).problems if problem.code is not NO_RETRACTION]
    if refused:
        raise refused[0]
    return [_field(item) for item in _items(frame.octets)]


def _items(octets: bytes) -> Iterator[_Item]:
    """The items of one valid message."""
    path: list[str] = []
    text_from = track = 0
    scheme = ""
    opened = False  # nothing stands between the last start tag and here
    for mark in _MARKUP.finditer(octets):
        text = octets[text_from : mark.start()]
        closes = mark.group().startswith(b"</")
        if text.strip() or (text and opened and closes):  # white space is text where it stands alone
            yield _Item(_path(path), track, scheme, text, text_from)
        text_from = mark.end()
        opened = False
        if mark["cdata"] is not None:
            yield _Item(_path(path), track, scheme, mark["cdata"], mark.start("cdata"), literal=True)
        elif mark["start"] is not None:
            name = mark["start"].decode("utf-8", "replace")
            path.append(name if _is_foreign(path) else name.rpartition(":")[2])
            attributes = _attributes(mark["attributes"], mark.start("attributes"))
            if len(path) == 2:
                track = track + 1 if path[1] == "Track" else track
            if path[1:] == ["Track", "Identifier"]:
                scheme = next((raw.decode().strip() for key, raw, _ in attributes if key == "scheme"), "")
            for key, raw, at in attributes:
                yield _Item(f"{_path(path)}@{key}", track, scheme, raw, at)
            opened = not mark["attributes"].endswith(b"/")
            closes = not opened
        if closes:
            path.pop()


def _path(path: list[str]) -> str:
    return "/".join(path[1:]) or path[0]


def _is_foreign(path: list[str]) -> bool:
    """Whether the children of the element at `path` are not ours: the schema has foreign ones in two places."""
    return "Extensions" in path or path[1:2] == ["Signature"]


def _attributes(text: bytes, begin: int) -> list[tuple[str, bytes, int]]:
    """(name, raw value, offset) of the attributes in a start tag, declarations of namespaces left out."""
    found: list[tuple[str, bytes, int]] = []
    for attribute in _ATTRIBUTE.finditer(text):
        name = attribute[1].decode("utf-8", "replace")
        if name != "xmlns" and not name.startswith("xmlns:"):
            group = 2 if attribute[2] is not None else 3
            found.append((name, attribute[group], begin + attribute.start(group)))
    return found


def _field(item: _Item) -> FieldTrace:
    raw = item.raw.decode("utf-8", "replace")
    canonical, unit = FIELDS.get(item.path, ("", ""))
    if item.path == "Track/Identifier":
        canonical = f"identifiers.{item.scheme}"
    head, slash, rest = item.path.partition("/")
    return FieldTrace(
        offset=item.offset,
        raw=raw,
        item=f"Track[{item.track}]{slash}{rest}" if head == "Track" else item.path,
        value=raw if item.literal else _REFERENCE.sub(_referred, raw),
        unit=unit,
        canonical=canonical,
    )


def _referred(reference: re.Match[str]) -> str:
    """The character that a reference of a valid document stands for."""
    hexadecimal, decimal, name = reference.groups()
    return _NAMED[name] if name else chr(int(hexadecimal, 16) if hexadecimal else int(decimal))
