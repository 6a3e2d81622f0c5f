"""Words of our own for facts that SAPIENT has no field for: names of an object, flags, further kinds of height.

They travel where the standard leaves room for what a Registration declares: `object_info` for what the object is called
and `track_info` for what is known of its track, each a type and a value in text. Our own Registration declares them
with their units. Reading takes the same words from anybody, and only if the value is what the word promises: they are
our canonical names, spelt in full.
"""

from __future__ import annotations

import re
from datetime import datetime

from gateway.clock import parse_utc, utc_text
from gateway.track import Accuracy, Identifier, Loss, State, Status

NAMES: dict[str, re.Pattern[str]] = {
    "icao24": re.compile(r"[0-9a-f]{6}", re.ASCII),
    "mode1": re.compile(r"[0-7]{1,2}", re.ASCII),
    "mode2": re.compile(r"[0-7]{4}", re.ASCII),
    "mode3a": re.compile(r"[0-7]{4}", re.ASCII),
    "callsign": re.compile(r"\S(.{0,62}\S)?"),
    "flight_plan": re.compile(r"\S(.{0,62}\S)?"),
    "registration": re.compile(r"\S(.{0,62}\S)?"),
    "system_track": re.compile(r"\d{1,3}/\d{1,3}/\d{1,6}", re.ASCII),
    "cot_uid": re.compile(r".{1,200}"),
    "mmsi": re.compile(r"\d{9}", re.ASCII),
    "imo": re.compile(r"\d{7}", re.ASCII),
    "mac": re.compile(r"[0-9A-Fa-f:-]{12,17}", re.ASCII),
    "uas_serial": re.compile(r"\S{1,40}"),
    "uas_session": re.compile(r"\S{1,64}"),
    "uas_registration": re.compile(r"\S{1,40}"),
}
"""Schemes of identifiers and the form of their values."""

FLAGS = (
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
"""Members of a track's status, spoken as ``status.NAME`` with value ``true`` or ``false``."""

NUMBERS = {
    "altitude_hae_m": "m",
    "altitude_msl_m": "m",
    "altitude_baro_m": "m",
    "altitude_qnh_m": "m",
    "height_agl_m": "m",
    "height_takeoff_m": "m",
    "course_deg": "degrees",
    "ground_speed_mps": "m/s",
    "vertical_rate_mps": "m/s",
    "heading_deg": "degrees",
    "magnetic_heading_deg": "degrees",
    "turn_rate_degps": "degrees/s",
    "acceleration_east_mps2": "m/s2",
    "acceleration_north_mps2": "m/s2",
    "indicated_airspeed_mps": "m/s",
    "true_airspeed_mps": "m/s",
    "mach": "1",
}
"""Members of a track's state, and their units."""

ERRORS = {
    "horizontal_95_m": "m",
    "vertical_95_m": "m",
    "course_95_deg": "degrees",
    "speed_95_mps": "m/s",
}
"""Members of its accuracy."""

_BOUNDS = {
    "course_deg": (0.0, 360.0),
    "heading_deg": (0.0, 360.0),
    "magnetic_heading_deg": (0.0, 360.0),
    "ground_speed_mps": (0.0, 1e6),
    "indicated_airspeed_mps": (0.0, 1e6),
    "true_airspeed_mps": (0.0, 1e6),
    "mach": (0.0, 1e3),
    **dict.fromkeys(ERRORS, (0.0, 1e9)),
}
_ANY = (-1e9, 1e9)
_MARKERS = frozenset(("", "nan", "unknown", "unk", "none", "null", "n/a", "na", "-", "?", "???"))
_LONGEST_MARKER = 16
STALE = "stale_at"
REMARKS = "remarks"
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII).fullmatch


def is_marker(text: str) -> bool:
    """Whether a text only says that there is none: ``unknown``, ``N/A``."""
    return len(text) <= _LONGEST_MARKER and text.strip().casefold() in _MARKERS


def name_of(kind: str, value: str) -> Identifier | None:
    """The identifier that an `object_info` states; `None` where it is another's word, or no such value."""
    form = NAMES.get(kind)
    if form is None or is_marker(value) or not form.fullmatch(value):
        return None
    return Identifier(kind, value)


class Heard:
    """What the `track_info` of one report says in our words."""

    def __init__(self) -> None:
        self.status: dict[str, bool] = {}
        self.state: dict[str, float] = {}
        self.accuracy: dict[str, float] = {}
        self.stale_at: datetime | None = None

    def take(self, kind: str, value: str) -> bool:
        """Note one entry; false where it is another's word, or no such value."""
        if kind.startswith("status.") and kind[7:] in FLAGS and value in ("true", "false"):
            self.status[kind[7:]] = value == "true"
        elif kind in NUMBERS or kind in ERRORS:
            if not _DECIMAL(value):
                return False
            low, high = _BOUNDS.get(kind, _ANY)
            number = float(value)
            if not low <= number <= high or (number == high == 360.0):
                return False
            (self.state if kind in NUMBERS else self.accuracy)[kind] = number
        elif kind == STALE:
            try:
                self.stale_at = parse_utc(value)
            except (ValueError, OverflowError):
                return False
        else:
            return False
        return True


def number_text(name: str, value: float) -> str | None:
    """A number as the words above carry it; `None` for one that is none, or out of the bounds of its word."""
    low, high = _BOUNDS.get(name, _ANY)
    if not low <= value <= high:
        return None
    return f"{value:.9f}".rstrip("0").rstrip(".")


def said_of(
    status: Status | None, state: State, accuracy: Accuracy | None, skip: set[str], lost: list[Loss]
) -> list[tuple[str, str]]:
    """(type, value) for each fact in our words that stands in no field of its own, in a fixed order."""
    said: list[tuple[str, str]] = []
    if status is not None:
        for name in FLAGS:
            flag = getattr(status, name)
            if flag is not None:
                said.append((f"status.{name}", "true" if flag else "false"))
    for holder, names in ((state, NUMBERS), (accuracy, ERRORS)):
        if holder is None:
            continue
        for name in names:
            value = getattr(holder, name)
            if value is None or name in skip:
                continue
            text = number_text(name, value)
            if text is not None:
                said.append((name, text))
            else:
                lost.append(Loss(f"state.{'' if holder is state else 'accuracy.'}{name}", "OUT_OF_RANGE"))
    if state.stale_at is not None:
        said.append((STALE, utc_text(state.stale_at)))
    return said
