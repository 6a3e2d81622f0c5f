"""BSI Flex 335 v1.0, which sensors in the field still speak: read, checked by its own rules, and carried over to v2.0.

The two versions share the envelope and most field numbers, so octets of one parse as the other, with fields silently
lost or misread. Only a Registration says which is spoken (`icd_version`); of every other message its node's
Registration, or the configuration, must. Validate before carrying over: what v1.0 did not demand (`config_data`, the
mode in a StatusReport) is not made up, so an upgraded message may lack what v2.0 calls mandatory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import cast

from google.protobuf.message import DecodeError, Message

from gateway.errors import FormatError
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.json import fill
from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, Schema
from gateway.formats.sapient.table_v1 import PACKAGE, TABLE
from gateway.formats.sapient.table_v1 import VERSION as V1
from gateway.formats.sapient.table_v2 import VERSION as V2
from gateway.formats.sapient.validate import Checker, Fault, judge
from gateway.limits import Limits
from gateway.track import Loss

_RENAMED: Mapping[tuple[str, str], str] = {("AlertAck", "alert_status"): "alert_ack_status"}
"""Fields of v1.0 with another name in v2.0."""

_MOVED: Mapping[str, str] = {
    "StatusReport.LocationOrRangeBearing": "LocationOrRangeBearing",
    "Task.LocationOrRangeBearing": "LocationOrRangeBearing",
}
"""Messages of v1.0 with another name in v2.0."""

_WORDS: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("StatusReport.Power", "source"): {
        "other": v2.StatusReportPowerSource.OTHER,
        "mains": v2.StatusReportPowerSource.MAINS,
        "internalbattery": v2.StatusReportPowerSource.INTERNAL_BATTERY,
        "externalbattery": v2.StatusReportPowerSource.EXTERNAL_BATTERY,
        "generator": v2.StatusReportPowerSource.GENERATOR,
        "solarpv": v2.StatusReportPowerSource.SOLAR_PV,
        "windturbine": v2.StatusReportPowerSource.WIND_TURBINE,
        "fuelcell": v2.StatusReportPowerSource.FUEL_CELL,
    },
    ("StatusReport.Power", "status"): {
        "ok": v2.StatusReportPowerStatus.OK,
        "fault": v2.StatusReportPowerStatus.FAULT,
    },
    ("StatusReport.Status", "status_type"): {
        one.name.replace("_", "").lower(): int(one) for one in v2.StatusReportStatusType if one
    },
}
"""Free text of v1.0 that is an enumeration in v2.0, without case, spaces and punctuation. ``battery`` is not here: v2.0
wants to know which."""


@cache
def schema() -> Schema:
    """The facts and the message classes of v1.0."""
    return Schema(TABLE, PACKAGE, V1)


def version_of(message: Message) -> str | None:
    """``BSI Flex 335 v1.0`` or ``v2.0`` as a Registration declares it, parsed as either; `None` for other messages.

    `FormatError` (``SAP-040``) for a Registration that declares anything else, SAPIENT 6 and 7 for instance.
    """
    either = cast("v2.SapientMessage", message)
    if not either.HasField("registration"):
        return None
    declared = either.registration.icd_version
    if declared not in (V1, V2):
        cause = f"expected {V2!r} or {V1!r}, observed {declared[:40]!r}"
        raise FormatError(codes.VERSION, place="registration.icd_version", cause=cause)
    return declared


def parse_v1(octets: bytes) -> Message:
    """The v1.0 message that the octets hold; `FormatError` (``SAP-001``) like `messages.parse`."""
    message = schema().classes["SapientMessage"]()
    try:
        message.ParseFromString(octets)
    except (DecodeError, RecursionError, ValueError) as error:
        raise FormatError(codes.NOT_PROTOBUF, cause=f"{len(octets)} octets: {str(error)[:120]}") from None
    return message


def read_json_v1(octets: bytes, limits: Limits | None = None) -> Message:
    """The v1.0 message of a JSON text; `FormatError` for the first that is wrong, like `json.read_json`."""
    message, faults = fill(octets, limits or Limits(), schema())
    if faults:
        raise faults[0].refusal()
    return message


def validate_v1(message: Message, *, octets: bytes = b"") -> tuple[Fault, ...]:
    """What is wrong with a v1.0 message by the rules of v1.0, like `validate`."""
    return judge(_checker(), message, octets)


def upgrade(source: bytes | Message) -> tuple[v2.SapientMessage, tuple[Loss, ...]]:
    """A v1.0 message as one of v2.0, and what v2.0 cannot carry, by its path in the v1.0 message.

    A Registration keeps the `icd_version` that it declared: it is still the node's word. `FormatError` as `parse_v1`.
    """
    message = parse_v1(source) if isinstance(source, bytes) else source
    upgraded = v2.SapientMessage()
    losses: list[Loss] = []
    _Upgrade(losses).message(message, "SapientMessage", upgraded, "SapientMessage", "")
    return upgraded, tuple(losses)


@cache
def _checker() -> Checker:
    return Checker(schema())


class _Upgrade:
    """Copies a message field by field, by name, and notes what finds no place."""

    def __init__(self, losses: list[Loss]) -> None:
        self._losses = losses
        self._old, self._new = schema(), v2.schema()

    def message(self, old: Message, old_name: str, new: Message, new_name: str, path: str) -> None:
        """Fill `new` from `old`."""
        targets = {field.name: field for field in self._new.messages[new_name].fields}
        sources = {field.name: field for field in self._old.messages[old_name].fields}
        for descriptor, value in old.ListFields():
            source = sources[descriptor.name]
            target = targets.get(_RENAMED.get((old_name, source.name), source.name))
            at = f"{path}.{source.name}" if path else source.name
            if target is None:
                self._lose(at, "NO_TARGET")
                continue
            put = self._put(source, target, old_name)
            values = list(cast("Iterable[object]", value)) if source.many else [value]
            for index, one in enumerate(values):
                here = f"{at}[{index}]" if source.many else at
                if index and not target.many:
                    self._lose(here, "NO_TARGET")
                else:
                    put(new, one, here)

    def _put(self, source: FieldFact, target: FieldFact, old_name: str) -> Callable[[Message, object, str], None]:
        """How one value of the source field gets into the target field."""
        if source.type == TIMESTAMP:
            return lambda new, value, _: _instant(getattr(new, target.name), cast("Message", value))
        if source.type in self._old.messages:
            return lambda new, value, at: self._inner(new, target, cast("Message", value), source.type, at)
        words = _WORDS.get((old_name, source.name))
        if words is not None:
            return lambda new, value, at: self._word(new, target, str(value), words, at)
        if source.type in self._old.enums:
            return lambda new, value, at: self._number(new, target, cast("int", value), at)
        return lambda new, value, _: _set(new, target, value)

    def _inner(self, new: Message, target: FieldFact, value: Message, old_name: str, at: str) -> None:
        field = getattr(new, target.name)
        into: Message = field.add() if target.many else field
        into.SetInParent()
        self.message(value, old_name, into, _MOVED.get(old_name, old_name), at)

    def _number(self, new: Message, target: FieldFact, value: int, at: str) -> None:
        """An enumeration: the same numbers mean the same, but for those that v2.0 took out."""
        if any(value == number for number, _ in self._new.enums[target.type].values):
            _set(new, target, value)
        else:
            self._lose(at, "NO_CODE")

    def _word(self, new: Message, target: FieldFact, text: str, words: Mapping[str, int], at: str) -> None:
        """A free text as the value that says the same; any other kind of status is *other*, and its text is lost."""
        number = words.get("".join([letter for letter in text.lower() if letter.isalnum()]))
        if number is None:
            self._lose(at, "NO_CODE")
            number = int(v2.StatusReportStatusType.OTHER) if target.name == "status_type" else None
        if number is not None:
            _set(new, target, number)

    def _lose(self, at: str, reason: str) -> None:
        self._losses.append(Loss(at, reason))


def _set(new: Message, target: FieldFact, value: object) -> None:
    if target.many:
        getattr(new, target.name).append(value)
    else:
        setattr(new, target.name, value)


def _instant(new: Message, old: Message) -> None:
    """A time of one descriptor pool into another's."""
    new.SetInParent()
    for name in ("seconds", "nanos"):
        setattr(new, name, getattr(old, name))
