"""Cursor on Target events to canonical tracks.

An event in the plain shape of TAK clients is read by `plain`, any other by `document`; both give the same `Event`,
and one function makes the track of it. What no canonical field holds travels in one `Extension`: see
`docs/formats/cot.md`.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import codes, document, plain
from gateway.formats.cot.atoms import Meaning, Shape, is_type, meaning_of
from gateway.formats.cot.event import MERGED, NAMESPACE, NOTHING, Event, Part, Reading, motion_reading, plain_part
from gateway.formats.cot.point import Point, point_of
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.values import attribute_text, element_xml, number_of, time_of
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import (
    Accuracy,
    Extension,
    Identifier,
    Label,
    LabelCategory,
    Loss,
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
        self._parts: dict[Shape, dict[plain.Child, Part]] = {shape: {} for shape in Shape}

    def decode(self, frame: Frame) -> Decoded:
        """The track of an event, or of each event where the frame holds several back to back."""
        octets = frame.octets
        try:
            if len(octets) > self._limits.max_frame_octets:
                cause = f"{len(octets)} octets, at most {self._limits.max_frame_octets}"
                raise FormatError(codes.TOO_LARGE, place=f"octet {self._limits.max_frame_octets}", cause=cause)
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
            return Decoded(problems=(FormatError(codes.TOO_MANY, place="frame", cause=cause),))
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
        attributes = plain.attributes_of(found[0])
        numbers = plain.numbers_of(found[1])
        point = plain.attributes_of(found[1]) if numbers is None else {}
        if attributes is None or point is None or len(attributes) > self._limits.max_xml_attributes:
            return None
        meaning = self._meaning(attributes)
        shape = meaning.shape
        if numbers is not None and shape is not Shape.ATOM:
            point = plain.attributes_of(found[1]) or {}
        parts: list[Part] = []
        merged: set[str] = set()
        known = self._parts[shape]
        for child in found[2]:
            part = known.get(child) or self._plain_part(shape, child)
            if part is None:
                return None
            if part.name in MERGED:
                if part.name in merged:
                    return None
                merged.add(part.name)
            parts.append(part)
        return Event(meaning=meaning, attributes=attributes, point=point, numbers=numbers, detail={}, parts=parts)

    def _plain_part(self, shape: Shape, child: plain.Child) -> Part | None:
        name, text_attributes, text = child
        if name == "track" and not text:
            motion = plain.motion_of(text_attributes)
            if motion is not None:
                return Part(name, motion_reading(*motion), "")
        attributes = plain.attributes_of(text_attributes)
        if attributes is None or len(attributes) > self._limits.max_xml_attributes:
            return None
        part = plain_part(shape, name, attributes, text)
        if name != "track" and len(text_attributes) + len(text) < _CACHED_TEXT:
            known = self._parts[shape]
            if len(known) >= _CACHED:
                known.clear()
            known[child] = part
        return part

    def _any_event(self, octets: bytes) -> Event:
        if octets[:1] == b"\xbf":
            raise FormatError(codes.PROTOBUF, place="octet 0", cause="magic byte bf")
        root = document.root_of(octets, self._limits)
        if root.tag != "event":
            raise FormatError(codes.NOT_AN_EVENT, place="root", cause=f"observed {str(root.tag)[:60]}")
        return document.event_of(root, self._meaning(document.plain_attributes(root)), self._limits)

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
        meaning = event.meaning
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
        point = point_of(event, uid, shape, reading)
        deletes = shape is Shape.DELETE
        name = reading.target if deletes else uid
        if not name:  # the event's own uid is a name of the deletion: ending that would invent a track
            raise FormatError(codes.NO_TARGET, place="event/detail/link@uid", cause="the first link has no uid")
        extension, dropped = self._extension(event, point.leftover, deletes)
        losses = meaning.losses + event.losses + reading.losses + point.losses + dropped
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
            status=_status(attributes, reading, ended=stale_at <= begin or deletes),
            state=state,
            sources=self._source(frame.source),
            provenance=(replace(self._provenance, losses=losses) if losses else self._provenance,),
            label=self._label(attributes) if self._label_policy else None,
            raw=RawRecord("COT", octets) if self._keep_raw else None,
            extensions=(extension, *event.extensions) if extension else event.extensions,
        )

    def _extension(
        self, event: Event, point: dict[str, str], deletes: bool
    ) -> tuple[Extension | None, tuple[Loss, ...]]:
        """What no field took, as one element in the gateway's CoT namespace, and what was too big for it."""
        attributes = event.attributes
        if len(attributes) == 7 and "how" in attributes and "version" in attributes:
            kept = {"how": attributes["how"]}  # the other five are required
        else:
            kept = {key: value for key, value in attributes.items() if key not in _SHARED}
        if deletes:
            kept["uid"] = attributes["uid"]
        if attributes.get("version", "2.0") != "2.0":
            kept["version"] = attributes["version"]
        leftovers = [part.leftover for part in event.parts if part.leftover]
        if not kept and not point and not leftovers and not event.detail:
            return None, ()
        xml = _kept_xml(kept, point, event.detail, leftovers)
        most = self._limits.max_text_octets
        if len(xml) * 4 <= most or len(xml.encode()) <= most:
            return Extension(NAMESPACE, "event", xml), ()
        bare = len(_kept_xml(kept, point, event.detail, ["-"]).encode())
        if bare > most:
            raise FormatError(codes.TOO_LONG, place="event", cause=f"{bare} octets of attributes, at most {most}")
        leftovers, losses = _fitting(event.parts, most - bare)
        return Extension(NAMESPACE, "event", _kept_xml(kept, point, event.detail, leftovers)), losses

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


def _kept_xml(kept: dict[str, str], point: dict[str, str], detail: dict[str, str], leftovers: list[str]) -> str:
    if leftovers and not point and not detail and len(kept) == 1 and "how" in kept:  # the usual event
        how, inner = attribute_text(kept["how"]), "".join(leftovers)
        return f'<event xmlns="{NAMESPACE}" how="{how}"><detail>{inner}</detail></event>'
    inner = element_xml("detail", detail, "".join(leftovers)) if leftovers or detail else ""
    content = (element_xml("point", point) if point else "") + inner
    # `xmlns` stands first in canonical order, before the attributes.
    return f'<event xmlns="{NAMESPACE}"{element_xml("event", kept, content)[6:]}'


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


def _accuracy(point: Point, reading: Reading) -> Accuracy | None:
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
