"""ULIDs: 128 bits as 26 characters of Crockford's base 32. Their times are never read: ids outlive what they name."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from hashlib import sha256
from uuid import UUID

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
is_ulid = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII).fullmatch
"""Whether a text is a ULID in upper case."""


def text_of(bits: int) -> str:
    """The ULID of 128 bits."""
    return "".join([_PAIRS[bits >> shift & 1023] for shift in range(120, -1, -10)])


def bits_of(ulid: str) -> int:
    """The 128 bits of a ULID; the inverse of `text_of`."""
    bits = 0
    for digit in ulid:
        bits = bits << 5 | _VALUES[digit]
    return bits


def of_uuid(uuid: str) -> str:
    """The ULID with the same bits as a UUID: a track's id as an object id, and back by `to_uuid`, without a table."""
    return text_of(UUID(uuid).int)


def to_uuid(ulid: str) -> str:
    """The UUID, in lower case, with the same bits as a ULID."""
    return str(UUID(int=bits_of(ulid)))


def of_name(*words: str) -> str:
    """A ULID that is always the same for the same words."""
    return text_of(int.from_bytes(sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()[:16], "big"))


def fresh(now: datetime) -> str:
    """A ULID that nobody has used: milliseconds of `now`, then 80 random bits."""
    milliseconds = max(0, int(now.timestamp() * 1000)) & (1 << 48) - 1
    return text_of(milliseconds << 80 | secrets.randbits(80))


def node_id_of(name: str) -> str:
    """A UUID version 4 in form, always the same for the same name: the node id of whoever configured none."""
    bits = int.from_bytes(sha256(b"sapient-node\0" + name.encode("utf-8", "surrogatepass")).digest()[:16], "big")
    return str(UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62))
