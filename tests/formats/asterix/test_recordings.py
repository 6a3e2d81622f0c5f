"""Real records: what independent decoders agree on, and octets that survive reading and writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.asterix import CODECS, FORMAT
from gateway.stages import Decoded, Frame
from gateway.track import Track
from tests.formats.asterix import oracle, recordings

NOON = datetime(2019, 5, 14, 15, 0, tzinfo=UTC)


def frame(octets: bytes, received_at: datetime = NOON) -> Frame:
    return Frame(octets=octets, feed="test", source="test", peer="test", received_at=received_at)


def blocks(datagram: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(datagram):
        length = int.from_bytes(datagram[place + 1 : place + 3], "big")
        yield datagram[place : place + length]
        place += length


def records(block: bytes) -> Iterator[bytes]:
    layout = CODECS[block[0]].layout
    place = 3
    while place < len(block):
        end = layout.size(block, place, len(block))
        yield block[place:end]
        place = end


def pcap_blocks() -> list[tuple[datetime, bytes]]:
    return [(time, block) for time, data in recordings.datagrams(recordings.PCAP) for block in blocks(data)]


def identifier(track: Track, scheme: str) -> str | None:
    return next((i.value for i in track.identifiers if i.scheme == scheme), None)


def decoded_final() -> list[Track]:
    decoder = FORMAT.decoder()
    results: list[Decoded] = [decoder.decode(frame(block)) for block in recordings.final()]
    assert not [problem for result in results for problem in result.problems]
    assert sum(result.duplicates for result in results) == 0
    return [track for result in results for track in result.tracks]


def test_writes_every_cat062_record_of_the_half_hour_back_octet_for_octet() -> None:
    codec = CODECS[62]
    count = 0
    for block in recordings.final():
        for record in records(block):
            assert codec.write(codec.read(record)) == record
            count += 1
    assert count == 34_957


def test_writes_every_record_of_the_capture_back_octet_for_octet() -> None:
    counts: Counter[int] = Counter()
    for _, block in pcap_blocks():
        codec = CODECS[block[0]]
        for record in records(block):
            assert codec.write(codec.read(record)) == record
            counts[block[0]] += 1
    assert counts == {48: 128, 34: 34}


def test_agrees_with_libasterix_on_every_block_of_the_capture() -> None:
    for _, block in pcap_blocks():
        ours: list[Any] = [oracle.comparable(CODECS[block[0]].read(record)) for record in records(block)]
        assert ours == [oracle.comparable(record) for record in oracle.records(block)]


def test_agrees_with_libasterix_on_a_sample_of_the_half_hour() -> None:
    for block in recordings.final()[::50]:
        ours: list[Any] = [oracle.comparable(CODECS[62].read(record)) for record in records(block)]
        assert ours == [oracle.comparable(record) for record in oracle.records(block)]


def ours_of(block: bytes) -> list[Any] | None:
    try:
        return [oracle.comparable(CODECS[block[0]].read(record)) for record in records(block)]
    except FormatError:
        return None


def theirs_of(block: bytes) -> list[Any] | None:
    try:
        return [oracle.comparable(record) for record in oracle.records(block)]
    except ValueError:
        return None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_accepts_and_refuses_damaged_blocks_exactly_as_libasterix_does(data: st.DataObject) -> None:
    pool = [block for _, block in pcap_blocks()] + recordings.final()[::1000]
    octets = bytearray(data.draw(st.sampled_from(pool)))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(3, len(octets) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(octets)
    assert ours_of(damaged) == theirs_of(damaged)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(CODECS)), st.binary(min_size=1, max_size=60))
def test_accepts_and_refuses_random_octets_exactly_as_libasterix_does(category: int, octets: bytes) -> None:
    random = bytes([category]) + (len(octets) + 3).to_bytes(2, "big") + octets
    assert ours_of(random) == theirs_of(random)


def test_reads_the_figures_of_the_half_hour() -> None:
    statuses: Counter[str] = Counter()
    numbers = set()
    times, latitudes, longitudes = [], [], []
    for block in recordings.final():
        for octets in records(block):
            record: dict[str, Any] = CODECS[62].read(octets)
            for name in ("CST", "TSB", "TSE", "FPC"):
                statuses[name] += record["080"].get(name, 0)
            numbers.add(record["040"])
            times.append(record["070"])
            latitudes.append(record["105"]["LAT"])
            longitudes.append(record["105"]["LON"])
    assert statuses == {"CST": 347, "TSB": 220, "TSE": 202, "FPC": 8065}
    assert len(numbers) == 191
    assert (min(times), max(times)) == (53081.8203125, 54880.03125)
    assert [round(value, 4) for value in (min(latitudes), max(latitudes))] == [51.1618, 59.2349]
    assert [round(value, 4) for value in (min(longitudes), max(longitudes))] == [15.1085, 31.0738]


def test_the_first_track_of_the_half_hour_is_the_one_that_others_read() -> None:
    track = FORMAT.decoder().decode(frame(recordings.final()[0])).tracks[0]
    state = track.state
    assert state is not None
    assert state.position is not None
    assert track.identifiers[0].scheme == "system_track"
    assert track.identifiers[0].value == "70/16/1473"
    assert identifier(track, "mode3a") == "5414"
    assert state.position.latitude_deg == 51.46114647388458
    assert state.position.longitude_deg == 16.025367379188538
    assert state.altitude_baro_m == pytest.approx(363 * 30.48)
    assert state.ground_speed_mps == pytest.approx((161.75**2 + 155**2) ** 0.5)
    assert state.course_deg == pytest.approx(313.7792, abs=1e-4)  # west and north: the fourth quadrant
    assert state.time == datetime(2019, 5, 14, 14, 44, 41, 820313, tzinfo=UTC)


def test_107_numbers_begin_again_after_they_ended() -> None:
    """Incarnations rest on `started` and `ended`: a number that is used again says so itself."""
    ended: set[str] = set()
    reused: set[str] = set()
    for track in decoded_final():
        native = track.identifiers[0].value
        assert track.status is not None
        if track.status.started and native in ended:
            reused.add(native)
        if track.status.ended:
            ended.add(native)
    assert len(reused) == 107


def test_coasting_of_the_half_hour_is_the_fourth_octet_of_the_status() -> None:
    tracks = decoded_final()
    assert sum(track.status is not None and track.status.coasted is True for track in tracks) == 347


def test_reads_the_figures_of_the_capture() -> None:
    decoder = FORMAT.decoder(dedupe=False)
    results = [decoder.decode(frame(data, time)) for time, data in recordings.datagrams(recordings.PCAP)]
    tracks = [track for result in results for track in result.tracks]
    assert not [problem for result in results for problem in result.problems]
    assert sum(result.silent for result in results) == 34
    assert len(tracks) == 128
    assert len({track.identifiers[0].value.split("/")[2] for track in tracks if track.identifiers}) == 64
    assert len({identifier(track, "icao24") for track in tracks} - {None}) == 63
    assert len({identifier(track, "callsign") for track in tracks} - {None}) == 60  # two of the 62 texts are padding
    assert sum(track.status is not None and track.status.ended is True for track in tracks) == 2
    kinds: Counter[int] = Counter()
    texts = set()
    for _, block in pcap_blocks():
        for octets in records(block) if block[0] == 48 else ():
            record: dict[str, Any] = CODECS[48].read(octets)
            kinds[record["020"]["TYP"]] += 1
            texts.add(record.get("240", "        "))
    assert len(texts) == 62
    assert kinds == {5: 76, 7: 48, 0: 2, 3: 2}


def test_the_first_report_of_the_capture_is_the_one_that_others_read() -> None:
    time, data = recordings.datagrams(recordings.PCAP)[0]
    track = FORMAT.decoder().decode(frame(data, time)).tracks[0]
    state = track.state
    assert state is not None
    assert state.polar is not None
    assert [(i.scheme, i.value) for i in track.identifiers] == [
        ("system_track", "25/201/3563"),
        ("icao24", "3c660c"),
        ("mode3a", "1000"),
        ("callsign", "DLH65A"),
    ]
    assert state.polar.range_m == 197.68359375 * 1852
    assert state.polar.azimuth_deg == 340.13671875
    assert state.polar.sensor == "asterix:25/201"
    assert state.altitude_baro_m == pytest.approx(330 * 30.48)
    assert state.ground_speed_mps == pytest.approx(0.12066650390625 * 1852)
    assert state.course_deg == 124.002685546875
    assert state.position is None  # no site, no invented point
    assert state.time == datetime(2016, 5, 5, 7, 35, 54, 601563, tzinfo=UTC)


def test_the_two_small_cat062_recordings_read_as_others_read_them() -> None:
    (_, data), *_ = recordings.datagrams(recordings.PCAP_062)
    result = FORMAT.decoder().decode(frame(data))
    track = result.tracks[0]
    assert track.identifiers[0].value == "25/100/4713"
    assert identifier(track, "mode3a") == "1275"
    assert identifier(track, "icao24") == "4ca7a8"
    assert track.state is not None
    assert track.state.position is not None
    assert track.state.position.latitude_deg == 41.167123317718506
    assert track.state.position.longitude_deg == 15.708866715431213
    assert track.state.altitude_baro_m == pytest.approx(390 * 30.48)


def test_another_category_in_the_datagram_is_refused_and_its_neighbours_live() -> None:
    data = recordings.recording(recordings.RAW_062).read_bytes()
    result = FORMAT.decoder().decode(frame(data))
    assert len(result.tracks) == 2
    assert [problem.code.id for problem in result.problems] == ["AST-004"]
    assert result.tracks[0].identifiers[0].value.split("/")[2] == "4980"
    state = result.tracks[0].state
    assert state is not None
    assert state.position is not None
    assert (state.position.latitude_deg, state.position.longitude_deg) == (44.73441302776337, 13.0415278673172)


def test_sixty_of_the_hundred_and_twenty_blocks_are_repetitions_of_the_other_network() -> None:
    decoder = FORMAT.decoder()
    results = [decoder.decode(frame(data, time)) for time, data in recordings.datagrams(recordings.PCAP)]
    assert len(pcap_blocks()) == 120
    assert sum(result.duplicates for result in results) == 60
    assert sum(len(result.tracks) for result in results) == 64
    assert sum(result.silent for result in results) == 17


def test_the_time_of_day_of_the_capture_is_older_than_its_packets() -> None:
    decoder = FORMAT.decoder(dedupe=False)
    ages = []
    for time, data in recordings.datagrams(recordings.PCAP):
        for track in decoder.decode(frame(data, time)).tracks:
            assert track.state is not None
            ages.append((time - track.state.time).total_seconds())
    assert min(ages) > 0
    assert max(ages) < 21


def test_a_window_of_ten_seconds_refuses_the_older_ones_with_a_code() -> None:
    decoder = FORMAT.decoder(dedupe=False, time_window_s=10)
    results = [decoder.decode(frame(data, time)) for time, data in recordings.datagrams(recordings.PCAP)]
    codes = {problem.code.id for result in results for problem in result.problems}
    assert codes == {"AST-015"}
    assert 0 < sum(len(result.tracks) for result in results) < 128
