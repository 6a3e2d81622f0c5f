"""A recording as a feed: what it is told, and when it is taken to have happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.config import Config, load_text
from gateway.dialect import Decoder
from gateway.formats.registry import find
from gateway.node.codecs import make_decoder
from gateway.node.recording import FileFeed
from gateway.node.sockets import open_feed
from gateway.stages import Frame
from gateway.track import Identifier, Position, State, Track
from tests.config.samples import MINIMAL
from tests.data import recording
from tests.feeds.captures import final

EVENING = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
LENGTH = timedelta(minutes=30)


def config_of(path: Path, *, form: str = "asterix", more: str = "") -> Config:
    text = f"""{MINIMAL}
[source.radar]
formats = ["asterix", "cot", "geojson", "remoteid"]
nation = "DEU"

[feed.tape]
direction = "in"
kind = "file"
format = "{form}"
source = "radar"
path = '{path}'
rate = "max"
{more}
"""
    return load_text(text, environ={}).config


def plots(*instants: datetime) -> list[bytes]:
    encoder = find("asterix").encoder(category=62, sac=1, sic=2)
    tracks = [
        Track(
            track_id=f"6ba7b810-9dad-41d1-80b4-00c04fd430c{number}",
            identifiers=(Identifier("asterix_track", str(number)),),
            state=State(time=instant, position=Position(latitude_deg=52.0, longitude_deg=7.0)),
        )
        for number, instant in enumerate(instants)
    ]
    return [
        frame
        for track in tracks
        for frame in encoder.encode([track], track.state.time if track.state else EVENING).frames
    ]


async def played(config: Config, now: datetime) -> list[Track]:
    tracks: list[Track] = []

    async def take(frame: Frame, decoder: Decoder) -> None:
        tracks.extend(decoder.decode(frame).tracks)

    feed = open_feed(config, "tape", find(config.feed["tape"].format), take=take, clock=ManualClock(now))
    assert isinstance(feed, FileFeed)
    await feed.run()
    return tracks


def times(tracks: list[Track]) -> list[datetime]:
    return [track.state.time for track in tracks if track.state is not None]


@pytest.mark.parametrize(
    ("now", "days_ago"),
    [
        (datetime(2026, 3, 9, 9, 0, tzinfo=UTC), 1),  # the coming evening is nearer than the last one
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 9, 20, 10, tzinfo=UTC), 1),  # the recording's end would lie ahead
        (datetime(2026, 3, 9, 20, 31, tzinfo=UTC), 0),
        (datetime(2026, 3, 9, 23, 59, tzinfo=UTC), 0),
    ],
)
async def test_an_undated_recording_lies_in_the_past_all_of_it(tmp_path: Path, now: datetime, days_ago: int) -> None:
    first, last = plots(EVENING, EVENING + LENGTH)
    tape = tmp_path / "tape.ff"
    tape.write_bytes(final([(7_200.0, first), (9_000.0, last)]))  # the recorder's clock is not UTC
    begin = datetime(2026, 3, 9 - days_ago, 20, 0, tzinfo=UTC)
    assert times(await played(config_of(tape), now)) == [begin, begin + LENGTH]


async def test_blocks_without_a_recorder_lie_in_the_past_from_their_first_track(tmp_path: Path) -> None:
    tape = tmp_path / "tape.bin"
    tape.write_bytes(b"".join(plots(EVENING)))
    now = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    assert times(await played(config_of(tape), now)) == [datetime(2026, 3, 8, 20, 0, tzinfo=UTC)]


async def test_the_configured_begin_is_the_recordings_day(tmp_path: Path) -> None:
    tape = tmp_path / "tape.ff"
    tape.write_bytes(final([(7_200.0, plots(EVENING)[0])]))
    config = config_of(tape, more='base_time = "2025-12-24T19:30:00Z"')
    assert times(await played(config, EVENING)) == [datetime(2025, 12, 24, 20, 0, tzinfo=UTC)]


async def test_times_with_a_date_stay_what_they_are(tmp_path: Path) -> None:
    tape = tmp_path / "tape.xml"
    tape.write_bytes(
        b'<event version="2.0" uid="a" type="a-u-A" how="m-g" time="2020-01-02T03:04:05Z" start="2020-01-02T03:04:05Z" '
        b'stale="2020-01-02T03:05:05Z"><point lat="52.1" lon="7.6" hae="1" ce="1" le="1"/></event>'
    )
    (track,) = await played(config_of(tape, form="cot"), EVENING)
    assert times([track]) == [datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)]
    assert track.state is not None
    assert track.state.received_at == EVENING
    assert [source.nation for source in track.sources] == ["DEU"]


async def test_a_recording_by_others_lies_in_the_past() -> None:
    path = recording("asterix/sdps_cat062_30min.ff")
    now = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
    found = times(await played(config_of(path), now))
    assert max(found) <= now
    assert min(found) > now - timedelta(days=1, hours=1)


async def test_what_is_still_held_at_the_end_of_a_recording_is_handed_on(tmp_path: Path) -> None:
    tape = tmp_path / "tape.json"
    tape.write_text('{"MAC": "60:60:1F:1E:30:1E", "Location/Vector Message": {"latitude": 52.1, "longitude": 4.25}}\n')
    (track,) = await played(config_of(tape, form="remoteid"), EVENING)
    assert track.identifiers == (Identifier("mac", "60:60:1f:1e:30:1e"),)


async def test_tracks_of_a_feed_belong_to_the_nation_of_its_source(tmp_path: Path) -> None:
    tape = tmp_path / "tape.bin"
    tape.write_bytes(b"".join(plots(EVENING)))
    (track,) = await played(config_of(tape), EVENING)
    assert [source.nation for source in track.sources] == ["DEU"]
    told = config_of(tape, more='options = { sources = { "1/2" = { nation = "unknown" } } }')
    (track,) = await played(told, EVENING)
    assert [source.nation for source in track.sources] == [None]


def test_a_source_without_a_nation_belongs_to_the_nodes_and_an_option_is_stronger(tmp_path: Path) -> None:
    config = config_of(tmp_path / "tape")
    own = config.source["radar"].model_copy(update={"nation": None})
    config = config.model_copy(update={"source": {"radar": own}})
    event = (
        b'<event version="2.0" uid="a" type="a-u-A" how="m-g" time="2020-01-02T03:04:05Z" start="2020-01-02T03:04:05Z" '
        b'stale="2020-01-02T03:05:05Z"><point lat="52.1" lon="7.6" hae="1" ce="1" le="1"/>'
        b"</event>"
    )
    frame = Frame(octets=event, feed="f", source="radar", peer="p", received_at=EVENING)
    for options, nation in (({}, "NLD"), ({"nation": "FRA"}, "FRA")):
        (track,) = make_decoder(config, find("cot"), options, source="radar").decode(frame).tracks
        assert {source.nation for source in track.sources} == {nation}
