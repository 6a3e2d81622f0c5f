"""The proto3 JSON form of messages, for testing and for people: read strictly and with every fault, and written.

`google.protobuf.json_format` stops at the first fault and names it in its own words; a validator has to go on.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import cast

from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.errors import Code, FormatError
from gateway.formats.sapient import codes
from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, MessageFact, Schema
from gateway.formats.sapient.v2 import SapientMessage, schema
from gateway.formats.sapient.validate import Fault, validate
from gateway.limits import Limits

_Json = object
_FAULTS = 100
_MOST_FLOAT = 3.4028235677973366e38  # beyond, a number is no float of 32 bits
_INT32 = 2**31
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?").fullmatch
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_json(octets: bytes, limits: Limits | None = None) -> SapientMessage:
    """The message of a JSON text, with or without a byte order mark; `FormatError` for the first that is wrong.

    Whether the message is valid is `validate`'s to say.
    """
    message, faults = fill(octets, limits or Limits(), schema())
    if faults:
        raise faults[0].refusal()
    return cast("SapientMessage", message)


def validate_json(octets: bytes, limits: Limits | None = None) -> tuple[Fault, ...]:
    """All that is wrong with a JSON text as a SAPIENT message: names and types first, then what `validate` says.

    `FormatError` for what is no JSON object, or over the limits.
    """
    read, faults = fill(octets, limits or Limits(), schema())
    message = cast("SapientMessage", read)
    told = {one.path for one in faults}
    return (*faults, *[one for one in validate(message) if one.path not in told])[:_FAULTS]


def write_json(message: SapientMessage) -> bytes:
    """The message as one line of JSON; `FormatError` for a time that JSON cannot express."""
    try:
        text = json_format.MessageToJson(message, indent=None, ensure_ascii=False)
        return text.encode()
    except (ValueError, json_format.Error, RecursionError) as error:
        raise FormatError(codes.UNWRITABLE, cause=str(error)[:120]) from None


def json_name(name: str) -> str:
    """The member that a field is in proto3 JSON: `utm_zone` is `utmZone`."""
    first, *others = name.split("_")
    return first + "".join([one[:1].upper() + one[1:] for one in others])


def fill(octets: bytes, limits: Limits, schema: Schema) -> tuple[Message, list[Fault]]:
    """A message of the schema with what could be read of a JSON text, and what is wrong with the rest.

    `FormatError` for what is no JSON object, or over the limits.
    """
    if len(octets) > limits.max_frame_octets:
        raise FormatError(codes.TOO_LARGE, cause=f"{len(octets)} octets, at most {limits.max_frame_octets}")
    try:
        body: _Json = json.loads(octets.decode("utf-8-sig"), object_pairs_hook=_Pairs, parse_constant=_refuse)
    except RecursionError:
        raise FormatError(codes.TOO_DEEP, cause="deeper than can be followed") from None
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are some
        raise FormatError(codes.NOT_JSON, cause=str(error)[:120]) from None
    if not isinstance(body, _Pairs):
        raise FormatError(codes.NOT_JSON, cause=f"expected an object, observed {type(body).__name__}")
    reader = _Reader(schema, limits.max_xml_depth)
    message = schema.classes["SapientMessage"]()
    reader.message(body, message, schema.messages["SapientMessage"], "", 1)
    return message, reader.faults


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


class _Pairs(list[tuple[str, object]]):
    """The members of a JSON object as they stand, repeated ones too."""


class _Reader:
    """Fills a message from JSON members and keeps what is wrong with them."""

    def __init__(self, schema: Schema, depth: int) -> None:
        self.faults: list[Fault] = []
        self._schema = schema
        self._depth = depth

    def message(self, members: _Pairs, message: Message, fact: MessageFact, path: str, depth: int) -> None:
        if depth > self._depth:
            raise FormatError(codes.TOO_DEEP, place=path[:200], cause=f"at most {self._depth} objects and lists deep")
        names = _names(fact)
        seen: dict[str, str] = {}
        for name, value in members:
            field = names.get(name)
            if len(self.faults) >= _FAULTS:
                return
            if field is None:
                self._fault(
                    _join(path, name[:80]), codes.UNKNOWN_NAME, f"a field of {fact.name}", repr(name[:80]), fact
                )
                continue
            if value is None:  # proto3 JSON: null is the same as absent
                continue
            at = _join(path, field.name)
            key = field.oneof or field.name
            if key in seen:
                observed = f"{field.name} again" if seen[key] == field.name else f"{seen[key]} and {field.name}"
                self._fault(at, codes.TWICE, "it once", observed, fact)
                continue
            seen[key] = field.name
            if not field.many:
                self._single(value, message, field, at, depth)
            elif isinstance(value, list) and not isinstance(value, _Pairs):
                for index, one in enumerate(value):
                    self._element(one, message, field, f"{at}[{index}]", depth)
            else:
                self._fault(at, codes.WRONG_TYPE, "a list", _shown(value), fact)

    def _single(self, value: _Json, message: Message, field: FieldFact, at: str, depth: int) -> None:
        if field.type in self._schema.messages:
            if isinstance(value, _Pairs):
                inner: Message = getattr(message, field.name)
                inner.SetInParent()
                self.message(value, inner, self._schema.messages[field.type], at, depth + 1)
            else:
                self._wrong(at, "an object", value)
        elif field.type == TIMESTAMP:
            instant = _instant(value)
            if instant is None:
                self._wrong(at, "a time such as 2026-11-22T08:12:00.5Z", value)
            else:
                into: Timestamp = getattr(message, field.name)
                into.SetInParent()
                into.seconds, into.nanos = instant
        else:
            scalar = self._scalar(value, field, at)
            if scalar is not None:
                setattr(message, field.name, scalar)

    def _element(self, value: _Json, message: Message, field: FieldFact, at: str, depth: int) -> None:
        if len(self.faults) >= _FAULTS:
            return
        if field.type not in self._schema.messages:
            scalar = self._scalar(value, field, at)
            if scalar is not None:
                getattr(message, field.name).append(scalar)
        elif isinstance(value, _Pairs):
            added = getattr(message, field.name).add()
            self.message(value, added, self._schema.messages[field.type], at, depth + 2)
        else:
            self._wrong(at, "an object", value)

    def _scalar(self, value: _Json, field: FieldFact, at: str) -> str | bytes | bool | int | float | None:
        """The value as the field's type; `None`, and a fault, if it is not of it."""
        enum = self._schema.enums.get(field.type)
        if enum is not None:
            number = next((one for one, name in enum.values if name == value), None)
            if number is None and isinstance(value, int) and not isinstance(value, bool) and -_INT32 <= value < _INT32:
                return value  # an unknown number is `validate`'s to refuse
            if number is None:
                code = codes.UNKNOWN_VALUE if isinstance(value, str) else codes.WRONG_TYPE
                self._add(at, code, f"a value of {enum.name}", _shown(value))
            return number
        read, words = _SCALARS[field.type]
        try:
            return read(value)
        except (ValueError, OverflowError, binascii.Error):
            self._wrong(at, words, value)
            return None

    def _wrong(self, at: str, expected: str, value: _Json) -> None:
        self._add(at, codes.WRONG_TYPE, expected, _shown(value))

    def _fault(self, at: str, code: Code, expected: str, observed: str, fact: MessageFact) -> None:
        self._add(at, code, expected, observed, f"{self._schema.version}, {fact.name}")

    def _add(self, at: str, code: Code, expected: str, observed: str, clause: str = "proto3 JSON mapping") -> None:
        cause = f"expected {expected}, observed {observed}"
        self.faults.append(Fault(path=at, code=code, cause=cause, clause=clause))


@cache
def _names(fact: MessageFact) -> Mapping[str, FieldFact]:
    """A message's fields by both names that a reader of proto3 JSON takes."""
    return {name: field for field in fact.fields for name in (field.name, json_name(field.name))}


def _text(value: _Json) -> str:
    if not isinstance(value, str):
        raise ValueError
    value.encode()  # a lone surrogate is a UnicodeEncodeError, and that a ValueError
    return value


def _octets(value: _Json) -> bytes:
    text = _text(value).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _flag(value: _Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _double(value: _Json) -> float:
    if isinstance(value, str):
        if value in _SPECIAL:
            return _SPECIAL[value]
        if not _NUMBER(value):
            raise ValueError
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    number = float(value)
    if abs(number) == float("inf"):  # a literal such as 1e999
        raise ValueError
    return number


def _float(value: _Json) -> float:
    number = _double(value)
    if _MOST_FLOAT < abs(number) < float("inf"):
        raise ValueError
    return number


def _integer(value: _Json) -> int:
    number = _double(value)
    if number != int(number) or not -_INT32 <= number < _INT32:
        raise ValueError
    return int(number)


_SCALARS: Mapping[str, tuple[Callable[[_Json], str | bytes | bool | int | float], str]] = {
    "string": (_text, "a text"),
    "bytes": (_octets, "base64"),
    "bool": (_flag, "true or false"),
    "double": (_double, "a number"),
    "float": (_float, "a number of 32 bits"),
    "int32": (_integer, "a whole number of 32 bits"),
}


def _instant(value: _Json) -> tuple[int, int] | None:
    """(seconds, nanoseconds) since 1970 of an RFC 3339 time."""
    match = _INSTANT(value) if isinstance(value, str) else None
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        local = datetime.fromisoformat(whole.upper()).replace(tzinfo=UTC)
        if zone not in "Zz" and not (int(zone[1:3]) < 24 and int(zone[4:]) < 60):
            return None
        shift = timedelta() if zone in "Zz" else timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
        since = local - _EPOCH + (shift if zone[0] == "-" else -shift)
    except ValueError:
        return None
    return since.days * 86_400 + since.seconds, int((fraction or "").ljust(9, "0"))


def _shown(value: _Json) -> str:
    if isinstance(value, _Pairs):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value[:40] if isinstance(value, str) else value)[:60]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
