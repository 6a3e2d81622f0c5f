"""Is a message what BSI Flex 335 v2.0 allows? Every fault with its field's path; nothing said about physical sense.

A message is walked twice at most. The first walk (`compiled`) only decides, and is cheap for what is valid. What fails
there is walked again here, by the same rules, to say what is wrong and where; that walk has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet
from msgspec import Struct

from gateway.errors import Code, FormatError
from gateway.formats.sapient import codes, rules
from gateway.formats.sapient.checks import absent, checks, good_instant
from gateway.formats.sapient.compiled import compiled
from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, MessageFact, Schema
from gateway.formats.sapient.v2 import SapientMessage
from gateway.formats.sapient.v2 import schema as v2_schema
from gateway.formats.sapient.wire import walk

_FAULTS = 100  # of one message; one that is wrong in more places is not described better by more of them
_OBSERVED = 40  # characters of a value that a fault shows


class Fault(Struct, frozen=True, kw_only=True):
    """One breach of the standard."""

    path: str
    """``detection_report.location.x_error``, elements by index: ``alert.associated_file[0].url``."""
    code: Code
    cause: str
    """What is expected and what was observed."""
    clause: str
    """Which rule of which document it breaks."""

    def refusal(self) -> FormatError:
        """The fault as the error that a decoder refuses the message with."""
        return FormatError(self.code, place=self.path, cause=f"{self.cause} ({self.clause})")


def validate(message: SapientMessage, *, octets: bytes = b"") -> tuple[Fault, ...]:
    """What is wrong with the message; empty if it is valid. At most 100 faults.

    With the `octets` it came from, fields that stand twice are found too: the parser keeps the last and tells nobody.
    """
    return judge(_checker(), message, octets)


def judge(checker: Checker, message: Message, octets: bytes) -> tuple[Fault, ...]:
    """What is wrong with a message of the checker's version."""
    good = checker.good(message)
    # What the parser dropped makes the octets longer than what it kept, but for enumerations that may be packed or not
    twice = bool(octets) and (len(octets) != message.ByteSize() or message.HasField("registration"))
    if good and not twice:
        return ()
    found = checker.explain(message) if not good else []
    if twice:
        found += _twice(checker.schema, octets)
    return tuple(found[:_FAULTS])


@cache
def _checker() -> Checker:
    return Checker(v2_schema())


class Checker:
    """The rules of one schema, to decide and to explain."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.good = compiled(schema)["SapientMessage"]
        """Whether a message breaks no rule at any depth."""

    def explain(self, message: Message) -> list[Fault]:
        """What is wrong with a message and all below it."""
        found: list[Fault] = []
        self._explain(message, "SapientMessage", "", found)
        return found

    def _explain(self, message: Message, name: str, path: str, found: list[Fault]) -> None:
        fact = self.schema.messages[name]
        values = {one.name: value for one, value in message.ListFields()}
        for field_name, code, expected, clause in absent(self.schema, fact, values):
            found.append(_fault(_join(path, field_name), code, expected, "nothing", clause))
        found += self._unknown(message, fact, path)
        for field in fact.fields:
            if field.name not in values:
                continue
            value = values[field.name]
            for index, one in enumerate(cast("Iterable[object]", value) if field.many else (value,)):
                if len(found) >= _FAULTS:
                    return
                at = _join(path, f"{field.name}[{index}]" if field.many else field.name)
                self._explain_value(one, field, name, at, found)
        told = {one.path for one in found}
        cross = rules.CROSS.get(name)
        for place, code, expected, observed in cross(message) if cross is not None else ():
            if _join(path, place) not in told:
                found.append(_fault(_join(path, place), code, expected, observed, f"{self.schema.version}, {name}"))

    def _explain_value(self, value: object, field: FieldFact, name: str, at: str, found: list[Fault]) -> None:
        clause = f"{self.schema.version}, {name}.{field.name}"
        for check in checks(self.schema, name, field):
            if not check.ok(value):
                observed = repr(value if not isinstance(value, str | bytes) else value[:_OBSERVED])
                found.append(_fault(at, check.code, check.expected, observed, clause))
                return
        if field.type == TIMESTAMP:
            instant = cast("Timestamp", value)
            if not good_instant(instant):
                observed = f"{instant.seconds} s and {instant.nanos} ns since 1970"
                found.append(_fault(at, codes.INSTANT, "an instant of the years 1 to 9999", observed, clause))
        elif field.type in self.schema.messages:
            self._explain(cast("Message", value), field.type, at, found)

    def _unknown(self, message: Message, fact: MessageFact, path: str) -> list[Fault]:
        """Fields whose numbers the message type does not have."""
        strange = UnknownFieldSet(message)
        numbers = sorted({strange[index].field_number for index in range(min(len(strange), _FAULTS))})
        found = []
        for number in numbers:
            code = codes.RESERVED_FIELD if number in fact.reserved else codes.UNKNOWN_FIELD
            expected = f"the fields of {fact.name}"
            found.append(
                _fault(
                    _join(path, f"field {number}"),
                    code,
                    expected,
                    f"number {number}",
                    f"{self.schema.version}, {fact.name}",
                )
            )
        return found


def _twice(schema: Schema, octets: bytes) -> list[Fault]:
    """Singular fields that stand more than once, and oneofs with more than one member."""
    seen: dict[str, str] = {}
    found: dict[str, Fault] = {}
    inside: tuple[str, ...] = ()  # what stands in a message that stands twice may do so too, and is not told again
    for place in walk(schema, octets):
        fact = place.fact
        if fact is None or fact.many or (inside and place.path.startswith(inside)):
            continue
        key = _join(place.path.rpartition(".")[0], fact.oneof) if fact.oneof else place.path
        first = seen.get(key)
        if first is None:
            seen[key] = fact.name
        elif key not in found:
            observed = f"{fact.name} again" if first == fact.name else f"{first} and {fact.name}"
            clause = f"{schema.version}, {place.message}.{fact.oneof or fact.name}"
            found[key] = _fault(place.path, codes.TWICE, "it once", f"{observed} at octet {place.offset}", clause)
            inside = (*inside, f"{place.path}.")
            if len(found) >= _FAULTS:
                break
    return list(found.values())


def _fault(path: str, code: Code, expected: str, observed: str, clause: str) -> Fault:
    return Fault(path=path, code=code, cause=f"expected {expected}, observed {observed}", clause=clause)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
