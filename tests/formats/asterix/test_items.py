"""Every item of the three categories: what is written reads back, and what is not legal is not written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.asterix import CODECS
from tests.formats.asterix import oracle
from tests.formats.asterix.generated import values

ITEMS = [
    pytest.param(number, name, id=f"I{number:03d}-{name}")
    for number, codec in CODECS.items()
    for name in codec.category.items
]


def code_of(error: pytest.ExceptionInfo[FormatError]) -> str:
    return error.value.code.id


@pytest.mark.parametrize(("number", "name"), ITEMS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_item_reads_back_as_it_was_written(number: int, name: str, data: st.DataObject) -> None:
    codec = CODECS[number]
    value = data.draw(values(codec.category.items[name].variation))
    octets = codec.write({name: value})
    assert codec.read(octets) == {name: value}


@pytest.mark.parametrize(("number", "name"), ITEMS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_libasterix_reads_what_was_written(number: int, name: str, data: st.DataObject) -> None:
    codec = CODECS[number]
    value = data.draw(values(codec.category.items[name].variation))
    octets = codec.write({name: value})
    block = bytes([number]) + (len(octets) + 3).to_bytes(2, "big") + octets
    assert oracle.records(block) == [{name: oracle.comparable(value)}]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), number=st.sampled_from(sorted(CODECS)))
def test_a_record_of_any_items_reads_back_in_the_order_of_the_profile(data: st.DataObject, number: int) -> None:
    codec = CODECS[number]
    names = data.draw(st.lists(st.sampled_from(sorted(codec.category.items)), min_size=1, unique=True))
    record = {name: data.draw(values(codec.category.items[name].variation)) for name in names}
    octets = codec.write(record)
    found = codec.read(octets)
    assert found == record
    assert list(found) == [name for name in codec.category.uap if name in record]


@settings(max_examples=400, deadline=None)
@given(octets=st.binary(min_size=1, max_size=80), number=st.sampled_from(sorted(CODECS)))
def test_whatever_reads_as_a_record_writes_the_same_octets(octets: bytes, number: int) -> None:
    """Spare bits, padded field specifications, reserved codes and illegal values included."""
    codec = CODECS[number]
    try:
        end = codec.layout.size(octets, 0, len(octets))
    except FormatError:
        return
    record = octets[:end]
    assert codec.write(codec.read(record), enforce=False) == record


def test_a_padded_field_specification_survives() -> None:
    octets = bytes.fromhex("81010100") + b"\x19\xc9"  # FRN 1 in four octets, the last three announce nothing
    record = CODECS[48].read(octets)
    assert record == {"010": {"SAC": 25, "SIC": 201}, "fspec_octets": 4}
    assert CODECS[48].write(record) == octets


def test_spare_bits_survive() -> None:
    octets = CODECS[48].write({"161": {"TRN": 7, "spare1": 9}})
    assert octets[-2:] == b"\x90\x07"
    assert CODECS[48].read(octets) == {"161": {"TRN": 7, "spare1": 9}}


@pytest.mark.parametrize(
    ("number", "record", "place"),
    [
        (48, {"010": {"SAC": 300, "SIC": 1}}, "I048/010.SAC"),
        (62, {"010": {"SAC": -1, "SIC": 1}}, "I062/010.SAC"),
        (62, {"105": {"LAT": 95.0, "LON": 10.0}}, "I062/105.LAT"),
        (62, {"105": {"LAT": 45.0, "LON": 180.0}}, "I062/105.LON"),
        (62, {"105": {"LAT": 45.0, "LON": -180.1}}, "I062/105.LON"),
        (48, {"140": 86400.0}, "I048/140"),
        (48, {"040": {"RHO": 256.0, "THETA": 0.0}}, "I048/040.RHO"),
        (62, {"130": 150_010.0}, "I062/130"),
        (62, {"130": -1507.0}, "I062/130"),
        (62, {"136": 1501.0}, "I062/136"),
        (62, {"380": {"TAS": 2047}}, "I062/380.TAS"),
        (62, {"390": {"IFI": {"TYP": 0, "NBR": 100_000_000}}}, "I062/390.IFI.NBR"),
        (62, {"390": {"CFL": 1500.0}}, "I062/390.CFL"),
        (34, {"120": {"HGT": 40_000, "LAT": 1.0, "LON": 1.0}}, "I034/120.HGT"),
        (62, {"040": 65_536}, "I062/040"),
        (48, {"250": [{"MBDATA": 0, "BDS1": 16, "BDS2": 0}]}, "I048/250[0].BDS1"),
    ],
)
def test_refuses_to_write_what_the_edition_does_not_allow(number: int, record: Any, place: str) -> None:
    with pytest.raises(FormatError) as error:
        CODECS[number].write(record)
    assert code_of(error) == "AST-020"
    assert error.value.place == place


def test_the_bounds_themselves_are_legal() -> None:
    for latitude, longitude in ((90.0, -180.0), (-90.0, 179.99999)):
        found: Any = CODECS[62].read(CODECS[62].write({"105": {"LAT": latitude, "LON": longitude}}))
        assert found["105"]["LAT"] == latitude
        assert found["105"]["LON"] == pytest.approx(longitude, abs=90 / 2**25)


def test_an_illegal_value_of_a_real_source_can_still_be_written_back() -> None:
    octets = CODECS[62].write({"136": 1501.0}, enforce=False)
    assert CODECS[62].read(octets) == {"136": 1501.0}
    with pytest.raises(FormatError):
        CODECS[62].write({"136": 10_000.0}, enforce=False)  # does not fit into sixteen bits


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"999": 1}, "AST-021"),
        ({"010": {"SAC": 1, "SIC": 2, "SEC": 3}}, "AST-021"),
        ({"010": {"SAC": 1}}, "AST-023"),
        ({"010": 5}, "AST-022"),
        ({"010": {"SAC": "1", "SIC": 2}}, "AST-022"),
        ({"010": {"SAC": True, "SIC": 2}}, "AST-022"),
        ({"010": {"SAC": 1.5, "SIC": 2}}, "AST-022"),
        ({"070": float("nan")}, "AST-022"),
        ({"060": {"V": 0, "G": 0, "CH": 0, "MODE3A": "9999"}}, "AST-022"),
        ({"060": {"V": 0, "G": 0, "CH": 0, "MODE3A": "123"}}, "AST-022"),
        ({"245": {"STI": 0, "CHR": "lower   "}}, "AST-022"),
        ({"390": {"CS": "ÅÄÖ€   "}}, "AST-022"),
        ({"390": {"TOD": {}}}, "AST-022"),
        ({"510": []}, "AST-022"),
        ({"SP": b"x" * 255}, "AST-022"),
        ({"380": {"BDSDATA": [0] * 256}}, "AST-022"),
        ({"fspec_octets": 9}, "AST-020"),
        ({"040": 1, "010": {"SAC": 1, "SIC": 2, "spare1": 1}}, "AST-021"),
    ],
)
def test_refuses_values_of_the_wrong_kind_with_their_code(record: Any, code: str) -> None:
    with pytest.raises(FormatError) as error:
        CODECS[62].write(record)
    assert code_of(error) == code


def test_the_case_item_is_a_speed_or_a_mach_number() -> None:
    speed: Any = CODECS[62].read(CODECS[62].write({"380": {"IAS": {"IM": 0, "IAS": 0.125}}}))
    mach: Any = CODECS[62].read(CODECS[62].write({"380": {"IAS": {"IM": 1, "IAS": 0.785}}}))
    assert speed["380"]["IAS"] == {"IM": 0, "IAS": 0.125}
    assert mach["380"]["IAS"] == {"IM": 1, "IAS": 0.785}


def test_an_all_zero_call_sign_is_not_eight_spaces() -> None:
    octets = CODECS[48].write({"240": "@@@@@@@@"})
    assert octets[-6:] == bytes(6)
    assert CODECS[48].read(octets) == {"240": "@@@@@@@@"}
