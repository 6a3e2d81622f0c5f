"""The alliance XML as one more national dialect: for `translate`, HTTP bodies and replayed files.

Nothing here is sealed. A decoded document may be signed or not and nobody has verified it; an encoded message carries
no signature. Messages between gateways go through `draft`, `seal` and `open_message` instead.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid4, uuid5

from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.alliance.codes import INVALID, NO_RETRACTION, TOO_LARGE
from gateway.formats.alliance.extensions import guard_attributes
from gateway.formats.alliance.read import read
from gateway.formats.alliance.render import ROOT_END, fault, render
from gateway.limits import Limits
from gateway.stages import Decoded, Encoded, Exercise, Frame, Header, Message, Simulation, native_identifier
from gateway.track import Label, Provenance, Status, Track
from gateway.xml import parse

FORMAT_CODE = "ALLIANCE"
MAPPING_ID = "alliance/1.0"
_DATED_FOR = timedelta(days=1)  # so long the same undated label stays the same one, which is written once
_REVIEW_AFTER = timedelta(days=365)  # ADatP-4774 wants a review time, or a successor, in every label


def _new_id() -> str:
    return str(uuid4())


def _new_nonce() -> str:
    return secrets.token_hex(16)


class AllianceDecoder:
    """Reads track message documents, one per frame; of a relayed one the original that it encloses.

    The tracks take along what their message said of all of them: its label where they have none of their own, and that
    they are simulated or of an exercise where the header says so. `node`, when given, is this gateway's name: it passed
    the tracks on, so it stands last in their provenance.
    """

    def __init__(self, *, node: str = "", limits: Limits | None = None) -> None:
        self._node = node
        self._limits = limits or Limits()

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of one document, all or none; a retraction is reported as a problem, for it is no track."""
        try:
            message = self._read(frame.octets)
            if message.original is not None:  # nobody has verified that one either
                message = self._read(message.original)
            if message.original is not None:
                raise FormatError(INVALID, place="Original", cause="an original inside of an original")
        except FormatError as error:
            return Decoded(problems=(error,))
        passed = self._passed(message.header)
        tracks = tuple([_by_itself(track, message.header, passed) for track in marked(message.tracks, message.header)])
        problems = tuple(
            [
                FormatError(NO_RETRACTION, place=f"Retraction[{i + 1}]", cause=gone.track_id)
                for i, gone in enumerate(message.retractions)
            ]
        )
        return Decoded(tracks=tracks, problems=problems, silent=0 if tracks or problems else 1)

    def _read(self, octets: bytes) -> Message:
        document = parse(octets, max_octets=self._limits.max_message_octets)
        guard_attributes(document)
        return read(document, signed=True)

    def _passed(self, header: Header) -> tuple[Provenance, ...]:
        """What this gateway adds to the tracks of one message."""
        if not self._node:
            return ()
        return (
            Provenance(
                gateway=self._node, input_format=FORMAT_CODE, mapping_id=MAPPING_ID, input_message_id=header.message_id
            ),
        )


def marked(tracks: tuple[Track, ...], header: Header) -> tuple[Track, ...]:
    """The tracks as they are apart from their message: simulated, or of an exercise, where its header says so of all.

    National formats have no header; without this an exercise would show as the live picture. What a track says of
    itself stays. Test traffic is marked as an exercise: no national format tells the two apart from live traffic.
    The very same tuple where the header says nothing.
    """
    simulated = header.simulation.marks_tracks or None
    exercise = header.exercise.marks_tracks or None
    if simulated is None and exercise is None:
        return tracks
    alone = Status(simulated=simulated, exercise=exercise)
    return tuple([_marked(track, alone) for track in tracks])


def told_apart(tracks: tuple[Track, ...], exercise: Exercise, simulation: Simulation) -> tuple[Track, ...]:
    """As `marked`, with what is not said of all of them denied of each that says nothing itself: for whoever decides
    on tracks while the node itself is there for something else than they were."""
    alone = Status(simulated=simulation.marks_tracks, exercise=exercise.marks_tracks)
    return tuple([_marked(track, alone) for track in tracks])


def _marked(track: Track, said: Status) -> Track:
    own = track.status
    if own is None:
        return replace(track, status=said)
    simulated = said.simulated if own.simulated is None else own.simulated
    exercise = said.exercise if own.exercise is None else own.exercise
    if simulated is own.simulated and exercise is own.exercise:
        return track
    return replace(track, status=replace(own, simulated=simulated, exercise=exercise))


def _by_itself(track: Track, header: Header, passed: tuple[Provenance, ...]) -> Track:
    label = header.label if track.label is None else track.label
    return replace(track, label=label, provenance=track.provenance + passed)


class AllianceEncoder:
    """Writes tracks as unsigned track messages.

    The defaults say that nobody vouches for the message: a test, perhaps simulated, of no security policy. A label that
    nobody dated, the default one and those that sources gave, is as old as the message or an earlier one of the same
    day, for review in a year. A track without a `track_id` gets one derived from `sender` and its native identifier, so
    that a dry run repeats itself; provenance of a decoder that was not told its node is the sender's.
    """

    def __init__(
        self,
        *,
        sender: str = "translate",
        recipients: Sequence[str] = (),
        release_group: str | None = None,
        exercise: str = "TEST",
        simulation: str = "SYNTHESIZED",
        policy: str = "NONE",
        classification: str = "UNMARKED",
        label: Label | None = None,
        new_id: Callable[[], str] = _new_id,
        new_nonce: Callable[[], str] = _new_nonce,
        limits: Limits | None = None,
    ) -> None:
        self._sender = sender
        self._recipients = tuple(recipients)
        self._release_group = release_group
        self._exercise = Exercise(exercise)
        self._simulation = Simulation(simulation)
        self._label = label or Label(policy=policy, classification=classification)
        self._new_id = new_id
        self._new_nonce = new_nonce
        self._limits = limits or Limits()
        self._dated_at: datetime | None = None

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """The tracks as messages of at most `batch_max_tracks`; what the schema does not admit is a problem."""
        if self._dated_at is None or not timedelta(0) <= now - self._dated_at < _DATED_FOR:
            self._dated_at = now
        good: list[Track] = []
        problems: list[FormatError] = []
        for i, track in enumerate(tracks):
            named = self._named(track, self._dated_at)
            error = fault(named)
            if error is None:
                good.append(named)
            else:
                place = f"Track[{i + 1}]/{error.place}"
                problems.append(FormatError(error.code, place=place, cause=error.cause))
        frames: list[bytes] = []
        size = self._limits.batch_max_tracks
        for begin in range(0, len(good), size):
            self._write(tuple(good[begin : begin + size]), now, frames, problems)
        return Encoded(frames=tuple(frames), problems=tuple(problems))

    def _write(
        self, tracks: tuple[Track, ...], now: datetime, frames: list[bytes], problems: list[FormatError]
    ) -> None:
        """Append one message, or two where one is too large."""
        try:
            frames.append(render(Message(header=self._header(now), tracks=tracks)))
        except FormatError as error:
            if error.code is not TOO_LARGE or len(tracks) < 2:
                problems.append(error)
                return
            middle = len(tracks) // 2
            self._write(tracks[:middle], now, frames, problems)
            self._write(tracks[middle:], now, frames, problems)

    def _header(self, now: datetime) -> Header:
        return Header(
            message_id=self._new_id(),
            created_at=now,
            sender=self._sender,
            recipients=self._recipients,
            release_group=self._release_group,
            nonce=self._new_nonce(),
            exercise=self._exercise,
            simulation=self._simulation,
            label=_dated(self._label, self._dated_at or now),
        )

    def _named(self, track: Track, dated_at: datetime) -> Track:
        """The track with what admission and a configured node would have given it."""
        if track.track_id is None:
            track = replace(track, track_id=self._mint(track))
        if any(not passed.gateway for passed in track.provenance):
            passed = [entry if entry.gateway else replace(entry, gateway=self._sender) for entry in track.provenance]
            track = replace(track, provenance=tuple(passed))
        if track.label is not None:
            label = _dated(track.label, dated_at)
            track = track if label is track.label else replace(track, label=label)
        return track

    def _mint(self, track: Track) -> str:
        native = native_identifier(track)
        if native is None:
            return self._new_id()
        return str(uuid5(NAMESPACE_URL, f"urn:alliance:dry-run:{self._sender}:{native.scheme}:{native.value}"))


def _dated(label: Label, now: datetime) -> Label:
    """The label with the times that it needs to be written; the very same one where it has them."""
    alternatives = tuple([_dated(other, now) for other in label.alternatives])
    if any(one is not other for one, other in zip(alternatives, label.alternatives, strict=True)):
        label = replace(label, alternatives=alternatives)
    if label.created_at is not None:
        return label
    review = label.review_at
    if review is None and label.successor is None and now <= datetime.max.replace(tzinfo=UTC) - _REVIEW_AFTER:
        review = now + _REVIEW_AFTER
    return replace(label, created_at=now, review_at=review)


class AllianceSplitter:
    """Cuts a stream of track messages after each root end tag; white space between messages is passed over."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limit = (limits or Limits()).max_message_octets
        self._held = b""
        self._searched = 0

    def feed(self, octets: bytes) -> list[bytes]:
        """Complete messages after these octets. Raises `FormatError` when one does not end in time."""
        held = self._held + octets
        found: list[bytes] = []
        begin, search = 0, self._searched
        while (end := held.find(ROOT_END, search)) >= 0:
            end += len(ROOT_END)
            found.append(held[begin:end].strip())
            begin = search = end
        self._held = held[begin:].lstrip() if begin else held
        self._searched = max(0, len(self._held) - len(ROOT_END) + 1)
        if len(self._held) > self._limit:
            cause = f"{len(self._held)} octets without a root end tag"
            self._held, self._searched = b"", 0
            raise FormatError(TOO_LARGE, place="stream", cause=cause)
        return found
