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
from gateway.formats.cot.atoms import ATOM, DELETE, SILENT, Meaning, Shape, meaning_of
from gateway.formats.cot.event import (
    MERGED,
    NAMESPACE,
    OPERATOR_SUFFIX,
    Event,
    Part,
    motion_reading,
    named,
    plain_part,
    required,
)
from gateway.formats.cot.gathered import (
    accuracy_of,
    combined,
    fitting_of,
    instants_of,
    kept_xml,
    operator_of,
    status_of,
)
from gateway.formats.cot.point import point_of
from gateway.formats.cot.stream import Splitter
from gateway.formats.cot.tak.framing import payload_of
from gateway.formats.cot.tak.messages import read_message
from gateway.formats.cot.tak.payload import payload_of as read_payload
from gateway.formats.cot.tak.to_event import event_of as tak_event_of
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import (
    Extension,
    Identifier,
    Label,
    LabelCategory,
    Loss,
    Operator,
    Provenance,
    RawRecord,
    Source,
    State,
    Track,
)

MAPPING = "cot/2.0"
TAK_MAPPING = "cot-tak/1"
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
        self._tak_provenance = Provenance(gateway=node, input_format="COT", mapping_id=TAK_MAPPING)
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._meanings: dict[tuple[str, bool], Meaning] = {}
        self._parts: dict[Shape, dict[plain.Child, Part]] = {shape: {} for shape in Shape}
        self._pieces: dict[Shape, dict[str, Part]] = {shape: {} for shape in Shape}
        self._extended: dict[tuple[str, ...], Extension] = {}
        self._typed: dict[Shape, dict[tuple[str, ...], Part]] = {shape: {} for shape in Shape}

    def decode(self, frame: Frame) -> Decoded:
        """The track of an event, or of each event where the frame holds several back to back.

        A frame may be XML, a frame of a TAK stream or of a TAK mesh; each says itself which it is.
        """
        octets = frame.octets
        try:
            if len(octets) > self._limits.max_frame_octets:
                cause = f"{len(octets)} octets, at most {self._limits.max_frame_octets}"
                raise FormatError(codes.TOO_LARGE, place=f"octet {self._limits.max_frame_octets}", cause=cause)
            event = self._plain_event(octets)
            if event is None:
                if octets[:1] == b"\xbf":
                    payload, _, end = payload_of(octets)
                    if end < len(octets):
                        return self._several(frame)
                    event = self._tak_event(payload)
                    if event is None:
                        return Decoded(silent=1)
                elif octets.count(b"</event") > 1 or b"</event>\xbf" in octets:
                    return self._several(frame)
                else:
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
                if piece[:1] == b"\xbf":
                    event = self._tak_event(payload_of(piece)[0])
                else:
                    event = self._plain_event(piece) or self._any_event(piece)
                track = None if event is None else self._track(event, piece, frame)
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
        if text is None:
            return None
        usual = plain.usual_of(text) if self._limits.max_xml_attributes >= 7 else None
        if usual is not None and (meaning := self._meaning(usual[0])).shape is ATOM:
            attributes, numbers, pieces = usual
            return self._event_of(meaning, attributes, {}, numbers, pieces)
        found = plain.pieces_of(text)
        if found is None:
            return None
        plain_attributes, point = plain.attributes_of(found[0]), plain.attributes_of(found[1])
        if plain_attributes is None or point is None or len(plain_attributes) > self._limits.max_xml_attributes:
            return None
        meaning = self._meaning(plain_attributes)
        return self._event_of(meaning, plain_attributes, point, None, found[2])

    def _event_of(
        self,
        meaning: Meaning,
        attributes: dict[str, str],
        point: dict[str, str],
        numbers: plain.Numbers | None,
        pieces: list[str],
    ) -> Event | None:
        shape = meaning.shape
        parts: list[Part] = []
        merged: set[str] = set()
        known = self._pieces[shape]
        for piece in pieces:
            part = known.get(piece) or self._new_piece(shape, piece)
            if part is None:
                return None
            if part.name in MERGED:
                if part.name in merged:
                    return None
                merged.add(part.name)
            parts.append(part)
        return Event(meaning=meaning, attributes=attributes, point=point, numbers=numbers, detail={}, parts=parts)

    def _new_piece(self, shape: Shape, piece: str) -> Part | None:
        motion = plain.motion_of_piece(piece)
        if motion is not None:
            return Part("track", motion_reading(*motion), "")
        child = plain.child_of(piece)
        part = self._plain_part(shape, child)
        if part is not None and child[0] != "track" and len(piece) < _CACHED_TEXT:
            known = self._pieces[shape]
            if len(known) >= _CACHED:
                known.clear()
            known[piece] = part
        return part

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
        root = document.root_of(octets, self._limits)
        if root.tag != "event":
            raise FormatError(codes.NOT_AN_EVENT, place="root", cause=f"observed {str(root.tag)[:60]}")
        return document.event_of(root, self._meaning(document.plain_attributes(root)), self._limits)

    def _tak_event(self, octets: bytes) -> Event | None:
        """The event of a TAK payload; `None` for a message that only says which versions its sender reads."""
        payload = read_payload(read_message(octets), self._limits)
        if payload is None:
            return None
        meaning = self._meaning(payload.attributes)
        return tak_event_of(payload, meaning, self._limits, self._known_part, self._typed_part)

    def _known_part(self, shape: Shape, child: plain.Child) -> Part | None:
        return self._parts[shape].get(child) or self._plain_part(shape, child)

    def _typed_part(self, shape: Shape, name: str, texts: dict[str, str]) -> Part:
        key = (name, *texts, *texts.values())
        part = self._typed[shape].get(key)
        if part is None:
            part = plain_part(shape, name, texts, "")
            if sum(map(len, key)) < _CACHED_TEXT:
                known = self._typed[shape]
                if len(known) >= _CACHED:
                    known.clear()
                known[key] = part
        return part

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
        known = event.times
        uid = required(attributes)[0] if known is None else named(attributes)
        if len(uid) * 4 > self._limits.max_name_octets and len(uid.encode()) > self._limits.max_name_octets:
            raise FormatError(codes.TOO_LONG, place="event@uid", cause=f"{len(uid)} characters")
        shape = meaning.shape
        if shape is SILENT:
            return None
        reading = combined(event.parts, self._limits)
        sent_at, begin, stale_at = instants_of(attributes) if known is None else known
        point = point_of(event, uid, shape, reading)
        deletes = shape is DELETE
        name = reading.target if deletes else uid
        if not name:  # the event's own uid is a name of the deletion: ending that would invent a track
            raise FormatError(codes.NO_TARGET, place="event/detail/link@uid", cause="the first link has no uid")
        extension, dropped = self._extension(event, point.leftover, deletes)
        provenance = self._provenance if known is None else self._tak_provenance
        losses = meaning.losses + event.losses + reading.losses + point.losses + dropped
        motion = reading.motion
        operator = None
        if reading.parent is not None and shape is ATOM and uid == f"{reading.parent}{OPERATOR_SUFFIX}":
            operator, point = operator_of(point, reading, begin)
            meaning = replace(meaning, identity=None)  # the affiliation there is a display's need
        elif reading.operator is not None:
            operator = Operator(identifier=reading.operator)
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
            accuracy=accuracy_of(point, reading),
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
            operator=operator,
            status=status_of(attributes, reading, ended=stale_at <= begin or deletes),
            state=state,
            sources=self._source(frame.source),
            provenance=(replace(provenance, losses=losses) if losses else provenance,),
            label=self._label(attributes) if self._label_policy else None,
            raw=RawRecord("COT" if known is None else "TAK", octets) if self._keep_raw else None,
            extensions=(extension, *event.extensions) if extension else event.extensions,
        )

    def _extension(
        self, event: Event, point: dict[str, str], deletes: bool
    ) -> tuple[Extension | None, tuple[Loss, ...]]:
        """What no field took, as one element in the gateway's CoT namespace, and what was too big for it."""
        attributes = event.attributes
        if len(attributes) == 7 and "how" in attributes and "version" in attributes:
            if not point and not event.detail and not deletes and attributes["version"] == "2.0":
                return self._usual_extension(attributes["how"], event)
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
        return self._fitting_extension(event, kept, point, leftovers)

    def _usual_extension(self, how: str, event: Event) -> tuple[Extension | None, tuple[Loss, ...]]:
        """That of an event without anything unusual but children: many events leave over the same ones."""
        leftovers = [part.leftover for part in event.parts if part.leftover]
        key = (how, *leftovers)
        extension = self._extended.get(key)
        if extension is not None:
            return extension, ()
        extension, losses = self._fitting_extension(event, {"how": how}, {}, leftovers)
        if extension is not None and not losses and len(extension.xml) < _CACHED_TEXT:
            if len(self._extended) >= _CACHED:
                self._extended.clear()
            self._extended[key] = extension
        return extension, losses

    def _fitting_extension(
        self, event: Event, kept: dict[str, str], point: dict[str, str], leftovers: list[str]
    ) -> tuple[Extension | None, tuple[Loss, ...]]:
        xml = kept_xml(kept, point, event.detail, leftovers)
        most = self._limits.max_text_octets
        if len(xml) * 4 <= most or len(xml.encode()) <= most:
            return Extension(NAMESPACE, "event", xml), ()
        bare = len(kept_xml(kept, point, event.detail, ["-"]).encode())
        if bare > most:
            raise FormatError(codes.TOO_LONG, place="event", cause=f"{bare} octets of attributes, at most {most}")
        leftovers, losses = fitting_of(event.parts, most - bare)
        return Extension(NAMESPACE, "event", kept_xml(kept, point, event.detail, leftovers)), losses

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
