"""GeoJSON Features to canonical tracks: strict about what it knows, careful with what it does not.

Known members are held to their type, their bounds and their vocabulary; unknown ones travel as an `Extension` and come
back on encode. One refused feature of a collection leaves its neighbours alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.geojson import codes
from gateway.formats.geojson.flat import Flat, FlatReader, NotFlatError, is_simple
from gateway.formats.geojson.members import (
    ANY_BOUND,
    BEARINGS,
    BOUNDS,
    NAMESPACE,
    OPERATOR,
    PROPERTIES,
    SCHEME,
    STATE,
    TABLES,
    TRACK,
    Member,
)
from gateway.formats.geojson.text import Doubled, Json, parse
from gateway.formats.geojson.values import check_doubles, converted, split
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Extension, Identifier, Loss, Position, Provenance, RawRecord, State, Track
from gateway.xml import parse as parse_xml

MAPPING = "geojson/1.0"
ALLIANCE = "urn:alliance:track-exchange:1"
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}|x-[a-z0-9]+:[A-Za-z0-9_.\-]{1,60}").fullmatch
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]").search
_FEATURE = frozenset(("type", "id", "geometry", "properties", "bbox"))
_LONG = frozenset(("remarks", "xml"))  # texts that may be as long as a text may be; others are names
_INSTANTS = ("time", "received_at", "sent_at", "stale_at")
_COLLECTION = b'"FeatureCollection"'
_BEGINNING = 64  # octets in which a collection says that it is one
_DEPTH_OF_KNOWN = 16  # the types of a track nest less
_OF_OPERATOR = Loss("properties.operator", "NOT_MODELLED")
_NO_TRACK_ID = Loss("properties.track_id", "NOT_MODELLED")


class GeoJsonDecoder:
    """Reads one source's features.

    `node` is the gateway's own name for the provenance. `keep_raw` keeps the octets of a frame that is one feature.
    `keep_track_id` believes a `track_id` in the properties, for output of a gateway of one's own; otherwise the
    Feature's `id` is the source's own name of the track, and admission mints the `track_id`.
    """

    def __init__(
        self, *, node: str = "", keep_raw: bool = True, keep_track_id: bool = False, limits: Limits | None = None
    ) -> None:
        self._keep_raw = keep_raw
        self._keep_track_id = keep_track_id
        self._limits = limits or Limits()
        self._provenance = Provenance(gateway=node, input_format="GEOJSON", mapping_id=MAPPING)
        self._untracked = replace(self._provenance, losses=(_NO_TRACK_ID,))
        self._reader = FlatReader(self._part)

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of a Feature, a FeatureCollection, or lines of them."""
        octets = frame.octets.strip(b" \t\r\n\x1e")  # RFC 8142 puts a record separator before each text
        tracks: list[Track] = []
        problems: list[FormatError] = []
        try:
            if len(octets) > self._limits.max_frame_octets:
                most = self._limits.max_frame_octets
                cause = f"{len(octets)} octets, at most {most}"
                raise FormatError(codes.TOO_LARGE, place=f"octet {most}", cause=cause)
            texts = [octets]
            if b"\n" in octets:
                try:
                    parse(octets, self._limits)
                except FormatError as error:
                    if error.cause != "Extra data":
                        raise
                    texts = [line.strip(b" \t\r\x1e") for line in octets.split(b"\n")]
            texts = [text for text in texts if text]
            if len(texts) > self._limits.max_records_per_frame:
                raise FormatError(codes.TOO_MANY, place="frame", cause=f"{len(texts)} lines")
        except FormatError as error:
            return Decoded(problems=(error,))
        for number, text in enumerate(texts, 1):
            place = f"line {number}" if len(texts) > 1 else ""
            try:
                self._text(text, frame, place, tracks, problems)
            except FormatError as error:
                problems.append(_placed(error, place if place or error.place else "text"))
        return Decoded(tracks=tuple(tracks), problems=tuple(problems))

    def _text(self, octets: bytes, frame: Frame, place: str, tracks: list[Track], problems: list[FormatError]) -> None:
        if (usual := self._usual(octets, frame)) is not None:
            tracks.extend(usual)
            return
        value = parse(octets, self._limits)
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict) or kind not in ("Feature", "FeatureCollection"):
            raise FormatError(codes.NOT_GEOJSON, cause=f"type is {str(kind)[:40]!r}")
        if kind == "Feature":
            track = self._feature(value, frame)
            tracks.append(replace(track, raw=RawRecord("GEOJSON", octets)) if self._keep_raw else track)
            return
        if "crs" in value:
            raise FormatError(codes.CRS, place="crs")
        features = value.get("features")
        if isinstance(value, Doubled):
            raise FormatError(codes.DUPLICATE, cause=f"member {value.member[:60]!r}")
        if not isinstance(features, list):
            raise FormatError(codes.WRONG_TYPE, place="features", cause="not a list")
        if len(features) > self._limits.max_records_per_frame:
            raise FormatError(codes.TOO_MANY, cause=f"{len(features)}, at most {self._limits.max_records_per_frame}")
        for index, feature in enumerate(features):
            try:
                tracks.append(self._feature(feature, frame))
            except FormatError as error:
                problems.append(_placed(_placed(error, f"features[{index}]"), place))

    def _usual(self, octets: bytes, frame: Frame) -> list[Track] | None:
        """The tracks of a text that holds nothing but usual features, or nothing where the general reader decides."""
        if self._limits.max_xml_depth < _DEPTH_OF_KNOWN or not is_simple(octets):
            return None
        try:
            if _COLLECTION not in octets[:_BEGINNING]:
                raw = RawRecord("GEOJSON", octets) if self._keep_raw else None
                return [self._track(self._reader.feature(octets), frame, raw)]
            features = self._reader.features(octets)
            if len(features) > self._limits.max_records_per_frame:
                return None
            return [self._track(self._reader.feature(one), frame, None) for one in features]
        except (NotFlatError, FormatError):
            return None

    def _track(self, flat: Flat, frame: Frame, raw: RawRecord | None) -> Track:
        """The track of a usual feature. Raises `NotFlatError` or `FormatError` where the general reader must decide."""
        members, state, track_id = flat.track, flat.state, None
        for name, text in flat.texts.items():
            if name == "track_id":
                if not _UUID(text):
                    raise NotFlatError
                track_id = text
                continue
            if PROPERTIES[name].code:
                if not _CODE(text):
                    raise NotFlatError
            else:
                self._check_text(name, text, name)
            (state if name in STATE else members)[name] = text
        kinematics = None
        if state or flat.position is not None:
            if "time" not in state:
                state["time"], state["time_quality"] = frame.received_at, "RECEIVED"
            for name in _INSTANTS:
                if (instant := state.get(name)) is not None and isinstance(instant, datetime):
                    if instant.tzinfo is None:
                        raise NotFlatError
                    state[name] = _utc(instant, name)
            state.setdefault("received_at", frame.received_at)
            kinematics = State(position=flat.position, **state)  # type: ignore[arg-type]  # msgspec held them to it
        identifiers, passed = members.pop("identifiers", ()), members.pop("provenance", ())
        if not isinstance(identifiers, tuple) or not isinstance(passed, tuple):
            raise NotFlatError
        own = self._provenance if track_id is None or self._keep_track_id else self._untracked
        return Track(
            track_id=track_id if self._keep_track_id else None,
            identifiers=self._names(flat.name, identifiers, track_id),
            state=kinematics,
            provenance=(*passed, own),
            raw=raw,
            **members,  # type: ignore[arg-type]  # msgspec held them to the types of a track
        )

    def _part(self, name: str, octets: bytes) -> object:
        """The value of one property that holds an object or a list. Raises `NotFlatError`."""
        try:
            value = parse(octets, self._limits)
            check_doubles(value)
            known, unknown = split({name: value}, PROPERTIES, "properties")
            if unknown or value is None:
                raise NotFlatError
            self._check(known, PROPERTIES, "properties")
            if name in STATE:
                return getattr(converted(known | {"time": "2000-01-01T00:00:00Z"}, State, "properties"), name)
            track = converted(known, Track, "properties")
            _check_assigned(track)
            for extension in track.extensions:
                self._check_extension(extension, "properties.extensions")
        except FormatError:
            raise NotFlatError from None
        return getattr(track, name)

    def _feature(self, value: Json, frame: Frame) -> Track:
        if not isinstance(value, dict) or value.get("type") != "Feature":
            raise FormatError(codes.NOT_GEOJSON, cause="not a Feature")
        if "crs" in value:
            raise FormatError(codes.CRS, place="crs")
        check_doubles(value)
        properties = value.get("properties")
        if properties is None:
            properties = {}
        if not isinstance(properties, dict):
            raise FormatError(codes.WRONG_TYPE, place="properties", cause="not an object")
        known, unknown = split(properties, PROPERTIES, "properties")
        self._check(known, PROPERTIES, "properties")
        losses = tuple([Loss(f"feature.{name}"[:200], "NOT_MODELLED") for name in value if name not in _FEATURE])
        if unknown.pop(OPERATOR, None) is not None:  # may be personal data too: it stays in the raw record
            losses += (_OF_OPERATOR,)
        track_id = known.pop("track_id", None)
        if track_id is not None and not (isinstance(track_id, str) and _UUID(track_id)):
            raise FormatError(codes.WRONG_TYPE, place="properties.track_id", cause="not a lower-case UUID")
        if track_id is not None and not self._keep_track_id:
            losses += (_NO_TRACK_ID,)
        state = self._state(value.get("geometry"), known, frame)
        track = converted({name: known[name] for name in known if name in TRACK}, Track, "properties")
        _check_assigned(track)
        extensions = track.extensions
        for index, extension in enumerate(extensions):
            self._check_extension(extension, f"properties.extensions[{index}]")
        if unknown:
            extensions = (*extensions, self._unknown(unknown))
        return replace(
            track,
            track_id=str(track_id) if track_id is not None and self._keep_track_id else None,
            identifiers=self._names(value.get("id"), track.identifiers, track_id),
            state=state,
            provenance=(*track.provenance, replace(self._provenance, losses=losses)),
            extensions=extensions,
        )

    def _names(self, id_: Json, identifiers: tuple[Identifier, ...], track_id: Json) -> tuple[Identifier, ...]:
        """The source's own name of the track first."""
        if id_ is not None:
            if isinstance(id_, bool) or not isinstance(id_, str | int | float):
                raise FormatError(codes.WRONG_TYPE, place="id", cause="neither text nor number")
            name = id_ if isinstance(id_, str) else json.dumps(id_)
            self._check_text("id", name, "id")
            first = identifiers[0].value if identifiers else None
            if name != first and not (self._keep_track_id and name == track_id) and name:
                identifiers = (Identifier(SCHEME, name), *identifiers)
        if not identifiers and not (self._keep_track_id and track_id):
            raise FormatError(codes.NO_NAME)
        return identifiers

    def _state(self, geometry: Json, known: dict[str, Json], frame: Frame) -> State | None:
        members = {name: value for name, value in known.items() if name in STATE and value is not None}
        position, hae = _point(geometry)
        if hae is not None:
            members["altitude_hae_m"] = hae
        if position is None and not members:
            return None
        if "time" not in members:
            members |= {"time": frame.received_at.isoformat(), "time_quality": "RECEIVED"}
        state = converted(members, State, "properties")
        for name in _INSTANTS:
            if getattr(state, name) is not None and getattr(state, name).tzinfo is None:
                raise FormatError(codes.ZONE, place=f"properties.{name}")
        return replace(
            state,
            position=position,
            time=_utc(state.time, "time") or state.time,
            received_at=_utc(state.received_at, "received_at") or frame.received_at,
            sent_at=_utc(state.sent_at, "sent_at"),
            stale_at=_utc(state.stale_at, "stale_at"),
        )

    def _check(self, value: Json, members: Mapping[str, Member], place: str) -> None:
        """Texts, codes and numbers of an object whose members are all known, however deep."""
        for name, item in value.items() if isinstance(value, dict) else ():
            member = members[name]
            for index, one in enumerate(item if isinstance(item, list) else [item]):
                at = f"{place}.{name}" + (f"[{index}]" if isinstance(item, list) else "")
                if isinstance(one, dict) and member.nested is not None:
                    self._check(one, TABLES[member.nested], at)
                elif isinstance(one, str):
                    self._check_text(name, one, at)
                    if member.code and not _CODE(one):
                        raise FormatError(codes.CODE, place=at, cause=f"observed {one[:40]!r}")
                elif isinstance(one, int | float) and not isinstance(one, bool):
                    _check_number(name, one, at)
                    if name in BEARINGS and one == 360 and isinstance(value, dict):
                        value[name] = 0.0

    def _check_text(self, name: str, text: str, place: str) -> None:
        most = self._limits.max_text_octets if name in _LONG else self._limits.max_name_octets
        if len(text) > most or len(text.encode("utf-8", "surrogatepass")) > most:
            raise FormatError(codes.TOO_LONG, place=place, cause=f"{len(text)} characters, at most {most} octets")
        if _NOT_XML(text):
            raise FormatError(codes.TEXT, place=place)

    def _check_extension(self, extension: Extension, place: str) -> None:
        try:
            root = parse_xml(extension.xml.encode(), max_octets=self._limits.max_text_octets)
            canonical: bytes = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
        except (FormatError, etree.LxmlError, ValueError) as error:
            raise FormatError(codes.EXTENSION, place=place, cause=str(error)[:120]) from None
        name = etree.QName(root)
        if extension.namespace in (ALLIANCE, NAMESPACE):
            raise FormatError(
                codes.EXTENSION, place=place, cause=f"namespace {extension.namespace} is not for extensions"
            )
        if canonical != extension.xml.encode() or (name.namespace, name.localname) != (
            extension.namespace,
            extension.name,
        ):
            raise FormatError(codes.EXTENSION, place=place, cause="not canonical, or of another name")
        if any(not isinstance(node.tag, str) for node in root.iter()):
            raise FormatError(codes.EXTENSION, place=place, cause="has a processing instruction")

    def _unknown(self, members: dict[str, Json]) -> Extension:
        text = json.dumps(members, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        xml = f'<properties xmlns="{NAMESPACE}">{escaped}</properties>'
        if len(xml) > self._limits.max_text_octets:
            cause = f"{len(xml)} octets of unknown members, at most {self._limits.max_text_octets}"
            raise FormatError(codes.TOO_LONG, place="properties", cause=cause)
        return Extension(NAMESPACE, "properties", xml)


def _placed(error: FormatError, place: str) -> FormatError:
    if not place:
        return error
    return FormatError(error.code, place=f"{place}.{error.place}".rstrip("."), cause=error.cause)


def _utc(instant: datetime | None, name: str) -> datetime | None:
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError:
        cause = "in UTC before the year 1 or after the year 9999"
        raise FormatError(codes.RANGE, place=f"properties.{name}", cause=cause) from None


def _check_assigned(track: Track) -> None:
    """The instants of a track that are no state's."""
    for name, instant in (
        ("identity.assigned_at", track.identity.assigned_at if track.identity else None),
        ("operator.time", track.operator.time if track.operator else None),
    ):
        if instant is not None and instant.tzinfo is None:
            raise FormatError(codes.ZONE, place=f"properties.{name}")
        _utc(instant, name)


def _point(geometry: Json) -> tuple[Position | None, float | None]:
    if geometry is None:
        return None, None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or "crs" in geometry:
        raise FormatError(codes.GEOMETRY, place="geometry")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) not in (2, 3):
        raise FormatError(codes.GEOMETRY, place="geometry.coordinates", cause="neither two nor three numbers")
    numbers: list[float] = []
    for name, one in zip(("longitude_deg", "latitude_deg", "altitude_hae_m"), coordinates, strict=False):
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise FormatError(codes.WRONG_TYPE, place="geometry.coordinates", cause=f"{name} is no number")
        _check_number(name, one, "geometry.coordinates")
        numbers.append(float(one))
    longitude = 180.0 if numbers[0] == -180.0 else numbers[0]
    position = Position(latitude_deg=numbers[1], longitude_deg=longitude)
    return position, numbers[2] if len(numbers) == 3 else None


def _check_number(name: str, value: float, place: str) -> None:
    low, high = (0.0, 360.0) if name in BEARINGS else BOUNDS.get(name, ANY_BOUND)
    if not low <= value <= high:
        raise FormatError(codes.RANGE, place=place, cause=f"{name} not within {low:g} to {high:g}")
