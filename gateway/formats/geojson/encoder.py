"""Canonical tracks to GeoJSON: Features one per line, or one FeatureCollection of current tracks."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.geojson import codes
from gateway.formats.geojson.members import NAMESPACE, PROPERTIES, SCHEME, STATE, TABLES, TRACK
from gateway.stages import Encoded
from gateway.track import Identifier, Position, State, Track

_ENCODER = msgspec.json.Encoder()
_PREFIX = f'<properties xmlns="{NAMESPACE}">'
_SUFFIX = "</properties>"
_OWN = frozenset(("track_id", "identifiers", "extensions"))
_Sparse = dict[str, object]


class GeoJsonEncoder:
    """Writes one consumer's features: positions as longitude, latitude and, where known, height above the ellipsoid.

    With `collection` all tracks of a call become one FeatureCollection; without it each frame is a Feature and a line
    feed. Nothing of a track's report is lost; its raw record stays behind.
    """

    def __init__(self, *, collection: bool = False) -> None:
        self._collection = collection

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks, in order; `now` is not used, since a Feature carries no time of sending of its own."""
        features: list[bytes] = []
        problems: list[FormatError] = []
        for track in tracks:
            try:
                features.append(_feature(track))
            except FormatError as error:
                problems.append(error)
        frames: tuple[bytes, ...]
        if self._collection:
            frames = (b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}",)
        else:
            frames = tuple([feature + b"\n" for feature in features])
        return Encoded(frames=frames, problems=tuple(problems))


def _feature(track: Track) -> bytes:
    state = track.state
    place = track.track_id or ""
    name, identifiers = _names(track)
    properties: _Sparse = {}
    if track.track_id is not None:
        properties["track_id"] = track.track_id
    if identifiers:
        properties["identifiers"] = [_sparse(one, place) for one in identifiers]
    _add(properties, track, TRACK, place, leave=_OWN)
    geometry: _Sparse | None = None
    if state is not None:
        position = state.position
        if position is not None:
            geometry = {"type": "Point", "coordinates": _coordinates(position, state, place)}
        leave = frozenset(("altitude_hae_m",)) if position is not None else frozenset[str]()
        _add(properties, state, STATE, place, leave=leave)
    others = [_sparse(one, place) for one in track.extensions if one.namespace != NAMESPACE]
    if others:
        properties["extensions"] = others
    for extension in track.extensions:
        if extension.namespace == NAMESPACE:
            _merge(properties, _unknown(extension.xml))
    feature: _Sparse = {"type": "Feature", "geometry": geometry, "properties": properties}
    if name is not None:
        feature = {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}
    try:
        return _ENCODER.encode(feature)
    except (UnicodeEncodeError, OverflowError, TypeError, ValueError) as error:
        raise FormatError(codes.UNWRITABLE, place=place, cause=type(error).__name__) from None


def _names(track: Track) -> tuple[str | None, Sequence[Identifier]]:
    """The Feature's `id`, and the identifiers that it does not say already."""
    identifiers = track.identifiers
    if identifiers and identifiers[0].scheme == SCHEME:
        if track.track_id is None and identifiers[0].quality is None:
            return identifiers[0].value, identifiers[1:]
        return track.track_id or identifiers[0].value, identifiers
    return track.track_id or (identifiers[0].value if identifiers else None), identifiers


def _coordinates(position: Position, state: State, place: str) -> list[float]:
    longitude, latitude, hae = position.longitude_deg, position.latitude_deg, state.altitude_hae_m
    if not (-180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0):
        raise FormatError(codes.NOT_FINITE, place=place, cause="position")
    if hae is None:
        return [longitude, latitude]
    if hae - hae != 0.0:
        raise FormatError(codes.NOT_FINITE, place=place, cause="altitude_hae_m")
    return [longitude, latitude, hae]


def _add(properties: _Sparse, struct: Struct, members: Mapping[str, object], place: str, leave: frozenset[str]) -> None:
    for name in members:
        if name not in leave:
            value = getattr(struct, name)
            if value is not None and value != ():
                properties[name] = _plain(value, place)


def _sparse(struct: Struct, place: str) -> _Sparse:
    """The struct's members that say something."""
    sparse: _Sparse = {}
    for name in TABLES[type(struct)]:
        value = getattr(struct, name)
        if value is not None and value != ():
            sparse[name] = _plain(value, place)
    return sparse


def _plain(value: object, place: str) -> object:
    if isinstance(value, float):
        if value - value != 0.0:
            raise FormatError(codes.NOT_FINITE, place=place)
        return value
    if isinstance(value, Struct):
        return _sparse(value, place)
    if isinstance(value, tuple):
        return [_plain(one, place) for one in value]
    return value


def _unknown(xml: str) -> _Sparse:
    """The unknown members that an extension of ours carries; it may have crossed a partner, so nothing is believed."""
    if not (xml.startswith(_PREFIX) and xml.endswith(_SUFFIX)):
        return {}
    try:
        members = json.loads(html.unescape(xml[len(_PREFIX) : -len(_SUFFIX)]), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _merge(properties: _Sparse, unknown: _Sparse) -> None:
    """Put unknown members back; a known one always wins."""
    for name, value in unknown.items():
        present = properties.get(name)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif name not in properties and (name not in PROPERTIES or isinstance(value, dict)):
            # As text of our own making: it may hold what msgspec refuses (lone surrogates, very large integers).
            properties[name] = msgspec.Raw(json.dumps(value).encode())
