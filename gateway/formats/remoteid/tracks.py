"""What is known of one aircraft as a canonical track.

Who operates it, and from where, goes into `Track.operator` and into the raw record, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct

from gateway.formats.remoteid import texts
from gateway.formats.remoteid.join import Slot
from gateway.formats.remoteid.messages import (
    AIRBORNE,
    CATEGORIES,
    CLASSES,
    EMERGENCY,
    EPOCH,
    EU,
    FAILURE,
    GROUND,
    HORIZONTAL_BOUNDS_M,
    OPERATOR_BASES,
    OTHER_TYPE,
    REGISTRATION,
    SERIAL,
    SESSION,
    SPEED_BOUNDS_MPS,
    UTM,
    VERTICAL_BOUNDS_M,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    bound_of,
)
from gateway.formats.remoteid.report import Heard
from gateway.symbols import from_remote_id
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Identifier,
    Loss,
    OpenCode,
    Operator,
    Position,
    State,
    Status,
)

ACCURACY_BASIS = "REMOTE_ID"
CATEGORY_SCHEME = "EU_UAS_CATEGORY"
CLASS_SCHEME = "EU_UAS_CLASS"
_Kind = TypeVar("_Kind")
_ORDER = (SERIAL, REGISTRATION, UTM, SESSION)
_HALF_HOUR = timedelta(minutes=30)
_HOUR = timedelta(hours=1)
_EMERGENCY = "GENERAL"
_SELF_ID_EMERGENCY = 1

_AUTHENTICATION = Loss("Authentication", "NOT_MODELLED")
_STANDING = Loss("Location.Direction", "NOT_MODELLED")
_RESERVED = {
    name: Loss(f"Location.{name}", "NO_CODE")
    for name in ("Status", "HorizAccuracy", "VertAccuracy", "BaroAccuracy", "SpeedAccuracy")
}
_NO_SERIAL_KIND = Loss("BasicID.UASID", "NO_CODE")
_NO_BASIS = Loss("System.OperatorLocationType", "NO_CODE")
_NO_CATEGORY = Loss("System.Classification", "NO_CODE")
_OPERATOR_KIND = Loss("OperatorID.OperatorIdType", "NOT_MODELLED")
_TELLING_TEXT = Loss("SelfID.Desc", "WITHHELD")
_GARBLED_TEXT = Loss("SelfID.Desc", "ROUNDED")


class Standing(Struct, frozen=True, kw_only=True):
    """Everything of a track but where the aircraft is: it changes seldom, so it is worked out when it does."""

    identifiers: tuple[Identifier, ...]
    environment: Environment
    platform: OpenCode | None
    remarks: str | None
    classifications: tuple[Classification, ...]
    operator: Operator | None
    is_emergency: bool
    leftovers: Mapping[str, str]
    losses: tuple[Loss, ...]


def standing(messages: Mapping[Slot, Heard], address: str) -> Standing:
    """The identifiers (serial number first, then registration, session id, address), kind, purpose and operator."""
    losses: list[Loss] = []
    identifiers: list[Identifier] = []
    leftovers: dict[str, str] = {}
    ua_type = 0
    for heard in messages.values():
        losses.extend(heard.losses)
    for id_type in _ORDER:
        basic = _message(messages, BasicId, ("basic_id", id_type))
        if basic is not None and (name := texts.identifier(basic)) is not None:
            identifiers.append(name)
    for (kind, number), heard in messages.items():
        if isinstance(heard.message, BasicId):
            ua_type = heard.message.ua_type or ua_type
            if number not in _ORDER and heard.message.uas_id:
                losses.append(_NO_SERIAL_KIND)
        elif kind == "authentication" and _AUTHENTICATION not in losses:
            losses.append(_AUTHENTICATION)
    if address:
        identifiers.append(Identifier("mac", address))
    meaning = from_remote_id(ua_type)
    losses.extend(meaning.losses)
    if ua_type == OTHER_TYPE:
        leftovers["ua-type"] = str(ua_type)  # the platform says no more than that it is uncrewed
    remarks, is_emergency = _purpose(_message(messages, SelfId, ("self_id", 0)), leftovers, losses)
    system = _message(messages, System, ("system", 0))
    owner = _message(messages, OperatorId, ("operator_id", 0))
    classifications = () if system is None else _area(system, leftovers, losses)
    operator = _operator(system, owner, losses)
    if remarks is not None and operator is not None and _tells_of(remarks, operator):
        remarks = None
        losses.append(_TELLING_TEXT)
    return Standing(
        identifiers=tuple(identifiers),
        environment=meaning.environment,
        platform=meaning.platform,
        remarks=remarks,
        classifications=classifications,
        operator=operator,
        is_emergency=is_emergency,
        leftovers=leftovers,
        losses=tuple(losses),
    )


def _message(messages: Mapping[Slot, Heard], kind: type[_Kind], slot: Slot) -> _Kind | None:
    heard = messages.get(slot)
    return heard.message if heard is not None and isinstance(heard.message, kind) else None


def _purpose(message: SelfId | None, leftovers: dict[str, str], losses: list[Loss]) -> tuple[str | None, bool]:
    """(what the operator says of the flight, whether he says that it is an emergency)."""
    if message is None:
        return None, False
    text, clean = texts.plain(message.text)
    if not clean:
        losses.append(_GARBLED_TEXT)
    if message.kind:
        leftovers["self-id-type"] = str(message.kind)
    return text or None, message.kind == _SELF_ID_EMERGENCY


def _tells_of(text: str, operator: Operator) -> bool:
    """Whether a text repeats who the operator is: it would leave where he does not."""
    name = operator.identifier
    return name is not None and len(name) > 2 and name.casefold() in text.casefold()


def _area(system: System, leftovers: dict[str, str], losses: list[Loss]) -> tuple[Classification, ...]:
    """The European category and class; the group's area goes to the leftovers."""
    leftovers["area-count"] = str(system.area_count)
    leftovers["area-radius-m"] = str(system.area_radius_m)
    if system.area_ceiling_m is not None:
        leftovers["area-ceiling-hae-m"] = f"{system.area_ceiling_m:.10g}"
    if system.area_floor_m is not None:
        leftovers["area-floor-hae-m"] = f"{system.area_floor_m:.10g}"
    leftovers["classification-type"] = str(system.classification)
    if system.classification != EU:
        if system.category or system.eu_class:
            losses.append(_NO_CATEGORY)
        return ()
    found: list[Classification] = []
    category, eu_class = CATEGORIES.get(system.category), CLASSES.get(system.eu_class)
    if category is not None:
        found.append(Classification(type=category, scheme=CATEGORY_SCHEME))
    if eu_class is not None:
        found.append(Classification(type=eu_class, scheme=CLASS_SCHEME))
    if (category is None and system.category) or (eu_class is None and system.eu_class):
        losses.append(_NO_CATEGORY)
    return tuple(found)


def _operator(system: System | None, owner: OperatorId | None, losses: list[Loss]) -> Operator | None:
    """Who flies it and from where, if anything is said of that."""
    name = None
    if owner is not None:
        name = texts.plain(owner.operator_id)[0] or None
        if owner.kind:
            losses.append(_OPERATOR_KIND)
    position = None if system is None else point(system.latitude_deg, system.longitude_deg)
    altitude = None if system is None else system.altitude_m
    if name is None and position is None and altitude is None:
        return None
    basis = None
    if system is not None and (position is not None or altitude is not None):
        if system.basis < len(OPERATOR_BASES):
            basis = OPERATOR_BASES[system.basis]
        else:
            losses.append(_NO_BASIS)
    return Operator(
        identifier=name,
        position=position,
        altitude_hae_m=altitude,
        basis=basis,
        time=EPOCH + timedelta(seconds=system.timestamp_s) if system is not None and system.timestamp_s else None,
    )


def point(latitude: float | None, longitude: float | None) -> Position | None:
    """The point, with -180 degrees of longitude as 180."""
    if latitude is None or longitude is None:
        return None
    return Position(latitude_deg=latitude, longitude_deg=180.0 if longitude == -180.0 else longitude)


def hour_resolved(since_hour_s: float, received_at: datetime) -> datetime:
    """The instant within half an hour of the reception that is so many seconds after a full hour."""
    instant = received_at.replace(minute=0, second=0, microsecond=0) + timedelta(seconds=since_hour_s)
    if instant - received_at > _HALF_HOUR:
        return instant - _HOUR
    if received_at - instant > _HALF_HOUR:
        return instant + _HOUR
    return instant


def state(location: Location, received_at: datetime, leftovers: dict[str, str], losses: list[Loss]) -> State:
    """The kinematics of a Location; adds what has no canonical field to `leftovers` and `losses`."""
    since = location.since_hour_s
    course, speed = location.direction_deg, location.speed_mps
    if course is not None:
        if speed == 0.0:
            course = None
            losses.append(_STANDING)
        elif course == 360.0:
            course = 0.0
    if location.time_accuracy:
        leftovers["time-accuracy-s"] = f"{location.time_accuracy / 10:.1f}"
    if location.baro_accuracy:
        bound = bound_of(VERTICAL_BOUNDS_M, location.baro_accuracy)
        if bound is None:
            losses.append(_RESERVED["BaroAccuracy"])
        else:
            leftovers["baro-accuracy-95-m"] = f"{bound:.10g}"
    height = location.height_m
    return State(
        time=received_at if since is None else hour_resolved(since, received_at),
        time_quality="RECEIVED" if since is None else "MEASURED",
        date_basis=None if since is None else "RECEIVED_TIME",
        received_at=received_at,
        position=point(location.latitude_deg, location.longitude_deg),
        altitude_hae_m=location.altitude_geo_m,
        altitude_baro_m=location.altitude_baro_m,
        height_agl_m=height if location.over_ground else None,
        height_takeoff_m=None if location.over_ground else height,
        course_deg=course,
        ground_speed_mps=speed,
        vertical_rate_mps=location.vertical_mps,
        accuracy=_accuracy(location, losses),
    )


def _accuracy(location: Location, losses: list[Loss]) -> Accuracy | None:
    horizontal = bound_of(HORIZONTAL_BOUNDS_M, location.horizontal_accuracy)
    vertical = bound_of(VERTICAL_BOUNDS_M, location.vertical_accuracy)
    speed = bound_of(SPEED_BOUNDS_MPS, location.speed_accuracy)
    for bound, code, name in (
        (horizontal, location.horizontal_accuracy, "HorizAccuracy"),
        (vertical, location.vertical_accuracy, "VertAccuracy"),
        (speed, location.speed_accuracy, "SpeedAccuracy"),
    ):
        if code and bound is None:
            losses.append(_RESERVED[name])
    if horizontal is None and vertical is None and speed is None:
        return None
    return Accuracy(horizontal_95_m=horizontal, vertical_95_m=vertical, speed_95_mps=speed, basis=ACCURACY_BASIS)


def status(code: int, leftovers: dict[str, str], losses: list[Loss], *, is_emergency: bool) -> Status | None:
    """Ground, airborne and emergency as canonical facts; the code itself too where it says more."""
    emergency = _EMERGENCY if is_emergency or code == EMERGENCY else None
    if code in (EMERGENCY, FAILURE):
        leftovers["status"] = "EMERGENCY" if code == EMERGENCY else "REMOTE_ID_FAILURE"
    elif code > FAILURE:
        losses.append(_RESERVED["Status"])
    on_ground = {GROUND: True, AIRBORNE: False}.get(code)
    if emergency is None and on_ground is None:
        return None
    return Status(on_ground=on_ground, emergency=emergency)
