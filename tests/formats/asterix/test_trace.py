"""Every element where it stands: offset, octets, item, value, unit, canonical name."""

from __future__ import annotations

from gateway.dialect import FieldTrace
from gateway.formats.asterix import CODECS, FORMAT, block
from gateway.formats.asterix.trace import CANONICAL, canonical
from gateway.stages import Frame
from tests.formats.asterix import recordings
from tests.formats.asterix.making import frame, octets_062


def trace(one: Frame) -> list[FieldTrace]:
    assert FORMAT.trace is not None
    return FORMAT.trace(one)


def test_the_first_report_of_the_capture_field_by_field() -> None:
    _, data = recordings.datagrams(recordings.PCAP)[0]
    lines = {line.item: line for line in trace(frame(data))}
    rho = lines["I048/040.RHO"]
    assert (rho.offset, rho.raw, rho.value, rho.unit) == (12, "c5af", "197.68359375", "NM")
    assert rho.canonical == "state.polar.range_m"
    assert lines["I048/240"].value == "DLH65A  "
    assert lines["I048/090.FL"].canonical == "state.altitude_baro_m"
    assert lines["I048/090.V"].canonical == "state.altitude_quality"
    assert lines["I048/230.COM"].canonical == ""
    assert lines["I048/250[0].BDS1"].value == "4"
    for line in lines.values():
        assert bytes.fromhex(line.raw) == data[line.offset : line.offset + len(line.raw) // 2]


def test_every_octet_of_a_record_stands_in_the_trace() -> None:
    data = recordings.final()[20_000]
    covered = set()
    for line in trace(frame(data)):
        covered |= set(range(line.offset, line.offset + len(line.raw) // 2))
    primaries = len(data) - len(covered)
    assert primaries <= 3  # the primary fields of I062/290, 340 and 390 are no element


def test_the_trace_goes_to_the_place_where_reading_stopped_and_on_with_the_next_block() -> None:
    bad = b"\x3e\x00\x06\xc0\x46\x10"
    data = bad + block(62, [octets_062({})]) + b"\x01\x02"
    lines = trace(frame(data))
    assert any("AST-007" in line.value for line in lines)
    assert any(line.item == "I062/040" and line.value == "1473" for line in lines)
    assert (lines[-1].offset, lines[-1].raw) == (len(data) - 2, "0102")


def test_a_length_that_cannot_be_ends_the_trace() -> None:
    lines = trace(frame(b"\x3e\x00\x02\x00"))
    assert lines[-1].value == "the stated length is not usable"


def test_canonical_names_are_of_items_that_exist() -> None:
    for path in CANONICAL:
        category, _, rest = path.partition("/")
        assert rest.split(".")[0] in CODECS[int(category[1:])].category.items
    assert canonical("I062/510[1].TRACK") == "identifiers.composed_track"
    assert canonical("I062/390.TOD[0].HOR") == ""
    assert canonical("I062/100.X") == ""
