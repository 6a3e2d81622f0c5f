from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.dialect import FieldTrace
from gateway.errors import FormatError
from gateway.formats.sapient import codes, v2
from gateway.formats.sapient.json import write_json
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.trace import trace
from gateway.stages import Frame
from tests.formats.sapient.samples import SENT_S, every_kind, registration, rich_detection


def traced(octets: bytes) -> dict[str, FieldTrace]:
    frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=datetime(2026, 11, 22, tzinfo=UTC))
    return {one.item: one for one in trace(frame)}


def test_each_scalar_of_a_message_has_its_octets_its_value_and_what_it_becomes() -> None:
    octets = serialise(rich_detection())
    fields = traced(octets)
    x = fields["detection_report.location.x"]
    assert (x.value, x.canonical) == ("23.5", "state.position.longitude_deg")
    assert octets[x.offset + 1 : x.offset + 9].hex() == x.raw
    assert fields["timestamp.seconds"].value == str(SENT_S)
    assert fields["timestamp.seconds"].canonical == "state.time"
    assert fields["detection_report.detection_confidence"].value == "0.875"
    sub = fields["detection_report.classification[0].sub_class[0].type"]
    assert (sub.value, sub.canonical) == ("UAV Rotary Wing", "classifications")
    assert fields["detection_report.location.datum"].value == "LOCATION_DATUM_WGS84_E"
    assert fields["detection_report.classification[0].sub_class[0].level"].value == "1"


def test_a_height_is_named_by_its_datum() -> None:
    message = rich_detection()
    z = "detection_report.location.z"
    assert traced(serialise(message))[z].canonical == "state.altitude_hae_m"
    message.detection_report.location.datum = v2.LocationDatum.WGS84_G
    assert traced(serialise(message))[z].canonical == "state.altitude_msl_m"
    assert traced(write_json(message))[z].canonical == "state.altitude_msl_m"


def test_negative_numbers_flags_lists_and_octets_are_shown() -> None:
    message = registration()
    message.timestamp.seconds = -1
    message.registration.status_definition.status_report.add(category=1, type="x", on_change=True)
    message.registration.mode_definition[0].task.region_definition.region_type.append(2)
    fields = traced(serialise(message))
    assert fields["timestamp.seconds"].value == "-1"
    assert fields["registration.status_definition.status_report[0].on_change"].value == "true"
    packed = fields["registration.mode_definition[0].task.region_definition.region_type[0]"]
    assert packed.raw == "0302"


def test_a_message_with_a_field_that_the_standard_does_not_have_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        traced(serialise(rich_detection()) + b"\xfa\x3e\x03abc")
    assert refused.value.code is codes.UNKNOWN_FIELD


def test_both_forms_of_a_message_have_the_same_canonical_names() -> None:
    for message in every_kind():
        binary = {one.canonical for one in traced(serialise(message)).values()}
        assert binary == {one.canonical for one in traced(write_json(message)).values()} | {""}


def test_what_is_no_message_is_refused() -> None:
    for octets in (b"\xff", b"{", b'{"nodeID": 5}'):
        with pytest.raises(FormatError):
            traced(octets)
