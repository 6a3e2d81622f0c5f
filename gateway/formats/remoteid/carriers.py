"""What Remote ID messages travel in over the air, taken off: Bluetooth service data, Wi-Fi beacons, Wi-Fi NAN.

A frame may be any of these; the first octets tell, and none can be taken for another:

    n x 25 octets                            messages, one after the other
    F0..F2 19 n ...                          a pack
    [length] 16 FA FF 0D counter ...         Bluetooth service data of 0xFFFA, of legacy or long-range advertising
    [DD length] FA 0B BC 0D counter ...      vendor element of a Wi-Fi beacon
    80 00 ...                                a whole Wi-Fi beacon frame, from its frame control on
    D0 00 ...                                a whole NAN service discovery (action) frame
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.remoteid import codes
from gateway.formats.remoteid.wire import PACK, PACK_HEAD, PACK_MAX, SIZE, split_pack

_SERVICE = b"\xfa\xff\x0d"  # UUID 0xFFFA, application code 0x0D
_SERVICE_DATA = b"\x16" + _SERVICE
_VENDOR = b"\xfa\x0b\xbc\x0d"  # OUI of ASD-STAN, type 0x0D
_VENDOR_ELEMENT = 0xDD
_MANAGEMENT = 24  # octets of a management frame's head: control, duration, three addresses, sequence
_BEACON_FIXED = 12  # timestamp, interval, capabilities
_ADDRESS = slice(10, 16)  # of the transmitter
_NAN = b"\x04\x09\x50\x6f\x9a\x13"  # public action, vendor specific, Wi-Fi Alliance, NAN
_NAN_SERVICE = b"\x88\x69\x19\x9d\x92\x09"  # hash of org.opendroneid.remoteid
_NAN_DESCRIPTOR = 0x03
_DESCRIPTOR_HEAD = 10  # service id, instance, requestor, control, length of the service info


class Carried(Struct, frozen=True, kw_only=True, gc=False):
    """What one transmission carried."""

    messages: tuple[bytes, ...]
    """25 octets each, not decoded."""
    address: str = ""
    """Of the transmitter, as ``60:60:1f:1e:30:1e``, where the frame holds it."""
    is_pack: bool = False
    """The messages came as one pack, so they are of one aircraft."""


def unwrap(octets: bytes) -> Carried:
    """The messages in a binary frame; `FormatError` when it is none of the known ones or of another length."""
    kind = octets[:1]
    if kind == b"\x80" or kind == b"\xd0":
        if len(octets) < _MANAGEMENT:
            raise FormatError(codes.LENGTH, cause=f"{len(octets)} octets are no Wi-Fi frame")
        inner = _beacon(octets) if kind == b"\x80" else _discovery(octets)
        carried = _payload(inner)
        address = octets[_ADDRESS].hex(":")
        return Carried(messages=carried.messages, address=address, is_pack=carried.is_pack)
    if octets[:4] == _SERVICE_DATA:
        return _payload(octets[5:])
    if octets[1:5] == _SERVICE_DATA and len(octets) == octets[0] + 1:
        return _payload(octets[6:])
    if octets[:3] == _SERVICE:
        return _payload(octets[4:])
    if octets[:4] == _VENDOR:
        return _payload(octets[5:])
    if octets[:1] == b"\xdd" and octets[2:6] == _VENDOR:
        if len(octets) != octets[1] + 2:
            raise FormatError(codes.LENGTH, place="octet 1", cause=f"expected {octets[1] + 2} octets")
        return _payload(octets[7:])
    return _payload(octets)


def _payload(octets: bytes) -> Carried:
    """A pack, or messages one after the other."""
    if not octets:
        raise FormatError(codes.LENGTH, cause="no message at all")
    if octets[0] >> 4 == PACK:
        return Carried(messages=tuple(split_pack(octets)), is_pack=True)
    count, rest = divmod(len(octets), SIZE)
    if rest or not count:
        if octets[0] >> 4 > 5:
            raise FormatError(codes.NOT_REMOTE_ID, place="octet 0", cause=f"begins with {octets[:4].hex(' ')}")
        raise FormatError(codes.LENGTH, cause=f"{len(octets)} octets are no messages of {SIZE}")
    return Carried(messages=tuple([octets[at : at + SIZE] for at in range(0, len(octets), SIZE)]))


def _beacon(octets: bytes) -> bytes:
    """The pack in the vendor element of a beacon frame."""
    for tag, body in _elements(octets, _MANAGEMENT + _BEACON_FIXED):
        if tag == _VENDOR_ELEMENT and body[:4] == _VENDOR:
            return body[5:]
    raise FormatError(codes.NOT_REMOTE_ID, place="octet 0", cause="a Wi-Fi beacon without the element of Remote ID")


def _elements(octets: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """(id, body) of each information element; a torn last one, such as a frame check, ends them."""
    while at + 2 <= len(octets):
        end = at + 2 + octets[at + 1]
        if end > len(octets):
            return
        yield octets[at], octets[at + 2 : end]
        at = end


def _discovery(octets: bytes) -> bytes:
    """The pack in the service descriptor of a NAN service discovery frame."""
    if octets[_MANAGEMENT : _MANAGEMENT + len(_NAN)] != _NAN:
        raise FormatError(codes.NOT_REMOTE_ID, place=f"octet {_MANAGEMENT}", cause="an action frame, not NAN")
    at = _MANAGEMENT + len(_NAN)
    while at + 3 <= len(octets):
        kind, end = octets[at], at + 3 + int.from_bytes(octets[at + 1 : at + 3], "little")
        body = octets[at + 3 : end]
        if kind == _NAN_DESCRIPTOR and body[:6] == _NAN_SERVICE and len(body) > _DESCRIPTOR_HEAD and end <= len(octets):
            return body[_DESCRIPTOR_HEAD + 1 : _DESCRIPTOR_HEAD + body[9]]
        at = end
    raise FormatError(codes.NOT_REMOTE_ID, place=f"octet {_MANAGEMENT}", cause="no service descriptor of Remote ID")


def message_end(head: bytes) -> int:
    """Octets that the message or pack beginning with `head` is long; 0 when `head` is too short to tell.

    `FormatError` (``RID-012``) when neither begins there.
    """
    if not head:
        return 0
    kind, version = head[0] >> 4, head[0] & 0xF
    if kind <= 5 and version <= 2:
        return SIZE
    if kind == PACK and version <= 2:
        if len(head) < PACK_HEAD:
            return 0
        if head[1] == SIZE and 1 <= head[2] <= PACK_MAX:
            return PACK_HEAD + SIZE * head[2]
    raise FormatError(codes.STREAM, cause=f"neither message nor pack begins with {head[:3].hex(' ')}")
