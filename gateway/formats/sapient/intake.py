"""Octets to valid messages: protobuf with or without lengths before it, or the JSON mapping; checked, version told.

A frame is one message as the splitter cuts it, several with their lengths before them (a file, a request body), or
JSON: one object, or one per line. Which it is cannot be mistaken: a message read as a length would be larger than any
frame may be, and neither begins with a brace.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.json import read_json
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.stream import PREFIX_OCTETS
from gateway.formats.sapient.validate import Fault, validate
from gateway.limits import Limits

_BOM = b"\xef\xbb\xbf"
_REASONS = 8  # of one refusal; the first says most


class Piece(Struct, frozen=True):
    """One message of a frame, not read yet."""

    octets: bytes
    json: bool
    offset: int


def pieces_of(octets: bytes, limits: Limits) -> list[Piece]:
    """The messages of a frame. `FormatError` for a frame that is too large or holds too many."""
    if len(octets) > limits.max_frame_octets:
        cause = f"{len(octets)} octets, at most {limits.max_frame_octets}"
        raise FormatError(codes.TOO_LARGE, place=f"octet {limits.max_frame_octets}", cause=cause)
    if octets[:3] == _BOM or octets.lstrip(b" \t\r\n")[:1] == b"{":
        pieces = _json_pieces(octets)
    else:
        pieces = list(_prefixed(octets)) or [Piece(octets, False, 0)]
    if len(pieces) > limits.max_records_per_frame:
        cause = f"{len(pieces)} messages, at most {limits.max_records_per_frame}"
        raise FormatError(codes.TOO_MANY, place="frame", cause=cause)
    return pieces


def _json_pieces(octets: bytes) -> list[Piece]:
    found: list[Piece] = []
    offset = 0
    for line in octets.split(b"\n"):
        text = line.strip(b" \t\r").removeprefix(_BOM)
        if text:
            if not (text[:1] == b"{" and text[-1:] == b"}"):
                return [Piece(octets, True, 0)]  # one object on several lines, or something that is refused as such
            found.append(Piece(text, True, offset))
        offset += len(line) + 1
    return found


def _prefixed(octets: bytes) -> Iterator[Piece]:
    """The messages of octets that are nothing but messages with their lengths; none otherwise."""
    found: list[Piece] = []
    at = 0
    while at + PREFIX_OCTETS <= len(octets):
        size = int.from_bytes(octets[at : at + PREFIX_OCTETS], "little")
        start = at + PREFIX_OCTETS
        if size == 0 or start + size > len(octets):
            return
        found.append(Piece(octets[start : start + size], False, start))
        at = start + size
    if at == len(octets):
        yield from found


def read(piece: Piece, limits: Limits) -> SapientMessage:
    """The message of a piece, whether it is valid or not; `FormatError` for what is none at all."""
    return read_json(piece.octets, limits) if piece.json else parse(piece.octets)


def raw_of(piece: Piece, message: SapientMessage) -> bytes:
    """The octets to keep of a message: as they came, or in protobuf where they came as JSON."""
    return serialise(message) if piece.json else piece.octets


def faults_of(piece: Piece, message: SapientMessage) -> tuple[Fault, ...]:
    """What the validator has against a message."""
    return validate(message) if piece.json else validate(message, octets=piece.octets)


def refusal_of(faults: tuple[Fault, ...]) -> FormatError:
    """The first fault as an error that names them all."""
    first = faults[0].refusal()
    if len(faults) == 1:
        return first
    others = ", ".join(one.path for one in faults[1:_REASONS])
    more = f" and {len(faults) - _REASONS} more" if len(faults) > _REASONS else ""
    return FormatError(first.code, place=first.place, cause=f"{first.cause}; also wrong: {others}{more}")


def reasons_of(faults: tuple[Fault, ...]) -> list[str]:
    """Faults as words for the peer."""
    return [f"{one.code.id} {one.path}: {one.cause}"[:500] for one in faults[:_REASONS]]


def check_plausible(message: SapientMessage) -> None:
    """`FormatError` for the first thing that is hard to believe; see `plausible`."""
    doubts = implausible(message)
    if doubts:
        raise FormatError(doubts[0].code, place=doubts[0].path, cause=doubts[0].cause)
