"""Who a report is about: the octets of identifying items as `Identifier`s."""

from __future__ import annotations

from gateway.formats.asterix.memo import Memo
from gateway.track import Identifier

_ICAO = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?"
_LEGAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ")

NOT_VALIDATED = "NOT_VALIDATED"
GARBLED = "GARBLED"


def quality(*, v: bool, g: bool, third: str | None = None) -> str | None:
    """What the bits V, G and a third one (L or CH, by its name) say against a code; joined where several are set."""
    marks = [mark for mark, there in ((NOT_VALIDATED, v), (GARBLED, g), (third, True)) if there and mark]
    return "_AND_".join(marks) or None


def icao_text(octets: bytes) -> str:
    """Six octets as eight 6-bit characters without the padding (spaces, or zeros where a sender leaves them)."""
    raw = int.from_bytes(octets, "big")
    return "".join([_ICAO[raw >> shift & 63] for shift in range(42, -1, -6)]).rstrip(" @")


def ascii_text(octets: bytes) -> str:
    """Octets as text without the padding; octets that are not printable ASCII become ``?``."""
    return "".join([chr(octet) if 32 <= octet < 127 else "?" for octet in octets.rstrip(b" \0")])


def _callsign(octets: bytes) -> Identifier | None:
    text = icao_text(octets)
    if not text:
        return None
    return Identifier("callsign", text, None if _LEGAL.issuperset(text) else "ILLEGAL_CHARACTERS")


def _target_identification(octets: bytes) -> Identifier | None:
    """I062/245: STI says what the text is and where it is from."""
    text = icao_text(octets[1:])
    if not text:
        return None
    sti = octets[0] >> 6
    mark = "NOT_DOWNLINKED" if sti in (1, 2) else "INVALID" if sti == 3 else None
    return Identifier("registration" if sti == 2 else "callsign", text, mark)


def _mode(scheme: str, third: str | None) -> Memo[bytes, Identifier]:
    """Two octets V, G, third, spare and a 12-bit octal code."""

    def make(octets: bytes) -> Identifier:
        raw = int.from_bytes(octets, "big")
        mark = quality(v=bool(raw & 0x8000), g=bool(raw & 0x4000), third=third if raw & 0x2000 else None)
        return Identifier(scheme, f"{raw & 0xFFF:04o}", mark)

    return Memo(make)


def _mode_1(octets: bytes) -> Identifier:
    """I048/055: V, G, L and five bits A4 A2 A1 B2 B1, two octal digits."""
    raw = octets[0]
    mark = quality(v=bool(raw & 0x80), g=bool(raw & 0x40), third="SMOOTHED" if raw & 0x20 else None)
    return Identifier("mode1", f"{raw >> 2 & 7}{raw & 3}", mark)


address: Memo[bytes, Identifier] = Memo(lambda octets: Identifier("icao24", octets.hex()), 8192)
callsign: Memo[bytes, Identifier | None] = Memo(_callsign)
target_identification: Memo[bytes, Identifier | None] = Memo(_target_identification)
mode_1: Memo[bytes, Identifier] = Memo(_mode_1)
mode_2 = _mode("mode2", "SMOOTHED")
mode_3a = _mode("mode3a", "SMOOTHED")
track_mode_3a = _mode("mode3a", "CHANGED")


def mode_5(octets: bytes) -> tuple[Identifier, ...]:
    """I062/110#2: PIN, national origin and mission code, decimal; zero is no statement."""
    raw = int.from_bytes(octets, "big")
    fields = (("mode5_pin", raw >> 16 & 0x3FFF), ("mode5_nation", raw >> 8 & 0x1F), ("mode5_mission", raw & 0x3F))
    return tuple(Identifier(scheme, str(value)) for scheme, value in fields if value)


def composed(octets: bytes) -> tuple[Identifier, ...]:
    """I062/510: unit/number of the co-operating systems; the first one is the master."""
    found = []
    for place in range(0, len(octets), 3):
        number = int.from_bytes(octets[place + 1 : place + 3], "big") >> 1
        found.append(Identifier("composed_track", f"{octets[place]}/{number}", None if place else "MASTER"))
    return tuple(found)
