"""NVG documents and tracks for the tests, and the rules of 2.0.2 as an oracle of its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from lxml import etree

from gateway.formats.nvg import NvgDecoder
from gateway.stages import Decoded, Frame
from gateway.track import (
    Accuracy,
    Dimensions,
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Polar,
    Position,
    State,
    Status,
    Track,
)

NOW = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
NVG = "https://tide.act.nato.int/schemas/2012/10/nvg"
NVG_15 = "http://tide.act.nato.int/schemas/2009/10/nvg"
NVG_14 = "http://tide.act.nato.int/schemas/2008/10/nvg"
KEPT = "urn:alliance:track-exchange:ext:nvg:2.0"


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="nvg", source="hq", peer="127.0.0.1:1", received_at=NOW)


def document(inner: str, *, version: str = "2.0.2", namespace: str = NVG, attributes: str = "") -> bytes:
    return f'<nvg xmlns="{namespace}" version="{version}"{attributes}>{inner}</nvg>'.encode()


def point(attributes: str = "", inner: str = "", *, uri: str = "urn:x:1") -> str:
    return f'<point uri="{uri}" x="25.25" y="54.5" {attributes}>{inner}</point>'


def decode(octets: bytes, **options: object) -> Decoded:
    return NvgDecoder(node="nld-1", **options).decode(frame(octets))  # type: ignore[arg-type]


def one(octets: bytes, **options: object) -> Track:
    decoded = decode(octets, **options)
    assert not decoded.problems, decoded.problems
    (track,) = decoded.tracks
    return track


def losses(track: Track) -> list[tuple[str, str]]:
    return [(loss.field, loss.reason) for loss in track.provenance[0].losses]


# --------------------------------------------------------------------------------------- the rules, without the schema

_POINT_ORDER = ["metadata", "ExtendedData", "textInfo", "TimeStamp", "TimeSpan", "extension"]
_ROOT_ORDER = ["Schema", "metadata", "ExtendedData", "point", "extension"]
_QNAME = re.compile(r"([A-Za-z_][\w.-]*)(?::([A-Za-z_][\w.-]*))?").fullmatch


def names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def assert_rules(octets: bytes) -> etree._Element:
    """What the schema of 2.0.2 demands of the documents that we write, checked directly; gives the root."""
    root = etree.fromstring(octets)
    assert root.tag == f"{{{NVG}}}nvg"
    assert root.get("version") == "2.0.2"
    kinds = {"point": "point", "arcband": "point", "circle": "point", "polyline": "point"}
    order = [_ROOT_ORDER.index(kinds.get(name, name)) for name in names(root)]
    assert order == sorted(order)
    uris = []
    for element in root:
        name = etree.QName(element).localname
        if name not in kinds:
            continue
        order = [_POINT_ORDER.index(child) for child in names(element)]
        assert order == sorted(set(order)), names(element)
        uris.append(element.get("uri"))
        assert uris[-1]
        if element.get("symbol") is not None:
            assert re.fullmatch(r"[a-zA-Z0-9]+:.+", element.get("symbol", ""))
        if name == "point":
            assert -180 <= float(element.get("x", "nan")) <= 180
            assert -90 <= float(element.get("y", "nan")) <= 90
            assert float(element.get("speed", "0")) >= 0
            assert 0 <= float(element.get("course", "0")) <= 360
            float(element.get("z", "0"))
        for data in element.iter(f"{{{NVG}}}SimpleData"):
            if any(etree.QName(parent).localname in ("extension", "metadata") for parent in data.iterancestors()):
                continue
            found = _QNAME(data.get("key", ""))
            assert found, data.get("key")
            assert not found[2] or found[1] in data.nsmap
        for data in element.findall(f"{{{NVG}}}ExtendedData"):
            assert data.get("schemaRef")
            order = [["SimpleData", "Section"].index(child) for child in names(data)]
            assert order == sorted(order)
    assert len(set(uris)) == len(uris)
    return root


# ------------------------------------------------------------------------------------------------------------- tracks

XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=20,
)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


def maybe(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | numbers(low, high)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Tracks of every kind that NVG with extended data carries."""
    number = draw(st.integers(0, 999))
    moving = draw(st.booleans())
    time = draw(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
    placed = draw(st.booleans())
    polar = Polar(
        sensor="ear-1",
        sensor_position=Position(draw(numbers(-80, 80)), draw(numbers(-179, 179))),
        reach_m=draw(numbers(1, 1e5)),
        azimuth_deg=draw(maybe(0, 359.9)),
        azimuth_95_deg=draw(maybe(0.1, 45)),
        north="TRUE",
    )
    return Track(
        track_id=f"00000000-0000-4000-8000-{number:012d}",
        identifiers=(Identifier("cot_uid", draw(XML_TEXT)), Identifier("callsign", draw(XML_TEXT)))[
            : draw(st.integers(1, 2))
        ],
        environment=draw(st.sampled_from(Environment)),
        identity=draw(st.none() | st.builds(IdentityGroup, value=st.sampled_from(Identity))),
        platform=draw(st.none() | st.sampled_from(["UAV", "FIXED_WING", "BIRD"])),
        name=draw(st.none() | XML_TEXT.filter(lambda text: bool(text.strip()))),
        remarks=draw(st.none() | XML_TEXT.filter(lambda text: bool(text.strip()))),
        dimensions=draw(st.none() | st.just(Dimensions(length_m=1.5))),
        status=draw(st.none() | st.just(Status(coasted=True, emergency="GENERAL")) | st.just(Status(on_ground=False))),
        state=State(
            time=time,
            time_quality=draw(st.sampled_from(["TAGGED", "MEASURED", "RECEIVED"])),
            stale_at=draw(st.none() | st.just(time + timedelta(seconds=60))),
            position=Position(draw(numbers(-90, 90)), draw(numbers(-179.99, 180))) if placed else None,
            altitude_msl_m=draw(maybe(-400, 30000)),
            altitude_hae_m=draw(maybe(-400, 30000)),
            altitude_baro_m=draw(maybe(-400, 30000)),
            vertical_rate_mps=draw(maybe(-50, 50)),
            course_deg=draw(numbers(0, 359.9)) if moving and placed else None,
            ground_speed_mps=draw(numbers(0.1, 900)) if moving and placed else None,
            accuracy=draw(st.none() | st.just(Accuracy(horizontal_95_m=12.5, basis="COT_CE"))),
            polar=None if placed else polar,
        ),
    )
