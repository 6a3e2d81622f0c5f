"""Tracks to datagrams: many records in a block, one block in a datagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.errors import FormatError
from gateway.formats.asterix import codes, record048, record062
from gateway.formats.asterix.draft import Draft
from gateway.formats.asterix.numbers import TrackNumbers
from gateway.formats.asterix.options import flag, number, whole, wrong
from gateway.formats.asterix.records import CODECS, block
from gateway.stages import Encoded
from gateway.track import Loss, State, Track, is_alert

HIGHEST_NUMBER = {62: 0xFFFF, 48: 0xFFF}  # I062/040 has 16 bits, I048/161 has 12


class AsterixEncoder:
    """Writes tracks for one consumer as CAT062 (edition 1.21) or CAT048 (edition 1.32).

    Options (all optional): `category` is 62 or 48; `sac`, `sic` and `service` name this node as the source (a CAT048
    record names the radar that measured, where the track says which); `max_datagram_octets` bounds each frame;
    `silence_s` is how long a track number outlives the last report; `relay_raw` passes on the source's own record
    unchanged where the track still has it and it is of the category.

    Track numbers are the consumer's own: allotted per track, with TSB at the first report, given back after TSE. In
    CAT048 a radar that both measured and numbered a track keeps its own SAC/SIC and number.
    """

    def __init__(
        self,
        *,
        category: int = 62,
        sac: int = 0,
        sic: int = 0,
        service: int | None = None,
        max_datagram_octets: int = 1400,
        silence_s: float = 60.0,
        relay_raw: bool = False,
    ) -> None:
        if category not in HIGHEST_NUMBER or isinstance(category, bool):
            raise wrong("category", f"expected 62 or 48, observed {category!r:.20}")
        self._category = category
        self._station = bytes([whole(sac, "sac", 0, 255), whole(sic, "sic", 0, 255)])
        self._service = b"" if service is None else bytes([whole(service, "service", 0, 255)])
        self._room = whole(max_datagram_octets, "max_datagram_octets", 128, 65_507) - 3
        silence = number(silence_s, "silence_s", 1, 86_400)
        self._relayed = f"ASTERIX_{category:03d}" if flag(relay_raw, "relay_raw") else ""
        self._numbers = TrackNumbers(HIGHEST_NUMBER[category], silence)
        self._write: Callable[[Track, State, str, datetime], Draft] = (
            self._system_track if category == 62 else self._target_report
        )

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks in order as datagrams; losses by track, and a problem for each that cannot be written at all."""
        records: list[bytes] = []
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            key = _key(track)
            raw = track.raw
            if raw is not None and raw.format == self._relayed and self._whole(raw.octets):
                records.append(raw.octets)
                continue
            try:
                draft = self._write(track, _state(track, key), key, now)
                record = draft.record()
                if len(record) > self._room:
                    cause = f"{len(record)} octets, {self._room} fit"
                    raise FormatError(codes.RECORD_TOO_LARGE, place=f"track {key}", cause=cause)
            except FormatError as error:
                problems.append(error)
                continue
            records.append(record)
            losses += [(key, lost) for lost in draft.losses]
        return Encoded(frames=tuple(self._frames(records)), losses=tuple(losses), problems=tuple(problems))

    def _system_track(self, track: Track, state: State, key: str, now: datetime) -> Draft:
        number, begun = self._allot(track, key, now)
        return record062.write(track, state, self._station, self._service, number, begun)

    def _target_report(self, track: Track, state: State, key: str, now: datetime) -> Draft:
        ended = track.status is not None and track.status.ended is True
        if (why := record048.expressible(state, ended)) is not None:
            raise FormatError(codes.TRACK_NOT_EXPRESSIBLE, place=f"track {key}", cause=why)
        native = _native_number(track, state)
        if native is not None:
            return record048.write(track, state, *native, native=True)
        number, _ = self._allot(track, key, now)
        return record048.write(track, state, self._station, number, native=False)

    def _allot(self, track: Track, key: str, now: datetime) -> tuple[int, bool]:
        allotted = self._numbers.allot(key, now)
        if allotted is None:
            cause = f"{len(self._numbers)} tracks hold one each"
            raise FormatError(codes.NUMBERS_EXHAUSTED, place=f"track {key}", cause=cause)
        if not key or (track.status is not None and track.status.ended):
            self._numbers.release(key)
        return allotted

    def _whole(self, octets: bytes) -> bool:
        """Whether the octets are exactly one record that fits: what a partner calls raw is not believed."""
        try:
            end = CODECS[self._category].layout.size(octets, 0, len(octets))
        except FormatError:
            return False
        return end == len(octets) <= self._room

    def _frames(self, records: list[bytes]) -> list[bytes]:
        """The records as blocks of no more than a datagram."""
        frames: list[bytes] = []
        batch: list[bytes] = []
        size = 0
        for record in records:
            if batch and size + len(record) > self._room:
                frames.append(block(self._category, batch))
                batch, size = [], 0
            batch.append(record)
            size += len(record)
        if batch:
            frames.append(block(self._category, batch))
        return frames


def _key(track: Track) -> str:
    """What the track number belongs to: the lasting identifier, else the source's own name; empty for a lone plot."""
    if track.track_id is not None:
        return track.track_id
    return f"{track.identifiers[0].scheme}:{track.identifiers[0].value}" if track.identifiers else ""


def _native_number(track: Track, state: State) -> tuple[bytes, int] | None:
    """SAC/SIC and number where the radar that measured is also the one that numbers the track."""
    first = track.identifiers[0] if track.identifiers else None
    if first is None or first.scheme != "system_track":
        return None
    station, _, number = first.value.rpartition("/")
    sensor = record062.station_of(station)
    if not sensor or not number.isdecimal() or int(number) > HIGHEST_NUMBER[48]:
        return None
    measured = record062.sensor_of(state.polar) if state.polar is not None else sensor
    return (sensor, int(number)) if measured == sensor else None


def _state(track: Track, key: str) -> State:
    if track.state is None:
        cause = "state is absent, and both categories need a time"
        raise FormatError(codes.TRACK_NOT_EXPRESSIBLE, place=f"track {key}", cause=cause)
    if is_alert(track):
        cause = "it is an alert and no object"
        raise FormatError(codes.TRACK_NOT_EXPRESSIBLE, place=f"track {key}", cause=cause)
    return track.state
