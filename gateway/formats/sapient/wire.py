"""The protobuf wire format itself: which field stands where. For what a parsed message no longer tells."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, MessageFact, Schema

DEPTH = 100  # protobuf's own bound on nesting; what it refused never comes here
_SECONDS_AND_NANOS = MessageFact(
    name=TIMESTAMP,
    fields=(FieldFact(number=1, name="seconds", type="int64"), FieldFact(number=2, name="nanos", type="int32")),
)


class Wire(IntEnum):
    """How the octets of a field are laid out; groups (3 and 4) are not in proto3 and end the walk."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


class Place(Struct, frozen=True, kw_only=True):
    """One field on the wire: from its tag at `offset`, its value from `start` to `stop`."""

    offset: int
    start: int
    stop: int
    number: int
    wire: Wire
    path: str
    fact: FieldFact | None
    """What the table says of it; `None` for a number that it does not know."""
    message: str
    """Name of the message that it is in."""


def walk(schema: Schema, octets: bytes, *, root: str = "SapientMessage", most: int = 20_000) -> Iterator[Place]:
    """Every field in the order of the octets, an embedded message before its fields; ends early at what is no field.

    At most `most` places: a frame of a million octets may hold half a million of them.
    """
    left = most
    for place in _message(schema, octets, 0, len(octets), schema.messages[root], "", 0):
        left -= 1
        if left < 0:
            return
        yield place


def _message(
    schema: Schema, octets: bytes, start: int, stop: int, fact: MessageFact, path: str, depth: int
) -> Iterator[Place]:
    fields = {field.number: field for field in fact.fields}
    counts: dict[int, int] = {}
    at = start
    while at < stop:
        tag, value = varint(octets, at, stop)
        span = _span(octets, value, stop, tag & 7)
        if span is None or tag < 8:
            return
        number = tag >> 3
        field = fields.get(number)
        name = field.name if field is not None else f"field {number}"
        if field is not None and field.many:
            name += f"[{counts.get(number, 0)}]"
            counts[number] = counts.get(number, 0) + 1
        here = f"{path}.{name}" if path else name
        yield Place(
            offset=at,
            start=span[0],
            stop=span[1],
            number=number,
            wire=Wire(tag & 7),
            path=here,
            fact=field,
            message=fact.name,
        )
        inner = None if field is None else schema.messages.get(field.type)
        if field is not None and field.type == TIMESTAMP:
            inner = _SECONDS_AND_NANOS
        if inner is not None and tag & 7 == Wire.LENGTH and depth < DEPTH:
            yield from _message(schema, octets, span[0], span[1], inner, here, depth + 1)
        at = span[1]


def varint(octets: bytes, at: int, stop: int) -> tuple[int, int]:
    """(value, place after it) of the variable-length number at `at`; (0, `stop`) where it does not end."""
    value = shift = 0
    while at < stop and shift < 70:
        octet = octets[at]
        at += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, at
        shift += 7
    return 0, stop


def _span(octets: bytes, at: int, stop: int, wire: int) -> tuple[int, int] | None:
    """Where the value of a field begins and ends; `None` for a layout that proto3 does not have, or beyond the end."""
    start, end = at, at
    if wire == Wire.VARINT:
        end = varint(octets, at, stop)[1]
    elif wire == Wire.FIXED64:
        end = at + 8
    elif wire == Wire.FIXED32:
        end = at + 4
    elif wire == Wire.LENGTH:
        size, start = varint(octets, at, stop)
        end = start + size
    else:
        return None
    return (start, end) if end <= stop else None
