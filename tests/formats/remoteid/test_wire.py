"""The 25 octets, bit by bit, against the reference vector and for every legal value."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import FormatError
from gateway.formats.remoteid import wire
from gateway.formats.remoteid.messages import (
    HORIZONTAL_BOUNDS_M,
    SPEED_BOUNDS_MPS,
    VERTICAL_BOUNDS_M,
    Authentication,
    BasicId,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
    bound_of,
    code_of,
)
from gateway.track import Loss
from tests.formats.remoteid.support import BASIC_ID, LOCATION, OPERATOR_ID, PACK, SELF_ID, SYSTEM, located

VECTOR: list[tuple[bytes, Message]] = [
    (BASIC_ID, BasicId(id_type=2, ua_type=2, uas_id=b"12345678901234567890")),
    (
        LOCATION,
        Location(
            status=2,
            direction_deg=216.0,
            speed_mps=5.5,
            vertical_mps=5.0,
            latitude_deg=45.539309,
            longitude_deg=-122.966389,
            altitude_baro_m=100.0,
            altitude_geo_m=110.0,
            over_ground=True,
            height_m=80.0,
            horizontal_accuracy=11,
            vertical_accuracy=6,
            baro_accuracy=5,
            speed_accuracy=3,
            since_hour_s=360.5,
            time_accuracy=2,
        ),
    ),
    (
        SYSTEM,
        System(
            basis=0,
            classification=1,
            latitude_deg=45.539319,
            longitude_deg=-122.966379,
            area_count=35,
            area_radius_m=70,
            area_ceiling_m=176.5,
            area_floor_m=41.5,
            category=2,
            eu_class=4,
            altitude_m=20.5,
            timestamp_s=28_000_000,
        ),
    ),
    (OPERATOR_ID, OperatorId(kind=0, operator_id=b"98765432100123456789")),
    (SELF_ID, SelfId(kind=0, text=b"DronesRUS: Real Estate")),
]


def decoded(octets: bytes) -> tuple[Message, list[Loss]]:
    losses: list[Loss] = []
    return wire.decode(octets, losses), losses


@pytest.mark.parametrize(("octets", "message"), VECTOR, ids=["basic", "location", "system", "operator", "self"])
def test_the_reference_vector_is_read_and_written_bit_by_bit(octets: bytes, message: Message) -> None:
    assert decoded(octets) == (message, [])
    assert wire.encode(message) == octets


def test_the_reference_pack_is_split_and_put_together_again() -> None:
    assert len(PACK) == 128
    messages = wire.split_pack(PACK)
    assert messages == [BASIC_ID, LOCATION, SELF_ID, SYSTEM, OPERATOR_ID]
    assert wire.pack(messages) == PACK
    assert wire.pack([wire.encode(decoded(one)[0]) for one in messages]) == PACK


# Everything that the standard allows, field by field: reserved bits are zero, padding is zero, codes are any.
NIBBLE = st.integers(0, 15)
ALTITUDE = st.integers(0, 0xFFFF).map(lambda value: value.to_bytes(2, "little"))


@st.composite
def points(draw: st.DrawFn) -> bytes:
    latitude = draw(st.integers(-900_000_000, 900_000_000))
    longitude = draw(st.integers(-1_800_000_000, 1_800_000_000))
    return latitude.to_bytes(4, "little", signed=True) + longitude.to_bytes(4, "little", signed=True)


@st.composite
def locations(draw: st.DrawFn) -> bytes:
    direction, west = draw(
        st.one_of(
            st.tuples(st.integers(0, 179), st.just(0)),
            st.tuples(st.integers(0, 181), st.just(2)),  # 180 and 181 are 360 and "not known"
        )
    )
    # 63.75 m/s has two spellings; with the multiplier, none but 255 is below it again
    speed, fast = draw(
        st.one_of(st.tuples(st.integers(0, 255), st.just(0)), st.tuples(st.integers(1, 255), st.just(1)))
    )
    vertical = draw(st.one_of(st.integers(-124, 124), st.just(126))) & 0xFF
    flags = draw(NIBBLE) << 4 | draw(st.sampled_from((0, 4))) | west | fast
    tenths = draw(st.one_of(st.integers(0, 36_000), st.just(0xFFFF)))
    return (
        bytes((0x12, flags, direction, speed, vertical))
        + draw(points())
        + b"".join(draw(st.lists(ALTITUDE, min_size=3, max_size=3)))
        + bytes((draw(st.integers(0, 255)), draw(st.integers(0, 255))))
        + tenths.to_bytes(2, "little")
        + bytes((draw(NIBBLE), 0))
    )


@st.composite
def systems(draw: st.DrawFn) -> bytes:
    return (
        bytes((0x42, draw(st.integers(0, 31))))
        + draw(points())
        + draw(st.binary(min_size=3, max_size=3))  # count and radius
        + draw(ALTITUDE)
        + draw(ALTITUDE)
        + draw(st.binary(min_size=1, max_size=1))
        + draw(ALTITUDE)
        + draw(st.binary(min_size=4, max_size=4))
        + b"\0"
    )


def padded(head: bytes, size: int, end: bytes = b"") -> st.SearchStrategy[bytes]:
    text = st.binary(max_size=size).filter(lambda value: b"\0" not in value)
    return st.tuples(st.integers(0, 255), text).map(
        lambda both: head + bytes((both[0],)) + both[1].ljust(size, b"\0") + end
    )


LEGAL = st.one_of(
    locations(),
    systems(),
    padded(b"\x02", 20, b"\0\0\0"),
    padded(b"\x32", 23),
    padded(b"\x52", 20, b"\0\0\0"),
    st.binary(min_size=24, max_size=24).map(lambda rest: b"\x22" + rest),
)


@settings(max_examples=600, deadline=None)
@given(LEGAL)
def test_every_legal_message_comes_back_octet_for_octet(octets: bytes) -> None:
    message, losses = decoded(octets)
    assert losses == []
    assert wire.encode(message) == octets


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=25, max_size=25))
def test_any_octets_are_a_message_or_a_refusal_and_written_again_mean_the_same(octets: bytes) -> None:
    try:
        message, _ = decoded(octets)
    except FormatError:
        return
    assert decoded(wire.encode(message)) == (message, [])


@pytest.mark.parametrize(
    ("octet", "flags", "degrees"),
    [(0, 0, 0.0), (179, 0, 179.0), (0, 2, 180.0), (36, 2, 216.0), (179, 2, 359.0), (180, 2, 360.0), (181, 2, None)],
)
def test_the_west_bit_adds_half_a_turn_and_361_is_unknown(octet: int, flags: int, degrees: float | None) -> None:
    assert wire.direction_deg(octet, flags) == degrees


@pytest.mark.parametrize(
    ("octet", "flags", "speed"),
    [(0, 0, 0.0), (22, 0, 5.5), (255, 0, 63.75), (0, 1, 63.75), (1, 1, 64.5), (254, 1, 254.25), (255, 1, None)],
)
def test_the_multiplier_makes_three_quarters_from_63_75_on(octet: int, flags: int, speed: float | None) -> None:
    assert wire.speed_mps(octet, flags) == speed


@pytest.mark.parametrize(("speed", "written"), [(63.9, 63.75), (64.1, 63.75), (64.2, 64.5), (300.0, 254.25)])
def test_a_speed_about_the_switch_of_the_multiplier_goes_to_the_nearest_step(speed: float, written: float) -> None:
    assert wire.speed_mps(*wire.speed_octet(speed)) == written


@pytest.mark.parametrize(("octet", "climb"), [(0x00, 0.0), (0xFC, -2.0), (0x84, -62.0), (0x7C, 62.0), (0x7E, None)])
def test_the_vertical_speed_is_signed_and_63_is_unknown(octet: int, climb: float | None) -> None:
    message, losses = decoded(LOCATION[:4] + bytes((octet,)) + LOCATION[5:])
    assert isinstance(message, Location)
    assert (message.vertical_mps, losses) == (climb, [])


def test_what_a_field_cannot_mean_is_absent_and_listed() -> None:
    octets = LOCATION[:1] + b"\x24\xb4" + LOCATION[3:4] + b"\x80" + LOCATION[5:21] + b"\xa1\x8c" + LOCATION[23:]
    message, losses = decoded(octets)  # 180 in the eastern segment, -64 m/s, 3600.1 s
    assert isinstance(message, Location)
    assert (message.direction_deg, message.vertical_mps, message.since_hour_s) == (None, None, None)
    assert [loss.field for loss in losses] == [
        "Location.Direction",
        "Location.SpeedVertical",
        "Location.TimeStamp",
    ]


def test_unknown_markers_are_absent() -> None:
    octets = bytes((0x12, 0x03, 181, 255, 126)) + bytes(8) + bytes(6) + bytes(2) + b"\xff\xff" + bytes(2)
    message, losses = decoded(octets)
    assert message == Location()
    assert losses == []
    assert wire.encode(message) == octets


def test_zero_on_one_axis_only_is_a_position() -> None:
    message, _ = decoded(located(0, 50_000_000))
    assert isinstance(message, Location)
    assert (message.latitude_deg, message.longitude_deg) == (0.0, 5.0)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (located(900_000_001, 0), "RID-005"),
        (located(0, -1_800_000_001), "RID-005"),
        (LOCATION[:-1], "RID-002"),
        (b"\x13" + LOCATION[1:], "RID-003"),
        (b"\x62" + LOCATION[1:], "RID-004"),
    ],
)
def test_what_is_no_message_is_refused(octets: bytes, code: str) -> None:
    with pytest.raises(FormatError) as refusal:
        decoded(octets)
    assert refusal.value.code.id == code


@pytest.mark.parametrize(
    "octets",
    [b"", b"\xf2", b"\xf2\x19\x00", PACK[:-1], PACK + b"\0", b"\xf2\x18" + PACK[2:], b"\xf3" + PACK[1:], BASIC_ID],
)
def test_a_pack_whose_head_is_not_its_length_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        wire.split_pack(octets)


def test_a_pack_holds_one_to_nine_messages() -> None:
    assert len(wire.split_pack(wire.pack([LOCATION] * 9))) == 9
    with pytest.raises(ValueError, match="one to nine"):
        wire.pack([LOCATION] * 10)
    with pytest.raises(FormatError, match="RID-002"):
        wire.split_pack(b"\xf2\x19\x0a" + LOCATION * 10)


def test_an_authentication_page_keeps_its_head_on_page_zero_only() -> None:
    zero = bytes.fromhex("2210023f") + (28_000_000).to_bytes(4, "little") + bytes(range(17))
    message, _ = decoded(zero)
    assert message == Authentication(auth_type=1, last_page=2, length=63, timestamp_s=28_000_000, data=bytes(range(17)))
    other, _ = decoded(b"\x22\x11" + bytes(range(23)))
    assert other == Authentication(auth_type=1, page=1, data=bytes(range(23)))


@pytest.mark.parametrize("table", [HORIZONTAL_BOUNDS_M, VERTICAL_BOUNDS_M, SPEED_BOUNDS_MPS])
def test_accuracy_codes_are_bounds_and_never_overstated(table: tuple[float | None, ...]) -> None:
    for code in range(1, len(table)):
        bound = bound_of(table, code)
        assert bound is not None
        assert code_of(table, bound) == code
        assert code_of(table, bound * 1.01) == code - 1
    assert bound_of(table, 0) is bound_of(table, 15) is None
    assert code_of(table, 0.0) == len(table) - 1
