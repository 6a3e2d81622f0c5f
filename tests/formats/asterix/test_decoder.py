"""Bad input: each kind has its code and its octet, and takes nothing down that can still be found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError, GatewayError
from gateway.formats.asterix import CODECS, FORMAT, block
from gateway.formats.asterix.layout import MAX_PLANS
from gateway.formats.asterix.memo import Memo
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from tests.formats.asterix import recordings

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def frame(octets: bytes, received_at: datetime = NOON) -> Frame:
    return Frame(octets=octets, feed="test", source="test", peer="test", received_at=received_at)


def decode(octets: bytes, **options: Any) -> Decoded:
    return FORMAT.decoder(**options).decode(frame(octets))


def system_track(number: int = 1, **items: Any) -> bytes:
    record: dict[str, Any] = {
        "010": {"SAC": 70, "SIC": 16},
        "040": number,
        "070": 43200.0,
        "080": {"MON": 0, "SPI": 0, "MRH": 0, "SRC": 0, "CNF": 0},
        "105": {"LAT": 50.0, "LON": 20.0},
    }
    record.update(items)
    return CODECS[62].write({name: value for name, value in record.items() if value is not None}, enforce=False)


def refusals(result: Decoded) -> list[tuple[str, str]]:
    return [(problem.code.id, problem.place) for problem in result.problems]


SITE = {"latitude_deg": 43.5, "longitude_deg": 16.25, "altitude_msl_m": 780.0}
GOOD = block(62, [system_track(7)])


def test_reads_several_records_and_several_blocks() -> None:
    result = decode(block(62, [system_track(1), system_track(2)]) + block(62, [system_track(3)]))
    assert [track.identifiers[0].value for track in result.tracks] == ["70/16/1", "70/16/2", "70/16/3"]
    assert not result.problems


@pytest.mark.parametrize(
    ("octets", "code", "place"),
    [
        (b"\x3e\x00\x02", "AST-001", "octet 0"),
        (b"\x3e\x00\x00\x00\x00", "AST-001", "octet 0"),
        (b"\x3e\x00\x40\x01", "AST-002", "octet 0"),
        (b"\x3e", "AST-003", "octet 0"),
        (b"", "AST-003", "octet 0"),
        (b"\x15\x00\x05\x80\x01", "AST-004", "octet 0"),
        (b"\x3e\x00\x03", "AST-005", "octet 0"),
        (b"\x3e\x00\x04\x81", "AST-006", "octet 4"),
        (b"\x3e\x00\x06\xc0\x46\x10", "AST-007", "octet 3"),  # FRN 2 of CAT062 is spare
        (b"\x3e\x00\x09\x01\x01\x01\x01\x41\x00", "AST-008", "octet 7"),
        (b"\x3e\x00\x05\x01\x00", "AST-009", "octet 3"),
        (b"\x3e\x00\x05\x80\x46", "AST-010", "octet 4"),
        (b"\x30\x00\x0a\x20\x01\x01\x01\x01\x01\x01", "AST-011", "octet 9"),  # I048/020 has six parts
        (b"\x30\x00\x08\x01\x01\x01\x02\x00", "AST-012", "octet 7"),
        (b"\x3e\x00\x05\x20\x07", "AST-013", "octet 3"),
    ],
)
def test_each_kind_of_damage_has_its_code_and_its_octet(octets: bytes, code: str, place: str) -> None:
    result = decode(octets)
    assert refusals(result) == [(code, place)]
    assert not result.tracks
    assert result.problems[0].cause
    assert result.problems[0].remedy


def test_a_bad_record_is_counted_from_the_start_of_the_datagram() -> None:
    result = decode(GOOD + b"\x3e\x00\x05\x80\x46")
    assert refusals(result) == [("AST-010", f"octet {len(GOOD) + 4}")]
    assert len(result.tracks) == 1


def test_the_item_that_does_not_fit_is_named() -> None:
    record = system_track(1)
    cut = record[:-3]
    result = decode(b"\x3e" + (len(cut) + 3).to_bytes(2, "big") + cut)
    assert result.problems[0].code.id == "AST-010"
    assert "I062/040" in result.problems[0].cause or "I062/080" in result.problems[0].cause


def test_a_bad_block_does_not_hide_the_next() -> None:
    bad = b"\x3e\x00\x06\xc0\x46\x10"
    result = decode(GOOD + bad + block(62, [system_track(8)]))
    assert [track.identifiers[0].value for track in result.tracks] == ["70/16/7", "70/16/8"]
    assert refusals(result) == [("AST-007", f"octet {len(GOOD) + 3}")]


def test_a_record_that_says_nonsense_does_not_hide_the_next_of_its_block() -> None:
    nonsense = system_track(2, **{"105": {"LAT": 2000.0, "LON": 20.0}})
    result = decode(block(62, [system_track(1), nonsense, system_track(3)]))
    assert [track.identifiers[0].value for track in result.tracks] == ["70/16/1", "70/16/3"]
    assert refusals(result) == [("AST-014", f"octet {3 + len(system_track(1))}")]


def test_records_before_one_that_cannot_be_cut_are_kept() -> None:
    result = decode(block(62, [system_track(1), b"\xff"]))
    assert len(result.tracks) == 1
    assert refusals(result)[0][0] == "AST-006"


@pytest.mark.parametrize("item", ["010", "070", "040", "080"])
def test_a_system_track_needs_its_mandatory_items(item: str) -> None:
    result = decode(block(62, [system_track(1, **{item: None})]))
    assert [problem.code.id for problem in result.problems] == ["AST-013"]
    assert f"I062/{item}" in result.problems[0].cause


def test_a_target_report_needs_its_source_and_its_time() -> None:
    for record, item in (
        ({"010": {"SAC": 1, "SIC": 2}}, "I048/140"),
        ({"140": 5.0}, "I048/010"),
    ):
        result = decode(block(48, [CODECS[48].write(record)]))
        assert [problem.code.id for problem in result.problems] == ["AST-013"]
        assert item in result.problems[0].cause


def test_a_service_message_needs_its_source_and_its_type() -> None:
    for record, item in (({"010": {"SAC": 1, "SIC": 2}}, "I034/000"), ({"000": 1}, "I034/010")):
        result = decode(block(34, [CODECS[34].write(record)]))
        assert item in result.problems[0].cause
        assert result.silent == 0


def test_a_time_of_day_beyond_the_day_is_of_another_edition() -> None:
    late = CODECS[62].write(
        {
            "010": {"SAC": 1, "SIC": 2},
            "070": 86400.0,
            "040": 1,
            "080": {"MON": 0, "SPI": 0, "MRH": 0, "SRC": 0, "CNF": 0},
        }
    )
    assert [problem.code.id for problem in decode(block(62, [late])).problems] == ["AST-014"]
    report = CODECS[48].write({"010": {"SAC": 1, "SIC": 2}, "140": 90000.0}, enforce=False)
    assert [problem.code.id for problem in decode(block(48, [report])).problems] == ["AST-014"]
    service = CODECS[34].write({"010": {"SAC": 1, "SIC": 2}, "000": 1, "030": 90000.0})
    assert [problem.code.id for problem in decode(block(34, [service])).problems] == ["AST-014"]


def test_a_position_outside_of_the_area_of_the_source_is_refused_where_the_operator_gave_one() -> None:
    area = {"south_deg": 49, "west_deg": 19, "north_deg": 51, "east_deg": 21}
    assert len(decode(GOOD, area=area).tracks) == 1
    assert refusals(decode(GOOD, area={**area, "north_deg": 49.5})) == [("AST-017", "octet 3")]
    assert refusals(decode(GOOD, area={**area, "west_deg": 170, "east_deg": -170})) == [("AST-017", "octet 3")]
    assert len(decode(GOOD, area={**area, "west_deg": 19, "east_deg": -170}).tracks) == 1


def test_octets_behind_the_last_block_are_refused_and_the_blocks_live() -> None:
    result = decode(GOOD + b"\x00\x01")
    assert len(result.tracks) == 1
    assert refusals(result) == [("AST-003", f"octet {len(GOOD)}")]


def test_a_padded_field_specification_is_read() -> None:
    record = system_track(7)
    fspec = bytearray(record[:2])
    assert fspec[1] & 1 == 0
    padded = bytes([fspec[0], fspec[1] | 1, 0x01, 0x00]) + record[2:]
    result = decode(block(62, [padded]))
    assert not result.problems
    assert result.tracks[0].identifiers[0].value == "70/16/7"


def test_a_frame_beyond_the_limit_is_refused_unread() -> None:
    limits = Limits(max_frame_octets=len(GOOD) - 1)
    assert refusals(decode(GOOD, limits=limits)) == [("AST-016", "octet 0")]


def test_records_beyond_the_limit_are_refused_and_those_before_live() -> None:
    result = decode(block(62, [system_track(n) for n in range(5)]), limits=Limits(max_records_per_frame=3))
    assert len(result.tracks) == 3
    assert [problem.code.id for problem in result.problems] == ["AST-016"]


def test_a_hostile_frame_makes_a_bounded_number_of_errors() -> None:
    result = decode(b"\x01\x00\x03" * 5000, dedupe=False)
    assert len(result.problems) == 100


def test_a_repeated_block_is_dropped_within_the_window_only() -> None:
    decoder = FORMAT.decoder()
    at = NOON.timestamp()
    seen = []
    for second in (0, 1, 29, 31, 32):
        result = decoder.decode(frame(GOOD, datetime.fromtimestamp(at + second, UTC)))
        seen.append((len(result.tracks), result.duplicates))
    assert seen == [(1, 0), (0, 1), (0, 1), (1, 0), (0, 1)]


def test_repeated_blocks_are_kept_where_the_operator_says_so() -> None:
    decoder = FORMAT.decoder(dedupe=False)
    assert [len(decoder.decode(frame(GOOD)).tracks) for _ in range(3)] == [1, 1, 1]


def test_the_memory_for_repetitions_is_bounded() -> None:
    decoder = FORMAT.decoder(limits=Limits(dedupe_blocks=2))
    for number in (1, 2, 3):
        decoder.decode(frame(block(62, [system_track(number)])))
    again = [decoder.decode(frame(block(62, [system_track(number)]))).duplicates for number in (3, 2, 1)]
    assert again == [1, 1, 0]


def test_service_messages_are_silent_and_teach_the_session() -> None:
    common = dict.fromkeys(("NOGO", "RDPC", "RDPR", "OVLRDP", "OVLXMT", "MSC", "TSV"), 0)
    radar = {"010": {"SAC": 25, "SIC": 12}}
    place = {"HGT": 780, "LAT": 43.5, "LON": 16.25}
    north = CODECS[34].write({**radar, "000": 1, "030": 43200.0, "041": 4.0, "050": {"COM": common}, "120": place})
    sector = CODECS[34].write({"010": {"SAC": 25, "SIC": 12}, "000": 2, "030": 43200.5, "020": 90.0})
    jamming = CODECS[34].write({"010": {"SAC": 25, "SIC": 12}, "000": 4})
    decoder = FORMAT.decoder()
    result = decoder.decode(frame(block(34, [north, sector, jamming])))
    assert (result.silent, result.tracks, result.problems) == (3, (), ())
    service = decoder.services[25, 12]  # type: ignore[attr-defined]  # beyond the protocol: the decoder's own view
    assert (service.north_markers, service.sector_crossings, service.other_messages) == (1, 1, 1)
    assert service.rotation_period_s == 4.0
    assert service.last_sector_deg == 90.0
    assert service.released is True
    assert service.site.altitude_msl_m == 780.0
    assert service.site.latitude_deg == pytest.approx(43.5, abs=90 / 2**23)


def test_truncation_at_every_octet_gives_refusals_and_never_anything_else() -> None:
    time, data = recordings.datagrams(recordings.PCAP)[-1]
    samples = [recordings.final()[0], recordings.final()[20_000], data]
    for sample in samples:
        for length in range(len(sample)):
            result = FORMAT.decoder(dedupe=False).decode(frame(sample[:length], time))
            assert result.problems
            FORMAT.trace(frame(sample[:length], time))  # type: ignore[misc]  # this format has one
        for length in range(3, len(sample)):  # the same cut, with a length that agrees
            cut = sample[:1] + length.to_bytes(2, "big") + sample[3:length]
            assert isinstance(FORMAT.decoder(dedupe=False).decode(frame(cut, time)), Decoded)


def _only_refusals(octets: bytes) -> None:
    decoder = FORMAT.decoder(site_from_stream=True, assumed_height_m=3000.0)
    result = decoder.decode(frame(octets))
    for problem in result.problems:
        assert isinstance(problem, FormatError)
        assert problem.place.startswith("octet ")
        assert 0 <= int(problem.place[6:]) <= len(octets)
    assert FORMAT.trace is not None
    FORMAT.trace(frame(octets))
    for category in (48, 62):
        encoder = FORMAT.encoder(category=category)
        encoded = encoder.encode(result.tracks, NOON)
        assert len(encoded.problems) <= len(result.tracks)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
@example(b"\x30\x00\x05\x01\x01")
def test_random_octets_raise_nothing(octets: bytes) -> None:
    _only_refusals(octets)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([34, 48, 62]), st.binary(min_size=1, max_size=120))
def test_random_records_raise_nothing(category: int, octets: bytes) -> None:
    _only_refusals(block(category, [octets]))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_mutated_real_records_raise_nothing(data: st.DataObject) -> None:
    pool = [datagram for _, datagram in recordings.datagrams(recordings.PCAP)] + recordings.final()[::1500]
    octets = bytearray(data.draw(st.sampled_from(pool)))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(octets) - 1))
        action = data.draw(st.sampled_from(["set", "insert", "delete"]))
        if action == "set":
            octets[place] = data.draw(st.integers(0, 255))
        elif action == "insert":
            octets.insert(place, data.draw(st.integers(0, 255)))
        elif len(octets) > 1:
            del octets[place]
    _only_refusals(bytes(octets))


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"sites": {"25-201": {}}}, "sites.25-201"),
        ({"sites": {"25/201": {"latitude_deg": 50.0, "longitude_deg": 20.0}}}, "sites.25/201.altitude_msl_m"),
        (
            {"sites": {"25/201": {"latitude_deg": 95, "longitude_deg": 0, "altitude_msl_m": 0}}},
            "sites.25/201.latitude_deg",
        ),
        ({"sites": {"25/201": {"lat": 50.0}}}, "sites.25/201.lat"),
        ({"sites": []}, "sites"),
        ({"sources": {"300/1": {}}}, "sources.300/1"),
        ({"sources": {"1/1": {"nation": "Poland"}}}, "sources.1/1.nation"),
        ({"sources": {"1/1": {"name": ""}}}, "sources.1/1.name"),
        ({"assumed_height_m": "high"}, "assumed_height_m"),
        ({"assumed_height_m": float("nan")}, "assumed_height_m"),
        ({"time_window_s": 0}, "time_window_s"),
        ({"area": {"south_deg": 50, "west_deg": 0, "north_deg": 40, "east_deg": 10}}, "area.south_deg"),
        ({"area": {"south_deg": 50}}, "area.north_deg"),
        ({"area": {"top": 1}}, "area.top"),
        ({"leftovers": "yes"}, "leftovers"),
        ({"dedupe": "yes"}, "dedupe"),
        ({"site_from_stream": 1}, "site_from_stream"),
        ({"node": 5}, "node"),
        ({"editions": {"62": "1.18"}}, "editions.62"),
        ({"editions": {"21": "2.7"}}, "editions.21"),
    ],
)
def test_refuses_an_option_that_is_not_usable(options: Any, place: str) -> None:
    with pytest.raises(FormatError) as error:
        FORMAT.decoder(**options)
    assert (error.value.code.id, error.value.place) == ("AST-040", place)


def test_unknown_options_are_a_type_error_and_known_editions_pass() -> None:
    with pytest.raises(TypeError):
        FORMAT.decoder(sitse={})
    FORMAT.decoder(editions={"34": "1.29", "48": "1.32", "062": "1.21"})


def test_every_code_is_unique_and_speaks() -> None:
    codes: Any = __import__("gateway.formats.asterix.codes", fromlist=["CODES"]).CODES
    assert len({code.id for code in codes}) == len(codes)
    assert all(code.id.startswith("AST-") and code.title and code.remedy for code in codes)
    assert issubclass(FormatError, GatewayError)


def test_a_sender_of_ever_new_field_specifications_and_names_does_not_fill_the_memory() -> None:
    layout = CODECS[62].layout
    for raw in range(2000):
        fspec = bytes([raw >> 7 << 1 & 0xFE | 1, raw << 1 & 0xFE])
        try:
            layout.size(fspec + bytes(400), 0, 402)
        except FormatError:
            continue
    assert len(layout._plans) <= MAX_PLANS
    remembered = Memo(bytes, limit=8)
    for number in range(100):
        assert remembered[number] == bytes(number)
        assert len(remembered) <= 8
