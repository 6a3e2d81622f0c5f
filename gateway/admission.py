"""Admission: which track is this? Mints `track_id`s, tells incarnations of a reused number apart, flags nonsense.

National systems reuse their track numbers within minutes (107 of 191 numbers in half an hour of real CAT062), so the
number alone names nothing. An incarnation of a number begins

- with the first report of it, or one that the source flags as the first of a track,
- with the first report after one that the source flagged as the last,
- with the first report after a silence longer than the source's time-out.

The `track_id` is a name-based UUID of (node, source, native number, begin of the incarnation), keyed with a secret of
the node: the same input gives the same identifier, and the table of live incarnations is stored with the messages, so
that a restart changes nothing. Without the secret a partner could try sources and numbers until the identifier of a
track fits, and would know what a release rule took out of it: there are few radars and 4,096 numbers of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from gateway.clock import utc_text
from gateway.limits import Limits
from gateway.stages import Admitted
from gateway.store import Minted
from gateway.track import Loss, State, Track

NAMESPACE = UUID("6a1cf5d8-58f3-5f2b-9d0e-0a8a3f7f5c11")
"""Name space of track identifiers."""

SHARED_SCHEMES = frozenset({"mode1", "mode2", "mode3a", "callsign", "flight_plan"})
"""Names that several objects may bear at once: a plot that has no better one is not tracked."""

# Beyond these a value is carried as it is and flagged, never dropped or repaired (real data is implausible at times).
MAX_PLAUSIBLE_SPEED_MPS = 3_500.0
MAX_PLAUSIBLE_VERTICAL_RATE_MPS = 250.0
MIN_PLAUSIBLE_ALTITUDE_M = -1_500.0
MAX_PLAUSIBLE_ALTITUDE_M = 120_000.0
MAX_PLAUSIBLE_TIME_OFFSET = timedelta(hours=12)


class _Incarnation(Struct):
    track_id: str
    started_at: datetime
    last_seen: datetime
    ended: bool = False
    stored_seen: datetime | None = None
    """`last_seen` as the store has it."""


class Admission:
    """The table of live incarnations of one node. Memory is bounded: the longest silent go first.

    `secret` (up to 64 octets) keeps others from telling whose number a `track_id` was made of.
    """

    def __init__(
        self,
        node: str,
        limits: Limits,
        *,
        secret: bytes,
        silence_s: Mapping[str, float] | None = None,
        known: Iterable[Minted] = (),
    ) -> None:
        self._node = node
        self._secret = secret
        self._limits = limits
        self._silence = {source: timedelta(seconds=s) for source, s in (silence_s or {}).items()}
        self._default_silence = timedelta(seconds=limits.source_silence_s)
        self._live: dict[tuple[str, str], _Incarnation] = {
            (m.source, m.native): _Incarnation(m.track_id, m.started_at, m.last_seen, stored_seen=m.last_seen)
            for m in known
        }
        self._plots = 0
        self.flagged = 0
        """Tracks that carried an implausible value."""
        self.begun = 0
        """Incarnations begun since the start."""

    def __len__(self) -> int:
        return len(self._live)

    def admit(self, source: str, tracks: Sequence[Track], received_at: datetime) -> tuple[Admitted, tuple[Minted, ...]]:
        """The tracks with their `track_id`s, in order, and the incarnations that began with them."""
        admitted: list[Track] = []
        begun: list[Minted] = []
        silence = self._silence.get(source, self._default_silence)
        for track in tracks:
            state = track.state
            time = state.time if state is not None else received_at
            native = _native(track)
            if native is None:
                track_id = self._name_plot(source, received_at)
            else:
                track_id = self._find(source, native, track, time, silence, begun)
            odd = _implausible(state, received_at) if state is not None else ()
            if odd:
                self.flagged += 1
                track = _flag(track, odd)
            admitted.append(replace(track, track_id=track_id))
        return Admitted(tracks=tuple(admitted)), tuple(begun)

    def touched(self) -> list[Minted]:
        """Incarnations seen since they were stored last; storing them keeps long-lived tracks over a restart."""
        moved: list[Minted] = []
        for (source, native), live in self._live.items():
            if live.stored_seen != live.last_seen:
                live.stored_seen = live.last_seen
                moved.append(
                    Minted(
                        source=source,
                        native=native,
                        track_id=live.track_id,
                        started_at=live.started_at,
                        last_seen=live.last_seen,
                    )
                )
        return moved

    def _find(
        self, source: str, native: str, track: Track, time: datetime, silence: timedelta, begun: list[Minted]
    ) -> str:
        status = track.status
        live = self._live.get((source, native))
        if live is not None:
            late = time <= live.last_seen  # order is not time order: a late report belongs to what it followed
            fresh = not late and (
                live.ended or (status is not None and status.started is True) or time - live.last_seen > silence
            )
            if not fresh:
                if not late:
                    live.last_seen = time
                if status is not None and status.ended:
                    live.ended = True
                return live.track_id
        track_id = self._mint(source, native, time)
        self._live.pop((source, native), None)  # re-insert last: the table is ordered by begin
        self._live[source, native] = _Incarnation(
            track_id, time, time, ended=status is not None and status.ended is True
        )
        self.begun += 1
        begun.append(Minted(source=source, native=native, track_id=track_id, started_at=time, last_seen=time))
        if len(self._live) > self._limits.incarnations:
            self._forget()
        return track_id

    def _name_plot(self, source: str, received_at: datetime) -> str:
        self._plots += 1
        return self._mint(source, f"plot {self._plots}", received_at)

    def _mint(self, source: str, native: str, time: datetime) -> str:
        name = f"{self._node}\n{source}\n{native}\n{utc_text(time)}"
        keyed = blake2b(name.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=32)
        return str(uuid5(NAMESPACE, keyed.hexdigest()))

    def _forget(self) -> None:
        """Drop the tenth that has been silent longest."""
        by_silence = sorted(self._live, key=lambda key: self._live[key].last_seen)
        for key in by_silence[: max(1, len(by_silence) // 10)]:
            del self._live[key]


def _native(track: Track) -> str | None:
    """The source's own name of the track, or `None` for a plot that it does not track."""
    for identifier in track.identifiers:
        if identifier.scheme not in SHARED_SCHEMES:
            return f"{identifier.scheme}:{identifier.value}"
    return f"track_id:{track.track_id}" if track.track_id else None


def _implausible(state: State, received_at: datetime) -> tuple[str, ...]:
    odd: list[str] = []
    if state.ground_speed_mps is not None and state.ground_speed_mps > MAX_PLAUSIBLE_SPEED_MPS:
        odd.append("state.ground_speed_mps")
    rate = state.vertical_rate_mps
    if rate is not None and not -MAX_PLAUSIBLE_VERTICAL_RATE_MPS <= rate <= MAX_PLAUSIBLE_VERTICAL_RATE_MPS:
        odd.append("state.vertical_rate_mps")
    low, high = MIN_PLAUSIBLE_ALTITUDE_M, MAX_PLAUSIBLE_ALTITUDE_M
    if (altitude := state.altitude_baro_m) is not None and not low <= altitude <= high:
        odd.append("state.altitude_baro_m")
    if (altitude := state.altitude_hae_m) is not None and not low <= altitude <= high:
        odd.append("state.altitude_hae_m")
    if (altitude := state.altitude_msl_m) is not None and not low <= altitude <= high:
        odd.append("state.altitude_msl_m")
    if not -MAX_PLAUSIBLE_TIME_OFFSET <= state.time - received_at <= MAX_PLAUSIBLE_TIME_OFFSET:
        odd.append("state.time")
    return tuple(odd)


def _flag(track: Track, fields: tuple[str, ...]) -> Track:
    """`track` with each of `fields` named in its newest provenance as carried but implausible."""
    if not track.provenance:
        return track
    newest = track.provenance[-1]
    losses = (*newest.losses, *(Loss(field, "IMPLAUSIBLE") for field in fields))
    return replace(track, provenance=(*track.provenance[:-1], replace(newest, losses=losses)))
