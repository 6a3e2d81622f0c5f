"""Recordings: every container, cut anywhere, damaged anywhere."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialect import Format
from gateway.errors import FeedError, GatewayError
from gateway.feeds import codes
from gateway.feeds.files import Container, FileReport, read_frames
from gateway.limits import Limits
from gateway.stages import Frame
from tests.data import recording
from tests.feeds.captures import ethernet, final, ipv4_udp, ipv6_udp, pcap, pcapng
from tests.feeds.support import BLOCKS, LINES, T0

NOON_NS = 1_795_348_800_123_456_789
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def read(octets: bytes | Path, form: Format = BLOCKS, limits: Limits | None = None) -> tuple[list[Frame], FileReport]:
    report = FileReport()
    frames = list(
        read_frames(octets, form=form, feed="tape", source="radar", base_time=T0, limits=limits, report=report)
    )
    return frames, report


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_reads_pcap_of_both_byte_orders_and_both_resolutions(order: str, nano: bool) -> None:
    frames, report = read(pcap([(NOON_NS, ethernet(ipv4_udp(b"one")))], order=order, nano=nano))
    assert [(f.octets, f.received_at) for f in frames] == [(b"one", NOON)]
    assert frames[0].peer == "input packet 1 192.0.2.1:5000 to 239.2.3.1:6000"
    assert (frames[0].feed, frames[0].source) == ("tape", "radar")
    assert (report.container, report.problems) == (Container.PCAP, [])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("resolution", "instant"), [(6, NOON), (9, NOON), (3, NOON.replace(microsecond=123000))])
def test_reads_pcapng_of_both_byte_orders_and_any_resolution(order: str, resolution: int, instant: datetime) -> None:
    octets = pcapng([(NOON_NS, ethernet(ipv4_udp(b"one")))], order=order, resolution=resolution)
    frames, report = read(octets)
    assert [(f.octets, f.received_at) for f in frames] == [(b"one", instant)]
    assert (report.container, report.problems) == (Container.PCAPNG, [])


def test_simple_packet_blocks_have_no_time_and_take_the_base_time() -> None:
    frames, _ = read(pcapng([(NOON_NS, ethernet(ipv4_udp(b"one")))], simple=True))
    assert [(f.octets, f.received_at) for f in frames] == [(b"one", T0)]


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        (1, ethernet(ipv4_udp(b"one"), tags=1)),
        (1, ethernet(ipv4_udp(b"one"), tags=2)),
        (1, ethernet(ipv4_udp(b"one")) + bytes(17)),  # padded to the least length of a frame
        (1, ethernet(ipv6_udp(b"one"), kind=0x86DD)),
        (1, ethernet(ipv6_udp(b"one", extension=True), kind=0x86DD)),
        (113, bytes(14) + b"\x08\x00" + ipv4_udp(b"one")),
        (276, b"\x08\x00" + bytes(18) + ipv4_udp(b"one")),
        (101, ipv4_udp(b"one")),
        (101, ipv6_udp(b"one")),
        (228, ipv4_udp(b"one")),
        (0, b"\x02\x00\x00\x00" + ipv4_udp(b"one")),
    ],
    ids=["vlan", "qinq", "padding", "ipv6", "ipv6-extension", "sll", "sll2", "raw4", "raw6", "ipv4", "null"],
)
def test_finds_the_datagram_behind_every_link_type(link: int, packet: bytes) -> None:
    frames, report = read(pcap([(NOON_NS, packet)], link=link))
    assert [f.octets for f in frames] == [b"one"]
    assert report.problems == []


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (ethernet(b"", kind=0x0806), "not_ip"),
        (ethernet(ipv4_udp(b"x", protocol=6)), "not_udp"),
        (ethernet(ipv4_udp(b"x", fragment=0x2000)), "fragment"),
        (ethernet(ipv4_udp(b"x", fragment=0x0010)), "fragment"),
        (ethernet(ipv4_udp(b"x"))[:30], "cut"),
        (b"", "not_ip"),
    ],
)
def test_counts_what_carries_no_datagram_and_reads_on(packet: bytes, reason: str) -> None:
    frames, report = read(pcap([(NOON_NS, packet), (NOON_NS, ethernet(ipv4_udp(b"two")))]))
    assert [f.octets for f in frames] == [b"two"]
    assert report.skipped == {reason: 1}


def test_a_packet_that_the_capture_cut_is_reported_and_not_decoded() -> None:
    octets = pcap([(NOON_NS, ethernet(ipv4_udp(b"a long payload")))], snap=50)
    frames, report = read(octets)
    assert frames == []
    assert [p.code for p in report.problems] == [codes.SNAPPED]
    assert "6 octets" in report.problems[0].cause


def test_a_link_type_without_ip_is_reported_once() -> None:
    frames, report = read(pcap([(NOON_NS, b"x")] * 3, link=147))
    assert frames == []
    assert [p.code for p in report.problems] == [codes.CAPTURE_LINK]
    assert report.skipped == {"link": 3}


@pytest.mark.parametrize("write", [pcap, pcapng])
def test_a_capture_cut_anywhere_gives_what_stands_before_the_cut(write: object) -> None:
    assert callable(write)
    packets = [(NOON_NS + i, ethernet(ipv4_udp(b"%d" % i))) for i in range(3)]
    whole = write(packets)
    for cut in range(24, len(whole)):
        frames, report = read(whole[:cut])
        assert [f.octets for f in frames] == [b"0", b"1", b"2"][: len(frames)]
        assert len(frames) < 3
        assert all(p.code == codes.CAPTURE_TRUNCATED for p in report.problems)


def test_a_packet_length_beyond_reason_ends_the_reading() -> None:
    octets = pcap([(NOON_NS, ethernet(ipv4_udp(b"one")))]) + b"\x00" * 8 + b"\xff\xff\xff\x7f" * 2
    frames, report = read(octets)
    assert [f.octets for f in frames] == [b"one"]
    assert [p.code for p in report.problems] == [codes.CAPTURE_RECORD]


def test_final_records_keep_their_distances_from_the_base_time_across_midnight() -> None:
    frames, report = read(final([(86_399.5, b"\x3e\x00\x03"), (86_399.99, b"\x30\x00\x03"), (0.25, b"\x22\x00\x03")]))
    assert [f.octets for f in frames] == [b"\x3e\x00\x03", b"\x30\x00\x03", b"\x22\x00\x03"]
    assert [f.received_at - T0 for f in frames] == [timedelta(), timedelta(seconds=0.49), timedelta(seconds=0.75)]
    assert (report.container, report.recorder_s) == (Container.FINAL, 86_399.5)


def test_a_final_record_without_its_trailer_is_named_with_its_octet() -> None:
    octets = final([(1, b"\x3e\x00\x03"), (2, b"\x3e\x00\x03")])
    frames, report = read(octets[:-1] + b"\x00")
    assert len(frames) == 1
    assert [(p.code, p.place) for p in report.problems] == [(codes.CAPTURE_RECORD, "octet 15")]


def test_raw_blocks_are_walked_and_a_torso_is_reported() -> None:
    frames, report = read(b"\x3e\x00\x04\x01" + b"\x30\x00\x03" + b"\x22\x00\x09")
    assert [f.octets for f in frames] == [b"\x3e\x00\x04\x01", b"\x30\x00\x03"]
    assert [(p.code, p.place) for p in report.problems] == [(codes.BLOCKS, "octet 7")]


def test_a_text_stream_is_cut_by_the_format_and_its_last_line_needs_no_end() -> None:
    text = b"".join(b"%d 50 8\n" % i for i in range(2000)) + b"last 50 8"
    frames, report = read(text, LINES)
    assert len(frames) == 2001
    assert frames[-1].octets == b"last 50 8"
    assert (report.container, report.records) == (Container.STREAM, 2001)


def test_a_stream_that_cannot_be_followed_costs_only_its_surroundings() -> None:
    text = b"".join(b"%05d 50 8\n" % i for i in range(2000))
    frames, report = read(text[:9000] + b"\x00" + text[9000:], LINES)
    assert 1200 < len(frames) < 2000
    assert [p.code.id for p in report.problems] == ["TEST-001"]


def test_a_document_is_one_frame_and_a_too_large_one_is_refused() -> None:
    frames, report = read(b" <event/>")
    assert [f.octets for f in frames] == [b" <event/>"]
    assert report.container == Container.DOCUMENT
    frames, report = read(b"<" + b"x" * 100, limits=Limits(max_message_octets=100))
    assert (frames, [p.code for p in report.problems]) == ([], [codes.FRAME_TOO_LARGE])
    frames, report = read(b"x" * 9000, LINES, Limits(max_message_octets=8000))
    assert codes.FRAME_TOO_LARGE in [p.code for p in report.problems]


def test_nothing_to_read_is_an_error_with_a_place(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path, cause in ((tmp_path / "absent", "No such file"), (tmp_path / "empty", "empty"), (tmp_path, "directory")):
        with pytest.raises(FeedError) as caught:
            read(path)
        assert caught.value.code == codes.UNREADABLE
        assert caught.value.place == str(path)
        assert cause in caught.value.cause


def test_the_report_keeps_a_hundred_problems_and_counts_the_rest() -> None:
    _, report = read(pcap([(NOON_NS, ethernet(ipv4_udp(b"a long payload")))] * 150, snap=50))
    assert (len(report.problems), report.problem_count) == (100, 150)


_SEEDS = [
    pcap([(NOON_NS, ethernet(ipv4_udp(b"one"), tags=1)), (NOON_NS, ethernet(ipv6_udp(b"two"), kind=0x86DD))]),
    pcapng([(NOON_NS, ethernet(ipv4_udp(b"one"))), (NOON_NS, ethernet(ipv4_udp(b"two")))]),
    final([(1, b"\x3e\x00\x03"), (2, b"\x3e\x00\x04\x01")]),
    b"\x3e\x00\x04\x01\x30\x00\x03",
    b"1 2 3\n4 5 6\n",
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SEEDS), st.integers(0, 2**32), st.sampled_from([BLOCKS, LINES]))
def test_damage_raises_nothing_but_our_errors(seed: bytes, dice: int, form: Format) -> None:
    chance = random.Random(dice)
    octets = bytearray(seed)
    for _ in range(chance.randrange(1, 8)):
        match chance.randrange(3):
            case 0:
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            case 1:
                del octets[chance.randrange(len(octets)) :]
            case _:
                octets += chance.randbytes(chance.randrange(40))
        octets = octets or bytearray(b"\x00")
    frames, report = read(bytes(octets), form)
    assert sum(len(f.octets) for f in frames) <= len(octets)
    assert all(isinstance(p, GatewayError) for p in report.problems)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=200))
def test_any_octets_raise_nothing_but_our_errors(octets: bytes) -> None:
    for form in (BLOCKS, LINES):
        read(octets, form)


def _blocks(octets: bytes) -> list[int]:
    categories, at = [], 0
    while at < len(octets):
        categories.append(octets[at])
        at += int.from_bytes(octets[at + 1 : at + 3], "big")
    assert at == len(octets)
    return categories


def test_the_public_capture_has_its_hundred_datagrams() -> None:
    frames, report = read(recording("asterix/cat_034_048.pcap"))
    assert len(frames) == 100
    assert report.problems == []
    assert report.skipped == {}
    assert frames[0].received_at == datetime(2016, 5, 5, 7, 35, 56, 508910, tzinfo=UTC)
    assert Counter(c for f in frames for c in _blocks(f.octets)).total() == 120


def test_the_public_half_hour_has_its_34957_system_tracks() -> None:
    frames, report = read(recording("asterix/sdps_cat062_30min.ff"))
    assert len(frames) == 34_957
    assert Counter(c for f in frames for c in _blocks(f.octets)) == {62: 34_957}
    assert report.problems == []
    assert report.recorder_s == 60_356.0
    assert frames[-1].received_at - frames[0].received_at == timedelta(seconds=1799)


def test_the_public_raw_file_has_its_two_blocks() -> None:
    frames, report = read(recording("asterix/cat062cat065.raw"))
    assert [c for f in frames for c in _blocks(f.octets)] == [62, 65]
    assert report.container == Container.BLOCKS
