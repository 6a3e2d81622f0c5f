"""Our description of the messages, beside another's."""

from __future__ import annotations

import pytest
from takproto.proto import TakMessage as TheirMessage

from gateway.errors import FormatError
from gateway.formats.cot.tak.messages import PACKAGE, TABLE, new_message, read_message, unknown_octets
from tests.formats.cot.tak.generated import escaped

KINDS = {1: "double", 4: "uint64", 9: "string", 13: "uint32"}
LATER = {"submissionTime", "creationTime", "caveat", "releaseableTo"}
"""What TAK servers have added since; takproto does not know it."""


def described(descriptor: object) -> dict[str, dict[str, tuple[int, str]]]:
    found: dict[str, dict[str, tuple[int, str]]] = {}
    waiting = [descriptor]
    while waiting:
        one = waiting.pop()
        fields = found[one.name] = {}  # type: ignore[attr-defined]  # the library's own classes, here and below
        for field in one.fields:  # type: ignore[attr-defined]
            below = field.message_type
            fields[field.name] = (field.number, below.name if below else KINDS[field.type])
            if below is not None:
                waiting.append(below)
    return found


def test_every_field_is_takprotos_but_for_the_later_ones() -> None:
    theirs = described(TheirMessage.DESCRIPTOR)
    ours = {
        message: {name: field for name, field in fields.items() if name not in LATER}
        for message, fields in TABLE.items()
    }
    assert ours == theirs


def test_the_classes_are_what_the_table_says() -> None:
    descriptor = new_message().DESCRIPTOR  # type: ignore[attr-defined]  # the library's own class
    assert described(descriptor) == TABLE
    assert descriptor.full_name == f"{PACKAGE}.TakMessage"
    assert (TABLE["CotEvent"]["caveat"], TABLE["CotEvent"]["releaseableTo"]) == ((16, "string"), (17, "string"))


def test_octets_are_the_same_on_both_sides() -> None:
    ours, theirs = new_message(), TheirMessage()
    for made in (ours, theirs):
        made.takControl.contactUid = "c"
        made.cotEvent.uid = escaped("u")
        made.cotEvent.lat = 1.5
        made.cotEvent.staleTime = 2**63
        made.cotEvent.detail.takv.os = "29"
        made.cotEvent.detail.status.battery = 2**32 - 1
    assert ours.SerializeToString() == theirs.SerializeToString()
    assert read_message(theirs.SerializeToString()) == ours


def test_unknown_fields_are_counted_and_gone_at_any_depth() -> None:
    made = read_message(b"\x12\x05\x0a\x01t\xf8\x07\x01"[:9].replace(b"\x12\x05", b"\x12\x06") + b"\xa2\x06\x01x")
    assert unknown_octets(made) > 3
    assert made.SerializeToString() == b"\x12\x03\x0a\x01t"
    assert unknown_octets(made) == 0


@pytest.mark.parametrize("payload", [b"\x0a\x05", b"\xff", b"\x12\x03\x0a\x01\xff", b"\x0b"])
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        read_message(payload)
    assert caught.value.code.id == "TAK-001"
