"""A simulated sky: airliners, fighters over a training area, a drone swarm at a border, a drone near an airport.

Physically plausible: constant-speed flight along great circles, standard-rate turns, bounded climb rates, no jumps. The
same seed gives the same sky. Every track is marked as simulated at its birth, and stays so end to end.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

EARTH_RADIUS_M = 6_371_008.8
BORDER_LONGITUDE_DEG = 7.05
"""Where the swarm crosses from one nation to the other."""
AIRPORT = (52.1346, 7.6848)
"""Latitude and longitude of the reference point near which a drone loiters."""
RADAR = (52.30, 6.20, 45.0)
"""Latitude, longitude (degrees) and antenna height above mean sea level (metres) of the simulated radar."""
GEOID_M = 44.0
"""Height of the geoid above the ellipsoid in the area, metres."""
TRAINING_AREA = (52.72, 6.55)
"""Latitude and longitude of the middle of the area in which the fighters circle."""
MILITARY_SQUAWKS = "04"
"""How every Mode 3/A code of a fighter begins, and none of an airliner."""
FIGHTERS = tuple((f"SIMHWK{number}", f"{0x480F00 + number:06x}") for number in range(1, 5))
"""Callsign and 24-bit address of each."""
OPERATOR = (52.1391, 7.6712)
"""Latitude and longitude of whoever flies the drone near the airport."""
OPERATOR_HEIGHT_M = 48.0
"""Above mean sea level."""


class Aircraft(Struct, frozen=True, kw_only=True):
    """One object of the sky at one instant."""

    number: int
    """Stable number of the object, 1 and up."""
    kind: str
    """``airliner``, ``fighter``, ``swarm`` or ``loiterer``."""
    callsign: str
    address: str
    """24-bit address, six lower-case hex digits; empty for a drone."""
    squawk: str
    """Mode 3/A code, four octal digits; empty for a drone."""
    time: datetime
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    """Above mean sea level; taken as pressure altitude too (the simulated day is a standard one)."""
    course_deg: float
    ground_speed_mps: float
    vertical_rate_mps: float


def travel(latitude_deg: float, longitude_deg: float, *, course_deg: float, distance_m: float) -> tuple[float, float]:
    """Where one gets along a great circle on a sphere; good to 0.5 %, which is plenty for a scenario."""
    latitude, course = math.radians(latitude_deg), math.radians(course_deg)
    angle = distance_m / EARTH_RADIUS_M
    sine = math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(course)
    end = math.asin(sine)
    turn = math.atan2(
        math.sin(course) * math.sin(angle) * math.cos(latitude), math.cos(angle) - math.sin(latitude) * sine
    )
    longitude = (longitude_deg + math.degrees(turn) + 540.0) % 360.0 - 180.0
    return math.degrees(end), longitude


class _Airliner(Struct):
    number: int
    callsign: str
    address: str
    squawk: str
    latitude_deg: float
    longitude_deg: float
    course_deg: float
    speed_mps: float
    altitude_m: float
    target_altitude_m: float
    climb_mps: float

    def step(self, seconds: float) -> None:
        self.latitude_deg, self.longitude_deg = travel(
            self.latitude_deg, self.longitude_deg, course_deg=self.course_deg, distance_m=self.speed_mps * seconds
        )
        gap = self.target_altitude_m - self.altitude_m
        self.altitude_m += math.copysign(min(abs(gap), self.climb_mps * seconds), gap)
        # The airway ends: a standard-rate turn (3 degrees per second) back towards the middle of the area
        if not (51.0 < self.latitude_deg < 53.6 and 4.6 < self.longitude_deg < 9.4):
            self.course_deg = (self.course_deg + 3.0 * seconds) % 360.0

    def vertical_rate_mps(self) -> float:
        gap = self.target_altitude_m - self.altitude_m
        return 0.0 if abs(gap) < 1.0 else math.copysign(self.climb_mps, gap)


class Sky:
    """The objects, moved on by `at`; time must not go back."""

    def __init__(
        self, start: datetime, *, seed: int = 7, airliners: int = 24, swarm: int = 12, fighters: bool = False
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a scenario, not a secret
        self._start = start
        self._now = start
        self._fighters = fighters
        self._airliners = [self._airliner(number) for number in range(1, airliners + 1)]
        self._swarm = [
            (self._random.gauss(0.0, 60.0), self._random.gauss(0.0, 60.0), self._random.uniform(-15.0, 15.0))
            for _ in range(swarm)
        ]

    def _airliner(self, number: int) -> _Airliner:
        draw = self._random
        level = draw.choice((7_620.0, 9_144.0, 10_363.2, 10_972.8, 11_582.4))
        climbing = draw.random() < 0.3
        return _Airliner(
            number=number,
            callsign=f"SIM{100 + number}",
            address=f"{0x484000 + draw.randrange(0x1000):06x}",
            squawk=f"{draw.randrange(0o1000, 0o6777):04o}",
            latitude_deg=draw.uniform(51.3, 53.2),
            longitude_deg=draw.uniform(5.0, 9.0),
            course_deg=draw.choice((72.0, 95.0, 118.0, 251.0, 274.0, 298.0)) + draw.uniform(-6.0, 6.0),
            speed_mps=draw.uniform(205.0, 250.0),
            altitude_m=level - 2_400.0 if climbing else level,
            target_altitude_m=level,
            climb_mps=draw.uniform(7.0, 12.0),
        )

    def at(self, now: datetime) -> Iterator[Aircraft]:
        """Every object at `now`."""
        seconds = (now - self._now).total_seconds()
        if seconds > 0:
            for airliner in self._airliners:
                airliner.step(seconds)
            self._now = now
        yield from (self._liner_at(airliner, now) for airliner in self._airliners)
        yield from (self._fighter_at(index, now) for index in range(len(FIGHTERS) if self._fighters else 0))
        yield from self._swarm_at(now)
        yield self._loiterer_at(now)

    def _liner_at(self, plane: _Airliner, now: datetime) -> Aircraft:
        return Aircraft(
            number=plane.number,
            kind="airliner",
            callsign=plane.callsign,
            address=plane.address,
            squawk=plane.squawk,
            time=now,
            latitude_deg=plane.latitude_deg,
            longitude_deg=plane.longitude_deg,
            altitude_m=plane.altitude_m,
            course_deg=plane.course_deg,
            ground_speed_mps=plane.speed_mps,
            vertical_rate_mps=plane.vertical_rate_mps(),
        )

    def _fighter_at(self, index: int, now: datetime) -> Aircraft:
        """A fighter that circles over the training area at 200 m/s with a radius of 15 km, one above the other."""
        elapsed = (now - self._start).total_seconds()
        radius, speed = 15_000.0, 200.0
        bearing = (math.degrees(elapsed * speed / radius) + 90.0 * index) % 360.0
        point = travel(*TRAINING_AREA, course_deg=bearing, distance_m=radius)
        return Aircraft(
            number=3_000 + index,
            kind="fighter",
            callsign=FIGHTERS[index][0],
            address=FIGHTERS[index][1],
            squawk=f"{MILITARY_SQUAWKS}{0o20 + index:02o}",
            time=now,
            latitude_deg=point[0],
            longitude_deg=point[1],
            altitude_m=4_500.0 + 300.0 * index,
            course_deg=(bearing + 90.0) % 360.0,
            ground_speed_mps=speed,
            vertical_rate_mps=0.0,
        )

    def _swarm_at(self, now: datetime) -> Iterator[Aircraft]:
        """Fixed-wing drones in loose formation, 45 m/s, crossing the border some ten seconds after the start."""
        elapsed = (now - self._start).total_seconds()
        speed, course = 45.0, 262.0
        lead = travel(52.24, BORDER_LONGITUDE_DEG, course_deg=course + 180.0, distance_m=450.0)
        lead = travel(*lead, course_deg=course, distance_m=speed * elapsed)
        for index, (along, across, height) in enumerate(self._swarm):
            sway = 8.0 * math.sin(elapsed / 5.0 + index)
            point = travel(*lead, course_deg=course, distance_m=along)
            point = travel(*point, course_deg=course + 90.0, distance_m=across + sway)
            yield Aircraft(
                number=1_000 + index,
                kind="swarm",
                callsign=f"DRONE-{index + 1:02d}",
                address="",
                squawk="",
                time=now,
                latitude_deg=point[0],
                longitude_deg=point[1],
                altitude_m=180.0 + height,
                course_deg=course,
                ground_speed_mps=speed,
                vertical_rate_mps=0.0,
            )

    def _loiterer_at(self, now: datetime) -> Aircraft:
        """A multicopter that circles 1.2 km north of the airport at 12 m/s with a radius of 150 m."""
        elapsed = (now - self._start).total_seconds()
        bearing = math.degrees(elapsed * 12.0 / 150.0) % 360.0
        centre = travel(*AIRPORT, course_deg=0.0, distance_m=1_200.0)
        point = travel(*centre, course_deg=bearing, distance_m=150.0)
        return Aircraft(
            number=2_000,
            kind="loiterer",
            callsign="LOITER",
            address="",
            squawk="",
            time=now,
            latitude_deg=point[0],
            longitude_deg=point[1],
            altitude_m=95.0,
            course_deg=(bearing + 90.0) % 360.0,
            ground_speed_mps=12.0,
            vertical_rate_mps=0.0,
        )


def scans(start: datetime, *, seconds: float, period_s: float = 1.0) -> Iterator[datetime]:
    """The instants at which a sensor with that period reports."""
    for count in range(int(seconds / period_s) + 1):
        yield start + timedelta(seconds=count * period_s)
