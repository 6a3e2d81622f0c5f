"""The nested shape: one object per message, under the names of the standard, as DroneID and DragonSync have it."""

from __future__ import annotations

from functools import partial

from gateway.errors import FormatError
from gateway.formats.remoteid import codes, lenient, wire
from gateway.formats.remoteid.carriers import unwrap
from gateway.formats.remoteid.lenient import METRES, SPEED, Json
from gateway.formats.remoteid.members import Members
from gateway.formats.remoteid.messages import (
    EPOCH,
    HORIZONTAL_BOUNDS_M,
    SPEED_BOUNDS_MPS,
    VERTICAL_BOUNDS_M,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
)
from gateway.formats.remoteid.report import Heard, Report
from gateway.formats.remoteid.values import (
    CATEGORY_WORDS,
    CLASS_WORDS,
    CLASSIFICATION_WORDS,
    ID_WORDS,
    PLACE_WORDS,
    SELF_ID_WORDS,
    STATUS_WORDS,
    UA_WORDS,
    altitude,
    basic_id,
    course,
    latitude,
    longitude,
    over_ground,
    speed,
    vertical,
    without_null_island,
)
from gateway.track import Loss

BASIC, LOCATION, SELF, SYSTEM, OPERATOR = (
    "Basic ID",
    "Location/Vector Message",
    "Self-ID Message",
    "System Message",
    "Operator ID Message",
)
AUTHENTICATION = "Authentication Message"
MESSAGES = (BASIC, LOCATION, SELF, SYSTEM, OPERATOR, AUTHENTICATION, "Frequency Message", "AdvData")
_AUTHENTICATION_LOSS = Loss(AUTHENTICATION, "NOT_MODELLED")
_number_m = partial(lenient.number, units=METRES)


class _Reception:
    """What the receiver adds, gathered from wherever a shape puts it."""

    def __init__(self) -> None:
        self.address = ""
        self.addresses: set[str] = set()
        self.facts: dict[str, str] = {}

    def read(self, members: Members) -> None:
        """Address, signal strength, transport and frequency, wherever they stand."""
        self.sent_by(members.take(("MAC", "mac", "MAC address"), lenient.address))
        for names, fact in (
            (("RSSI", "rssi"), "rssi-dbm"),
            (("channel", "chanIdx"), "channel"),
            (("frequency_mhz",), "frequency-mhz"),
        ):
            value = members.take(names, partial(lenient.number, units={"dbm": 1.0, "mhz": 1.0}))
            if value is not None:
                self.facts[fact] = f"{value:.10g}"
        for keys, fact in (("transport",), "transport"), (("sensor ID", "sensor_id", "seen_by"), "receiver"):
            text = members.take(keys, partial(lenient.text, most=100))
            if text is not None and text.isprintable():
                self.facts[fact] = text

    def sent_by(self, address: str | None) -> None:
        """Note the transmitter's address, if it is one."""
        if address:
            self.address = address
            self.addresses.add(address)


def nested_report(parts: list[dict[str, Json]], text: bytes) -> Report:
    """The report of one drone, whose messages may stand in one object or in several."""
    losses: list[Loss] = []
    heard: list[Heard] = []
    reception = _Reception()
    advertised = b""
    for part in parts:
        outer = Members(part, "", losses)
        for name, read in _READERS.items():
            value = part.get(name)
            for inner in value if isinstance(value, list) else [value]:
                if not isinstance(inner, dict):
                    continue
                outer.skip(name)
                members = Members(inner, f"{name}/", losses)
                reception.read(members)
                message = read(members)
                members.skip("protocol_version")
                members.note_unread()
                if message is not None:
                    heard.append(Heard(message=message))
        if AUTHENTICATION in part:
            outer.skip(AUTHENTICATION)
            losses.append(_AUTHENTICATION_LOSS)
        _read_link(outer, reception, losses)
        reception.read(outer)
        advertised = outer.take(("AdvData",), _octets) or advertised
        outer.skip("index", "runtime")
        outer.note_unread()
    if not heard and advertised:
        heard = _broadcast(advertised)
    if not heard:
        raise FormatError(codes.SHAPE, cause="no message that could be read")
    if len(parts) > 1:
        _check_one_drone(heard, reception)
    return Report(
        heard=tuple(heard),
        address=reception.address,
        is_whole=True,
        facts=reception.facts,
        losses=tuple(losses),
        text=text,
    )


def _read_link(outer: Members, reception: _Reception, losses: list[Loss]) -> None:
    """Bluetooth's own layer as sniffers report it: ``AUX_ADV_IND`` and ``aext``."""
    for name in ("AUX_ADV_IND", "aext", "Frequency Message", "Signal Info"):
        inner = outer.inner(name)
        if inner is None:
            continue
        members = Members(inner, f"{name}/", losses)
        reception.sent_by(members.take(("AdvA",), lenient.address))
        if name != "Frequency Message":
            reception.read(members)
        elif (hertz := members.take(("frequency",), partial(lenient.number, units={}))) is not None:
            megahertz = hertz / 1e6 if hertz > 1e6 else hertz  # both are written
            reception.facts["frequency-mhz"] = f"{megahertz:.10g}"
        members.note_unread()


def _check_one_drone(heard: list[Heard], reception: _Reception) -> None:
    """`FormatError` (``RID-006``) for a list of messages that are of more than one drone."""
    ids: dict[int, bytes] = {}
    for one in heard:
        message = one.message
        if isinstance(message, BasicId) and ids.setdefault(message.id_type, message.uas_id) != message.uas_id:
            raise FormatError(codes.AMBIGUOUS, place=BASIC, cause="one list with the ids of several drones")
    if len(reception.addresses) > 1:
        raise FormatError(codes.AMBIGUOUS, cause=f"one list with {len(reception.addresses)} addresses")


def _octets(value: Json) -> bytes:
    if not isinstance(value, str):
        raise ValueError
    return bytes.fromhex(value)


def _broadcast(octets: bytes) -> list[Heard]:
    """Messages that a receiver hands on undecoded."""
    found: list[Heard] = []
    for message in unwrap(octets).messages:
        losses: list[Loss] = []
        decoded = wire.decode(message, losses)
        found.append(Heard(message=decoded, octets=message, losses=tuple(losses)))
    return found


def _basic(members: Members) -> Message | None:
    id_type = members.take(("id_type",), partial(lenient.code, words=ID_WORDS))
    ua_type = members.take(("ua_type", "ua_type_name"), partial(lenient.code, words=UA_WORDS))
    uas_id = members.take(("id", "uas_id"), partial(lenient.text, most=100))
    message, kept = basic_id(id_type, ua_type, uas_id)
    if not kept:
        members.lose("id", "OUT_OF_RANGE")
    return message


def _location(members: Members) -> Message:
    lat, lon = without_null_island(
        members.take(("latitude", "lat"), latitude), members.take(("longitude", "lon"), longitude)
    )
    direction = members.take(("direction",), course)
    west = members.take(("ew_dir_segment",), lambda value: isinstance(value, str) and value.strip().lower() == "west")
    if west and direction is not None and direction < 180:
        direction += 180  # the octet as it was sent, its segment apart
    height = members.take(("height_agl", "height"), altitude)
    above = members.take(("height_type",), over_ground)
    if height is not None and above is None:
        members.lose("height_agl", "NO_DATUM")  # the name is the same for heights above the place of take-off
        height = None
    members.skip("speed_multiplier")  # the speeds have it in them
    take = members.take
    return Location(
        status=take(("op_status", "status"), partial(lenient.code, words=STATUS_WORDS)) or 0,
        direction_deg=direction,
        speed_mps=take(("speed",), speed),
        vertical_mps=take(("vert_speed", "vertical_speed"), vertical),
        latitude_deg=lat,
        longitude_deg=lon,
        altitude_baro_m=take(("pressure_altitude", "alt_pressure"), altitude),
        altitude_geo_m=take(("geodetic_altitude",), altitude),
        over_ground=bool(above),
        height_m=height,
        horizontal_accuracy=take(
            ("horizontal_accuracy", "horiz_acc"), lambda value: lenient.accuracy(value, HORIZONTAL_BOUNDS_M, METRES)
        )
        or 0,
        vertical_accuracy=take(
            ("vertical_accuracy", "vert_acc"), lambda value: lenient.accuracy(value, VERTICAL_BOUNDS_M, METRES)
        )
        or 0,
        baro_accuracy=take(
            ("baro_accuracy", "baro_acc"), lambda value: lenient.accuracy(value, VERTICAL_BOUNDS_M, METRES)
        )
        or 0,
        speed_accuracy=take(
            ("speed_accuracy", "speed_acc"), lambda value: lenient.accuracy(value, SPEED_BOUNDS_MPS, SPEED)
        )
        or 0,
        since_hour_s=take(("timestamp",), lenient.since_hour_s),
        time_accuracy=take(("timestamp_accuracy",), _tenths) or 0,
    )


def _tenths(value: Json) -> int | None:
    found = lenient.number(value, {"s": 1.0})
    if found is not None and not 0 <= found <= 1.5:
        raise ValueError
    return None if found is None else round(found * 10)


def _self_id(members: Members) -> Message:
    text = members.take(("text", "description"), partial(lenient.text, most=200))
    kind = members.take(("text_type", "description_type"), partial(lenient.code, words=SELF_ID_WORDS))
    return SelfId(kind=kind or 0, text=(text or "").encode("utf-8", "replace"))


def _system(members: Members) -> Message:
    take = members.take
    lat, lon = without_null_island(
        take(("operator_lat", "operator_latitude", "latitude"), latitude),
        take(("operator_lon", "operator_longitude", "longitude"), longitude),
    )
    home = without_null_island(take(("home_lat",), latitude), take(("home_lon",), longitude))
    basis = take(("operator_location_type",), partial(lenient.code, words=PLACE_WORDS))
    if lat is None and home[0] is not None:
        (lat, lon), basis = home, 0  # where it took off, and nobody says that the operator moved
    at = take(("timestamp",), lambda value: None if isinstance(value, int | float) else lenient.utc(value))
    seconds = take(("timestamp_raw",), partial(lenient.integer, most=0xFFFFFFFF))
    if seconds is None and at is not None:
        seconds = max(0, round((at - EPOCH).total_seconds()))
    radius = take(("area_radius",), _number_m)
    return System(
        basis=3 if basis is None else min(basis, 3),
        classification=take(("classification_type",), partial(lenient.code, words=CLASSIFICATION_WORDS)) or 0,
        latitude_deg=lat,
        longitude_deg=lon,
        area_count=take(("area_count",), partial(lenient.integer, most=0xFFFF)) or 1,
        area_radius_m=0 if radius is None or not 0 <= radius <= 2550 else int(radius),
        area_ceiling_m=take(("area_ceiling",), altitude),
        area_floor_m=take(("area_floor",), altitude),
        category=take(("ua_category", "category_eu", "classification_category"), _category) or 0,
        eu_class=take(("ua_class", "class_eu", "classification_class"), _class) or 0,
        altitude_m=take(("operator_altitude_geo", "operator_alt", "operator_altitude", "geodetic_altitude"), altitude),
        timestamp_s=seconds or 0,
    )


def _category(value: Json) -> int | None:
    return lenient.code(value, CATEGORY_WORDS)


def _class(value: Json) -> int | None:
    return lenient.code(value, CLASS_WORDS)


def _operator(members: Members) -> Message:
    name = members.take(("operator_id",), partial(lenient.text, most=100))
    members.skip("operator_id_type")
    return OperatorId(operator_id=(name or "").encode("utf-8", "replace"))


_READERS = {BASIC: _basic, LOCATION: _location, SELF: _self_id, SYSTEM: _system, OPERATOR: _operator}
