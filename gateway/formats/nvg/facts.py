"""What NVG has no field for, as extended data of this gateway's own schema: written for operators, read back exactly.

Keys are plain names, so every consumer that shows extended data shows them, and the units are those of NVG's list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter

from msgspec import Struct

from gateway.formats.nvg.values import clean, is_finite, is_ncname, number_of, number_text, time_of, time_text
from gateway.track import Accuracy, Dimensions, Identifier, IdentityGroup, Loss, Polar, State, Status, Track

SCHEMA = "alliance-track"
IDENTIFIER = "identifier."
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}").fullmatch
_SCHEME = re.compile(r"[a-z][a-z0-9_]{0,39}").fullmatch
_LONGEST = 256  # characters of a sensor's name


class Fact(Struct, frozen=True):
    """One key of the schema."""

    key: str
    path: str
    """Dotted canonical name."""
    kind: str
    """``double``, ``string``, ``boolean`` or ``dateTime``; ``code`` is a string with a code in it."""
    unit: str = ""
    low: float = -1e9
    high: float = 1e9


def _numbers(prefix: str, unit: str, *names: str, low: float = -1e9, high: float = 1e9) -> list[Fact]:
    return [
        Fact(
            name if prefix == "state" else f"{prefix.rpartition('.')[2]}.{name}",
            f"{prefix}.{name}",
            "double",
            unit,
            low,
            high,
        )
        for name in names
    ]


FACTS: tuple[Fact, ...] = (
    Fact("platform", "platform", "code"),
    Fact("identity_amplification", "identity.amplification", "code"),
    Fact("identity_confidence_pct", "identity.confidence_pct", "double", "", 0, 100),
    Fact("detection_confidence_pct", "detection_confidence_pct", "double", "", 0, 100),
    *_numbers("dimensions", "meter", "length_m", "width_m", "height_m", low=0),
    *[
        Fact(f"status.{name}", f"status.{name}", "boolean")
        for name in (
            "confirmed",
            "coasted",
            "started",
            "simulated",
            "test",
            "exercise",
            "spi",
            "on_ground",
            "military_emergency",
            "mono_sensor",
            "amalgamated",
            "ghost",
        )
    ],
    *[Fact(f"status.{name}", f"status.{name}", "code") for name in ("emergency", "iff_mode4", "iff_mode5")],
    Fact("time_quality", "state.time_quality", "code"),
    Fact("date_basis", "state.date_basis", "code"),
    Fact("sent_at", "state.sent_at", "dateTime"),
    *_numbers(
        "state",
        "meter",
        "altitude_msl_m",
        "altitude_hae_m",
        "altitude_baro_m",
        "altitude_qnh_m",
        "height_agl_m",
        "height_takeoff_m",
    ),
    Fact("altitude_quality", "state.altitude_quality", "code"),
    *_numbers("state", "meterpersecond", "vertical_rate_mps", "indicated_airspeed_mps", "true_airspeed_mps"),
    *_numbers("state", "degree", "heading_deg", "magnetic_heading_deg", low=0, high=360),
    *_numbers("state", "", "turn_rate_degps", "acceleration_east_mps2", "acceleration_north_mps2", "mach"),
    *_numbers("state.accuracy", "meter", "horizontal_95_m", "vertical_95_m", low=0),
    *_numbers("state.accuracy", "degree", "course_95_deg", low=0),
    *_numbers("state.accuracy", "meterpersecond", "speed_95_mps", low=0),
    Fact("accuracy.basis", "state.accuracy.basis", "code"),
    Fact("polar.sensor", "state.polar.sensor", "string"),
    *_numbers("state.polar", "meter", "sensor_altitude_msl_m", "sensor_altitude_hae_m"),
    *_numbers("state.polar", "meter", "range_m", "reach_m", "range_95_m", low=0),
    *_numbers("state.polar", "degree", "azimuth_deg", low=0, high=360),
    *_numbers("state.polar", "degree", "elevation_deg", "azimuth_95_deg", "elevation_95_deg", low=-360, high=360),
    *_numbers("state.polar", "meterpersecond", "range_rate_mps"),
    Fact("polar.north", "state.polar.north", "code"),
    Fact("polar.correction", "state.polar.correction", "code"),
)
_BY_KEY = {fact.key: fact for fact in FACTS}
_GETTERS: tuple[tuple[Fact, tuple[str, ...]], ...] = tuple((fact, tuple(fact.path.split("."))) for fact in FACTS)


def facts_of(track: Track, skipped: frozenset[str], lost: list[Loss]) -> list[tuple[str, str]]:
    """(key, text) of everything that the track says and `skipped` paths do not already carry."""
    written: list[tuple[str, str]] = []
    for fact, names in _GETTERS:
        value: object = track
        for name in names:
            value = getattr(value, name)
            if value is None:
                break
        if value is None or fact.path in skipped:
            continue
        if isinstance(value, float | int) and not isinstance(value, bool) and not is_finite(value):
            lost.append(Loss(fact.path, "OUT_OF_RANGE"))
            continue
        written.append((fact.key, _text(value)))
    return written


def identifiers_of(identifiers: tuple[Identifier, ...], lost: list[Loss]) -> list[tuple[str, str]]:
    """(key, text) of identifiers that stand nowhere else."""
    written: list[tuple[str, str]] = []
    for one in identifiers:
        key = IDENTIFIER + one.scheme
        if is_ncname(key) and clean(one.value) == one.value:
            written.append((key, one.value))
        else:
            lost.append(Loss(f"identifiers.{one.scheme}"[:200], "OUT_OF_RANGE"))
        if one.quality is not None:
            lost.append(Loss(f"identifiers.{one.scheme}.quality"[:200], "NO_TARGET"))
    return written


def path_of(key: str) -> str:
    """The canonical name of a key."""
    fact = _BY_KEY.get(key)
    return fact.path if fact is not None else key


def field_of(key: str) -> tuple[str, str]:
    """(type, unit) of a key, for the schema that explains it."""
    fact = _BY_KEY.get(key)
    return ("string" if fact is None or fact.kind == "code" else fact.kind, "" if fact is None else fact.unit)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(value)
    if isinstance(value, datetime):
        return time_text(value)
    return clean(str(value))


# ----------------------------------------------------------------------------------------------------------- and back


class Told(Struct):
    """What extended data of our own schema says, by canonical path."""

    values: dict[str, object]
    identifiers: list[Identifier]
    others: dict[str, str]
    """Keys that are no facts: of whom this is the operator, for one."""


def told(pairs: list[tuple[str, str]], losses: list[Loss]) -> Told:
    """The facts in (key, text) pairs; texts that make no sense are listed and never used."""
    found = Told({}, [], {})
    for key, text in pairs:
        fact = _BY_KEY.get(key)
        if fact is None:
            if key.startswith(IDENTIFIER) and text and _SCHEME(key[len(IDENTIFIER) :]):
                found.identifiers.append(Identifier(key[len(IDENTIFIER) :], text))
            else:
                found.others[key] = text
            continue
        value = _READERS[fact.kind](fact, text)
        if value is None:
            losses.append(Loss(f"SimpleData[{key}]", "OUT_OF_RANGE"))
        else:
            found.values[fact.path] = value
    return found


def _number(fact: Fact, text: str) -> object:
    try:
        value = number_of(text)
    except ValueError:
        return None
    return value if value is not None and fact.low <= value <= fact.high else None


def _boolean(fact: Fact, text: str) -> object:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip())


def _string(fact: Fact, text: str) -> object:
    return text if text.strip() and len(text) <= _LONGEST else None


def _code(fact: Fact, text: str) -> object:
    return text if _CODE(text) else None


def _time(fact: Fact, text: str) -> object:
    return time_of(text)


_READERS: dict[str, Callable[[Fact, str], object]] = {
    "double": _number,
    "boolean": _boolean,
    "string": _string,
    "code": _code,
    "dateTime": _time,
}


def group(found: Told, prefix: str) -> dict[str, object]:
    """The values below a path such as ``state.accuracy``, by field."""
    start = f"{prefix}."
    return {
        path[len(start) :]: value
        for path, value in found.values.items()
        if path.startswith(start) and "." not in path[len(start) :]
    }


def status_of(found: Told, own: Status | None) -> Status | None:
    """The status with what the facts say; what the symbol said stands where they say nothing."""
    said = group(found, "status")
    if not said:
        return own
    base = {name: getattr(own, name) for name in Status.__struct_fields__} if own is not None else {}
    return Status(**(base | said))


def accuracy_of(found: Told) -> Accuracy | None:
    """The accuracy, if the facts have one."""
    said = group(found, "state.accuracy")
    return Accuracy(**said) if said else None  # type: ignore[arg-type]  # names and types are those of the table


def dimensions_of(found: Told) -> Dimensions | None:
    """The dimensions, if the facts have them."""
    said = group(found, "dimensions")
    return Dimensions(**said) if said else None  # type: ignore[arg-type]  # names and types are those of the table


def polar_of(found: Told, **more: object) -> Polar | None:
    """The measurement, if the facts name its sensor."""
    said = group(found, "state.polar")
    return Polar(**(said | more)) if "sensor" in said else None  # type: ignore[arg-type]  # as above


def identity_of(found: Told, own: IdentityGroup | None) -> IdentityGroup | None:
    """The symbol's identity with what the facts add to it; they never make one."""
    said = group(found, "identity")
    if own is None or not said:
        return own
    base = {name: getattr(own, name) for name in IdentityGroup.__struct_fields__}
    return IdentityGroup(**(base | said))


_NOT_CARRIED = (
    "relations",
    "sources",
    "identity.assigned_by",
    "identity.assigned_at",
    "state.covariance",
    "label",
)
_LOST = [(attrgetter(path.split(".")[0]), path.split(".")[1:], Loss(path, "NO_TARGET")) for path in _NOT_CARRIED]


def list_losses(track: Track, lost: list[Loss]) -> None:
    """Append what neither NVG nor the facts hold."""
    for first, rest, loss in _LOST:
        value = first(track)
        for name in rest:
            value = getattr(value, name) if value is not None else None
        if value:
            lost.append(loss)


def state_values(found: Told) -> dict[str, object]:
    """Fields of `State` that the facts give."""
    return {name: value for name, value in group(found, "state").items() if name in State.__struct_fields__}
