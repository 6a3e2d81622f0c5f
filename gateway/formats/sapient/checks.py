"""The tests of single values that `table_v2` and `rules` amount to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from math import isfinite

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from msgspec import Struct

from gateway.errors import Code
from gateway.formats.sapient import codes, rules
from gateway.formats.sapient.schema import EnumFact, FieldFact, MessageFact, Schema
from gateway.formats.sapient.table_v2 import VERSION as _V2

Test = Callable[..., object]
"""Called with a value; true if it holds. Often a function in C, hence no narrower type."""

_FORMS: dict[str, tuple[Test, str]] = {
    "uuid": (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}").fullmatch,
        "a UUID of version 4 in lower case",
    ),
    "ulid": (re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}").fullmatch, "a ULID in upper case"),
}
_FLOATS = ("float", "double")
_TEXTS = ("string", "bytes")
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799  # seconds of the years 1 to 9999
_NANOSECONDS = 1_000_000_000


class Check(Struct, frozen=True, kw_only=True):
    """One thing that holds for a value."""

    ok: Test
    code: Code
    expected: str


def allowed(enum: EnumFact, field: FieldFact) -> frozenset[int]:
    """What may be sent: zero, UNSPECIFIED, only where a field without presence cannot leave it out."""
    return frozenset([number for number, _ in enum.values if number or field.bare])


def form_of(field: FieldFact, key: tuple[str, str]) -> Test | None:
    """The test of an identifier's form; `None` for what is no identifier. `key` is (message, field)."""
    form = rules.FORMS.get(key, field.form)
    return _FORMS[form][0] if form else None


def checks(schema: Schema, message: str, field: FieldFact) -> tuple[Check, ...]:
    """What holds for each value of a field, in the order in which breaches are told: the first is the one to tell."""
    return tuple(_checks(schema, message, field))


def _checks(schema: Schema, message: str, field: FieldFact) -> Iterator[Check]:
    key = (message, field.name)
    form = rules.FORMS.get(key, field.form)
    if field.type in schema.enums:
        yield from _enum_checks(schema.enums[field.type], field)
    if field.type in _FLOATS:
        yield Check(ok=isfinite, code=codes.NOT_FINITE, expected="a finite number")
    if key in rules.RANGES:
        least, most, words = rules.RANGES[key]
        yield Check(ok=lambda value: least <= value <= most, code=codes.RANGE, expected=words)
    if key == rules.ICD_VERSION:
        yield Check(ok=schema.version.__eq__, code=codes.ICD_VERSION, expected=repr(schema.version))
    elif form:
        yield Check(ok=_FORMS[form][0], code=codes.ID_FORM, expected=_FORMS[form][1])
    elif field.type in _TEXTS and (field.must or field.many or field.oneof):
        yield Check(ok=bool, code=codes.EMPTY, expected="some text")


def _enum_checks(enum: EnumFact, field: FieldFact) -> Iterator[Check]:
    words = f"a value of {enum.name}"
    if not field.bare:
        yield Check(ok=bool, code=codes.UNSPECIFIED, expected=words)
    if enum.reserved:
        yield Check(ok=lambda value: value not in enum.reserved, code=codes.RESERVED_VALUE, expected=words)
    yield Check(ok=allowed(enum, field).__contains__, code=codes.UNKNOWN_VALUE, expected=words)


def absent(schema: Schema, fact: MessageFact, present: Iterable[str]) -> Iterator[tuple[str, Code, str, str]]:
    """(field, code, expected, clause) of what is mandatory and not present."""
    names = frozenset(present)
    for field in fact.fields:
        source = must_field(schema, fact, field)
        if source and field.name not in names:
            expected = "at least one" if field.many else "a value"
            yield field.name, codes.MISSING, expected, f"{source}, {fact.name}.{field.name} is mandatory"
    for name, must in fact.oneofs:
        source = must_oneof(schema, fact, name, must=must)
        members = [field.name for field in fact.fields if field.oneof == name]
        if source and names.isdisjoint(members):
            expected = "one of " + ", ".join(members)
            yield name, codes.NO_ALTERNATIVE, expected, f"{source}, {fact.name}.{name} is mandatory"


def must_field(schema: Schema, fact: MessageFact, field: FieldFact) -> str:
    """Which document makes the field mandatory; empty if none does."""
    own = "" if schema.version != _V2 else rules.MUST.get((fact.name, field.name), "")
    return own or (schema.version if field.must else "")


def must_oneof(schema: Schema, fact: MessageFact, name: str, *, must: bool) -> str:
    """Which document makes a member of the oneof mandatory; empty if none does."""
    own = "" if schema.version != _V2 else rules.MUST_ONEOF.get((fact.name, name), "")
    return own or (schema.version if must else "")


def good_instant(message: Message) -> bool:
    """Whether a Timestamp is within what proto3 allows."""
    instant: Timestamp = message  # type: ignore[assignment]  # of our own pool, the same fields
    return _EARLIEST <= instant.seconds <= _LATEST and 0 <= instant.nanos < _NANOSECONDS
