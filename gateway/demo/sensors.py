"""What national sensors would report of the simulated sky: a radar, a system track server, a drone detector.

The tracks are ordinary canonical tracks, marked as simulated; the ordinary encoders turn them into ASTERIX and Cursor
on Target, so that the gateways under demonstration see nothing but octets on a socket.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import timedelta

from gateway.demo.sky import EARTH_RADIUS_M, RADAR, Aircraft
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Polar,
    Position,
    State,
    Status,
    Track,
)

RADAR_REACH_M = 220_000.0
RADAR_SAC, RADAR_SIC = 25, 201
SERVER_SAC, SERVER_SIC = 70, 16


def radar_plot(aircraft: Aircraft) -> Track | None:
    """The aircraft as a monoradar track with a slant range and an azimuth; `None` beyond the radar's reach."""
    latitude, longitude, height = RADAR
    north = math.radians(aircraft.latitude_deg - latitude) * EARTH_RADIUS_M
    east = math.radians(aircraft.longitude_deg - longitude) * EARTH_RADIUS_M * math.cos(math.radians(latitude))
    ground = math.hypot(north, east)
    if ground > RADAR_REACH_M or not aircraft.squawk:
        return None
    drop = ground * ground / (2 * EARTH_RADIUS_M)
    slant = math.hypot(ground, aircraft.altitude_m - height - drop)
    return Track(
        track_id=f"00000000-0000-4000-8000-{aircraft.number:012d}",
        identifiers=(
            Identifier("system_track", f"{RADAR_SAC}/{RADAR_SIC}/{aircraft.number}"),
            Identifier("icao24", aircraft.address),
            Identifier("mode3a", aircraft.squawk),
            Identifier("callsign", aircraft.callsign),
        ),
        environment=Environment.AIR,
        status=Status(confirmed=True, simulated=True),
        state=State(
            time=aircraft.time,
            altitude_baro_m=aircraft.altitude_m,
            course_deg=aircraft.course_deg,
            ground_speed_mps=aircraft.ground_speed_mps,
            polar=Polar(
                sensor=f"asterix:{RADAR_SAC}/{RADAR_SIC}",
                range_m=slant,
                azimuth_deg=math.degrees(math.atan2(east, north)) % 360.0,
                north="TRUE",
            ),
        ),
    )


def system_track(aircraft: Aircraft) -> Track:
    """The aircraft as a multi-sensor system track."""
    return Track(
        track_id=f"00000000-0000-4000-8001-{aircraft.number:012d}",
        identifiers=(
            Identifier("system_track", f"{SERVER_SAC}/{SERVER_SIC}/{aircraft.number}"),
            Identifier("icao24", aircraft.address),
            Identifier("mode3a", aircraft.squawk),
            Identifier("callsign", aircraft.callsign),
        ),
        environment=Environment.AIR,
        status=Status(confirmed=True, simulated=True),
        state=State(
            time=aircraft.time,
            position=Position(latitude_deg=aircraft.latitude_deg, longitude_deg=aircraft.longitude_deg),
            altitude_baro_m=aircraft.altitude_m,
            course_deg=aircraft.course_deg,
            ground_speed_mps=aircraft.ground_speed_mps,
            vertical_rate_mps=aircraft.vertical_rate_mps,
            accuracy=Accuracy(horizontal_95_m=60.0),
        ),
    )


def drone_detection(aircraft: Aircraft) -> Track:
    """The drone as a counter-drone system reports it. Nobody has declared who it is: the identity is unknown."""
    fixed_wing = aircraft.kind == "swarm"
    return Track(
        track_id=f"00000000-0000-4000-8002-{aircraft.number:012d}",
        identifiers=(
            Identifier("cot_uid", f"SIM-UAS-{aircraft.number}"),
            Identifier("callsign", aircraft.callsign),
        ),
        name=aircraft.callsign,
        environment=Environment.AIR,
        identity=IdentityGroup(value=Identity.UNKNOWN),
        platform="UAV",
        classifications=(Classification(type="a-u-A-M-F-Q" if fixed_wing else "a-u-A-M-H-Q", scheme="COT_TYPE"),),
        status=Status(confirmed=True, simulated=True),
        state=State(
            time=aircraft.time,
            stale_at=aircraft.time + timedelta(seconds=20),
            position=Position(latitude_deg=aircraft.latitude_deg, longitude_deg=aircraft.longitude_deg),
            altitude_hae_m=aircraft.altitude_m + 44.0,  # the geoid lies some 44 m above the ellipsoid there
            course_deg=aircraft.course_deg,
            ground_speed_mps=aircraft.ground_speed_mps,
            vertical_rate_mps=aircraft.vertical_rate_mps,
            accuracy=Accuracy(horizontal_95_m=25.0),
        ),
    )


def airliners(sky: Iterable[Aircraft]) -> list[Aircraft]:
    """Those with a transponder."""
    return [aircraft for aircraft in sky if aircraft.squawk]
