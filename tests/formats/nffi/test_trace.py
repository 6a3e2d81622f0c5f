"""Each part of a message, where it stood and what it became."""

from __future__ import annotations

import pytest

from gateway.errors import FormatError
from gateway.formats.nffi import FORMAT, trace
from tests.formats.nffi.making import frame, identification, message, positional


def test_every_attribute_and_text_is_shown_where_it_stands() -> None:
    octets = message(positional('<speed accuracy="7.2">36</speed><reliability>x</reliability>') + identification())
    assert FORMAT.trace is trace
    fields = trace(frame(octets))
    shown = {one.item.removeprefix("NFFIMessage/track/"): (one.value, one.unit, one.canonical) for one in fields}
    assert shown["positionalData/speed"] == ("10", "m/s", "state.ground_speed_mps")
    assert shown["positionalData/speed@accuracy"] == ("1", "m/s", "state.accuracy.speed_95_mps")
    assert shown["positionalData/dateTime"] == ("2026-11-22T08:11:59+00:00", "", "state.time")
    assert shown["positionalData/reliability"] == ("x", "", "")
    assert shown["identificationData/unitShortName"] == ("ALPHA", "", "name")
    assert all(octets[one.offset :].startswith(one.raw.encode()) for one in fields)


def test_a_refused_message_is_refused_here_too() -> None:
    with pytest.raises(FormatError):
        trace(frame(message("")))
