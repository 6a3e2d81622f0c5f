"""The usual Feature, decoded in one typed pass: only members that are known, none of them null, no escapes.

Numbers, their bounds, times and the environment are checked by msgspec as it decodes. Members that hold objects come as
raw text and go through the general reader once; what a feed repeats is remembered by its text. msgspec passes over a
doubled member, so the quotation marks are counted: without escapes there are two for each name and each text, and one
name too many shows.

Whatever does not fit is no error: the general reader reads it, and every refusal comes from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, Protocol, cast

import msgspec
from msgspec import UNSET, Meta, Raw, Struct

from gateway.formats.geojson.members import ANY_BOUND, BEARINGS, BOUNDS, PROPERTIES, STATE
from gateway.track import Environment, Position, State, Track

_CACHED = 4_096  # parts of one decoder's memory; then it starts anew
_CACHED_OCTETS = 2_048
_FIELDS = {
    field.name: field.type
    for kind in (Track, State)
    for field in msgspec.structs.fields(kind)
    if field.name in PROPERTIES
}


class NotFlatError(ValueError):
    """The text is not certainly a usual Feature; says nothing against it."""


class _Geometry(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["Point"]
    coordinates: Annotated[list[float], Meta(min_length=2, max_length=3)]


def _wire(name: str) -> object:
    """How the wire holds a property: quantities bounded, times with a zone, texts, and raw text of all else."""
    member, declared = PROPERTIES[name], str(_FIELDS[name])
    if member.nested is not None:
        return Raw
    if "float" in declared and "tuple" not in declared:
        low, high = (0.0, 360.0) if name in BEARINGS else BOUNDS.get(name, ANY_BOUND)
        return Annotated[float, Meta(ge=low, le=high)]
    if "datetime" in declared:
        return Annotated[datetime, Meta(tz=True)]
    if "Environment" in declared:
        return Environment
    return str if "str" in declared and "tuple" not in declared else Raw


_NAMES = tuple(PROPERTIES)
_TRACK_NUMBERS = [name for name in _NAMES if name not in STATE and "float" in str(_FIELDS[name]) and _wire(name) != Raw]
_PROPERTIES = msgspec.defstruct(
    "_Properties",
    [(name, _wire(name) | msgspec.UnsetType, UNSET) for name in _NAMES],
    frozen=True,
    forbid_unknown_fields=True,
)
_FEATURE = msgspec.defstruct(
    "_Feature",
    [("type", Literal["Feature"]), ("id", str), ("geometry", _Geometry | None), ("properties", _PROPERTIES)],
    frozen=True,
    forbid_unknown_fields=True,
)


class _Feature(Protocol):
    """What `_FEATURE` makes."""

    id: str
    geometry: _Geometry | None
    properties: Struct


class _Collection(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["FeatureCollection"]
    features: list[Raw]


_decode_feature = cast("Callable[[bytes], _Feature]", msgspec.json.Decoder(_FEATURE).decode)
_decode_collection = msgspec.json.Decoder(_Collection).decode
_QUOTES_OF_COLLECTION = 2 * 3  # two names, one text


class Flat(Struct, frozen=True):
    """What a Feature says, in two heaps; all of it checked but texts and codes."""

    name: str
    position: Position | None
    state: dict[str, object]
    """Members of a `State`, the height of the coordinates among them."""
    track: dict[str, object]
    """Members of a `Track`."""
    texts: dict[str, str]
    """Members of either that are texts or codes."""


class FlatReader:
    """Reads usual features. `read_part` gives the value of one property's text, or raises `ValueError`."""

    def __init__(self, read_part: Callable[[str, bytes], object]) -> None:
        self._read_part = read_part
        self._known: dict[tuple[str, bytes], tuple[object, int]] = {}

    def features(self, octets: bytes) -> list[bytes]:
        """The features of a collection, each as its text. Raises `NotFlatError`."""
        try:
            found = [bytes(one) for one in _decode_collection(octets).features]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise NotFlatError from None
        if octets.count(b'"') - sum([one.count(b'"') for one in found]) != _QUOTES_OF_COLLECTION:
            raise NotFlatError
        return found

    def feature(self, octets: bytes) -> Flat:
        """One Feature. Raises `NotFlatError`; the caller has made sure that `is_simple` holds."""
        try:
            feature = _decode_feature(octets)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise NotFlatError from None
        state: dict[str, object] = {}
        track: dict[str, object] = {}
        texts: dict[str, str] = {}
        quotes = 2 * (4 + 2)  # names and texts of the Feature itself
        position = None
        for name, value in zip(_NAMES, msgspec.structs.astuple(feature.properties), strict=True):
            if value is UNSET:
                continue
            quotes += 2
            kind = type(value)
            if kind is float:
                state[name] = 0.0 if value == 360.0 and name in BEARINGS else value
                continue
            if kind is str:
                texts[name] = value
                quotes += 2
                continue
            if kind is Raw:
                value, count = self._part(name, bytes(value))
                quotes += count
            else:
                quotes += 2
            (state if name in STATE else track)[name] = value
        for name in _TRACK_NUMBERS:  # seldom there: cheaper to move than to ask of each number
            if name in state:
                track[name] = state.pop(name)
        if feature.geometry is not None:
            quotes += 2 * (2 + 1)
            position = _position(feature.geometry.coordinates, state)
        if octets.count(b'"') != quotes:
            raise NotFlatError
        return Flat(feature.id, position, state, track, texts)

    def _part(self, name: str, text: bytes) -> tuple[object, int]:
        """The value of a property's text, and how many quotation marks it has."""
        known = self._known.get((name, text))
        if known is None:
            try:
                known = self._read_part(name, text), text.count(b'"')
            except ValueError:
                raise NotFlatError from None
            if len(text) < _CACHED_OCTETS:
                if len(self._known) >= _CACHED:
                    self._known.clear()
                self._known[name, text] = known
        return known


def is_simple(octets: bytes) -> bool:
    """Whether the text is UTF-8 without escapes, control characters, or anything else that cannot be printed."""
    try:
        return b"\\" not in octets and octets.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _position(numbers: list[float], state: dict[str, object]) -> Position:
    longitude, latitude = numbers[0], numbers[1]
    if not (-180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0):
        raise NotFlatError
    if len(numbers) == 3:
        if not ANY_BOUND[0] <= numbers[2] <= ANY_BOUND[1]:
            raise NotFlatError
        state["altitude_hae_m"] = numbers[2]
    return Position(latitude_deg=latitude, longitude_deg=180.0 if longitude == -180.0 else longitude)
