"""Events and tracks for property tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from lxml import etree

from gateway.stages import Frame
from gateway.track import (
    Accuracy,
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Position,
    State,
    Status,
    Track,
)

NOW = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
NAMESPACE = "urn:alliance:track-exchange:ext:cot:2.0"

EVENT = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><event version="2.0" uid="ANDROID-589520ccfcd20f01" '
    b'type="a-f-G-U-C" time="2020-12-16T19:59:34.910Z" start="2020-12-16T19:59:34.910Z" '
    b'stale="2020-12-16T20:05:49.838Z" how="m-g"><point lat="38.856650047254725" lon="-77.06364199776728" hae="120.5" '
    b'ce="9.9" le="9999999.0"/><detail><contact callsign="HOPE" endpoint="*:-1:stcp"/><__group name="Cyan" '
    b'role="Team Member"/><status battery="78"/><track course="123.4" speed="1.25"/></detail></event>'
)


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="tak", source="south", peer="127.0.0.1:1", received_at=NOW)


def event(
    detail: str = "",
    *,
    attributes: str = "",
    point: str = 'lat="50.5" lon="14.25" hae="300.0" ce="10.0" le="20.0"',
    type: str = "a-f-A-M-F",  # noqa: A002 - CoT's own name
    start: str = "2026-11-22T08:12:00.000Z",
    stale: str = "2026-11-22T08:13:00.000Z",
    uid: str = "u-1",
) -> bytes:
    return (
        f'<event version="2.0" uid="{uid}" type="{type}" time="2026-11-22T08:12:00.000Z" start="{start}" '
        f'stale="{stale}" how="m-g"{attributes}><point {point}/><detail>{detail}</detail></event>'
    ).encode()


XML_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"
    ),
    min_size=1,
    max_size=20,
)
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


LONGITUDES = numbers(-179.999, 180.0).filter(lambda value: abs(value) > 1e-9)
IDENTITIES = st.none() | st.builds(IdentityGroup, value=st.sampled_from(Identity))


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Tracks of which CoT can carry everything."""
    start = draw(INSTANTS)
    moving = draw(st.booleans())
    identifiers = [Identifier("cot_uid", draw(XML_TEXT))]
    if draw(st.booleans()):
        identifiers.append(Identifier("callsign", draw(XML_TEXT)))
    if draw(st.booleans()):
        identifiers.append(Identifier("icao24", "3c660c"))
    horizontal = draw(st.none() | numbers(0.0, 5e4))
    return Track(
        identifiers=tuple(identifiers),
        environment=draw(st.sampled_from(Environment)),
        identity=draw(IDENTITIES),
        remarks=draw(st.none() | XML_TEXT.filter(lambda text: bool(text.strip()))),
        status=draw(st.none() | st.just(Status(simulated=True)) | st.just(Status(emergency="GENERAL"))),
        state=State(
            time=start,
            time_quality="TAGGED",
            received_at=NOW,
            sent_at=start + timedelta(seconds=draw(st.integers(0, 5))),
            stale_at=start + timedelta(seconds=draw(st.integers(1, 3600))),
            # Exactly 0/0 with nothing else known is how clients say "no fix".
            position=Position(draw(numbers(-90.0, 90.0)), draw(LONGITUDES)),
            altitude_hae_m=draw(st.none() | numbers(-400.0, 5e5)),
            course_deg=draw(numbers(0.0, 359.99)) if moving else None,
            ground_speed_mps=draw(numbers(0.1, 2000.0)) if moving else None,
            vertical_rate_mps=draw(st.none() | numbers(-100.0, 100.0)) if moving else None,
            accuracy=None if horizontal is None else Accuracy(horizontal_95_m=horizontal, basis="COT_CE"),
        ),
    )


def same(left: bytes, right: bytes) -> bool:
    """Whether two events say the same, whatever the order of the detail's children."""

    def shape(octets: bytes) -> list[bytes]:
        root = etree.fromstring(octets)
        detail = root.find("detail")
        assert detail is not None
        children = sorted(etree.tostring(child, method="c14n", with_tail=False) for child in detail)
        root.remove(detail)
        for node in root.iter():
            node.tail = node.text = None
        return [etree.tostring(root, method="c14n"), *children]

    return shape(left) == shape(right)
