"""What national sensors would report of the simulated sky: a radar, a system track server, a drone detector, a
Remote ID receiver.

The tracks are ordinary canonical tracks, marked as simulated; the ordinary encoders turn them into ASTERIX, Cursor on
Target and Remote ID, so that the gateways under demonstration see nothing but octets on a socket.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.demo.sky import BORDER_LONGITUDE_DEG, EARTH_RADIUS_M, GEOID_M, OPERATOR, OPERATOR_HEIGHT_M, RADAR, Aircraft
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Operator,
    Polar,
    Position,
    State,
    Status,
    Track,
)

RADAR_REACH_M = 220_000.0
RADAR_SAC, RADAR_SIC = 25, 201
SERVER_SAC, SERVER_SIC = 70, 16
OPERATOR_ID = "SIM87ASTRDGE12K8"
"""Registration of whoever flies the loiterer: personal data, as his place is."""


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
            altitude_hae_m=aircraft.altitude_m + GEOID_M,
            course_deg=aircraft.course_deg,
            ground_speed_mps=aircraft.ground_speed_mps,
            vertical_rate_mps=aircraft.vertical_rate_mps,
            accuracy=Accuracy(horizontal_95_m=25.0),
        ),
    )


def remote_id_claim(aircraft: Aircraft) -> Track:
    """What the drone broadcasts of itself: its serial number, where it is, and where its operator stands."""
    operator = Position(latitude_deg=OPERATOR[0], longitude_deg=OPERATOR[1])
    return Track(
        track_id=f"00000000-0000-4000-8003-{aircraft.number:012d}",
        identifiers=(Identifier("uas_serial", f"SIM1A{aircraft.number:010d}"),),
        environment=Environment.AIR,
        platform="UAV_ROTARY_WING",
        operator=Operator(
            identifier=OPERATOR_ID,
            position=operator,
            altitude_hae_m=OPERATOR_HEIGHT_M + GEOID_M,
            basis="LIVE_GNSS",
            time=aircraft.time,
        ),
        status=Status(on_ground=False, simulated=True),
        state=State(
            time=aircraft.time,
            position=Position(latitude_deg=aircraft.latitude_deg, longitude_deg=aircraft.longitude_deg),
            altitude_hae_m=aircraft.altitude_m + GEOID_M,
            height_takeoff_m=aircraft.altitude_m - OPERATOR_HEIGHT_M,
            course_deg=aircraft.course_deg,
            ground_speed_mps=aircraft.ground_speed_mps,
            vertical_rate_mps=aircraft.vertical_rate_mps,
            accuracy=Accuracy(horizontal_95_m=10.0, vertical_95_m=10.0, speed_95_mps=1.0),
        ),
    )


def tak_user(name: str, now: datetime) -> Track:
    """Where whoever holds a TAK device says that he is: on the border, where he expects the swarm."""
    return Track(
        track_id=f"SIM-{name}",
        identifiers=(Identifier("cot_uid", f"SIM-{name}"), Identifier("callsign", name)),
        name=name,
        environment=Environment.LAND,
        identity=IdentityGroup(value=Identity.FRIEND),
        platform="UNIT",
        classifications=(Classification(type="a-f-G-U-C", scheme="COT_TYPE"),),
        status=Status(simulated=True),
        state=State(
            time=now,
            stale_at=now + timedelta(seconds=60),
            position=Position(latitude_deg=52.236, longitude_deg=BORDER_LONGITUDE_DEG),
            accuracy=Accuracy(horizontal_95_m=10.0),
        ),
    )


def airliners(sky: Iterable[Aircraft]) -> list[Aircraft]:
    """Those with a transponder: airliners, and fighters where the sky has some."""
    return [aircraft for aircraft in sky if aircraft.squawk]
