"""Messages of one drone, which come one by one, as one track."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.dialect import finished
from gateway.formats.remoteid import RemoteIdDecoder
from gateway.formats.remoteid.join import AGES_S
from gateway.limits import Limits
from gateway.policy import withhold_personal
from gateway.stages import Decoded
from gateway.track import Classification, Environment, Identifier, Loss, Operator, Position, RawRecord, Status
from tests.formats.remoteid.support import (
    BASIC_ID,
    LOCATION,
    MAC,
    NOW,
    OPERATOR_ID,
    PACK,
    SELF_ID,
    SYSTEM,
    basic,
    beacon,
    frame,
    located,
    one,
    packed,
    service_data,
)

OTHER_MAC = "60:60:1f:1e:30:1f"
SERIAL = basic("1581F4QWB22CC00302LV")
CAA = basic("NLD.1234567", id_type=2)
SESSION = bytes((0x02, 0x42, 0x01)) + bytes(range(1, 20)) + b"\0\0\0"


def feed(decoder: RemoteIdDecoder, *octets: bytes, after_s: float = 0.0, peer: str = "192.0.2.1:4000") -> Decoded:
    """Frames in a row; what the last one gave."""
    decoded = Decoded()
    for each in octets:
        decoded = decoder.decode(frame(each, after_s=after_s, peer=peer))
    return decoded


def names(decoded: Decoded) -> list[tuple[str, str]]:
    (track,) = decoded.tracks
    return [(one.scheme, one.value) for one in track.identifiers]


def test_the_reference_pack_becomes_one_track() -> None:
    track = one(PACK)
    assert track.identifiers == (Identifier("uas_registration", "12345678901234567890"),)
    assert (track.environment, track.platform, track.identity) == (Environment.AIR, "UAV_ROTARY_WING", None)
    assert track.remarks == "DronesRUS: Real Estate"
    assert track.status == Status(on_ground=False)
    assert track.classifications == (
        Classification(type="SPECIFIC", scheme="EU_UAS_CATEGORY"),
        Classification(type="C3", scheme="EU_UAS_CLASS"),
    )
    assert track.operator == Operator(
        identifier="98765432100123456789",
        position=Position(latitude_deg=45.539319, longitude_deg=-122.966379),
        altitude_hae_m=20.5,
        basis="TAKEOFF",
        time=datetime(2019, 11, 21, 1, 46, 40, tzinfo=UTC),
    )
    state = track.state
    assert state is not None
    assert state.position == Position(latitude_deg=45.539309, longitude_deg=-122.966389)
    assert (state.altitude_hae_m, state.altitude_baro_m, state.altitude_msl_m) == (110.0, 100.0, None)
    assert (state.height_agl_m, state.height_takeoff_m) == (80.0, None)
    assert (state.course_deg, state.ground_speed_mps, state.vertical_rate_mps) == (216.0, 5.5, 5.0)
    assert state.time == datetime(2026, 11, 22, 12, 6, 0, 500_000, tzinfo=UTC)
    assert (state.time_quality, state.date_basis, state.received_at) == ("MEASURED", "RECEIVED_TIME", NOW)
    assert state.accuracy is not None
    assert (state.accuracy.horizontal_95_m, state.accuracy.vertical_95_m) == (3.0, 1.0)
    assert (state.accuracy.speed_95_mps, state.accuracy.basis) == (1.0, "REMOTE_ID")
    assert track.raw == RawRecord("REMOTE_ID", PACK)
    assert track.provenance[0].losses == ()


def test_nothing_about_the_operator_stands_anywhere_but_in_his_place_and_the_raw_record() -> None:
    track = one(PACK)
    told = [one.xml for one in track.extensions] + [track.remarks or ""] + [one.value for one in track.identifiers]
    for secret in ("98765432100123456789", "45.539319", "122.966379", "20.5", "TAKEOFF", "28000000"):
        assert not any(secret in text for text in told), secret
    (extension,) = track.extensions
    assert extension.xml == (
        '<x:RemoteId xmlns:x="urn:alliance-track-gateway:remoteid" area-ceiling-hae-m="176.5" area-count="35"'
        ' area-floor-hae-m="41.5" area-radius-m="70" baro-accuracy-95-m="3" classification-type="1"'
        ' time-accuracy-s="0.2"></x:RemoteId>'
    )


@pytest.mark.parametrize(
    ("minute", "second", "tenths", "expected"),
    [
        (59, 59, 5, datetime(2026, 11, 22, 13, 0, 0, 500_000, tzinfo=UTC)),  # its clock is ahead of ours
        (0, 1, 35_995, datetime(2026, 11, 22, 11, 59, 59, 500_000, tzinfo=UTC)),
        (0, 0, 36_000, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
        (45, 0, 9_000, datetime(2026, 11, 22, 12, 15, tzinfo=UTC)),  # exactly half an hour before
        (45, 1, 9_000, datetime(2026, 11, 22, 13, 15, tzinfo=UTC)),
    ],
)
def test_the_hour_is_the_one_within_thirty_minutes(minute: int, second: int, tenths: int, expected: datetime) -> None:
    now = datetime(2026, 11, 22, 12, minute, second, tzinfo=UTC)
    state = one(packed(SERIAL, located(tenths=tenths)), now=now).state
    assert state is not None
    assert state.time == expected
    assert abs(state.time - now) <= timedelta(minutes=30)


def test_a_position_without_its_time_has_the_time_of_reception_and_says_so() -> None:
    state = one(packed(SERIAL, located(tenths=0xFFFF))).state
    assert state is not None
    assert (state.time, state.time_quality, state.date_basis) == (NOW, "RECEIVED", None)


def test_null_island_is_no_position_and_the_rest_is_kept() -> None:
    state = one(packed(SERIAL, located(0, 0))).state
    assert state is not None
    assert (state.position, state.altitude_hae_m) == (None, 110.0)


def test_the_date_line_is_read_as_plus_180() -> None:
    state = one(packed(SERIAL, located(0, -1_800_000_000))).state
    assert state is not None
    assert state.position == Position(latitude_deg=0.0, longitude_deg=180.0)


def test_a_drone_that_hovers_has_no_course_and_the_loss_says_so() -> None:
    track = one(packed(SERIAL, LOCATION[:3] + b"\0" + LOCATION[4:]))
    assert track.state is not None
    assert (track.state.ground_speed_mps, track.state.course_deg) == (0.0, None)
    assert Loss("Location.Direction", "NOT_MODELLED") in track.provenance[0].losses


@pytest.mark.parametrize(
    ("code", "status", "kept"),
    [
        (0, None, ""),
        (1, Status(on_ground=True), ""),
        (2, Status(on_ground=False), ""),
        (3, Status(emergency="GENERAL"), 'status="EMERGENCY"'),
        (4, None, 'status="REMOTE_ID_FAILURE"'),
    ],
)
def test_the_operational_status(code: int, status: Status | None, kept: str) -> None:
    track = one(packed(SERIAL, located(flags=code << 4 | 6)))
    assert track.status == status
    assert kept in track.extensions[0].xml


def test_reserved_codes_are_losses_and_never_meanings() -> None:
    octets = located(flags=0x96)
    track = one(packed(SERIAL, octets[:19] + b"\xff\xff" + octets[21:]))
    assert track.status is None
    assert {loss.field for loss in track.provenance[0].losses} == {
        "Location.Status",
        "Location.HorizAccuracy",
        "Location.VertAccuracy",
        "Location.SpeedAccuracy",
        "Location.BaroAccuracy",
    }


def test_the_height_above_the_place_of_take_off_is_another_one_than_above_ground() -> None:
    state = one(packed(SERIAL, located(flags=0x22))).state
    assert state is not None
    assert (state.height_takeoff_m, state.height_agl_m) == (80.0, None)


def test_single_messages_of_one_transmitter_are_joined_when_its_position_comes() -> None:
    decoder = RemoteIdDecoder()
    for message in (SERIAL, SELF_ID, SYSTEM, OPERATOR_ID):
        decoded = feed(decoder, service_data(message))
        assert (decoded.tracks, decoded.silent) == ((), 1)
    (track,) = feed(decoder, service_data(LOCATION)).tracks
    assert track.identifiers[0] == Identifier("uas_serial", "1581F4QWB22CC00302LV")
    assert track.remarks == "DronesRUS: Real Estate"
    assert track.operator is not None
    assert track.raw == RawRecord("REMOTE_ID", packed(SERIAL, LOCATION, SELF_ID, SYSTEM, OPERATOR_ID))


def test_two_basic_ids_are_two_names_and_the_serial_number_is_the_first() -> None:
    decoded = feed(RemoteIdDecoder(), beacon(packed(SESSION, CAA, SERIAL, LOCATION)))
    assert names(decoded) == [
        ("uas_serial", "1581F4QWB22CC00302LV"),
        ("uas_registration", "NLD.1234567"),
        ("uas_session", "01" + bytes(range(1, 20)).hex()),
        ("mac", MAC),
    ]


def test_without_a_serial_number_the_registration_is_first_then_the_session_then_the_address() -> None:
    assert names(feed(RemoteIdDecoder(), beacon(packed(SESSION, CAA, LOCATION))))[0][0] == "uas_registration"
    assert names(feed(RemoteIdDecoder(), beacon(packed(SESSION, LOCATION))))[0][0] == "uas_session"
    assert names(feed(RemoteIdDecoder(wait_for_id_s=0.0), beacon(packed(LOCATION)))) == [("mac", MAC)]


def test_a_utm_uuid_is_written_as_one() -> None:
    uuid = bytes((0x02, 0x32)) + bytes(range(16)) + bytes(7)
    assert names(feed(RemoteIdDecoder(), packed(uuid, LOCATION))) == [
        ("uas_utm", "00010203-0405-0607-0809-0a0b0c0d0e0f")
    ]


def test_a_position_waits_for_its_name_so_that_the_track_does_not_begin_under_another() -> None:
    decoder = RemoteIdDecoder()
    assert feed(decoder, beacon(packed(LOCATION))).silent == 1
    assert names(feed(decoder, beacon(packed(SERIAL)), after_s=1.0))[0] == ("uas_serial", "1581F4QWB22CC00302LV")


def test_the_held_position_keeps_the_time_at_which_it_came() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(located(tenths=0xFFFF))))
    (track,) = feed(decoder, beacon(packed(SERIAL)), after_s=2.0).tracks
    assert track.state is not None
    assert (track.state.time, track.state.received_at) == (NOW, NOW)


def test_a_transmitter_that_never_names_itself_goes_by_its_address_after_a_while() -> None:
    decoder = RemoteIdDecoder()
    assert feed(decoder, beacon(packed(LOCATION))).silent == 1
    assert names(feed(decoder, beacon(packed(located(tenths=3635))), after_s=3.0)) == [("mac", MAC)]


def test_a_position_of_nobody_is_refused() -> None:
    decoder = RemoteIdDecoder(wait_for_id_s=0.0)
    (problem,) = feed(decoder, LOCATION).problems
    assert problem.code.id == "RID-007"


def test_an_address_with_another_serial_number_is_another_aircraft() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(PACK), beacon(packed(SERIAL, LOCATION)))
    other = basic("OTHER-SERIAL")
    (track,) = feed(decoder, beacon(packed(other, located(tenths=3615))), after_s=1.0).tracks
    assert track.identifiers == (Identifier("uas_serial", "OTHER-SERIAL"), Identifier("mac", MAC))
    assert (track.operator, track.remarks) == (None, None)  # they were the former one's


def test_another_aircraft_is_told_by_its_id_wherever_that_stands_in_the_pack() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(SERIAL, LOCATION, OPERATOR_ID)))
    (track,) = feed(decoder, beacon(packed(SYSTEM, located(tenths=3615), basic("OTHER"))), after_s=1).tracks
    assert track.identifiers[0] == Identifier("uas_serial", "OTHER")
    assert track.operator is not None
    assert (track.operator.identifier, track.operator.position) == (None, Position(45.539319, -122.966379))


@pytest.mark.parametrize(
    "message",
    [
        b"\x52\x00\x00" + b"FIN87astrdge12k8".ljust(22, b"\0"),
        b"\x52" + bytes(21) + b"FIN",
        b"\x02\x02" + b"FIN87astrdge12k8".ljust(23, b"\0"),
        b"\x32\x00\x00" + b"FIN87astrdge12k8".ljust(22, b"\0"),
        b"\x42" + bytes(23) + b"\x01",
    ],
    ids=["behind the end", "reserved", "id of no kind", "behind the end of the text", "reserved of the system"],
)
def test_what_hides_in_a_message_does_not_leave_with_the_raw_record_of_nobody(message: bytes) -> None:
    track = one(packed(SERIAL, LOCATION, message))
    assert track.operator is None
    assert track.raw == RawRecord("REMOTE_ID", packed(SERIAL, LOCATION))
    assert Loss("raw", "TRUNCATED") in track.provenance[0].losses


def test_a_self_id_that_repeats_the_operators_id_goes_where_he_goes() -> None:
    telling = b"\x32\x00" + b"fly by 98765432100123456789"[:23].ljust(23, b"\0")
    short = b"\x52\x00" + b"9876543210".ljust(23, b"\0")
    track = one(packed(SERIAL, LOCATION, telling, short))
    assert track.operator == Operator(identifier="9876543210")
    assert track.remarks is None
    assert Loss("SelfID.Desc", "WITHHELD") in track.provenance[0].losses
    assert b"9876543210" not in repr(withhold_personal(track)).encode()


def test_a_refusal_does_not_tell_where_the_operator_stands() -> None:
    nowhere = SYSTEM[:6] + (1_810_000_000).to_bytes(4, "little") + SYSTEM[10:]
    decoded = RemoteIdDecoder().decode(frame(packed(SERIAL, LOCATION, nowhere)))
    (problem,) = decoded.problems
    assert problem.code.id == "RID-005"
    assert "45.5" not in str(problem)


def test_a_new_session_id_is_a_new_name_of_the_same_transmitter() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(SESSION, SELF_ID, LOCATION)))
    fresh = SESSION[:3] + bytes(19) + bytes(3)
    fresh = fresh[:3] + b"\x77" * 19 + fresh[22:]
    (track,) = feed(decoder, beacon(packed(fresh, located(tenths=3615))), after_s=1.0).tracks
    assert track.identifiers[0].value == "01" + "77" * 19
    assert track.remarks == "DronesRUS: Real Estate"


@pytest.mark.parametrize(
    ("kind", "message", "part"),
    [
        ("self_id", SELF_ID, "remarks"),
        ("system", SYSTEM, "operator"),
        ("operator_id", OPERATOR_ID, "operator"),
    ],
)
def test_every_kind_of_message_is_believed_for_its_own_age(kind: str, message: bytes, part: str) -> None:
    decoder = RemoteIdDecoder(ages_s={kind: 5.0})
    (track,) = feed(decoder, beacon(packed(SERIAL, message, LOCATION))).tracks
    assert getattr(track, part) is not None
    (track,) = feed(decoder, beacon(packed(located(tenths=3655))), after_s=5.0).tracks
    assert getattr(track, part) is not None
    (track,) = feed(decoder, beacon(packed(located(tenths=3656))), after_s=5.1).tracks
    assert getattr(track, part) is None
    assert track.raw == RawRecord("REMOTE_ID", packed(SERIAL, located(tenths=3656)))


def test_a_repeated_message_is_believed_from_then_on() -> None:
    decoder = RemoteIdDecoder(ages_s={"self_id": 5.0})
    feed(decoder, beacon(packed(SERIAL, SELF_ID, LOCATION)))
    feed(decoder, beacon(packed(SELF_ID)), after_s=4.0)
    (track,) = feed(decoder, beacon(packed(located(tenths=3695))), after_s=9.0).tracks
    assert track.remarks is not None


def test_an_id_that_ended_no_longer_names_the_track() -> None:
    decoder = RemoteIdDecoder(wait_for_id_s=0.0)
    feed(decoder, beacon(packed(SERIAL, LOCATION)))
    later = AGES_S["basic_id"] + 1
    assert names(feed(decoder, beacon(packed(located(tenths=4215))), after_s=later)) == [("mac", MAC)]


def test_a_position_is_not_waited_with_for_longer_than_its_own_age() -> None:
    decoder = RemoteIdDecoder(wait_for_id_s=60.0)
    feed(decoder, beacon(packed(LOCATION)))
    assert feed(decoder, beacon(packed(SERIAL)), after_s=4.0).silent == 1


def test_repetitions_are_dropped_until_something_is_new() -> None:
    decoder = RemoteIdDecoder()
    assert len(feed(decoder, beacon(PACK)).tracks) == 1
    assert feed(decoder, beacon(PACK), after_s=0.3).duplicates == 1
    assert feed(decoder, service_data(PACK), after_s=0.3).tracks != ()  # another transmitter
    changed = PACK[:53] + SELF_ID[:2] + b"Emergency!".ljust(23, b"\0") + PACK[78:]
    (track,) = feed(decoder, beacon(changed), after_s=0.5).tracks
    assert track.remarks == "Emergency!"
    assert len(feed(RemoteIdDecoder(dedupe=False), beacon(PACK), beacon(PACK)).tracks) == 1


def test_positions_without_a_time_are_never_taken_for_repetitions() -> None:
    decoder = RemoteIdDecoder()
    same = beacon(packed(SERIAL, located(tenths=0xFFFF)))
    assert len(feed(decoder, same, same).tracks) == 1


def test_two_transmitters_never_mix() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(SERIAL, SELF_ID)), beacon(packed(basic("OTHER"), SYSTEM), OTHER_MAC))
    (first,) = feed(decoder, beacon(packed(LOCATION))).tracks
    (second,) = feed(decoder, beacon(packed(LOCATION), OTHER_MAC)).tracks
    assert (first.identifiers[0].value, first.operator, first.remarks is None) == ("1581F4QWB22CC00302LV", None, False)
    assert (second.identifiers[0].value, second.operator is None, second.remarks) == ("OTHER", False, None)


def test_single_messages_of_two_drones_behind_one_peer_are_refused_and_not_mixed() -> None:
    decoder = RemoteIdDecoder()
    assert len(feed(decoder, SERIAL, LOCATION).tracks) == 1
    decoded = feed(decoder, basic("OTHER"), located(1, 1, tenths=3615), after_s=1.0)
    assert decoded.tracks == ()
    assert [problem.code.id for problem in decoded.problems] == ["RID-006"]
    assert len(feed(decoder, packed(basic("OTHER"), LOCATION), after_s=1.0).tracks) == 1  # a pack says whose it is
    assert feed(decoder, SERIAL, LOCATION, peer="192.0.2.2:4000").tracks != ()  # and another peer is not concerned
    later = 2.0 + AGES_S["basic_id"]
    assert len(feed(decoder, SERIAL, located(tenths=4225), after_s=later).tracks) == 1


def test_a_position_that_the_aircraft_cannot_have_flown_to_is_another_ones() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, SERIAL)
    assert len(feed(decoder, located(520_000_000, 42_500_000)).tracks) == 1
    near = located(520_020_000, 42_500_000, tenths=3615)  # 222 m in a second
    assert len(feed(decoder, near, after_s=1.0).tracks) == 1
    far = located(520_220_000, 42_500_000, tenths=3625)  # 2.2 km in the next
    assert [problem.code.id for problem in feed(decoder, far, after_s=2.0).problems] == ["RID-006"]
    with_address = RemoteIdDecoder()
    feed(with_address, beacon(packed(SERIAL, located(520_000_000, 42_500_000))))
    assert len(feed(with_address, beacon(packed(far)), after_s=1.0).tracks) == 1  # the address says whose it is


def test_a_report_without_an_id_or_an_address_is_not_taken_for_somebody_elses() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, packed(SERIAL, LOCATION))  # its own id says whose it is
    decoded = feed(decoder, packed(located(1, 1, tenths=3615)), after_s=1.0)
    assert (decoded.tracks, decoded.silent) == ((), 1)


def test_a_refused_message_leaves_its_neighbours_alone() -> None:
    decoded = feed(RemoteIdDecoder(), packed(SERIAL, b"\x92" + bytes(24), LOCATION))
    assert len(decoded.tracks) == 1
    (problem,) = decoded.problems
    assert (problem.code.id, problem.place) == ("RID-004", "message 1, octet 0")


def test_authentication_is_kept_in_the_raw_record_and_listed() -> None:
    pages = [bytes((0x22, 0x10 | page)) + bytes([page]) * 23 for page in range(6)]
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(SERIAL, *pages)))
    (track,) = feed(decoder, beacon(packed(SELF_ID, LOCATION))).tracks
    assert track.raw == RawRecord("REMOTE_ID", packed(SERIAL, LOCATION, SELF_ID, *pages))
    assert Loss("Authentication", "NOT_MODELLED") in track.provenance[0].losses
    feed(decoder, beacon(packed(*[bytes((0x22, 0x10 | page)) + bytes(23) for page in range(6, 9)])))
    (track,) = feed(decoder, beacon(packed(located(tenths=3615)))).tracks
    assert track.raw is not None
    assert len(track.raw.octets) == 3 + 9 * 25
    assert Loss("raw", "TRUNCATED") in track.provenance[0].losses


def test_without_keep_raw_there_is_none() -> None:
    assert one(PACK, decoder=RemoteIdDecoder(keep_raw=False)).raw is None


def test_texts_that_are_no_texts_are_written_so_that_every_format_carries_them() -> None:
    dirty = bytes((0x32, 0)) + b"caf\xe9 \x07".ljust(23, b"\0")
    garbled = bytes((0x02, 0x12)) + b"AB\x01C".ljust(20, b"\0") + bytes(3)
    track = one(packed(garbled, dirty, LOCATION))
    assert track.identifiers == (Identifier("uas_serial", "AB\\x01C", "GARBLED"),)
    assert track.remarks == "caf\\xe9 \\x07"
    chinese = bytes((0x32, 0)) + "测试".encode().ljust(23, b"\0")
    assert one(packed(SERIAL, chinese, LOCATION)).remarks == "测试"


def test_the_self_id_of_an_emergency_is_an_emergency() -> None:
    track = one(packed(SERIAL, bytes((0x32, 1)) + b"Fly-away".ljust(23, b"\0"), LOCATION))
    assert track.status == Status(on_ground=False, emergency="GENERAL")
    assert 'self-id-type="1"' in track.extensions[0].xml


def test_an_operator_without_a_known_place_is_nobody() -> None:
    nowhere = SYSTEM[:2] + bytes(8) + SYSTEM[10:18] + bytes(2) + SYSTEM[20:]
    nobody = bytes((0x52, 0)) + bytes(23)
    assert one(packed(SERIAL, nowhere, nobody, LOCATION)).operator is None


def test_an_operator_place_of_no_declared_kind_keeps_no_kind() -> None:
    track = one(packed(SERIAL, SYSTEM[:1] + b"\x07" + SYSTEM[2:], LOCATION))
    assert track.operator is not None
    assert track.operator.basis is None
    assert Loss("System.OperatorLocationType", "NO_CODE") in track.provenance[0].losses


def test_what_is_remembered_is_bounded_and_the_longest_silent_goes() -> None:
    decoder = RemoteIdDecoder(limits=Limits(peers_remembered=2), wait_for_id_s=0.0)
    for number in range(5):
        feed(decoder, beacon(packed(basic(f"S{number}")), f"02:00:00:00:00:{number:02x}"))
    assert len(decoder._book) == 2
    (known,) = feed(decoder, beacon(packed(LOCATION), "02:00:00:00:00:04")).tracks
    assert known.identifiers[0].value == "S4"
    (forgotten,) = feed(decoder, beacon(packed(LOCATION), "02:00:00:00:00:00")).tracks
    assert forgotten.identifiers[0].scheme == "mac"


def test_the_source_is_the_configured_one_with_its_nation() -> None:
    (source,) = one(PACK, decoder=RemoteIdDecoder(nation="NLD")).sources
    assert (source.id, source.name, source.modality, source.nation) == ("src-rid-north", "rid-north", "RF", "NLD")


@pytest.mark.parametrize("ages", [{"nothing": 1.0}, {"system": 0.0}, {"system": float("nan")}])
def test_an_age_that_is_none_is_refused(ages: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="ages_s"):
        RemoteIdDecoder(ages_s=ages)


def test_a_frame_over_the_limit_is_refused() -> None:
    (problem,) = feed(RemoteIdDecoder(limits=Limits(max_frame_octets=100)), PACK).problems
    assert problem.code.id == "RID-010"


def test_the_registration_of_the_reference_is_a_registration() -> None:
    assert names(feed(RemoteIdDecoder(), packed(BASIC_ID, LOCATION)))[0][0] == "uas_registration"


def test_a_position_that_waits_for_its_id_is_told_by_its_address_when_nothing_more_comes() -> None:
    decoder = RemoteIdDecoder()
    silent = feed(decoder, beacon(packed(located())))
    assert (silent.tracks, silent.silent) == ((), 1)
    (track,) = finished(decoder, NOW).tracks
    assert track.identifiers == (Identifier("mac", MAC),)
    assert track.state is not None
    assert track.state.received_at == NOW
    assert [source.name for source in track.sources] == ["rid-north"]
    assert finished(decoder, NOW) == Decoded(), "once"
    assert feed(decoder, beacon(packed(located()))).tracks == (), "and what is repeated is not told again"


@pytest.mark.parametrize("octets", [(), (PACK,), (beacon(packed(SELF_ID)),)])
def test_nothing_waits_where_all_was_told_or_nothing_was_there(octets: tuple[bytes, ...]) -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, *octets)
    assert finished(decoder, NOW) == Decoded()


def test_a_position_that_is_too_old_is_not_told_at_the_end() -> None:
    decoder = RemoteIdDecoder()
    feed(decoder, beacon(packed(located())))
    assert finished(decoder, NOW + timedelta(seconds=AGES_S["location"] + 0.1)) == Decoded()
