"""Recordings as feeds: whatever the container, out come `Frame`s in file order.

    pcap, pcapng     one frame per UDP datagram, `received_at` from the capture
    FINAL (``.ff``)  one frame per record; the recorder's clock is not UTC (in real files it is hours off), so the
                     first frame is received at `base_time` and the others keep their distance from it
    raw ASTERIX      one frame per block, all received at `base_time`
    text             one frame per element or line of the format's splitter, all received at `base_time`
    anything else    one frame, if the limits allow it

The container is recognised by content, never by the name of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from mmap import ACCESS_READ, mmap
from pathlib import Path

from msgspec import Struct, field

from gateway.dialect import Format
from gateway.errors import FeedError, FormatError, GatewayError
from gateway.feeds import codes
from gateway.feeds.captures import (
    Octets,
    final_records,
    is_final,
    is_pcap,
    is_pcapng,
    pcap_packets,
    pcapng_packets,
)
from gateway.feeds.cutting import Cutter
from gateway.feeds.packets import LINKS, Packet, udp_datagram
from gateway.limits import Limits
from gateway.stages import Frame

_CHUNK = 4_096  # a stream that cannot be followed costs at most this much of its good neighbours
_MAX_PROBLEMS = 100  # kept one by one; the others are counted
_MAX_FIRST_LINE = 65_536  # a longer one is not looked into
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Container(StrEnum):
    """What holds the frames of a recording."""

    PCAP = "pcap"
    PCAPNG = "pcapng"
    FINAL = "final"
    BLOCKS = "blocks"
    STREAM = "stream"
    DOCUMENT = "document"


class FileReport(Struct):
    """What reading a recording met; filled while the frames are drawn, complete when they end."""

    container: Container | None = None
    records: int = 0
    """Packets, records, blocks or elements seen, whether or not they gave a frame."""
    frames: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    """Packets without a UDP datagram, by reason: ``not_ip``, ``not_udp``, ``fragment``, ``cut``, ``malformed``."""
    problems: list[GatewayError] = field(default_factory=list)
    """The first hundred; `problem_count` counts all."""
    problem_count: int = 0
    recorder_s: float | None = None
    """FINAL format: the recorder's clock at the first record, seconds since its midnight; hours off UTC."""

    def add(self, problem: GatewayError) -> None:
        """Note something that was refused."""
        self.problem_count += 1
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(problem)

    def skip(self, reason: str) -> None:
        """Count a packet that carries nothing for us."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


def detect(octets: Octets, form: Format) -> Container:
    """The container of a recording, from its content; `form` decides between streams, blocks and documents."""
    if is_pcap(octets):
        return Container.PCAP
    if is_pcapng(octets):
        return Container.PCAPNG
    if is_final(octets):
        return Container.FINAL
    if form.splitter is not None:
        return Container.DOCUMENT if _is_json_document(octets, form) else Container.STREAM
    # No ASTERIX category is 60, 91 or 123, so a document's first octet cannot be mistaken for one
    return (
        Container.DOCUMENT if octets[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{", b"[") else Container.BLOCKS
    )


def _is_json_document(octets: Octets, form: Format) -> bool:
    """Whether this is one JSON value over many lines, not a value per line: its first line is no value."""
    if not form.media_type.endswith("json"):
        return False
    end = octets.find(b"\n")
    if end < 0:
        return False
    try:
        json.loads(octets[: min(end, _MAX_FIRST_LINE)].strip(b"\xef\xbb\xbf\x1e \t\r"))
    except (ValueError, RecursionError):
        return octets[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") and end < _MAX_FIRST_LINE
    return False


def read_frames(
    recording: Path | bytes,
    *,
    form: Format,
    feed: str,
    source: str,
    base_time: datetime,
    limits: Limits | None = None,
    report: FileReport | None = None,
) -> Iterator[Frame]:
    """The frames of a recording, lazily; a `Path` is mapped, not loaded.

    `base_time` is the `received_at` of the first frame where the container has no UTC of its own; a codec takes the
    date of its times of day from it, so it should lie on the day of the recording. Damage inside is not fatal: it
    goes to `report` and reading ends or goes on after it. Raises `FeedError` only if there is nothing to read.
    """
    report = FileReport() if report is None else report
    limits = limits or Limits()
    name = recording.name if isinstance(recording, Path) else "input"
    with _opened(recording) as octets:
        report.container = detect(octets, form)
        for octets_, peer, received_at in _pieces(octets, form, base_time, limits, report):
            if len(octets_) > limits.max_message_octets:
                cause = f"{len(octets_)} octets, at most {limits.max_message_octets}"
                report.add(FeedError(codes.FRAME_TOO_LARGE, place=f"{name} {peer}", cause=cause))
                continue
            report.frames += 1
            yield Frame(octets=octets_, feed=feed, source=source, peer=f"{name} {peer}", received_at=received_at)


_Piece = tuple[bytes, str, datetime]


def _pieces(octets: Octets, form: Format, base_time: datetime, limits: Limits, report: FileReport) -> Iterator[_Piece]:
    match report.container:
        case Container.PCAP:
            return _datagrams(pcap_packets(octets, report.add), base_time, report)
        case Container.PCAPNG:
            return _datagrams(pcapng_packets(octets, report.add), base_time, report)
        case Container.FINAL:
            return _final(octets, base_time, report)
        case Container.BLOCKS:
            return _blocks(octets, base_time, report)
        case Container.STREAM:
            return _stream(octets, form, base_time, limits, report)
        case _:
            return iter([(octets[:], "octet 0", base_time)])


@contextmanager
def _opened(recording: Path | bytes) -> Iterator[Octets]:
    if isinstance(recording, bytes):
        if not recording:
            raise FeedError(codes.UNREADABLE, place="input", cause="it is empty")
        yield recording
        return
    try:
        with recording.open("rb") as file:
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
    except ValueError:  # what mmap says of a file without octets
        raise FeedError(codes.UNREADABLE, place=str(recording), cause="it is empty") from None
    except OSError as error:
        raise FeedError(codes.UNREADABLE, place=str(recording), cause=error.strerror or str(error)) from None
    try:
        yield mapped
    finally:
        mapped.close()


def _datagrams(packets: Iterator[Packet], base_time: datetime, report: FileReport) -> Iterator[_Piece]:
    received_at = base_time
    for number, packet in enumerate(packets, 1):
        report.records += 1
        if packet.link not in LINKS:
            if not report.skipped.get("link"):
                report.add(FeedError(codes.CAPTURE_LINK, place=f"packet {number}", cause=f"link type {packet.link}"))
            report.skip("link")
            continue
        datagram = udp_datagram(packet.link, packet.octets)
        if isinstance(datagram, str):
            report.skip(datagram)
            continue
        if datagram.missing:
            cause = f"{datagram.missing} octets of the datagram are missing"
            report.add(FeedError(codes.SNAPPED, place=f"packet {number} at octet {packet.offset}", cause=cause))
            report.skip("cut")
            continue
        if packet.time_ns is not None:
            received_at = _instant(packet.time_ns, received_at)
        yield datagram.octets, f"packet {number} {datagram.sender} to {datagram.receiver}", received_at


def _instant(time_ns: int, otherwise: datetime) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=time_ns // 1_000)
    except OverflowError:  # a damaged pcapng time beyond the year 9999
        return otherwise


def _final(octets: Octets, base_time: datetime, report: FileReport) -> Iterator[_Piece]:
    first_s: float | None = None
    for record in final_records(octets, report.add):
        report.records += 1
        if first_s is None:
            first_s = report.recorder_s = record.recorder_s
        yield record.octets, f"octet {record.offset}", base_time + timedelta(seconds=record.recorder_s - first_s)


def _blocks(octets: Octets, base_time: datetime, report: FileReport) -> Iterator[_Piece]:
    at, total = 0, len(octets)
    while at < total:
        length = int.from_bytes(octets[at + 1 : at + 3], "big")
        if length < 3 or at + length > total:
            cause = f"a block of category {octets[at]} and {length} octets, {total - at} octets left"
            report.add(FeedError(codes.BLOCKS, place=f"octet {at}", cause=cause))
            return
        report.records += 1
        yield octets[at : at + length], f"octet {at}", base_time
        at += length


def _stream(octets: Octets, form: Format, base_time: datetime, limits: Limits, report: FileReport) -> Iterator[_Piece]:
    assert form.splitter is not None
    cutter = Cutter(form.splitter(), max_octets=limits.max_message_octets)
    number = 0
    for at in range(0, len(octets), _CHUNK):
        try:
            frames = cutter.feed(octets[at : at + _CHUNK])
        except (FormatError, FeedError) as problem:
            report.add(problem)
            cutter = Cutter(form.splitter(), max_octets=limits.max_message_octets)
            continue
        for frame in frames:
            number += 1
            report.records += 1
            yield frame, f"element {number}", base_time
    for rest in cutter.rest():
        number += 1
        report.records += 1
        yield rest, f"element {number}", base_time
