"""What a SAPIENT sensor node says (BSI Flex 335 v2.0): its Registration, its status, detections, a bearing.

A radar with a direction finder beside the airport: it places the drone that loiters there, and hears the link of the
swarm's leader in a direction only. What it declares of itself is what makes its detections readable.
"""

from __future__ import annotations

import math
from datetime import datetime

from gateway.demo.sky import AIRPORT, EARTH_RADIUS_M, GEOID_M, Aircraft
from gateway.formats.sapient.messages import parse, serialise
from gateway.formats.sapient.stream import frame
from gateway.formats.sapient.table_v2 import VERSION
from gateway.formats.sapient.ulid import fresh, node_id_of
from gateway.formats.sapient.v2 import (
    LocationCoordinateSystem,
    LocationDatum,
    RangeBearingCoordinateSystem,
    RangeBearingDatum,
    RegistrationConfidenceDefinition,
    RegistrationModeType,
    RegistrationNodeType,
    RegistrationRegionType,
    RegistrationTimeUnits,
    SapientMessage,
    SpeedUnits,
    StatusReportInfo,
    StatusReportSystem,
)

NAME = "Airport drone sensor"
MODE = "Surveillance"
SITE = (*AIRPORT, 92.0)
"""Latitude, longitude (degrees) and height above the ellipsoid (metres) of the node."""
REACH_M = 60_000.0
"""How far it hears the link of a drone; an object without a range is within it."""
SIGMA_M = 6.0
"""One standard deviation of a place, in each direction."""
STATUS_S = 5.0
"""Time between two StatusReports, as its Registration says."""
_PLACE = LocationCoordinateSystem.LAT_LNG_DEG_M
_DATUM = LocationDatum.WGS84_E


class SapientNode:
    """Writes the messages of one node as they go on the wire, each behind its length."""

    def __init__(self, name: str = NAME) -> None:
        self.node_id = node_id_of(name)
        self._name = name
        self._objects: dict[int, str] = {}

    def registration(self, now: datetime) -> bytes:
        """Who it is, and how its detections are to be read: degrees, metres per second, one sigma."""
        message = self._message(now)
        said = message.registration
        said.icd_version, said.name = VERSION, self._name
        said.node_definition.add(node_type=RegistrationNodeType.RADAR, node_sub_type=["Simulated"])
        said.capabilities.add(category="Sensor", type="Detection", value=f"{REACH_M:.0f}", units="metres")
        interval = said.status_definition.status_interval
        interval.units, interval.value = RegistrationTimeUnits.SECONDS, STATUS_S
        place = said.status_definition.location_definition
        place.location_units, place.location_datum = _PLACE, _DATUM
        mode = said.mode_definition.add(mode_name=MODE, mode_type=RegistrationModeType.PERMANENT)
        mode.settle_time.units, mode.settle_time.value = RegistrationTimeUnits.SECONDS, 1.0
        definition = mode.detection_definition.add()
        definition.location_type.location_units, definition.location_type.location_datum = _PLACE, _DATUM
        rates = definition.velocity_type.enu_velocity_units
        rates.east_north_rate_units = rates.up_rate_units = SpeedUnits.MS
        definition.velocity_type.location_datum = _DATUM
        error = definition.geometric_error
        error.type, error.units, error.variation_type = "Standard Deviation", "degrees", "Constant"
        definition.detection_class_definition.add(confidence_definition=RegistrationConfidenceDefinition.SINGLE_CLASS)
        mode.task.concurrent_tasks = 0
        mode.task.region_definition.region_type.append(RegistrationRegionType.AREA_OF_INTEREST)
        mode.task.region_definition.region_area.add(location_units=_PLACE, location_datum=_DATUM)
        said.config_data.add(manufacturer="Simulated", model="Demonstration")
        return _framed(message)

    def status(self, now: datetime, *, new: bool = True, leaving: bool = False) -> bytes:
        """A heartbeat with where it stands; the last one says goodbye."""
        message = self._message(now)
        said = message.status_report
        said.report_id, said.mode = fresh(now), MODE
        said.system = StatusReportSystem.GOODBYE if leaving else StatusReportSystem.OK
        said.info = StatusReportInfo.NEW if new else StatusReportInfo.UNCHANGED
        place = said.node_location
        place.y, place.x, place.z = SITE
        place.coordinate_system, place.datum = _PLACE, _DATUM
        cone = said.coverage.add().range_bearing
        cone.range = REACH_M
        cone.coordinate_system, cone.datum = RangeBearingCoordinateSystem.DEGREES_M, RangeBearingDatum.TRUE
        return _framed(message)

    def detection(self, drone: Aircraft) -> bytes:
        """A drone at a place, with its velocity."""
        message = self._detected(drone, confidence=0.92)
        report = message.detection_report
        kind = report.classification.add(type="Air vehicle", confidence=0.95)
        wing = "UAV fixed wing" if drone.kind == "swarm" else "UAV rotary wing"
        kind.sub_class.add(type=wing, level=1, confidence=0.9)
        place = report.location
        place.x, place.y, place.z = drone.longitude_deg, drone.latitude_deg, drone.altitude_m + GEOID_M
        place.y_error = math.degrees(SIGMA_M / EARTH_RADIUS_M)  # in the unit of y, as the standard has it
        place.x_error = place.y_error / math.cos(math.radians(drone.latitude_deg))
        place.z_error = SIGMA_M
        place.coordinate_system, place.datum = _PLACE, _DATUM
        course = math.radians(drone.course_deg)
        report.enu_velocity.east_rate = drone.ground_speed_mps * math.sin(course)
        report.enu_velocity.north_rate = drone.ground_speed_mps * math.cos(course)
        report.enu_velocity.up_rate = drone.vertical_rate_mps
        return _framed(message)

    def bearing(self, drone: Aircraft) -> bytes:
        """A drone in a direction and no more: no range, hence no place."""
        message = self._detected(drone, confidence=0.6)
        message.detection_report.classification.add(type="Air vehicle", confidence=0.6)
        direction = message.detection_report.range_bearing
        direction.azimuth, direction.azimuth_error = azimuth_deg(drone), 2.0
        direction.coordinate_system, direction.datum = RangeBearingCoordinateSystem.DEGREES_M, RangeBearingDatum.TRUE
        return _framed(message)

    def _message(self, now: datetime) -> SapientMessage:
        message = SapientMessage(node_id=self.node_id)
        message.timestamp.FromDatetime(now)
        return message

    def _detected(self, drone: Aircraft, *, confidence: float) -> SapientMessage:
        message = self._message(drone.time)
        report = message.detection_report
        report.report_id, report.object_id = fresh(drone.time), self._object_id(drone)
        report.detection_confidence = confidence
        return message

    def _object_id(self, drone: Aircraft) -> str:
        """The node's own name of an object: made when it is first seen, and kept."""
        return self._objects.setdefault(drone.number, fresh(drone.time))


def is_acceptance(octets: bytes) -> bool | None:
    """Whether a message from the fusion node lets the node in; `None` for any message but a RegistrationAck."""
    message = parse(octets)
    return message.registration_ack.acceptance if message.WhichOneof("content") == "registration_ack" else None


def complaint(octets: bytes) -> str:
    """What an Error from the fusion node says; nothing for any other message."""
    message = parse(octets)
    return "; ".join(message.error.error_message) if message.WhichOneof("content") == "error" else ""


def azimuth_deg(drone: Aircraft) -> float:
    """Direction of a drone from the node, degrees from true north."""
    latitude, longitude, _ = SITE
    north = math.radians(drone.latitude_deg - latitude) * EARTH_RADIUS_M
    east = math.radians(drone.longitude_deg - longitude) * EARTH_RADIUS_M * math.cos(math.radians(latitude))
    return math.degrees(math.atan2(east, north)) % 360.0


def _framed(message: SapientMessage) -> bytes:
    return frame(serialise(message))
