"""What a node's Registration declares about its detections: by mode, and within a mode by the kind of location.

A mode may have several definitions of its detections. The one for a detection is that with the detection's own
coordinate system and datum, else all those of its sort (locations, or ranges and bearings), else all of the mode's.
What those say differently is not declared: nothing is taken from one of two that disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.errors import ErrorKind, kind_of
from gateway.formats.sapient.v2 import (
    Registration,
    RegistrationDetectionDefinition,
    RegistrationModeType,
    RegistrationNodeType,
)

_SPEEDS = {1: 1.0, 2: 1 / 3.6}  # SpeedUnits: metres per second, kilometres per hour
_CONFIDENCES = {1: "SINGLE_CLASS", 2: "MULTI_CLASS"}
_TRUE_NORTH = 1  # RangeBearingDatum
_MODALITIES = {
    RegistrationNodeType.RADAR: "RADAR",
    RegistrationNodeType.LIDAR: "LIDAR",
    RegistrationNodeType.CAMERA: "OPTICAL",
    RegistrationNodeType.SEISMIC: "SEISMIC",
    RegistrationNodeType.ACOUSTIC: "ACOUSTIC",
    RegistrationNodeType.PROXIMITY_SENSOR: "PROXIMITY",
    RegistrationNodeType.PASSIVE_RF: "RF",
    RegistrationNodeType.HUMAN: "HUMAN",
    RegistrationNodeType.CHEMICAL: "CHEMICAL",
    RegistrationNodeType.BIOLOGICAL: "BIOLOGICAL",
    RegistrationNodeType.RADIATION: "RADIATION",
    RegistrationNodeType.FUSION_NODE: "FUSION",
}
_MAX_DEFINITIONS = 1_000  # of one node: a Registration is remembered for as long as its connection lasts
_MAX_DEPTH = 20  # of a class in the core taxonomy; the deepest known is three
_NAME_CHARACTERS = 200  # of what people call a node
_T = TypeVar("_T")


class Meaning(Struct, frozen=True):
    """How detections of one kind of location are to be read. `None` is not declared, or declared in two ways."""

    east_north_mps: float | None = None
    """Metres per second in one unit of the east and north rates."""
    up_mps: float | None = None
    true_north: bool | None = None
    """Whether the rates count from true north."""
    error: ErrorKind | None = None
    zone: str = ""
    """UTM zone of locations that name none; empty for none."""
    confidence: str | None = None
    """``SINGLE_CLASS`` (of the most likely class alone) or ``MULTI_CLASS``."""
    docks: Mapping[str, tuple[str, ...]] = {}
    """Path in the core taxonomy that an extension's class hangs from, by the class's own name."""


class Kind(Struct, frozen=True):
    """The kind of a reported location: what chooses among the definitions of a mode."""

    polar: bool
    system: int
    datum: int


class _Definition(Struct, frozen=True):
    kind: Kind
    meaning: Meaning


class Declared(Struct, frozen=True, kw_only=True):
    """One accepted Registration."""

    name: str
    """What people call the node; empty if it does not say."""
    version: str
    modality: str | None
    modes: Mapping[str, tuple[_Definition, ...]]
    default_mode: str | None
    """The only mode, or the only one that is declared as the default."""
    status_zone: str
    """UTM zone of the node's own location."""

    def meaning(self, mode: str | None, kind: Kind) -> Meaning | None:
        """How a detection is to be read; `None` when that depends on a mode which is not known.

        Without a known mode only what all modes agree on holds.
        """
        if mode is not None:
            definitions = self.modes.get(mode)
            return None if definitions is None else _joined(_fitting(definitions, kind))
        each = [_joined(_fitting(definitions, kind)) for definitions in self.modes.values()]
        return each[0] if each and all(one == each[0] for one in each) else None


def declared(registration: Registration) -> Declared:
    """What a valid Registration says that the reading of its node's messages depends on.

    `FormatError` for more definitions than anybody has.
    """
    modes: dict[str, tuple[_Definition, ...]] = {}
    for mode in registration.mode_definition:
        found = tuple([_definition(one) for one in mode.detection_definition])
        modes[mode.mode_name] = modes.get(mode.mode_name, ()) + found
        if len(modes) + sum(map(len, modes.values())) > _MAX_DEFINITIONS:
            cause = f"over {_MAX_DEFINITIONS} modes and definitions of detections"
            raise FormatError(codes.TOO_MANY, place="registration.mode_definition", cause=cause)
    defaults = [one.mode_name for one in registration.mode_definition if one.mode_type == RegistrationModeType.DEFAULT]
    only = list(modes) if len(modes) == 1 else defaults if len(defaults) == 1 else [None]
    kinds = [_MODALITIES.get(RegistrationNodeType(one.node_type)) for one in registration.node_definition]
    modality = next((one for one in kinds if one is not None), None)
    if modality == "OPTICAL" and all(
        "infrared" in sub.casefold() for one in registration.node_definition for sub in one.node_sub_type or ("",)
    ):
        modality = "INFRARED"
    return Declared(
        name=(registration.name or registration.short_name)[:_NAME_CHARACTERS],
        version=registration.icd_version,
        modality=modality,
        modes=modes,
        default_mode=only[0],
        status_zone=registration.status_definition.location_definition.zone,
    )


def _definition(definition: RegistrationDetectionDefinition) -> _Definition:
    place = definition.location_type
    polar = place.WhichOneof("coordinates_oneof") == "range_bearing_units"
    kind = Kind(
        polar=polar,
        system=place.range_bearing_units if polar else place.location_units,
        datum=place.range_bearing_datum if polar else place.location_datum,
    )
    facts: dict[str, object] = {"zone": place.zone, "docks": _docks(definition)}
    if definition.HasField("velocity_type"):
        velocity = definition.velocity_type
        units = velocity.enu_velocity_units
        facts["east_north_mps"] = _SPEEDS.get(units.east_north_rate_units)
        facts["up_mps"] = _SPEEDS.get(units.up_rate_units)
        datum = velocity.WhichOneof("datum_oneof")
        facts["true_north"] = datum == "location_datum" or velocity.range_bearing_datum == _TRUE_NORTH
    if definition.HasField("geometric_error"):
        facts["error"] = kind_of(definition.geometric_error.type, definition.geometric_error.units)
    confidences = {one.confidence_definition for one in definition.detection_class_definition}
    facts["confidence"] = _CONFIDENCES.get(confidences.pop()) if len(confidences) == 1 else None
    return _Definition(kind, Meaning(**facts))  # type: ignore[arg-type]  # the names above are fields of those types


def _docks(definition: RegistrationDetectionDefinition) -> dict[str, tuple[str, ...]]:
    docks: dict[str, tuple[str, ...]] = {}
    for classes in definition.detection_class_definition:
        for dock in classes.taxonomy_dock_definition:
            path = tuple([part for part in dock.Dock_class.split(".", _MAX_DEPTH)[:_MAX_DEPTH] if part])
            docks.update({one.Subclass_name.casefold(): path for one in dock.Extension_subclass})
    return docks


def _fitting(definitions: tuple[_Definition, ...], kind: Kind) -> list[Meaning]:
    exact = [one.meaning for one in definitions if one.kind == kind]
    alike = exact or [one.meaning for one in definitions if one.kind.polar == kind.polar]
    return alike or [one.meaning for one in definitions]


def _joined(meanings: list[Meaning]) -> Meaning:
    if len(meanings) == 1:
        return meanings[0]
    docks: dict[str, tuple[str, ...]] = {}
    for one in meanings:
        docks.update(one.docks)
    return Meaning(
        east_north_mps=_agreed(meanings, lambda one: one.east_north_mps),
        up_mps=_agreed(meanings, lambda one: one.up_mps),
        true_north=_agreed(meanings, lambda one: one.true_north),
        error=_agreed(meanings, lambda one: one.error),
        zone=_agreed(meanings, lambda one: one.zone or None) or "",
        confidence=_agreed(meanings, lambda one: one.confidence),
        docks=docks,
    )


def _agreed(meanings: Iterable[Meaning], fact: Callable[[Meaning], _T | None]) -> _T | None:
    said = [fact(one) for one in meanings]
    return said[0] if said and all(one == said[0] for one in said) else None
