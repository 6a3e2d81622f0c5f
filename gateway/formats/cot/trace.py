"""Where each part of an event stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.event import SCHEMES
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.tak.framing import Framing, payload_of
from gateway.formats.cot.tak.messages import read_message
from gateway.formats.cot.tak.to_xml import xml_of
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Track

_MARKUP = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</(?P<end>[^\s>]+)\s*>"
    rb"|<(?P<start>[^\s/>!?]+)(?P<attributes>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")

# item: canonical name, unit
_FIELDS: dict[str, tuple[str, str]] = {
    "event@uid": ("identifiers.cot_uid", ""),
    "event@type": ("classifications", ""),
    "event@time": ("state.sent_at", ""),
    "event@start": ("state.time", ""),
    "event@stale": ("state.stale_at", ""),
    "event@opex": ("status.simulated", ""),
    "event/point@lat": ("state.position.latitude_deg", "deg"),
    "event/point@lon": ("state.position.longitude_deg", "deg"),
    "event/point@hae": ("state.altitude_hae_m", "m"),
    "event/point@ce": ("state.accuracy.horizontal_95_m", "m"),
    "event/point@le": ("state.accuracy.vertical_95_m", "m"),
    "event/detail/contact@callsign": ("identifiers.callsign", ""),
    "event/detail/remarks": ("remarks", ""),
    "event/detail/uid@uas_operator": ("operator.identifier", ""),
    "event/detail/emergency@type": ("status.emergency", ""),
    "event/detail/track@course": ("state.course_deg", "deg"),
    "event/detail/track@speed": ("state.ground_speed_mps", "m/s"),
    "event/detail/track@slope": ("state.vertical_rate_mps", "m/s"),
    "event/detail/track@eCourse": ("state.accuracy.course_95_deg", "deg"),
    "event/detail/track@eSpeed": ("state.accuracy.speed_95_mps", "m/s"),
} | {f"event/detail/uid@{scheme}": (f"identifiers.{scheme}", "") for scheme in SCHEMES}
_DETECTION: dict[str, tuple[str, str]] = {
    "event/point@lat": ("state.polar.sensor_position.latitude_deg", "deg"),
    "event/point@lon": ("state.polar.sensor_position.longitude_deg", "deg"),
    "event/point@ce": ("state.polar.reach_m", "m"),
    "event/point@hae": ("state.polar.sensor_altitude_hae_m", "m"),
    "event/detail/sensor@azimuth": ("state.polar.azimuth_deg", "deg"),
    "event/detail/sensor@elevation": ("state.polar.elevation_deg", "deg"),
    "event/detail/sensor@range": ("state.polar.range_m", "m"),
}


def trace(frame: Frame) -> list[FieldTrace]:
    """Every attribute and text of the frame's events, in order; `FormatError` if an event is refused.

    `canonical` is empty for what travels in the extension only. A TAK message is shown as the XML that it stands for,
    with the offset of its frame.
    """
    pieces = _pieces(frame.octets)
    fields: list[FieldTrace] = []
    offset = 0
    for piece in pieces:
        offset = max(frame.octets.find(piece, offset), offset)
        decoded = CotDecoder(keep_raw=False).decode(
            Frame(octets=piece, feed=frame.feed, source=frame.source, peer=frame.peer, received_at=frame.received_at)
        )
        if decoded.problems:
            raise _placed(decoded.problems[0], offset)
        track = decoded.tracks[0] if decoded.tracks else None
        if piece[:1] == b"\xbf":
            written = xml_of(read_message(payload_of(piece)[0]), Limits())
            shown = written[0] if written is not None else b""
            fields.extend(_field(item, raw, offset, track) for item, raw, _ in _items(shown))
        else:
            fields.extend(_field(item, raw, offset + at, track) for item, raw, at in _items(piece))
        offset += len(piece)
    return fields


def _pieces(octets: bytes) -> list[bytes]:
    if octets[:1] == b"\xbf" and payload_of(octets)[1] is Framing.MESH:
        return [octets]
    splitter = Splitter()
    return splitter.feed(octets) + splitter.rest()


def _placed(error: FormatError, offset: int) -> FormatError:
    return FormatError(error.code, place=f"octet {offset}, {error.place}".rstrip(", "), cause=error.cause)


def _items(octets: bytes) -> Iterator[tuple[str, bytes, int]]:
    """(item, raw octets, offset) of each attribute and text of one well-formed event."""
    path: list[str] = []
    text_from = 0
    for mark in _MARKUP.finditer(octets):
        text = octets[text_from : mark.start()]
        if path and text.strip():
            yield "/".join(path), text, text_from
        text_from = mark.end()
        if mark["end"]:
            path = path[:-1]
        elif mark["start"]:
            name = mark["start"].decode("utf-8", "replace")
            path.append(name)
            item = "/".join(path)
            for attribute in _ATTRIBUTE.finditer(mark["attributes"]):
                group = 2 if attribute[2] is not None else 3
                at = mark.start("attributes") + attribute.start(group)
                yield f"{item}@{attribute[1].decode('utf-8', 'replace')}", attribute[group], at
            if mark["attributes"].endswith(b"/"):
                path.pop()


def _field(item: str, raw: bytes, offset: int, track: Track | None) -> FieldTrace:
    text = raw.decode("utf-8", "replace")
    canonical, unit = "", ""
    value: object = None
    if track is not None:
        detection = track.state is not None and track.state.polar is not None
        canonical, unit = (_DETECTION.get(item) if detection else None) or _FIELDS.get(item, ("", ""))
        if item == "event@opex" and raw[:1] == b"e":
            canonical = "status.exercise"
        value = _value(track, canonical)
        if value is None:
            canonical, unit = "", ""
    return FieldTrace(offset=offset, raw=text, item=item, value=_shown(value, text), unit=unit, canonical=canonical)


def _shown(value: object, text: str) -> str:
    if value is None:
        return text
    return f"{value:.9g}" if isinstance(value, float) and abs(value) < 1e-4 else str(value)


def _value(track: Track, canonical: str) -> object:
    """What the track holds under a canonical name; `None` when nothing does."""
    if canonical == "classifications":
        identity = track.identity.value.value if track.identity else "no identity"
        return " ".join([identity, track.environment.value, track.platform or ""]).strip()
    if canonical.startswith("identifiers."):
        scheme = canonical.partition(".")[2]
        return next((one.value for one in track.identifiers if one.scheme == scheme), None)
    value: object = track if canonical else None
    for name in canonical.split(".") if canonical else ():
        value = getattr(value, name, None)
    return value
