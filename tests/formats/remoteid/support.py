"""The reference vector of the open C library, and frames as feeds make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.formats.remoteid import RemoteIdDecoder
from gateway.stages import Frame
from gateway.track import Track

# Source: opendroneid-core-c (encoders run once with its own example values); the comments are what went in.
BASIC_ID = bytes.fromhex("02223132333435363738393031323334353637383930000000")  # registration, multirotor
LOCATION = bytes.fromhex("122624160a42bf241b6ed1b4b69808ac0870086b53150e0200")
SYSTEM = bytes.fromhex("4204a6bf241bd2d1b4b62300073109230824f907003fab0100")
OPERATOR_ID = bytes.fromhex("52003938373635343332313030313233343536373839000000")
SELF_ID = bytes.fromhex("320044726f6e65735255533a205265616c2045737461746500")
PACK = bytes.fromhex("f21905") + BASIC_ID + LOCATION + SELF_ID + SYSTEM + OPERATOR_ID

NOW = datetime(2026, 11, 22, 12, 5, 59, tzinfo=UTC)  # the vector's time is 6 min 0.5 s past the hour
MAC = "60:60:1f:1e:30:1e"


def frame(octets: bytes, *, after_s: float = 0.0, peer: str = "192.0.2.1:4000", now: datetime = NOW) -> Frame:
    """A frame that came so long after `NOW`."""
    received_at = now + timedelta(seconds=after_s)
    return Frame(octets=octets, feed="rid", source="rid-north", peer=peer, received_at=received_at)


def one(octets: bytes, *, now: datetime = NOW, decoder: RemoteIdDecoder | None = None) -> Track:
    """The only track of a frame."""
    decoded = (decoder or RemoteIdDecoder(node="nld-1")).decode(frame(octets, now=now))
    assert decoded.problems == ()
    (track,) = decoded.tracks
    return track


def basic(serial: str, *, id_type: int = 1, ua_type: int = 2) -> bytes:
    """A Basic ID message."""
    return bytes((0x02, id_type << 4 | ua_type)) + serial.encode().ljust(20, b"\0") + b"\0\0\0"


def located(latitude: int = 455393090, longitude: int = -1229663890, *, tenths: int = 3605, flags: int = 0x26) -> bytes:
    """The reference Location elsewhere, or at another time."""
    return (
        LOCATION[:1]
        + bytes((flags,))
        + LOCATION[2:5]
        + latitude.to_bytes(4, "little", signed=True)
        + longitude.to_bytes(4, "little", signed=True)
        + LOCATION[13:21]
        + tenths.to_bytes(2, "little")
        + LOCATION[23:]
    )


def packed(*messages: bytes) -> bytes:
    """A pack of messages."""
    return bytes((0xF2, 25, len(messages))) + b"".join(messages)


def beacon(payload: bytes, address: str = MAC) -> bytes:
    """A whole Wi-Fi beacon frame that carries a pack."""
    sender = bytes.fromhex(address.replace(":", ""))
    head = b"\x80\x00\x00\x00" + b"\xff" * 6 + sender + sender + b"\x00\x00"
    fixed = bytes(8) + b"\xa0\x00\x20\x04"
    ssid, rates = b"\x00\x03RID", b"\x01\x01\x8c"
    return head + fixed + ssid + rates + bytes((0xDD, 5 + len(payload))) + b"\xfa\x0b\xbc\x0d\x07" + payload


def service_data(payload: bytes) -> bytes:
    """Bluetooth service data with its length."""
    return bytes((5 + len(payload),)) + b"\x16\xfa\xff\x0d\x07" + payload


def discovery(payload: bytes, address: str = MAC) -> bytes:
    """A whole NAN service discovery frame."""
    sender = bytes.fromhex(address.replace(":", ""))
    head = b"\xd0\x00\x00\x00" + bytes.fromhex("516f9a010000") + sender + bytes.fromhex("506f9a0100ff") + b"\x00\x00"
    info = b"\x07" + payload
    body = bytes.fromhex("8869199d9209") + b"\x01\x00\x10" + bytes((len(info),)) + info
    descriptor = b"\x03" + len(body).to_bytes(2, "little") + body
    extension = b"\x0e\x04\x00\x01\x00\x02\x07"
    return head + bytes.fromhex("0409506f9a13") + descriptor + extension
