"""Cursor on Target events to canonical tracks.

An event in the plain shape of TAK clients is read by `plain`, any other by `document`; both give the same `Event`, and
one function makes the track of it. What no canonical field holds travels in one `Extension` (see `docs/formats/cot.md`).
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import codes, document, plain
from gateway.formats.cot.atoms import Meaning, Shape, is_type, meaning_of
from gateway.formats.cot.event import MERGED, NAMESPACE, NOTHING, Event, Part, Reading, plain_part
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.values import CIRCULAR_95, LINEAR_95, element_xml, number_of, time_of
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import (
    Accuracy,
    Extension,
    Identifier,
    IdentityGroup,
    Label,
    LabelCategory,
    Loss,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Status,
    Track,
)

MAPPING = "cot/2.0"
_CACHED = 4_096  # entries of one decoder's cache; then it starts anew, so a hostile source cannot grow it
_CACHED_TEXT = 512  # characters; longer ones are not kept
_SHARED = frozenset(("uid", "type", "time", "start", "stale", "version"))
_POINT = frozenset(("lat", "lon", "hae", "ce", "le"))
_TOO_BIG = Loss("event/detail", "NOT_MODELLED")


class CotDecoder:
    """Reads one source's events.

    `node` is the gateway's own name for the provenance; `nation` the source's, if it has one. `keep_raw` keeps the
    original octets. With `label_policy` the event's access, caveat and releasableTo also become a `Label` of that
    policy (they survive in the extension in any case); without it no label is made up.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        keep_raw: bool = True,
        label_policy: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._keep_raw = keep_raw
        self._nation = nation
        self._label_policy = label_policy
        self._provenance = Provenance(gateway=node, input_format="COT", mapping_id=MAPPING)
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._meanings: dict[tuple[str, bool], Meaning] = {}
        self._parts: dict[tuple[Shape, plain.Child], Part] = {}

    def decode(self, frame: Frame) -> Decoded:
        """The track of an event, or of each event where the frame holds several back to back."""
        octets = frame.octets
        try:
            if len(octets) > self._limits.max_frame_octets:
                cause = f"{len(octets)} octets, at most {self._limits.max_frame_octets}"
                raise FormatError(codes.TOO_LARGE, cause=cause)
            event = self._plain_event(octets)
            if event is None:
                if octets.count(b"</event") > 1:
                    return self._several(frame)
                event = self._any_event(octets)
            track = self._track(event, octets, frame)
        except FormatError as error:
            return Decoded(problems=(error,))
        return Decoded(silent=1) if track is None else Decoded(tracks=(track,))

    def _several(self, frame: Frame) -> Decoded:
        splitter = Splitter(self._limits)
        pieces = splitter.feed(frame.octets)
        pieces.extend(splitter.rest())
        if len(pieces) > self._limits.max_records_per_frame:
            cause = f"{len(pieces)} events, at most {self._limits.max_records_per_frame}"
            return Decoded(problems=(FormatError(codes.TOO_MANY, cause=cause),))
        tracks: list[Track] = []
        problems: list[FormatError] = []
        silent = offset = 0
        for piece in pieces:
            offset = max(frame.octets.find(piece, offset), offset)
            try:
                event = self._plain_event(piece) or self._any_event(piece)
                track = self._track(event, piece, frame)
                if track is None:
                    silent += 1
                else:
                    tracks.append(track)
            except FormatError as error:
                place = f"octet {offset}" + (f", {error.place}" if error.place else "")
                problems.append(FormatError(error.code, place=place, cause=error.cause))
            offset += len(piece)
        return Decoded(tracks=tuple(tracks), problems=tuple(problems), silent=silent)

    # ------------------------------------------------------------------------------------------------ the two readers

    def _plain_event(self, octets: bytes) -> Event | None:
        text = plain.text_of(octets)
        found = plain.event_of(text) if text is not None else None
        if found is None:
            return None
        attributes, point = plain.attributes_of(found[0]), plain.attributes_of(found[1])
        if attributes is None or point is None or len(attributes) > self._limits.max_xml_attributes:
            return None
        shape = self._meaning(attributes).shape
        parts: list[Part] = []
        merged: set[str] = set()
        for child in found[2]:
            part = self._parts.get((shape, child)) or self._plain_part(shape, child)
            if part is None:
                return None
            if part.name in MERGED:
                if part.name in merged:
                    return None
                merged.add(part.name)
            parts.append(part)
        return Event(attributes=attributes, point=point, detail={}, parts=parts)

    def _plain_part(self, shape: Shape, child: plain.Child) -> Part | None:
        name, text_attributes, text = child
        attributes = plain.attributes_of(text_attributes)
        if attributes is None or len(attributes) > self._limits.max_xml_attributes:
            return None
        part = plain_part(shape, name, attributes, text)
        if name != "track" and len(text_attributes) + len(text) < _CACHED_TEXT:
            if len(self._parts) >= _CACHED:
                self._parts.clear()
            self._parts[shape, child] = part
        return part

    def _any_event(self, octets: bytes) -> Event:
        if octets[:1] == b"\xbf":
            raise FormatError(codes.PROTOBUF, place="octet 0", cause="magic byte bf")
        root = document.root_of(octets, self._limits)
        if root.tag != "event":
            raise FormatError(codes.NOT_AN_EVENT, place="root", cause=f"observed {str(root.tag)[:60]}")
        return document.event_of(root, self._meaning(dict(root.items())).shape)

    def _meaning(self, attributes: dict[str, str]) -> Meaning:
        text = attributes.get("type", "")
        key = (text, attributes.get("opex", "")[:1] == "e")
        meaning = self._meanings.get(key)
        if meaning is None:
            if len(text) > self._limits.max_name_octets:
                raise FormatError(codes.TOO_LONG, place="event@type", cause=f"{len(text)} characters")
            meaning = meaning_of(text, exercise=key[1])
            if len(text) < _CACHED_TEXT:
                if len(self._meanings) >= _CACHED:
                    self._meanings.clear()
                self._meanings[key] = meaning
        return meaning

    # ------------------------------------------------------------------------------------------------------ the track

    def _track(self, event: Event, octets: bytes, frame: Frame) -> Track | None:
        attributes = event.attributes
        meaning = self._meaning(attributes)
        uid, time, start, stale = _required(attributes)
        if len(uid) * 4 > self._limits.max_name_octets and len(uid.encode()) > self._limits.max_name_octets:
            raise FormatError(codes.TOO_LONG, place="event@uid", cause=f"{len(uid)} characters")
        shape = meaning.shape
        if shape is Shape.SILENT:
            return None
        reading = _combined(event.parts, self._limits)
        sent_at = time_of(time, place="event@time")
        begin = sent_at if start == time else time_of(start, place="event@start")
        stale_at = time_of(stale, place="event@stale")
        point = _Point(event.point, uid, shape, reading)
        name = reading.target if shape is Shape.DELETE and reading.target else uid
        extension, dropped = self._extension(event, point.leftover, name is not uid)
        losses = (*meaning.losses, *event.losses, *reading.losses, *point.losses, *dropped)
        motion = reading.motion
        state = State(
            time=begin,
            time_quality="TAGGED",
            received_at=frame.received_at,
            sent_at=sent_at,
            stale_at=stale_at,
            position=point.position,
            altitude_hae_m=point.altitude_hae_m,
            course_deg=motion.course_deg if motion else None,
            ground_speed_mps=motion.ground_speed_mps if motion else None,
            vertical_rate_mps=motion.vertical_rate_mps if motion else None,
            accuracy=_accuracy(point, reading),
            polar=point.polar,
        )
        identifiers: tuple[Identifier, ...] = (Identifier("cot_uid", name),)
        if reading.callsign is not None:
            identifiers += (Identifier("callsign", reading.callsign),)
        return Track(
            identifiers=identifiers + reading.identifiers,
            environment=meaning.environment,
            identity=meaning.identity,
            platform=meaning.platform,
            remarks=reading.remarks,
            classifications=meaning.classifications,
            status=_status(attributes, reading, ended=stale_at <= begin or shape is Shape.DELETE),
            state=state,
            sources=self._source(frame.source),
            provenance=(replace(self._provenance, losses=losses) if losses else self._provenance,),
            label=self._label(attributes) if self._label_policy else None,
            raw=RawRecord("COT", octets) if self._keep_raw else None,
            extensions=(extension, *event.extensions) if extension else event.extensions,
        )

    def _extension(
        self, event: Event, point: dict[str, str], deletes_another: bool
    ) -> tuple[Extension | None, tuple[Loss, ...]]:
        """What no field took, as one element in the gateway's CoT namespace, and what was too big for it."""
        kept = {key: value for key, value in event.attributes.items() if key not in _SHARED}
        if deletes_another:
            kept["uid"] = event.attributes["uid"]
        if event.attributes.get("version", "2.0") != "2.0":
            kept["version"] = event.attributes["version"]
        leftovers = [part.leftover for part in event.parts if part.leftover]
        if not kept and not point and not leftovers and not event.detail:
            return None, ()
        losses: tuple[Loss, ...] = ()
        if sum(map(len, leftovers)) * 4 > self._limits.max_text_octets:
            leftovers, losses = _fitting(event.parts, self._limits.max_text_octets)
        detail = element_xml("detail", event.detail, "".join(leftovers)) if leftovers or event.detail else ""
        content = (element_xml("point", point) if point else "") + detail
        # `xmlns` stands first in canonical order, before the attributes.
        xml = f'<event xmlns="{NAMESPACE}"{element_xml("event", kept, content)[6:]}'
        return Extension(NAMESPACE, "event", xml), losses

    def _source(self, name: str) -> tuple[Source, ...]:
        sources = self._sources.get(name)
        if sources is None:
            ncname = "src-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name)
            sources = (Source(id=ncname, name=name, modality="COT", nation=self._nation),) if name else ()
            self._sources = {name: sources}  # a decoder serves one source; no growth if it does not
        return sources

    def _label(self, attributes: dict[str, str]) -> Label | None:
        access = attributes.get("access")
        if not access or self._label_policy is None:
            return None
        categories: list[LabelCategory] = []
        nations = tuple([word for word in re.split(r"[,;\s]+", attributes.get("releasableTo", "")) if word])
        if nations:
            categories.append(LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=nations))
        if attributes.get("caveat"):
            categories.append(LabelCategory(tag="Caveat", kind="RESTRICTIVE", values=(attributes["caveat"],)))
        return Label(policy=self._label_policy, classification=access, categories=tuple(categories))


def _required(attributes: dict[str, str]) -> tuple[str, str, str, str]:
    """uid, time, start and stale of an event that has its required attributes, version and type included."""
    version = attributes.get("version", "2.0")
    if version != "2.0":
        try:
            old = (number_of(version) or 0.0) < 2.0
        except ValueError:
            old = True
        if old:
            raise FormatError(codes.VERSION, place="event@version", cause=f"observed {version[:20]!r}")
    try:
        uid, kind = attributes["uid"], attributes["type"]
        time, start, stale = attributes["time"], attributes["start"], attributes["stale"]
    except KeyError as error:
        raise FormatError(codes.MISSING, place="event", cause=f"no attribute {error.args[0]}") from None
    if not uid:
        raise FormatError(codes.MISSING, place="event@uid", cause="empty")
    if not is_type(kind):
        raise FormatError(codes.TYPE, place="event@type", cause=f"observed {kind[:60]!r}")
    return uid, time, start, stale


class _Point:
    """What `point` means for an event of a shape: where the object is, or where its sensor is, or nothing."""

    def __init__(self, attributes: dict[str, str], uid: str, shape: Shape, reading: Reading) -> None:
        self.position: Position | None = None
        self.polar: Polar | None = None
        self.altitude_hae_m: float | None = None
        self.horizontal_95_m: float | None = None
        self.vertical_95_m: float | None = None
        self.leftover = {key: value for key, value in attributes.items() if key not in _POINT}
        self.losses: tuple[Loss, ...] = ()
        place = self._place(attributes)
        hae, ce, le = self._number(attributes, "hae"), self._number(attributes, "ce"), self._number(attributes, "le")
        if place is not None and place.latitude_deg == 0.0 == place.longitude_deg and hae is None and ce is None:
            place = None  # TAK clients without a fix write 0/0 with everything unknown
            self.leftover |= {"lat": attributes["lat"], "lon": attributes["lon"]}
        if shape is Shape.DELETE:
            self.leftover = dict(attributes)
            return
        if shape is Shape.DETECTION:
            self._detect(attributes, place, uid, ce, reading)
            return
        self.position = place
        self.altitude_hae_m = hae
        if shape is Shape.ATOM:
            self.horizontal_95_m = None if ce is None else ce * CIRCULAR_95
            self.vertical_95_m = None if le is None else le * LINEAR_95
            return
        for name, value in (("ce", ce), ("le", le)):  # an area, not an error
            if value is not None:
                self.leftover[name] = attributes[name]

    def _detect(
        self, attributes: dict[str, str], place: Position | None, uid: str, ce: float | None, reading: Reading
    ) -> None:
        bearing = reading.bearing
        azimuth = bearing.azimuth_deg if bearing else None
        self.polar = Polar(
            sensor=f"cot:{uid}",
            sensor_position=place,
            range_m=bearing.range_m if bearing else None,
            azimuth_deg=azimuth,
            elevation_deg=bearing.elevation_deg if bearing else None,
            north="TRUE" if azimuth is not None else None,
            reach_m=ce,
        )
        for name in ("hae", "le"):  # the sensor's own height is above the ellipsoid, `Polar` has it above sea level
            if name in attributes:
                self.leftover[name] = attributes[name]

    def _place(self, attributes: dict[str, str]) -> Position | None:
        values: list[float | None] = []
        for name, bound in (("lat", 90.0), ("lon", 180.0)):
            text = attributes.get(name)
            if text is None:
                raise FormatError(codes.MISSING, place="event/point", cause=f"no attribute {name}")
            try:
                value = number_of(text)
                if value is not None and not -bound <= value <= bound:
                    raise ValueError
            except ValueError:
                raise FormatError(codes.POINT, place=f"event/point@{name}", cause=f"observed {text[:40]!r}") from None
            values.append(value)
        latitude, longitude = values
        if latitude is None or longitude is None:
            return None
        return Position(latitude_deg=latitude, longitude_deg=180.0 if longitude == -180.0 else longitude)

    def _number(self, attributes: dict[str, str], name: str) -> float | None:
        try:
            value = number_of(attributes.get(name))
            if value is not None and value < 0.0 and name != "hae":
                raise ValueError
        except ValueError:
            self.losses += (Loss(f"event/point@{name}", "OUT_OF_RANGE"),)
            return None
        return value


def _combined(parts: tuple[Part, ...] | list[Part], limits: Limits) -> Reading:
    """What all children of `detail` say together; each kind is read once."""
    found: dict[str, object] = {}
    losses: tuple[Loss, ...] = ()
    for part in parts:
        reading = part.reading
        if reading is NOTHING:
            continue
        losses += reading.losses
        if reading.callsign is not None:
            if len(reading.callsign.encode()) > limits.max_name_octets:
                cause = f"{len(reading.callsign)} characters"
                raise FormatError(codes.TOO_LONG, place="event/detail/contact@callsign", cause=cause)
            found["callsign"] = reading.callsign
        elif reading.remarks is not None:
            octets = reading.remarks.encode()
            if len(octets) > limits.max_text_octets:
                found["remarks"] = octets[: limits.max_text_octets].decode("utf-8", "ignore")
                losses += (Loss("event/detail/remarks", "TRUNCATED"),)
            else:
                found["remarks"] = reading.remarks
        elif reading.motion is not None:
            found["motion"] = reading.motion
        elif reading.identifiers:
            if any(len(one.value.encode()) > limits.max_name_octets for one in reading.identifiers):
                raise FormatError(codes.TOO_LONG, place="event/detail/uid", cause="an identifier is too long")
            found["identifiers"] = reading.identifiers
        elif reading.bearing is not None:
            found["bearing"] = reading.bearing
        elif reading.emergency is not None:
            found["emergency"] = reading.emergency
        elif reading.target is not None:
            found["target"] = reading.target
    return Reading(**found, losses=losses)  # type: ignore[arg-type]  # names and types are Reading's own


def _accuracy(point: _Point, reading: Reading) -> Accuracy | None:
    motion = reading.motion
    course = motion.course_95_deg if motion else None
    speed = motion.speed_95_mps if motion else None
    horizontal, vertical = point.horizontal_95_m, point.vertical_95_m
    if horizontal is None and vertical is None and course is None and speed is None:
        return None
    return Accuracy(
        horizontal_95_m=horizontal,
        vertical_95_m=vertical,
        course_95_deg=course,
        speed_95_mps=speed,
        basis="COT_CE" if horizontal is not None else "COT_SIGMA",
    )


def _status(attributes: dict[str, str], reading: Reading, *, ended: bool) -> Status | None:
    how = attributes.get("how", "")
    simulated = True if attributes.get("opex", "")[:1] == "s" or how[:3] == "m-s" else None
    coasted = True if how[:3] == "m-p" else None  # predicted, "e.g. from a tracker"
    if not ended and simulated is None and coasted is None and reading.emergency is None:
        return None
    return Status(ended=ended or None, simulated=simulated, coasted=coasted, emergency=reading.emergency)


def _fitting(parts: tuple[Part, ...] | list[Part], most: int) -> tuple[list[str], tuple[Loss, ...]]:
    """The leftovers that together fit an extension, in order; the others stay in the raw record, and are listed."""
    fitting: list[str] = []
    losses: list[Loss] = []
    room = most
    for part in parts:
        size = len(part.leftover.encode())
        if size <= room:
            fitting.append(part.leftover)
            room -= size
        else:
            losses.append(Loss(f"event/detail/{part.name}"[:200], "NOT_MODELLED"))
    return [text for text in fitting if text], tuple(losses)


def time_text(instant: datetime) -> str:
    """`instant` as CoT writes times: milliseconds, or microseconds where it has them, always `Z`."""
    text = instant.isoformat(timespec="milliseconds" if instant.microsecond % 1000 == 0 else "microseconds")
    return text[:-6] + "Z"
