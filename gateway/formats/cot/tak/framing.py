"""Frames around TAK messages: the header of a stream, which tells the length, and of a mesh, which tells the version.

    stream   0xbf  varint length   payload
    mesh     0xbf  varint version  0xbf  payload     (one per datagram)

No payload begins with 0xbf (it would be a tag of a wire type that does not exist), so one octet tells them apart.
"""

from __future__ import annotations

from enum import Enum

from gateway.errors import FormatError
from gateway.formats.cot.tak import codes

MAGIC = 0xBF
VERSION = 1
_LONGEST_VARINT = 10  # octets of a 64-bit number; longer ones are no numbers
_MESH_HEADER = b"\xbf\x01\xbf"


class Framing(Enum):
    """How a TAK message is framed."""

    STREAM = "STREAM"
    MESH = "MESH"


def varint(value: int) -> bytes:
    """`value` as TAK and protobuf write whole numbers: seven bits an octet, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def varint_at(octets: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """(value, offset behind it) of the number at `at`; `None` if octets are missing; `FormatError` for no number."""
    value = 0
    for index in range(_LONGEST_VARINT):
        if at + index >= len(octets):
            return None
        octet = octets[at + index]
        value |= (octet & 0x7F) << (7 * index)
        if octet < 0x80:
            return value, at + index + 1
    raise FormatError(codes.MALFORMED, place=f"octet {at}", cause=f"a number of more than {_LONGEST_VARINT} octets")


def stream_frame(payload: bytes) -> bytes:
    """The payload as a stream carries it."""
    return b"\xbf" + varint(len(payload)) + payload


def mesh_frame(payload: bytes) -> bytes:
    """The payload as a datagram of a mesh carries it."""
    return _MESH_HEADER + payload


def payload_of(octets: bytes) -> tuple[bytes, Framing, int]:
    """(payload, framing, offset behind it) of the frame that `octets` begin with.

    A mesh frame ends with the datagram. `FormatError`: ``TAK-002`` a version that we do not speak, ``TAK-004`` a frame
    that is longer than its octets, ``TAK-001`` no frame.
    """
    found = varint_at(octets, 1)
    if found is None:
        raise FormatError(codes.CUT, place=f"octet {len(octets)}", cause="the header is incomplete")
    value, start = found
    if value and octets[start : start + 1] == b"\xbf":  # after a length of zero the next frame begins
        if value != VERSION:
            raise FormatError(codes.VERSION, place="octet 1", cause=f"observed version {value}, expected {VERSION}")
        return octets[start + 1 :], Framing.MESH, len(octets)
    if len(octets) - start < value:
        cause = f"the header says {value} octets, {len(octets) - start} are there"
        raise FormatError(codes.CUT, place=f"octet {len(octets)}", cause=cause)
    return octets[start : start + value], Framing.STREAM, start + value
