"""Canonical tracks to GeoJSON: Features one per line, or one FeatureCollection of current tracks."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.geojson import codes
from gateway.formats.geojson.members import NAMESPACE, OPERATOR, PROPERTIES, SCHEME, STATE, TABLES, TRACK
from gateway.stages import Encoded
from gateway.track import Identifier, Loss, Position, State, Track

_ENCODER = msgspec.json.Encoder()
_PREFIX = f'<properties xmlns="{NAMESPACE}">'
_SUFFIX = "</properties>"
_OWN = frozenset(("track_id", "identifiers", "extensions"))
_REPEATED = frozenset(("status", "sources", "provenance", "label"))
"""Members of a track that are the same from snapshot to snapshot, and hold no numbers (0.0 equals -0.0 and 0)."""
_CACHED = 4_096  # texts of one encoder's memory; then it starts anew
_CACHED_OCTETS = 2_048
_WITHHELD = Loss(OPERATOR, "WITHHELD")
_Sparse = dict[str, object]
_Known = dict[object, msgspec.Raw]
_Table = tuple[tuple[str, ...], Callable[[Struct], tuple[object, ...]]]


def _table(names: list[str]) -> _Table:
    return tuple(names), attrgetter(*names)


_TRACK_TABLE = _table([name for name in TRACK if name not in _OWN])
_STATE_TABLE = _table(list(STATE))
_PLACED_TABLE = _table([name for name in STATE if name != "altitude_hae_m"])
"""Of a state whose height stands in the coordinates."""


class GeoJsonEncoder:
    """Writes one consumer's features: positions as longitude, latitude and, where known, height above the ellipsoid.

    With `collection` all tracks of a call become one FeatureCollection; without it each frame is a Feature and a line
    feed. Nothing of a track's report is lost; its raw record stays behind, and so does the operator of a drone, who is
    personal data, unless `personal_data` asks for it.
    """

    def __init__(self, *, collection: bool = False, personal_data: bool = False) -> None:
        self._collection = collection
        self._personal_data = personal_data
        self._known: _Known = {}

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks, in order; `now` is not used, since a Feature carries no time of sending of its own."""
        features: list[bytes] = []
        problems: list[FormatError] = []
        losses: list[tuple[str, Loss]] = []
        for track in tracks:
            if track.operator is not None and not self._personal_data:
                losses.append((track.track_id or "", _WITHHELD))
                track = replace(track, operator=None)  # what is withheld must not be at hand below
            try:
                features.append(_feature(track, self._known))
            except FormatError as error:
                problems.append(error)
        frames: tuple[bytes, ...]
        if self._collection:
            frames = (b'{"type":"FeatureCollection","features":[' + b",".join(features) + b"]}",)
        else:
            frames = tuple([feature + b"\n" for feature in features])
        return Encoded(frames=frames, losses=tuple(losses), problems=tuple(problems))


def _feature(track: Track, known: _Known) -> bytes:
    state = track.state
    place = track.track_id or ""
    name, identifiers = _names(track)
    plain = not any(one.namespace == NAMESPACE for one in track.extensions)  # then nothing is merged into anything
    properties: _Sparse = {}
    if track.track_id is not None:
        properties["track_id"] = track.track_id
    if identifiers:
        properties["identifiers"] = _repeated(tuple(identifiers), place, known) if plain else _plain(identifiers, place)
    _add(properties, track, _TRACK_TABLE, place, known if plain else None)
    geometry: _Sparse | None = None
    if state is not None:
        position = state.position
        if position is not None:
            geometry = {"type": "Point", "coordinates": _coordinates(position, state, place)}
        _add(properties, state, _STATE_TABLE if position is None else _PLACED_TABLE, place)
    if track.extensions:
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


def _add(properties: _Sparse, struct: Struct, table: _Table, place: str, known: _Known | None = None) -> None:
    """Put in what the struct's members say; with `known`, repeated ones as text."""
    names, values = table
    for name, value in zip(names, values(struct), strict=True):
        if value is None:
            continue
        kind = type(value)
        if kind is float:
            if value - value != 0.0:  # type: ignore[operator]  # mypy does not follow `kind`
                raise FormatError(codes.NOT_FINITE, place=place)
            properties[name] = value
        elif kind is datetime or kind is str:
            properties[name] = value
        elif known is not None and name in _REPEATED:
            if value != ():
                properties[name] = _repeated(value, place, known)
        elif value != ():
            properties[name] = _plain(value, place)


def _repeated(value: object, place: str, known: _Known) -> object:
    """The value as JSON text if that can be made, else as `_plain`, which says what is wrong with it."""
    text = known.get(value)
    if text is None:
        plain = _plain(value, place)
        try:
            octets = _ENCODER.encode(plain)
        except (UnicodeEncodeError, OverflowError, TypeError, ValueError):
            return plain
        text = msgspec.Raw(octets)
        if len(octets) < _CACHED_OCTETS:
            if len(known) >= _CACHED:
                known.clear()
            known[value] = text
    return text


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
    if not isinstance(members, dict):
        return {}
    members.pop(OPERATOR, None)  # no decoder of ours puts it there, and whoever did gets around nothing
    return members


def _merge(properties: _Sparse, unknown: _Sparse) -> None:
    """Put unknown members back; a known one always wins."""
    for name, value in unknown.items():
        present = properties.get(name)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif name not in properties and (name not in PROPERTIES or isinstance(value, dict)):
            # As text of our own making: it may hold what msgspec refuses (lone surrogates, very large integers).
            properties[name] = msgspec.Raw(json.dumps(value).encode())
