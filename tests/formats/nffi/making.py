"""NFFI messages and tracks for the tests."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from gateway.formats.nffi import NffiDecoder
from gateway.stages import Decoded, Frame
from gateway.track import Accuracy, Environment, Identifier, Identity, IdentityGroup, Position, State, Status, Track
from tests.formats.nffi.schema import NFFI

NOW = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
SOURCE = (
    "<trackSource><sourceSystem><country>NOR</country><system>FTS</system></sourceSystem>"
    "<transponderId>T-1</transponderId></trackSource>"
)
WHERE = "<coordinates><latitude>60.5</latitude><longitude>10.25</longitude></coordinates>"


def frame(octets: bytes) -> Frame:
    return Frame(octets=octets, feed="nffi", source="hq", peer="127.0.0.1:1", received_at=NOW)


def positional(
    inner: str = "", *, source: str = SOURCE, time: str = "20261122081159", where: str = WHERE, attributes: str = ""
) -> str:
    stamp = f"<dateTime>{time}</dateTime>" if time else ""
    return f"<positionalData{attributes}>{source}{stamp}{where}{inner}</positionalData>"


def message(*tracks: str, namespace: str = NFFI) -> bytes:
    inner = "".join(f"<track>{track}</track>" for track in tracks)
    return f'<NFFIMessage xmlns="{namespace}">{inner}</NFFIMessage>'.encode()


def identification(symbol: str = "SFGPUCI--------", name: str = "ALPHA", attributes: str = "") -> str:
    inner = f"<unitSymbol>{symbol}</unitSymbol><unitShortName>{name}</unitShortName>"
    return f"<identificationData{attributes}>{inner}</identificationData>"


def decode(octets: bytes, **options: object) -> Decoded:
    return NffiDecoder(node="nld-1", **options).decode(frame(octets))  # type: ignore[arg-type]


def one(octets: bytes, **options: object) -> Track:
    decoded = decode(octets, **options)
    assert not decoded.problems, decoded.problems
    (track,) = decoded.tracks
    return track


def losses(track: Track) -> list[tuple[str, str]]:
    return [(loss.field, loss.reason) for loss in track.provenance[0].losses]


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)


def maybe(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | numbers(low, high)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=90)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Tracks of every kind, most of which NFFI must cut."""
    return Track(
        track_id=f"00000000-0000-4000-8000-{draw(st.integers(0, 9)):012d}",
        identifiers=(Identifier("cot_uid", draw(TEXT)), Identifier("callsign", draw(TEXT)))[: draw(st.integers(0, 2))],
        environment=draw(st.sampled_from(Environment)),
        identity=draw(st.none() | st.builds(IdentityGroup, value=st.sampled_from(Identity))),
        platform=draw(st.none() | st.sampled_from(["UAV", "FIXED_WING", "BIRD"])),
        name=draw(st.none() | TEXT),
        remarks=draw(st.none() | TEXT),
        status=draw(st.none() | st.sampled_from([Status(emergency="GENERAL"), Status(coasted=True)])),
        state=State(
            time=draw(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),
            position=Position(draw(numbers(-90, 90)), draw(numbers(-179.99, 180))),
            altitude_msl_m=draw(maybe(-400, 30000)),
            altitude_hae_m=draw(maybe(-400, 30000)),
            ground_speed_mps=draw(maybe(0, 900)),
            vertical_rate_mps=draw(maybe(-90, 90)),
            course_deg=draw(maybe(0, 360)),
            accuracy=draw(
                st.none()
                | st.builds(
                    Accuracy,
                    horizontal_95_m=maybe(0, 9e4),
                    vertical_95_m=maybe(0, 9e4),
                    course_95_deg=maybe(0, 300),
                    speed_95_mps=maybe(0, 9e3),
                )
            ),
        ),
    )
