"""Tracks of a file as a node would decide on them: any format, any container, nothing sent or stored."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from gateway.cli.codes import OPTION, UNKNOWN_FORMAT
from gateway.cli.exits import CommandError, Exit
from gateway.cli.formats import find_format
from gateway.cli.options import key_values
from gateway.cli.translation import FEED, identified, signed
from gateway.config import Config
from gateway.config.codec_options import unknown_option
from gateway.dialect import Decoder, Format, finished
from gateway.errors import GatewayError
from gateway.feeds.files import FileReport, read_frames
from gateway.formats.registry import formats
from gateway.limits import Limits
from gateway.stages import Decoded
from gateway.track import Track

_FRAMES_TRIED = 20  # tell one format from another
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Sighting(Struct, frozen=True, kw_only=True):
    """One track of a file."""

    track: Track
    received_at: datetime
    place: str
    """Where in the file it stands."""


class TrackFile:
    """A recording or message whose tracks are drawn one by one; then `problems` is complete."""

    def __init__(
        self,
        recording: Path | bytes,
        *,
        form: Format,
        options: dict[str, object],
        source: str,
        node: str,
        base_time: datetime,
    ) -> None:
        """`node` stands in the provenance of the tracks, as that of a running gateway would."""
        self._recording = recording
        self._form = form
        self._source = source
        self._base_time = base_time
        self._decoder = _decoder(form, options, node)
        self.report = FileReport()
        self.problems: list[GatewayError] = []
        """Records that were refused."""

    def tracks(self) -> Iterator[Sighting]:
        """Every track, in the order of the file."""
        now = self._base_time
        frames = read_frames(
            self._recording,
            form=self._form,
            feed=FEED,
            source=self._source,
            base_time=self._base_time,
            limits=Limits(),
            report=self.report,
        )
        for frame in frames:
            now = frame.received_at
            yield from self._taken(self._decoder.decode(frame), frame.peer, now)
        yield from self._taken(finished(self._decoder, now), "end", now)
        self.problems += self.report.problems

    def _taken(self, decoded: Decoded, peer: str, now: datetime) -> Iterator[Sighting]:
        self.problems += [*decoded.problems, *(why for _, why in decoded.overdue)]
        for number, track in enumerate(decoded.tracks):
            whole = _as_then(identified(track, source=self._source, peer=peer, number=number))
            yield Sighting(track=whole, received_at=now, place=peer)


def _as_then(track: Track) -> Track:
    """The track as if it had come when it was measured: that a file is read today delays nothing of what is in it."""
    return track if track.state is None else replace(track, state=replace(track.state, received_at=None))


def find_or_guess(name: str, recording: Path | bytes, config: Config | None, source: str) -> Format:
    """The format that was named, else the only one of the configured source, else the one that reads the beginning."""
    if name:
        return find_format(name)
    table = config.source.get(source) if config is not None else None
    if table is not None and len(table.formats) == 1:
        return find_format(table.formats[0])
    scores = {form.name: score for form in formats().values() if (score := _score(recording, form)) > 0}
    best = [one for one in scores if scores[one] == max(scores.values())]
    if len(best) == 1:
        return find_format(best[0])
    told = f"{' and '.join(best)} would read it" if best else "no format reads it as it is"
    raise CommandError(UNKNOWN_FORMAT, Exit.USAGE, cause=told)


def _score(recording: Path | bytes, form: Format) -> int:
    """How well a format reads the beginning of a file, by what it makes of it and what it refuses."""
    report = FileReport()
    frames = read_frames(
        recording, form=form, feed=FEED, source="guess", base_time=_LONG_AGO, limits=Limits(), report=report
    )
    score = 0
    try:
        decoder = form.decoder(**signed(form.decoder, {}))
        for frame in islice(frames, _FRAMES_TRIED):
            decoded = decoder.decode(frame)
            score += 2 * len(decoded.tracks) + decoded.silent - 2 * len(decoded.problems)
        score += 2 * len(finished(decoder, _LONG_AGO).tracks)
    except GatewayError:
        return 0
    finally:
        if isinstance(frames, Generator):
            frames.close()  # what it holds open
    return score - 2 * report.problem_count


def decoder_options(form: Format, config: Config | None, source: str, pairs: Sequence[str]) -> dict[str, object]:
    """Options of the decoder: the configured source's for this format, and over them those of the command line."""
    table = config.source.get(source) if config is not None else None
    configured = dict(table.options.get(form.name, {})) if table is not None else {}
    given = key_values(pairs)
    if unknown := unknown_option(form.decoder, given):
        remedy = unknown[1] or f"gateway formats {form.name}"
        raise CommandError(OPTION, Exit.USAGE, place=f"--option of {form.name}", cause=unknown[0], remedy=remedy)
    return configured | given


def _decoder(form: Format, options: dict[str, object], node: str) -> Decoder:
    place, remedy = f"options of {form.name}", f"gateway formats {form.name}"
    try:
        return form.decoder(**signed(form.decoder, options, node))
    except (TypeError, ValueError) as error:  # what a constructor says of a value
        raise CommandError(OPTION, Exit.USAGE, place=place, cause=str(error)[:200], remedy=remedy) from None
    except GatewayError as error:
        cause = f"{error.place}: {error.cause}"
        raise CommandError(OPTION, Exit.USAGE, place=place, cause=cause, remedy=remedy) from None
