"""Octets to valid messages: protobuf with or without lengths before it, or the JSON mapping; checked, version told.

A frame is one message as the splitter cuts it, several with their lengths before them (a file, a request body), or
JSON: one object, or one per line. Which it is cannot be mistaken: a message read as a length would be larger than any
frame may be, and neither begins with a brace.
"""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from google.protobuf.message import Message
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.json import read_json
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.arrived import Arrived
from gateway.formats.sapient.session.session import Session
from gateway.formats.sapient.stream import PREFIX_OCTETS
from gateway.formats.sapient.table_v1 import VERSION as V1
from gateway.formats.sapient.v1 import parse_v1, read_json_v1, upgrade, validate_v1
from gateway.formats.sapient.validate import Fault, validate
from gateway.limits import Limits
from gateway.stages import Frame

_BOM = b"\xef\xbb\xbf"
_TIMESTAMP, _SECONDS = (
    b"\x0a",
    b"\x08",
)  # tags with which a message usually begins, the length of the first between them
_REASONS = 8  # of one refusal; the first says most
_REASON_CHARACTERS = 500


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
    if octets[:1] == _TIMESTAMP and octets[2:3] == _SECONDS and _length(octets) > len(octets):
        return [Piece(octets, False, 0)]  # the usual frame: one message as the splitter cuts it
    if octets[:3] == _BOM or octets.lstrip(b" \t\r\n")[:1] == b"{":
        pieces = _json_pieces(octets)
    else:
        pieces = _prefixed(octets) or [Piece(octets, False, 0)]
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


def _prefixed(octets: bytes) -> list[Piece]:
    """The messages of octets that are nothing but messages with their lengths; none otherwise."""
    found: list[Piece] = []
    at = 0
    while at + PREFIX_OCTETS <= len(octets):
        size = _length(octets, at)
        start = at + PREFIX_OCTETS
        if size == 0 or start + size > len(octets):
            return []
        found.append(Piece(octets[start : start + size], False, start))
        at = start + size
    return found if at == len(octets) else []


def _length(octets: bytes, at: int = 0) -> int:
    return int.from_bytes(octets[at : at + PREFIX_OCTETS], "little")


class InvalidError(FormatError):
    """A message that was understood, and breaks the standard."""

    message: SapientMessage
    faults: tuple[Fault, ...]


def invalid(message: SapientMessage, faults: tuple[Fault, ...]) -> InvalidError:
    """The first fault as an error that names them all."""
    first = faults[0].refusal()
    cause = first.cause
    if len(faults) > 1:
        others = ", ".join(one.path for one in faults[1:_REASONS])
        more = f" and {len(faults) - _REASONS} more" if len(faults) > _REASONS else ""
        cause = f"{cause}; also wrong: {others}{more}"
    error = InvalidError(first.code, place=first.place, cause=cause)
    error.message, error.faults = message, faults
    return error


def reasons_of(error: FormatError) -> list[str]:
    """A refusal in words for the peer, one per fault."""
    if isinstance(error, InvalidError):
        return [f"{one.code.id} {one.path}: {one.cause}"[:_REASON_CHARACTERS] for one in error.faults[:_REASONS]]
    return [str(error)[:_REASON_CHARACTERS]]


def arrived(piece: Piece, frame: Frame, session: Session, limits: Limits) -> Arrived:
    """The valid message of a piece, carried over to v2.0 where its node speaks v1.0.

    A Registration says which version it is; of any other message its node's Registration has said it.
    `FormatError` for octets that are no message, `InvalidError` for a message that breaks its version's rules.
    """
    if piece.json:
        return _arrived_json(piece, frame, session, limits)
    message = parse(piece.octets)
    if _version(message, session) == V1:
        return _carried(parse_v1(piece.octets), piece.octets, frame)
    faults = validate(message, octets=piece.octets)
    if faults:
        raise invalid(message, faults)
    return Arrived(message, piece.octets, frame)


def _version(message: SapientMessage, session: Session) -> str | None:
    """What its Registration, this one or the node's last, declares; both versions have the fields in the same place."""
    if message.HasField("registration"):
        return message.registration.icd_version
    return session.version(message.node_id)


def _arrived_json(piece: Piece, frame: Frame, session: Session, limits: Limits) -> Arrived:
    if V1.encode() in piece.octets or session.speaks(V1):
        with suppress(FormatError):
            old = read_json_v1(piece.octets, limits)
            if _version(cast("SapientMessage", old), session) == V1:
                return _carried(old, old.SerializeToString(deterministic=True), frame)
    message = read_json(piece.octets, limits)
    faults = validate(message)
    if faults:
        raise invalid(message, faults)
    return Arrived(message, serialise(message), frame)


def _carried(old: Message, octets: bytes, frame: Frame) -> Arrived:
    faults = validate_v1(old, octets=octets)
    message, losses = upgrade(old)
    if faults:
        raise invalid(message, faults)
    return Arrived(message, octets, frame, losses)


def check_plausible(message: SapientMessage) -> None:
    """`FormatError` for the first thing that is hard to believe; see `plausible`.

    Where detections and alerts are and how they move is judged where they become tracks, by what their node declared.
    """
    doubts = implausible(message, seen=False)
    if doubts:
        raise FormatError(doubts[0].code, place=doubts[0].path, cause=doubts[0].cause)
