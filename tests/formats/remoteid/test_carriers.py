"""Bluetooth and Wi-Fi around the messages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.remoteid.carriers import unwrap
from tests.formats.remoteid.support import BASIC_ID, LOCATION, MAC, PACK, beacon, discovery, service_data

MESSAGES = (PACK[3:28], PACK[28:53], PACK[53:78], PACK[78:103], PACK[103:])


@pytest.mark.parametrize(
    "octets",
    [
        PACK,
        service_data(PACK),
        service_data(PACK)[1:],
        service_data(PACK)[2:],
        b"\xfa\x0b\xbc\x0d\x07" + PACK,
        bytes((0xDD, 5 + len(PACK))) + b"\xfa\x0b\xbc\x0d\x07" + PACK,
    ],
    ids=["bare", "with length", "without length", "after the type", "vendor", "vendor element"],
)
def test_a_pack_is_found_in_whatever_carries_it(octets: bytes) -> None:
    carried = unwrap(octets)
    assert carried.messages == MESSAGES
    assert carried.is_pack
    assert carried.address == ""


@pytest.mark.parametrize("octets", [beacon(PACK), beacon(PACK) + b"\x12\x34\x56\x78", discovery(PACK)])
def test_a_whole_wifi_frame_tells_the_transmitter(octets: bytes) -> None:
    carried = unwrap(octets)
    assert (carried.messages, carried.address) == (MESSAGES, MAC)


@pytest.mark.parametrize("count", [1, 2, 9])
def test_long_range_advertising_of_every_length_is_told_by_its_length_octet(count: int) -> None:
    pack = bytes((0xF2, 25, count)) + LOCATION * count
    octets = service_data(pack)  # the length octet of one message is the first of an Authentication message
    assert unwrap(octets).messages == (LOCATION,) * count


def test_legacy_advertising_carries_one_message() -> None:
    carried = unwrap(service_data(LOCATION))
    assert carried.messages == (LOCATION,)
    assert not carried.is_pack


def test_messages_may_stand_one_after_the_other() -> None:
    assert unwrap(BASIC_ID + LOCATION).messages == (BASIC_ID, LOCATION)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "RID-002"),
        (LOCATION[:-1], "RID-002"),
        (LOCATION + b"\0", "RID-002"),
        (b"\x80\x00", "RID-002"),
        (b"\x99" * 10, "RID-001"),
        (beacon(PACK)[:60], "RID-001"),
        (discovery(PACK)[:24], "RID-001"),
        (discovery(PACK)[:60], "RID-001"),
        (service_data(PACK)[:-1], "RID-001"),
        (b"\xdd\x05\xfa\x0b\xbc\x0d\x07" + PACK, "RID-002"),
    ],
)
def test_what_carries_no_messages_is_refused(octets: bytes, code: str) -> None:
    with pytest.raises(FormatError) as refusal:
        unwrap(octets)
    assert refusal.value.code.id == code


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.sampled_from([beacon(PACK), discovery(PACK), service_data(PACK), PACK])),
    st.lists(st.tuples(st.integers(0, 299), st.integers(0, 255)), max_size=4),
    st.integers(0, 300),
)
def test_only_refusals_leave_it_whatever_comes(octets: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    changed = bytearray(octets)
    for at, value in changes:
        if at < len(changed):
            changed[at] = value
    try:
        carried = unwrap(bytes(changed[:cut]))
    except FormatError:
        return
    assert carried.messages
    assert all(len(message) == 25 for message in carried.messages)
