"""A SAPIENT sensor node (BSI Flex 335 v2.0) over a real socket, with knobs to misbehave.

Its messages are those of the independent package `sapient_msg`, not of our own codec, and it frames them itself: what
it sends is what a sensor in the field would.

    async with SapientSensor("127.0.0.1", port) as sensor:
        ack = await sensor.register()
        await sensor.status(latitude=54.7, longitude=25.3, altitude=160.0)
        await sensor.detect(lat=54.71, lon=25.31, alt=250.0, east=3.0, north=4.0)
        answer = await sensor.next_message()

It misbehaves where it is told to: `register` may be left out or called again with other units, `detect` may come first,
`bearing` before `status`, `icd_version` and `node_id` may be anybody's, `flood` sends without waiting, `send_octets`
sends anything at all, and a sensor that does nothing is silent.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sapient_msg.bsi_flex_335_v2_0 import sapient_message_pb2 as pb

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_WAIT_S = 60.0


def new_ulid() -> str:
    """A fresh ULID."""
    bits = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))


def framed(message: pb.SapientMessage) -> bytes:
    """A message as it goes on the wire: its length in four octets, little endian, then itself."""
    octets: bytes = message.SerializeToString()
    return len(octets).to_bytes(4, "little") + octets


class SapientSensor:
    """One sensor node and its connection."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        node_id: str | None = None,
        name: str = "Test sensor",
        node_type: str = "NODE_TYPE_PASSIVE_RF",
        mode: str = "Default",
        speed_units: str = "SPEED_UNITS_MS",
        error_type: str = "Standard Deviation",
        error_units: str = "metres",
        location_units: str = "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M",
        location_datum: str = "LOCATION_DATUM_WGS84_E",
        utm_zone: str = "",
        confidence: str = "CONFIDENCE_DEFINITION_SINGLE_CLASS",
        icd_version: str = "BSI Flex 335 v2.0",
        ssl: Any = None,
    ) -> None:
        self.host, self.port = host, port
        self.node_id = node_id or str(uuid.uuid4())
        self.name, self.node_type, self.mode = name, node_type, mode
        self.speed_units, self.error_type, self.error_units = speed_units, error_type, error_units
        self.location_units, self.location_datum, self.utm_zone = location_units, location_datum, utm_zone
        self.confidence, self.icd_version = confidence, icd_version
        self._ssl = ssl
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.received: list[pb.SapientMessage] = []
        """Everything that came, in order."""

    async def __aenter__(self) -> Self:
        async with asyncio.timeout(_WAIT_S):
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port, ssl=self._ssl)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up without a word; `goodbye` first is polite."""
        if self._writer is not None:
            self._writer.close()
            try:
                async with asyncio.timeout(_WAIT_S):
                    await self._writer.wait_closed()
            except (OSError, TimeoutError):
                pass
            self._writer = None

    # ------------------------------------------------------------------------------------------------------- messages

    def message(self, at: datetime | None = None) -> pb.SapientMessage:
        """An envelope of this node, stamped with `at` or now."""
        message = pb.SapientMessage(node_id=self.node_id)
        message.timestamp.FromDatetime(at or datetime.now(UTC))
        return message

    def registration(self, at: datetime | None = None) -> pb.SapientMessage:
        """Its Registration, as the attributes say now."""
        message = self.message(at)
        said = message.registration
        said.node_definition.add(node_type=self.node_type)
        said.icd_version = self.icd_version
        said.name = self.name
        said.capabilities.add(category="Sensor", type="Test")
        said.status_definition.status_interval.units = "TIME_UNITS_SECONDS"
        said.status_definition.status_interval.value = 5
        said.status_definition.location_definition.location_units = self.location_units
        said.status_definition.location_definition.location_datum = self.location_datum
        if self.utm_zone:
            said.status_definition.location_definition.zone = self.utm_zone
        mode = said.mode_definition.add(mode_name=self.mode, mode_type="MODE_TYPE_PERMANENT")
        mode.settle_time.units = "TIME_UNITS_SECONDS"
        mode.settle_time.value = 1
        definition = mode.detection_definition.add()
        definition.location_type.location_units = self.location_units
        definition.location_type.location_datum = self.location_datum
        if self.utm_zone:
            definition.location_type.zone = self.utm_zone
        definition.detection_class_definition.add(confidence_definition=self.confidence)
        if self.speed_units:
            definition.velocity_type.enu_velocity_units.east_north_rate_units = self.speed_units
            definition.velocity_type.enu_velocity_units.up_rate_units = self.speed_units
            definition.velocity_type.location_datum = self.location_datum
        if self.error_type:
            definition.geometric_error.type = self.error_type
            definition.geometric_error.units = self.error_units
            definition.geometric_error.variation_type = "Linear with range"
        mode.task.concurrent_tasks = 0
        mode.task.region_definition.region_type.append("REGION_TYPE_AREA_OF_INTEREST")
        area = mode.task.region_definition.region_area.add()
        area.location_units, area.location_datum = self.location_units, self.location_datum
        if self.utm_zone:
            area.zone = self.utm_zone
        said.config_data.add(manufacturer="Test", model="Simulator")
        return message

    def status_report(
        self,
        *,
        latitude: float | None = None,
        longitude: float | None = None,
        altitude: float | None = None,
        system: str = "SYSTEM_OK",
        info: str = "INFO_NEW",
        mode: str | None = None,
        reach: float | None = None,
        at: datetime | None = None,
    ) -> pb.SapientMessage:
        """A StatusReport, with the node's location if latitude and longitude are given."""
        message = self.message(at)
        said = message.status_report
        said.report_id = new_ulid()
        said.system, said.info = system, info
        said.mode = self.mode if mode is None else mode
        if latitude is not None and longitude is not None:
            place = said.node_location
            place.x, place.y = longitude, latitude
            if altitude is not None:
                place.z = altitude
            place.coordinate_system = "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M"
            place.datum = self.location_datum
        if reach is not None:
            cone = said.coverage.add().range_bearing
            cone.range = reach
            cone.coordinate_system = "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M"
            cone.datum = "RANGE_BEARING_DATUM_TRUE"
        return message

    def detection(
        self,
        *,
        lat: float,
        lon: float,
        alt: float | None = None,
        east: float | None = None,
        north: float | None = None,
        up: float | None = None,
        error: float | None = None,
        object_id: str | None = None,
        classes: tuple[str, ...] = ("Air vehicle", "UAV rotary wing"),
        confidence: float | None = 0.9,
        state: str | None = None,
        at: datetime | None = None,
    ) -> pb.SapientMessage:
        """A DetectionReport at a latitude and longitude; velocity in whatever unit the node declared."""
        message = self.message(at)
        report = self._report(message, object_id, classes, confidence, state)
        place = report.location
        place.x, place.y = lon, lat
        if alt is not None:
            place.z = alt
        if error is not None:
            place.x_error = place.y_error = place.z_error = error
        place.coordinate_system = "LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M"
        place.datum = self.location_datum
        if east is not None and north is not None:
            report.enu_velocity.east_rate, report.enu_velocity.north_rate = east, north
            if up is not None:
                report.enu_velocity.up_rate = up
        return message

    def bearing_report(
        self,
        *,
        azimuth: float | None = None,
        range: float | None = None,  # noqa: A002  # the standard's own word
        elevation: float | None = None,
        datum: str = "RANGE_BEARING_DATUM_TRUE",
        units: str = "RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M",
        error: float | None = None,
        object_id: str | None = None,
        at: datetime | None = None,
    ) -> pb.SapientMessage:
        """A DetectionReport by range and bearing; without any it only says that something was noticed."""
        message = self.message(at)
        bearing = self._report(message, object_id, ("Air vehicle",), 0.5, None).range_bearing
        bearing.coordinate_system, bearing.datum = units, datum
        for name, value in (("azimuth", azimuth), ("range", range), ("elevation", elevation)):
            if value is not None:
                setattr(bearing, name, value)
                if error is not None:
                    setattr(bearing, f"{name}_error", error)
        return message

    def alert(self, description: str = "Drone near the fence", *, about: str | None = None) -> pb.SapientMessage:
        """An Alert, about the object of an id if one is given."""
        message = self.message()
        alert = message.alert
        alert.alert_id = new_ulid()
        alert.alert_type, alert.status = "ALERT_TYPE_WARNING", "ALERT_STATUS_ACTIVE"
        alert.description = description
        if about is not None:
            alert.associated_detection.add(node_id=self.node_id, object_id=about)
        return message

    def _report(
        self,
        message: pb.SapientMessage,
        object_id: str | None,
        classes: tuple[str, ...],
        confidence: float | None,
        state: str | None,
    ) -> Any:
        report = message.detection_report
        report.report_id, report.object_id = new_ulid(), object_id or new_ulid()
        if confidence is not None:
            report.detection_confidence = confidence
        if state is not None:
            report.state = state
        if classes:
            target = report.classification.add(type=classes[0])
            for level, name in enumerate(classes[1:], 1):
                target = target.sub_class.add(type=name, level=level)
        return report

    # --------------------------------------------------------------------------------------------------- conversation

    async def send(self, message: pb.SapientMessage) -> pb.SapientMessage:
        """Send a message, and give it back."""
        await self.send_octets(framed(message))
        return message

    async def send_octets(self, octets: bytes) -> None:
        """Send anything at all."""
        assert self._writer is not None, "not connected"
        self._writer.write(octets)
        async with asyncio.timeout(_WAIT_S):
            await self._writer.drain()

    async def register(self, *, wait: bool = True, **changes: Any) -> pb.SapientMessage | None:
        """Register, with attributes changed first (``speed_units="SPEED_UNITS_KPH"``); the RegistrationAck."""
        for name, value in changes.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        await self.send(self.registration())
        return await self.next_message("registration_ack") if wait else None

    async def status(self, **facts: Any) -> pb.SapientMessage:
        """Send a StatusReport: see `status_report`."""
        return await self.send(self.status_report(**facts))

    async def goodbye(self) -> pb.SapientMessage:
        """Say that the node is about to leave."""
        return await self.status(system="SYSTEM_GOODBYE")

    async def detect(self, **facts: Any) -> pb.SapientMessage:
        """Send a detection at a place: see `detection`."""
        return await self.send(self.detection(**facts))

    async def bearing(self, **facts: Any) -> pb.SapientMessage:
        """Send a detection by range and bearing: see `bearing_report`."""
        return await self.send(self.bearing_report(**facts))

    async def flood(self, count: int, *, lat: float = 54.7, lon: float = 25.3) -> None:
        """Send that many detections of one object as fast as the socket takes them."""
        octets = framed(self.detection(lat=lat, lon=lon, object_id=new_ulid()))
        for _ in range(count // 100):
            await self.send_octets(octets * 100)
        await self.send_octets(octets * (count % 100))

    async def next_message(self, content: str | None = None) -> pb.SapientMessage:
        """The next message, or the next with that content; `TimeoutError`, or `EOFError` at the end."""
        assert self._reader is not None, "not connected"
        async with asyncio.timeout(_WAIT_S):
            while True:
                try:
                    size = int.from_bytes(await self._reader.readexactly(4), "little")
                    octets = await self._reader.readexactly(size)
                except asyncio.IncompleteReadError:
                    raise EOFError("the other side has closed the connection") from None
                message = pb.SapientMessage.FromString(octets)
                self.received.append(message)
                if content is None or message.WhichOneof("content") == content:
                    return message
