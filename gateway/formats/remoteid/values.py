"""What the receivers' shapes have in common: the broadcast's own special numbers, and words for its codes."""

from __future__ import annotations

from gateway.formats.remoteid import lenient
from gateway.formats.remoteid.lenient import DEGREES, METRES, SPEED, Json
from gateway.formats.remoteid.messages import REGISTRATION, SERIAL, SESSION, UTM, BasicId
from gateway.formats.remoteid.texts import octets_of

ID_WORDS = (
    ("serial", SERIAL),
    ("caa", REGISTRATION),
    ("registration", REGISTRATION),
    ("utm", UTM),
    ("uuid", UTM),
    ("session", SESSION),
    ("none", 0),
)
UA_WORDS = (
    ("none", 0),
    ("no ua", 0),
    ("undeclared", 0),
    ("not declared", 0),
    ("hybrid", 4),
    ("fixed", 1),
    ("aeroplane", 1),
    ("airplane", 1),
    ("helicopter", 2),
    ("multirotor", 2),
    ("gyroplane", 3),
    ("ornithopter", 5),
    ("glider", 6),
    ("kite", 7),
    ("free balloon", 8),
    ("captive balloon", 9),
    ("airship", 10),
    ("parachute", 11),
    ("free fall", 11),
    ("rocket", 12),
    ("tethered", 13),
    ("obstacle", 14),
    ("other", 15),
)
STATUS_WORDS = (("undeclared", 0), ("ground", 1), ("airborne", 2), ("emergency", 3), ("failure", 4), ("operational", 0))
SELF_ID_WORDS = (("emergency", 1), ("status", 2), ("text", 0))
PLACE_WORDS = (("take", 0), ("live", 1), ("dynamic", 1), ("fixed", 2))
CLASSIFICATION_WORDS = (("undeclared", 0), ("eu", 1))
CATEGORY_WORDS = (("undeclared", 0), ("open", 1), ("specific", 2), ("certified", 3))
CLASS_WORDS = (("undeclared", 0), *((f"{name} {number}", number + 1) for name in ("class",) for number in range(7)))

_UNKNOWN_DIRECTION, _UNKNOWN_SPEED, _UNKNOWN_VERTICAL, _UNKNOWN_ALTITUDE = 361.0, 255.0, 63.0, -1000.0


def latitude(value: Json) -> float | None:
    """Degrees from -90 to 90."""
    return _between(lenient.number(value, DEGREES), -90.0, 90.0)


def longitude(value: Json) -> float | None:
    """Degrees from -180 to 180."""
    return _between(lenient.number(value, DEGREES), -180.0, 180.0)


def without_null_island(lat: float | None, lon: float | None) -> tuple[float | None, float | None]:
    """Both or neither; 0/0 is the broadcast's unknown."""
    return (None, None) if lat is None or lon is None or (lat == 0.0 and lon == 0.0) else (lat, lon)


def course(value: Json) -> float | None:
    """Degrees from 0 to 360; 361 is unknown."""
    found = lenient.number(value, DEGREES)
    return None if found == _UNKNOWN_DIRECTION else _between(found, 0.0, 360.0)


def speed(value: Json) -> float | None:
    """Metres per second; 255 is unknown."""
    found = lenient.number(value, SPEED)
    return None if found == _UNKNOWN_SPEED else _between(found, 0.0, 254.25)


def vertical(value: Json) -> float | None:
    """Metres per second, climbing positive; 63 is unknown."""
    found = lenient.number(value, SPEED)
    return None if found == _UNKNOWN_VERTICAL else _between(found, -62.0, 62.0)


def altitude(value: Json) -> float | None:
    """Metres; -1000 is unknown."""
    found = lenient.number(value, METRES)
    return None if found == _UNKNOWN_ALTITUDE else _between(found, -1000.0, 31767.5)


def over_ground(value: Json) -> bool | None:
    """Whether a height is above ground; otherwise it is above the place of take-off."""
    return bool(found) if (found := lenient.code(value, (("ground", 1), ("agl", 1), ("take", 0)))) is not None else None


def basic_id(id_type: int | None, ua_type: int | None, uas_id: str | None) -> tuple[BasicId | None, bool]:
    """(the message, whether the id could be taken over). An id of no declared type is no name: nobody knows whose."""
    known = id_type or 0
    octets: bytes | None = b""
    if uas_id is not None:
        scheme = {UTM: "uas_utm", SESSION: "uas_session"}.get(known, "")
        octets = octets_of(scheme, uas_id)
        if octets is None and scheme:
            octets = octets_of("", uas_id)  # some write the text of it
    if octets is None:
        return BasicId(ua_type=ua_type or 0), False
    return BasicId(id_type=known, ua_type=ua_type or 0, uas_id=octets), True


def _between(value: float | None, least: float, most: float) -> float | None:
    if value is not None and not least <= value <= most:
        raise ValueError
    return value
