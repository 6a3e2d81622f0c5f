"""A dry run from one format to another, without policy, signature or ledger: what `gateway translate` does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct, field

from gateway.dialect import FieldTrace, Format, finished
from gateway.errors import FormatError, GatewayError
from gateway.feeds.files import FileReport, read_frames
from gateway.limits import Limits
from gateway.stages import Decoded, Frame, native_identifier
from gateway.track import Loss, Track

_NAMESPACE = UUID("6f0c2f3e-6d0b-5a52-9a0e-3f4b8f6f6a11")
"""Of the track ids that a dry run derives, so that the same input gives the same ids everywhere."""
FEED = "translate"
GATEWAY = "dry-run"
"""Stands for the gateway in the provenance: a dry run has no name of its own."""


class Counts(Struct):
    """What a dry run met; complete when its steps have been drawn."""

    frames: int = 0
    tracks: int = 0
    silent: int = 0
    duplicates: int = 0
    """Exact repetitions, as the two halves of a redundant network send them."""
    refused: int = 0
    """Records that the source format's decoder refused."""
    unwritten: int = 0
    """Tracks that the target format cannot express."""
    written: int = 0
    """Frames of the target format."""
    losses: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often each (field, reason) was lost."""


class Step(Struct, frozen=True, kw_only=True):
    """What came of a few frames: of each the trace, and all that they became."""

    frame: Frame | None
    """The frame, when the step is of a single one."""
    traces: tuple[FieldTrace, ...] = ()
    outputs: tuple[bytes, ...] = ()
    losses: tuple[tuple[str, Loss], ...] = ()
    """(track id, what it lost), in reading and in writing."""
    problems: tuple[GatewayError, ...] = ()


def signed(make: Callable[..., object], options: Mapping[str, object], name: str = GATEWAY) -> dict[str, object]:
    """The options with a name for the provenance, in the word that the codec has for it."""
    words = inspect.signature(make).parameters.keys() & {"node"}
    return {**dict.fromkeys(words, name), **options}


def identified(track: Track, *, source: str, peer: str, number: int) -> Track:
    """The track with an id: its own, else one from its source and native name, else from its place in the file."""
    if track.track_id is not None:
        return track
    native = native_identifier(track)
    name = f"{native.scheme}:{native.value}" if native is not None else f"{peer}#{number}"
    return msgspec.structs.replace(track, track_id=str(uuid5(_NAMESPACE, f"{source}/{name}")))


class DryRun:
    """One translation. Draw `steps()`; then `counts` and `report` are complete."""

    def __init__(
        self,
        source: Format,
        target: Format | None,
        *,
        decoder_options: dict[str, object],
        encoder_options: dict[str, object],
        name: str,
        limits: Limits,
        trace: bool = False,
        batch: int = 1,
    ) -> None:
        self._source = source
        self._decoder = source.decoder(**signed(source.decoder, decoder_options))
        self._encoder = target.encoder(**encoder_options) if target is not None else None
        self._name = name
        self._limits = limits
        self._trace: Callable[[Frame], list[FieldTrace]] | None = source.trace if trace else None
        self._batch = batch
        self.counts = Counts()
        self.report = FileReport()

    def steps(self, recording: Path | bytes, base_time: datetime) -> Iterator[Step]:
        """Each frame with what was read from it, and, as soon as a batch is full, what was written."""
        waiting: list[Track] = []
        now = base_time
        for frame in read_frames(
            recording,
            form=self._source,
            feed=FEED,
            source=self._name,
            base_time=base_time,
            limits=self._limits,
            report=self.report,
        ):
            now = frame.received_at
            read, tracks = self._read(frame)
            waiting += tracks
            yield read
            while len(waiting) >= self._batch:
                yield self._write(waiting[: self._batch], now)
                del waiting[: self._batch]
        read, tracks = self._taken(finished(self._decoder, now), "end", None)
        if tracks or read.problems:
            waiting += tracks
            yield read
        for at in range(0, len(waiting), self._batch):
            yield self._write(waiting[at : at + self._batch], now)

    def _read(self, frame: Frame) -> tuple[Step, list[Track]]:
        self.counts.frames += 1
        return self._taken(self._decoder.decode(frame), frame.peer, frame)

    def _taken(self, decoded: Decoded, peer: str, frame: Frame | None) -> tuple[Step, list[Track]]:
        """What came of a frame, or of the end of all frames: of records of it, and of what was held for it in vain."""
        problems = (*decoded.problems, *(why for _, why in decoded.overdue))
        self.counts.tracks += len(decoded.tracks)
        self.counts.silent += decoded.silent
        self.counts.duplicates += decoded.duplicates
        self.counts.refused += len(problems)
        tracks = [
            identified(track, source=self._name, peer=peer, number=number)
            for number, track in enumerate(decoded.tracks)
        ]
        losses = [(track.track_id or "", loss) for track in tracks for step in track.provenance for loss in step.losses]
        self._count(losses)
        step = Step(
            frame=frame,
            traces=tuple(self._traced(frame)) if frame is not None else (),
            losses=tuple(losses),
            problems=problems,
        )
        return step, tracks

    def _traced(self, frame: Frame) -> Sequence[FieldTrace]:
        if self._trace is None:
            return ()
        try:
            return self._trace(frame)
        except FormatError:  # the decoder has refused it already, with its place
            return ()

    def _write(self, tracks: Sequence[Track], now: datetime) -> Step:
        if self._encoder is None:
            return Step(frame=None)
        encoded = self._encoder.encode(tracks, now)
        self.counts.written += len(encoded.frames)
        self.counts.unwritten += len(encoded.problems)
        self._count(encoded.losses)
        return Step(frame=None, outputs=encoded.frames, losses=encoded.losses, problems=encoded.problems)

    def _count(self, losses: Sequence[tuple[str, Loss]]) -> None:
        for _, loss in losses:
            key = (loss.field, loss.reason)
            self.counts.losses[key] = self.counts.losses.get(key, 0) + 1
