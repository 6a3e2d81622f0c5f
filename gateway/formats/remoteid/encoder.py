"""Tracks as Remote ID: one pack per track, or one JSON object in the nested shape.

Remote ID is what an aircraft broadcasts of itself. Written by a gateway it is a way to hand tracks to receivers'
displays, never to a transmitter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from gateway.errors import FormatError
from gateway.formats.remoteid import codes, leftovers, wire
from gateway.formats.remoteid.losses import check_numbers, not_carried, rounded
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
    Message,
    OperatorId,
    SelfId,
    System,
    code_of,
)
from gateway.formats.remoteid.objects import json_line
from gateway.formats.remoteid.texts import octets_of
from gateway.formats.remoteid.tracks import CATEGORY_SCHEME, CLASS_SCHEME
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.symbols import to_remote_id
from gateway.track import Loss, State, Track, is_alert

_KINDS = {"uas_serial": SERIAL, "uas_registration": REGISTRATION, "uas_utm": UTM, "uas_session": SESSION}
_PRIVATE_SESSION = 0xE1  # first of the session kinds that are free for private use (225 to 255)
_IDS = 4
_TEXT = 23
_HALF_HOUR = timedelta(minutes=30)
_WITHHELD = Loss("operator", "WITHHELD")
_NO_POSITION = Loss("state.position", "NO_POSITION")
FORMS = ("pack", "json")


class RemoteIdEncoder:
    """Writes tracks for one consumer. `form` is ``pack`` or ``json``; `personal_data` writes the operator too."""

    def __init__(self, *, form: str = "pack", personal_data: bool = False, limits: Limits | None = None) -> None:
        """`ValueError` for a form that there is not."""
        if form not in FORMS:
            raise ValueError(f"form: expected {' or '.join(FORMS)}, got {form[:40]!r}")
        self._is_json = form == "json"
        self._personal_data = personal_data

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """One frame per track, at `now`: positions older than half an hour cannot say their time."""
        frames: list[bytes] = []
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            name = track.track_id or (track.identifiers[0].value if track.identifiers else "")
            lost: list[Loss] = []
            try:
                messages = self._messages(track, now, lost)
            except FormatError as error:
                problems.append(FormatError(error.code, place=f"track {name}"[:200], cause=error.cause))
                if error.code is codes.NO_POSITION:
                    losses.append((name, _NO_POSITION))
                continue
            frames.append(json_line(messages) if self._is_json else wire.pack([wire.encode(one) for one in messages]))
            losses.extend([(name, loss) for loss in dict.fromkeys(lost)])
        return Encoded(frames=tuple(frames), losses=tuple(losses), problems=tuple(problems))

    def _messages(self, track: Track, now: datetime, lost: list[Loss]) -> list[Message]:
        """Ids, Location, Self ID, System, operator: in the order of the standard's own example."""
        state = track.state
        if state is None or state.position is None:
            raise FormatError(codes.NO_POSITION)
        if is_alert(track):
            raise FormatError(codes.ALERT)
        check_numbers(track, state)
        kept = leftovers.read(track.extensions)
        messages: list[Message] = list(_basic_ids(track, kept, lost))
        messages.append(_location(track, state, kept, now, lost))
        own = _self_id(track, kept, lost)
        if own is not None:
            messages.append(own)
        operator = track.operator
        if operator is not None and not self._personal_data:
            lost.append(_WITHHELD)
            operator = None
        system = _system(track, kept, lost, is_personal=operator is not None)
        if system is not None:
            messages.append(system)
        if operator is not None and operator.identifier is not None:
            text = operator.identifier.encode("utf-8", "replace")
            if len(text) > 20:
                lost.append(Loss("operator.identifier", "TRUNCATED"))
            messages.append(OperatorId(operator_id=_cut(text, 20)))
        lost.extend(not_carried(track, state))
        return messages


def _basic_ids(track: Track, kept: Mapping[str, str], lost: list[Loss]) -> list[BasicId]:
    """The names that Remote ID has a place for; a track without one goes by its track id, as a private session id."""
    ua_type, losses = to_remote_id(platform=track.platform)
    if kept.get("ua-type") == str(OTHER_TYPE) and ua_type == 0:
        ua_type = OTHER_TYPE
    lost.extend(losses)
    found: dict[int, BasicId] = {}
    for identifier in track.identifiers:
        kind = _KINDS.get(identifier.scheme)
        octets = None if kind is None else octets_of(identifier.scheme, identifier.value)
        if kind is None or octets is None or kind in found:
            lost.append(Loss(f"identifiers.{identifier.scheme}", "NO_TARGET" if kind is None else "TRUNCATED"))
        else:
            found[kind] = BasicId(id_type=kind, ua_type=ua_type, uas_id=octets)
    if found:
        return [found[kind] for kind in (SERIAL, REGISTRATION, UTM, SESSION) if kind in found][:_IDS]
    return [BasicId(id_type=SESSION, ua_type=ua_type, uas_id=bytes((_PRIVATE_SESSION,)) + _token(track))]


def _token(track: Track) -> bytes:
    """Sixteen octets that stay the same for the track."""
    if track.track_id is not None:
        try:
            return UUID(track.track_id).bytes
        except ValueError:
            return sha256(track.track_id.encode("utf-8", "replace")).digest()[:16]
    if not track.identifiers:
        raise FormatError(codes.UNNAMED)
    first = track.identifiers[0]
    return sha256(f"{first.scheme}:{first.value}".encode("utf-8", "replace")).digest()[:16]


def _location(track: Track, state: State, kept: Mapping[str, str], now: datetime, lost: list[Loss]) -> Location:
    position, accuracy = state.position, state.accuracy
    assert position is not None
    height = state.height_takeoff_m if state.height_takeoff_m is not None else state.height_agl_m
    if state.height_takeoff_m is not None and state.height_agl_m is not None:
        lost.append(Loss("state.height_agl_m", "NO_TARGET"))
    since = None
    if abs(state.time - now) <= _HALF_HOUR:
        since = rounded(
            "state.time", state.time.minute * 60 + state.time.second + state.time.microsecond / 1e6, 0.1, lost
        )
    else:
        lost.append(Loss("state.time", "OUT_OF_RANGE"))
    lat, lon = position.latitude_deg, position.longitude_deg
    if round(lat * 1e7) == 0 and round(lon * 1e7) == 0:
        lat = 1e-7  # 0/0 would say that it is not known; a centimetre says that it is
        lost.append(Loss("state.position", "ROUNDED"))
    horizontal = vertical = speed = 0
    if accuracy is not None:
        horizontal = _bound("horizontal_95_m", accuracy.horizontal_95_m, HORIZONTAL_BOUNDS_M, lost)
        vertical = _bound("vertical_95_m", accuracy.vertical_95_m, VERTICAL_BOUNDS_M, lost)
        speed = _bound("speed_95_mps", accuracy.speed_95_mps, SPEED_BOUNDS_MPS, lost)
    course = rounded("state.course_deg", state.course_deg, 1.0, lost)
    return Location(
        status=_status(track, kept),
        direction_deg=None if course is None else course % 360.0,
        speed_mps=_speed(state.ground_speed_mps, lost),
        vertical_mps=rounded("state.vertical_rate_mps", state.vertical_rate_mps, 0.5, lost, least=-62.0, most=62.0),
        latitude_deg=lat,
        longitude_deg=lon,
        altitude_baro_m=_altitude("state.altitude_baro_m", state.altitude_baro_m, lost),
        altitude_geo_m=_altitude("state.altitude_hae_m", state.altitude_hae_m, lost),
        over_ground=state.height_takeoff_m is None and state.height_agl_m is not None,
        height_m=_altitude("state.height", height, lost),
        horizontal_accuracy=horizontal,
        vertical_accuracy=vertical,
        baro_accuracy=_kept_bound(kept.get("baro-accuracy-95-m")),
        speed_accuracy=speed,
        since_hour_s=since,
        time_accuracy=_tenths(kept.get("time-accuracy-s")),
    )


def _status(track: Track, kept: Mapping[str, str]) -> int:
    status = track.status
    own = kept.get("status")
    if own == "REMOTE_ID_FAILURE":
        return FAILURE
    if status is None:
        return 0
    if status.emergency is not None and (own == "EMERGENCY" or kept.get("self-id-type") != "1"):
        return EMERGENCY
    return {True: GROUND, False: AIRBORNE, None: 0}[status.on_ground]


def _self_id(track: Track, kept: Mapping[str, str], lost: list[Loss]) -> SelfId | None:
    if track.remarks is None:
        return None
    octets = track.remarks.encode("utf-8", "replace").replace(b"\0", b" ")
    if len(octets) > _TEXT:
        lost.append(Loss("remarks", "TRUNCATED"))
    kind = kept.get("self-id-type", "0")
    return SelfId(
        kind=int(kind) if kind.isascii() and kind.isdigit() and len(kind) < 4 and int(kind) < 256 else 0,
        text=_cut(octets, _TEXT),
    )


def _cut(octets: bytes, most: int) -> bytes:
    """At most so many octets, not torn within a character."""
    return octets[:most].decode("utf-8", "ignore").encode() if len(octets) > most else octets


def _system(track: Track, kept: Mapping[str, str], lost: list[Loss], *, is_personal: bool) -> System | None:
    """The operator's place if it may be written, the group's area and the European class; nothing without any."""
    category = _coded(track, CATEGORY_SCHEME, CATEGORIES)
    eu_class = _coded(track, CLASS_SCHEME, CLASSES)
    operator = track.operator if is_personal else None
    placed = operator is not None and (operator.position is not None or operator.altitude_hae_m is not None)
    if not (category or eu_class or placed or "area-count" in kept):
        return None
    lat = lon = altitude = None
    basis = seconds = 0
    if operator is not None:
        if operator.position is not None:
            lat, lon = operator.position.latitude_deg, operator.position.longitude_deg
        altitude = _altitude("operator.altitude_hae_m", operator.altitude_hae_m, lost)
        if operator.basis in OPERATOR_BASES:
            basis = OPERATOR_BASES.index(operator.basis)
        elif placed:
            basis = 3  # reserved: what it is has not been said
        if operator.time is not None:
            seconds = min(max(round((operator.time - EPOCH).total_seconds()), 0), 0xFFFFFFFF)
    classification = EU if category or eu_class else _whole(kept.get("classification-type"), 7)
    return System(
        basis=basis,
        classification=classification,
        latitude_deg=lat,
        longitude_deg=lon,
        area_count=_whole(kept.get("area-count", "1"), 0xFFFF),
        area_radius_m=_whole(kept.get("area-radius-m"), 2550),
        area_ceiling_m=_kept_altitude(kept.get("area-ceiling-hae-m")),
        area_floor_m=_kept_altitude(kept.get("area-floor-hae-m")),
        category=category,
        eu_class=eu_class,
        altitude_m=altitude,
        timestamp_s=seconds,
    )


def _coded(track: Track, scheme: str, table: Mapping[int, str]) -> int:
    for one in track.classifications:
        if one.scheme == scheme:
            for code, text in table.items():
                if one.type == text:
                    return code
    return 0


def _speed(value: float | None, lost: list[Loss]) -> float | None:
    if value is None:
        return None
    octet, fast = wire.speed_octet(value)
    written = wire.speed_mps(octet, fast)
    if written is not None and abs(written - value) > 1e-9:
        lost.append(Loss("state.ground_speed_mps", "OUT_OF_RANGE" if abs(written - value) > 1.0 else "ROUNDED"))
    return value


def _altitude(field: str, value: float | None, lost: list[Loss]) -> float | None:
    if value is not None and not -999.5 <= value <= 31767.5:
        lost.append(Loss(field, "OUT_OF_RANGE"))
        return None
    return rounded(field, value, 0.5, lost)


def _bound(name: str, value: float | None, table: tuple[float | None, ...], lost: list[Loss]) -> int:
    if value is None:
        return 0
    code = code_of(table, value)
    if table[code] != value:
        lost.append(Loss(f"state.accuracy.{name}", "ROUNDED" if code else "OUT_OF_RANGE"))
    return code


def _number(text: str | None) -> float | None:
    """A kept number; it came through partners, so it is checked."""
    try:
        value = float(text) if text is not None and len(text) < 24 else None
    except ValueError:
        return None
    return value if value is not None and value - value == 0.0 else None


def _whole(text: str | None, most: int) -> int:
    value = _number(text)
    return int(value) if value is not None and 0 <= value <= most else 0


def _kept_altitude(text: str | None) -> float | None:
    value = _number(text)
    return value if value is not None and -999.5 <= value <= 31767.5 else None


def _kept_bound(text: str | None) -> int:
    value = _number(text)
    return 0 if value is None else code_of(VERTICAL_BOUNDS_M, value)


def _tenths(text: str | None) -> int:
    value = _number(text)
    return round(value * 10) if value is not None and 0 <= value <= 1.5 else 0
