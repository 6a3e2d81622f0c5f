"""The decoder without a conversation: files, bodies, JSON; the official samples; every field of a report."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.dialect import finished
from gateway.errors import FormatError
from gateway.formats import alliance
from gateway.formats.sapient import FORMAT, SapientDecoder, Splitter
from gateway.formats.sapient.json import read_json, write_json
from gateway.formats.sapient.messages import parse, serialise
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.stream import frame as framed
from gateway.formats.sapient.v2 import SapientMessage
from gateway.limits import Limits
from gateway.stages import Decoded
from gateway.track import Environment, Identifier, Loss, Track
from gateway.xml import parse as parse_xml
from tests.data import recording
from tests.formats.sapient.nodes import NODE, NOW, OBJECT, frame_of, only, refusal, sensor

OFFICIAL = "sapient/valid"


def registered(**options: Any) -> SapientDecoder:
    decoder = SapientDecoder(node="ltu-1", **options)
    assert decoder.decode(frame_of(sensor().registration(NOW))) == Decoded(silent=1)
    return decoder


def detection(**facts: Any) -> Any:
    return sensor().detection(**{"lat": 54.7, "lon": 25.3, "at": NOW, **facts})


# ------------------------------------------------------------------------------------------------------------ shapes


def test_one_message_several_behind_their_lengths_json_and_json_lines_are_the_same() -> None:
    first, second = sensor().registration(NOW).SerializeToString(), detection(object_id=OBJECT).SerializeToString()
    texts = [write_json(parse(octets)) for octets in (first, second)]
    flat = b"\n".join(json.dumps(json.loads(text)).encode() for text in texts) + b"\n"
    tracks = []
    for frames in (
        [first, second],
        [framed(first) + framed(second)],
        texts,
        [flat],
        [b"\xef\xbb\xbf" + texts[0], texts[1]],
    ):
        decoder = SapientDecoder(keep_raw=False)
        decoded = [decoder.decode(frame_of(octets)) for octets in frames]
        assert not any(one.problems for one in decoded), decoded
        (track,) = [track for one in decoded for track in one.tracks]
        assert sum(one.silent for one in decoded) == 1
        tracks.append(track)
    assert all(track == tracks[0] for track in tracks)


def test_the_splitter_takes_lengths_json_lines_and_one_json_document() -> None:
    first, second = sensor().registration(NOW).SerializeToString(), detection().SerializeToString()
    assert Splitter().feed(framed(first) + framed(second)) == [first, second]
    lines = b'{"a": 1}\n\n{"b": 2}\n'
    splitter = Splitter()
    assert (splitter.feed(lines[:3]), splitter.feed(lines[3:]), splitter.rest()) == ([], [b'{"a": 1}', b'{"b": 2}'], [])
    document = json.dumps({"a": {"b": 1}}, indent=2).encode()
    splitter = Splitter()
    assert (splitter.feed(document), splitter.rest()) == ([], [document])
    with pytest.raises(FormatError):
        Splitter(Limits(max_frame_octets=100)).feed(b'{"a":' + b" " * 200)
    for octets in (b"\x05", b"\x05\x00\x00\x00\x01"):
        splitter = Splitter()
        splitter.feed(octets)
        with pytest.raises(FormatError):
            splitter.rest()
    assert Splitter().rest() == []


def test_a_length_that_looks_like_a_brace_is_a_length() -> None:
    message = detection()
    message.additional_information = "x" * (0x7B + 0x100 * 3 - message.ByteSize() - 3)
    octets = message.SerializeToString()
    prefix = framed(octets)
    assert prefix[:1] == b"{"
    assert Splitter().feed(prefix) == [octets]


def test_a_refused_message_does_not_take_its_neighbours_down() -> None:
    bad = detection()
    bad.detection_report.ClearField("object_id")
    octets = b"".join(framed(one.SerializeToString()) for one in (sensor().registration(NOW), bad, detection()))
    decoded = SapientDecoder().decode(frame_of(octets))
    assert (len(decoded.tracks), decoded.silent) == (1, 1)
    (problem,) = decoded.problems
    assert problem.place.startswith("message 2, octet ")
    assert problem.place.endswith("detection_report.object_id")


def test_frames_that_are_too_large_or_hold_too_many_are_refused() -> None:
    octets = framed(detection().SerializeToString()) * 5
    limits = Limits(max_records_per_frame=4)
    assert refusal(SapientDecoder(limits=limits).decode(frame_of(octets))).code == codes.TOO_MANY
    limits = Limits(max_frame_octets=len(octets) - 1)
    assert refusal(SapientDecoder(limits=limits).decode(frame_of(octets))).code == codes.TOO_LARGE


def test_without_a_registration_a_detection_is_refused_with_its_frame() -> None:
    decoded = SapientDecoder().decode(frame_of(detection(east=1.0, north=1.0)))
    assert refusal(decoded).code == codes.NOT_REGISTERED
    assert decoded.overdue == ()


def test_a_registration_later_in_the_same_frame_is_early_enough() -> None:
    octets = framed(detection().SerializeToString()) + framed(sensor().registration(NOW).SerializeToString())
    decoded = SapientDecoder().decode(frame_of(octets))
    assert (len(decoded.tracks), decoded.problems) == (1, ())


def test_with_hold_it_waits_for_later_frames() -> None:
    decoder = SapientDecoder(hold=True)
    assert decoder.decode(frame_of(detection())) == Decoded()
    assert only(decoder.decode(frame_of(sensor().registration(NOW))))
    decoder = SapientDecoder(hold=True, limits=Limits(held_frames=1))
    first = frame_of(detection())
    decoder.decode(first)
    ((frame, error),) = decoder.decode(frame_of(detection())).overdue
    assert (frame, error.code) == (first, codes.NOT_REGISTERED)


def test_what_still_waits_at_the_end_of_the_input_is_given_up_once() -> None:
    decoder = SapientDecoder(hold=True)
    frame = frame_of(detection())
    decoder.decode(frame)
    ((given, error),) = finished(decoder, NOW).overdue
    assert (given, error.code) == (frame, codes.NOT_REGISTERED)
    assert finished(decoder, NOW) == Decoded()


# ----------------------------------------------------------------------------------------------------- official samples


def official() -> list[bytes]:
    return [path.read_bytes() for path in sorted(recording(OFFICIAL).iterdir())]


def test_all_official_samples_are_decoded_or_refused_for_a_reason() -> None:
    samples = official()
    assert len(samples) == 38
    decoder = SapientDecoder()
    verdicts: dict[str, set[str]] = {}
    for octets in samples:
        content = read_json(octets).WhichOneof("content") or ""
        decoded = decoder.decode(frame_of(octets))
        verdict = decoded.problems[0].code.id if decoded.problems else "track" if decoded.tracks else "silent"
        verdicts.setdefault(content, set()).add(verdict)
    # Detections and the status come from a node of which no sample is a Registration; the alerts' place is not in their
    # UTM zone, or waits for a pose
    assert verdicts.pop("detection_report") == {codes.NOT_REGISTERED.id}
    assert verdicts.pop("status_report") == {codes.NOT_REGISTERED.id}
    assert verdicts.pop("alert") <= {codes.NOT_REGISTERED.id, codes.NO_PLACE.id, codes.NO_POSE.id}
    assert all(found == {"silent"} for found in verdicts.values()), verdicts


def as_node(octets: bytes, node_id: str = NODE) -> SapientMessage:
    message = read_json(octets)
    message.node_id = node_id
    return message


def with_official_registration(**options: Any) -> SapientDecoder:
    decoder = SapientDecoder(**options)
    octets = (recording(OFFICIAL) / "Registration.FullMesssage.json").read_bytes()
    assert decoder.decode(frame_of(serialise(as_node(octets)))).silent == 1
    return decoder


def test_the_official_detection_is_valid_and_nowhere() -> None:
    """UTM 30U with x = 51.17 and y = -1.82: latitude and longitude, swapped, called UTM."""
    decoder = with_official_registration()
    octets = (recording(OFFICIAL) / "DetectionReport.FullMessage.json").read_bytes()
    error = refusal(decoder.decode(frame_of(serialise(as_node(octets)))))
    assert (error.code, error.place) == (codes.NO_PLACE, "detection_report.location")
    assert "51.17" in error.cause


def test_the_official_detection_at_a_place_on_earth_is_read_whole() -> None:
    decoder = with_official_registration()
    message = as_node((recording(OFFICIAL) / "DetectionReport.FullMessage.json").read_bytes())
    place = message.detection_report.location
    place.x, place.y = 582_000.0, 5_670_000.0
    track = only(decoder.decode(frame_of(serialise(message))))
    state = track.state
    assert state is not None
    assert state.position is not None
    assert (state.position.latitude_deg, state.position.longitude_deg) == pytest.approx((51.174, -1.827), abs=0.01)
    assert (state.altitude_hae_m, state.ground_speed_mps, state.vertical_rate_mps) == (
        788.0,
        pytest.approx(5**0.5),
        3.0,
    )
    assert track.detection_confidence_pct == 99.0, "not 99.00000095"
    assert [(one.type, one.confidence_pct, one.level) for one in track.classifications] == [
        ("Human", 80.0, 1),
        ("Male", 60.0, 2),
    ]
    assert (track.environment, track.platform, track.identity) == (Environment.LAND, "PERSON", None)
    assert track.name == "01H4R63D7NVN8444Z5M77WEBY3"
    assert track.provenance[0].input_message_id == "01GGYFBAXGDG7AGAHRZ6XSNY12"
    root = parse_xml(track.extensions[0].xml.encode(), max_octets=65_536)
    assert root.get("colour") == "Red"
    assert root.get("state") == "TestState"
    names = {child.tag.rpartition("}")[2] for child in root}
    assert names == {
        "track_info",
        "prediction_location",
        "object_info",
        "behaviour",
        "associated_file",
        "signal",
        "associated_detection",
        "derived_detection",
    }


def test_the_official_bearing_waits_for_a_pose_and_stays_a_bearing_from_grid_north() -> None:
    decoder = with_official_registration()
    bearing = as_node((recording(OFFICIAL) / "DetectionReport.RangeBearing.FullMessage.json").read_bytes())
    assert refusal(decoder.decode(frame_of(serialise(bearing)))).code == codes.NO_POSE
    status = as_node((recording(OFFICIAL) / "StatusReport.FullMessage.json").read_bytes())
    status.status_report.mode = "Default"
    assert refusal(decoder.decode(frame_of(serialise(status)))).code == codes.NO_PLACE
    status.status_report.node_location.x, status.status_report.node_location.y = 582_000.0, 5_670_000.0
    assert decoder.decode(frame_of(serialise(status))).silent == 1
    track = only(decoder.decode(frame_of(serialise(bearing))))
    assert track.state is not None
    assert track.state.polar is not None
    assert (track.state.position, track.state.polar.north, track.state.polar.range_m) == (None, "GRID", 1.0)


def test_three_equally_likely_classes_are_none_of_the_three() -> None:
    decoder = with_official_registration()
    message = as_node((recording(OFFICIAL) / "DetectionReport.ThreeClassProbabilities.FullMessage.json").read_bytes())
    place = message.detection_report.location
    place.x, place.y = 582_000.0, 5_670_000.0
    track = only(decoder.decode(frame_of(serialise(message))))
    assert [(one.type, one.confidence_pct) for one in track.classifications] == [
        ("Human", 30.0),
        ("Animal", 30.0),
        ("Land vehicle", 30.0),
    ]
    assert (track.environment, track.platform) == (Environment.UNKNOWN, None)


# ----------------------------------------------------------------------------------------------------------- the fields


def track_of(message: Any, **options: Any) -> Track:
    return only(registered(**options).decode(frame_of(message)))


def test_the_names_of_an_object() -> None:
    message = detection(object_id=OBJECT)
    message.detection_report.id = "LY-ABC"
    message.detection_report.object_info.add(type="icao24", value="3c660c")
    message.detection_report.object_info.add(type="icao24", value="NOT HEX")
    message.detection_report.object_info.add(type="mood", value="grim")
    track = track_of(message)
    assert track.identifiers == (Identifier("sapient_object", f"{NODE}/{OBJECT}"), Identifier("icao24", "3c660c"))
    assert track.name == "LY-ABC"
    assert 'value="NOT HEX"' in track.extensions[0].xml
    assert 'type="mood"' in track.extensions[0].xml
    assert "3c660c" not in track.extensions[0].xml


def test_no_identity_whatever_the_class_is_called() -> None:
    for name in ("Hostile", "Friend", "Enemy drone", "Military"):
        assert track_of(detection(classes=(name,))).identity is None


def test_the_most_confident_class_decides_what_it_is() -> None:
    message = detection(classes=())
    message.detection_report.classification.add(type="Human", confidence=0.2)
    air = message.detection_report.classification.add(type="Air vehicle", confidence=0.7)
    air.sub_class.add(type="UAV fixed wing", confidence=0.9, level=1)
    air.sub_class.add(type="UAV rotary wing", confidence=0.1, level=1)
    track = track_of(message)
    assert (track.environment, track.platform) == (Environment.AIR, "UAV_FIXED_WING")
    assert len(track.classifications) == 4


def test_a_class_of_a_docked_taxonomy_is_what_it_hangs_from() -> None:
    registration = sensor().registration(NOW)
    classes = registration.registration.mode_definition[0].detection_definition[0].detection_class_definition[0]
    dock = classes.taxonomy_dock_definition.add()
    dock.Dock_class_namespace, dock.Dock_class = "sapient_core", "Air vehicle.UAV rotary wing"
    dock.Extension_subclass.add(Subclass_namespace="https://example.org/", Subclass_name="Racing quadcopter")
    decoder = SapientDecoder()
    assert decoder.decode(frame_of(registration)).silent == 1
    track = only(decoder.decode(frame_of(detection(classes=("Racing quadcopter",)))))
    assert (track.environment, track.platform) == (Environment.AIR, "UAV_ROTARY_WING")
    plain = track_of(detection(classes=("Racing quadcopter",)))
    assert (plain.environment, plain.platform) == (Environment.UNKNOWN, None)
    lost = {(loss.field.split(".")[1], loss.reason) for loss in plain.provenance[0].losses}
    assert ("classification", "NO_CODE") in lost


def test_the_raw_octets_are_kept_unless_told_otherwise() -> None:
    octets = detection().SerializeToString()
    kept = only(registered().decode(frame_of(octets))).raw
    assert kept is not None
    assert (kept.format, kept.octets) == ("SAPIENT", octets)
    assert only(registered(keep_raw=False).decode(frame_of(octets))).raw is None


def test_the_source_is_the_node_with_its_kind() -> None:
    source = track_of(detection(), nation="LTU").sources[0]
    assert (source.name, source.modality, source.nation) == ("Test sensor", "RF", "LTU")
    assert source.id == f"src-{NODE}"


def test_additional_information_of_the_envelope_is_kept() -> None:
    message = detection()
    message.additional_information = 'weather: "fog" & rain <heavy>\n'
    (extension,) = track_of(message).extensions
    root = parse_xml(extension.xml.encode(), max_octets=65_536)
    assert root.get("additional_information") == 'weather: "fog" & rain <heavy>\n'


def test_text_that_xml_cannot_carry_is_a_loss_and_not_a_crash() -> None:
    message = detection()
    message.detection_report.colour = "re\x01d"
    track = track_of(message)
    assert "colour" not in track.extensions[0].xml
    assert ("detection_report.colour", "NOT_MODELLED") in {
        (one.field, one.reason) for one in track.provenance[0].losses
    }


def test_leftovers_that_are_too_long_are_a_loss_and_not_a_crash() -> None:
    message = detection()
    for _ in range(3_000):
        message.detection_report.behaviour.add(type="loitering with intent", confidence=0.5)
    track = track_of(message)
    assert track.extensions == ()
    assert ("detection_report.behaviour", "NOT_MODELLED") in {
        (one.field, one.reason) for one in track.provenance[0].losses
    }


def test_a_tree_of_classes_that_is_too_large_is_refused() -> None:
    message = detection(classes=())
    for _ in range(1_002):
        message.detection_report.classification.add(type="x").sub_class.add(type="y", level=1)
    assert refusal(registered().decode(frame_of(message))).code == codes.TOO_MANY


def test_a_speed_that_nothing_has_is_refused() -> None:
    error = refusal(registered().decode(frame_of(detection(east=1e9, north=0.0))))
    assert error.place == "detection_report.enu_velocity.east_rate"


def test_the_registry_knows_the_format() -> None:
    from gateway.formats.registry import find

    assert find("sapient") is FORMAT
    with pytest.raises(TypeError):
        FORMAT.decoder(colour="red")


def test_zero_is_a_value_and_absent_is_none() -> None:
    zero = detection(lat=0.0, lon=25.0, alt=0.0, east=0.0, north=0.0, up=0.0, confidence=0.0, error=0.0)
    track = track_of(zero)
    state = track.state
    assert state is not None
    assert state.position is not None
    assert (state.position.latitude_deg, state.position.longitude_deg, state.altitude_hae_m) == (0.0, 25.0, 0.0)
    assert (state.ground_speed_mps, state.vertical_rate_mps, state.course_deg) == (0.0, 0.0, None)
    assert track.detection_confidence_pct == 0.0
    assert state.accuracy is not None
    assert (state.accuracy.horizontal_95_m, state.accuracy.vertical_95_m) == (0.0, 0.0)
    bare = track_of(detection(confidence=None, classes=()))
    assert bare.state is not None
    assert (bare.state.altitude_hae_m, bare.state.ground_speed_mps, bare.state.vertical_rate_mps) == (None, None, None)
    assert (bare.state.accuracy, bare.detection_confidence_pct, bare.classifications) == (None, None, ())
    assert (bare.name, bare.remarks, bare.status, bare.platform) == (None, None, None, None)


def test_latitude_and_longitude_zero_are_no_position() -> None:
    track = track_of(detection(lat=0.0, lon=0.0, alt=0.0))
    assert track.state is not None
    assert (track.state.position, track.state.altitude_hae_m) == (None, None)
    assert Loss("detection_report.location", "NOT_MODELLED") in track.provenance[0].losses


@pytest.mark.parametrize("word", ["unknown", "UNKNOWN", "n/a", " none "])
def test_a_name_that_only_says_that_there_is_none_is_none(word: str) -> None:
    message = detection()
    message.detection_report.id = word
    message.detection_report.object_info.add(type="callsign", value=word)
    track = track_of(message)
    assert track.name is None
    assert [one.scheme for one in track.identifiers] == ["sapient_object"]
    assert f'id="{word}"' in track.extensions[0].xml  # kept as it was said
    assert f'value="{word}"' in track.extensions[0].xml


def test_what_is_hard_to_believe_is_carried_and_marked() -> None:
    message = detection(alt=250_000.0, east=5_000.0, north=0.0)
    track = track_of(message)
    assert track.state is not None
    assert (track.state.altitude_hae_m, track.state.ground_speed_mps) == (250_000.0, 5_000.0)
    marked = [one.field for one in track.provenance[0].losses if one.reason == "IMPLAUSIBLE"]
    assert marked == ["detection_report.location.z", "detection_report.enu_velocity"]


def test_no_usual_report_is_marked() -> None:
    assert track_of(detection(alt=120.0, east=20.0, north=5.0, error=4.0)).provenance[0].losses == ()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused_and_not_read_as_unknown(number: float) -> None:
    for message in (
        detection(lat=number),
        detection(alt=number),
        detection(east=number, north=0.0),
        detection(confidence=number),
        sensor().bearing_report(azimuth=number, at=NOW),
    ):
        assert refusal(registered().decode(frame_of(message))).place.startswith("detection_report.")


# ------------------------------------------------------------------------------------------------- bounds of a stranger


def test_names_that_are_too_long_are_refused() -> None:
    long_id = detection()
    long_id.detection_report.id = "x" * 1_025
    for message in (long_id, detection(classes=("x" * 1_025,)), detection(classes=("Air Vehicle", "ž" * 600))):
        assert refusal(registered().decode(frame_of(message))).code == codes.TOO_LONG
    assert track_of(detection(classes=("x" * 1_024,))).classifications[0].type == "x" * 1_024


def test_classes_deeper_than_an_alliance_message_are_refused() -> None:
    assert len(track_of(detection(classes=("x",) * 20)).classifications) == 20
    assert refusal(registered().decode(frame_of(detection(classes=("x",) * 21)))).code == codes.TOO_MANY


def test_remarks_that_are_too_long_are_cut_and_the_loss_is_listed() -> None:
    message = detection()
    message.detection_report.object_info.add(type="remarks", value="ž" * 40_000)
    track = track_of(message)
    assert track.remarks == "ž" * 32_768
    assert ("detection_report.object_info", "TRUNCATED") in {
        (one.field, one.reason) for one in track.provenance[0].losses
    }


def test_a_nodes_name_is_cut_to_what_people_read() -> None:
    decoder = SapientDecoder()
    decoder.decode(frame_of(sensor(name="x" * 100_000).registration(NOW)))
    assert only(decoder.decode(frame_of(detection()))).sources[0].name == "x" * 200


def test_many_large_registrations_do_not_fill_the_memory() -> None:
    decoder = SapientDecoder(hold=True)
    for number in range(40):
        message = sensor(node_id=f"a8654cdf-4328-47de-81fa-c495589e30{number:02x}").registration(NOW)
        message.additional_information = "x" * 1_000_000
        assert decoder.decode(frame_of(message)).silent == 1
    assert len(decoder._session.nodes) == 33_554_432 // 1_000_400


def test_a_zone_of_a_megabyte_is_no_zone() -> None:
    message = detection()
    place = message.detection_report.location
    place.coordinate_system, place.utm_zone = "LOCATION_COORDINATE_SYSTEM_UTM_M", "3" * 1_000_000 + "U"
    error = refusal(registered().decode(frame_of(message)))
    assert len(error.cause) < 500


def test_json_with_half_a_character_is_refused_and_not_a_crash() -> None:
    text = write_json(parse(detection().SerializeToString()))
    broken = text.replace(b'"detectionReport": {', b'"detectionReport": {"colour": "\\ud800",', 1)
    assert broken != text
    decoded = registered().decode(frame_of(broken))
    assert len(decoded.tracks) + len(decoded.problems) == 1
    for track in decoded.tracks:
        assert "\ud800" not in "".join(one.xml for one in track.extensions)


def test_the_extension_is_canonical_xml() -> None:
    from lxml import etree

    from tests.formats.sapient.samples import rich_detection

    message = rich_detection()
    message.detection_report.colour = "<red> & \"dark\"\t'grey'\r\n"
    decoder = SapientDecoder()
    decoder.decode(frame_of(sensor(node_id=message.node_id).registration(NOW)))
    (extension,) = only(decoder.decode(frame_of(message.SerializeToString()))).extensions
    canonical = etree.tostring(parse_xml(extension.xml.encode(), max_octets=65_536), method="c14n", exclusive=True)
    assert canonical == extension.xml.encode()


def test_a_report_with_names_without_end_is_read_in_no_time_and_can_be_carried() -> None:
    message = detection()
    for number in range(30_000):
        message.detection_report.object_info.add(type="callsign", value=f"C{number % 29_000}")
    decoder = registered()
    began = time.process_time()
    track = only(decoder.decode(frame_of(message)))
    assert time.process_time() - began < 2.0  # pairwise comparison took ten
    assert len(track.identifiers) == 51
    assert track.identifiers[-1] == Identifier("callsign", "C49")
    assert alliance.fault(replace(track, track_id="0191e0a1-0000-7000-8000-000000000001")) is None
    assert Loss("detection_report.object_info", "NOT_MODELLED") in track.provenance[0].losses  # too long to keep
