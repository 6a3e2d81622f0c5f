"""Each part of a document, where it stood and what it became."""

from __future__ import annotations

import pytest

from gateway.errors import FormatError
from gateway.formats.nvg import FORMAT, trace
from tests.formats.nvg.making import NVG_15, document, frame, point


def test_every_attribute_and_text_is_shown_where_it_stands() -> None:
    inner = "<textInfo> seen </textInfo><TimeStamp>2026-11-22T09:00:00+01:00</TimeStamp>"
    octets = document(
        "<!-- <point a='b'/> -->" + point('speed="36" z="0" odd="1" symbol="app6d:10060100001100000000"', inner)
    )
    assert FORMAT.trace is trace
    fields = trace(frame(octets))
    shown = {one.item: (one.value, one.unit, one.canonical) for one in fields}
    assert shown["nvg/point@x"] == ("25.25", "deg", "state.position.longitude_deg")
    assert shown["nvg/point@speed"] == ("10", "m/s", "state.ground_speed_mps")
    assert shown["nvg/point@z"] == ("0", "", "")
    assert shown["nvg/point@odd"] == ("1", "", "")
    assert shown["nvg/point@symbol"][0].startswith("HOSTILE AIR")
    assert shown["nvg/point/textInfo"] == ("seen", "", "remarks")
    assert shown["nvg/point/TimeStamp"] == ("2026-11-22T08:00:00Z", "", "state.time")
    assert all(octets[one.offset :].startswith(one.raw.encode()) for one in fields)


def test_knots_are_traced_as_knots() -> None:
    fields = trace(frame(document(point('speed="10"'), version="1.5.0", namespace=NVG_15)))
    assert next(float(one.value) for one in fields if one.item == "nvg/point@speed") == pytest.approx(5.1444, abs=1e-4)


def test_a_refused_document_is_refused_here_too() -> None:
    with pytest.raises(FormatError):
        trace(frame(document('<point x="500" y="1"/>')))
