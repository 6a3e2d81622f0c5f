"""``gateway translate``: any format to any other, on files and pipes, sending nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from gateway.cli.formats import find_format
from gateway.cli.options import Json, key_values
from gateway.cli.output import data, json_line, paint, printable, report, say

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.cli.translation import DryRun, Step
    from gateway.dialect import Format
    from gateway.errors import GatewayError

MAX_PIPED_OCTETS = 268_435_456  # a pipe has to be held in memory; a file is mapped
SHOWN_PROBLEMS = 20  # more of them say nothing new on a terminal; --json gives all


_From = Annotated[str, typer.Option("--from", help="Format of the input.")]
_To = Annotated[str, typer.Option("--to", help="Format of the output.", show_default=False)]
_Trace = Annotated[bool, typer.Option("--trace", help="Print every field: offset, raw, item, value, unit, name.")]
_Losses = Annotated[bool, typer.Option("--losses", help="Print what each track lost.")]
_Output = Annotated[str, typer.Option("--output", "-o", help="File for the translation; - is standard output.")]
_Option = Annotated[list[str], typer.Option("--option", metavar="KEY=VALUE", help="Option of the decoder.")]
_ToOption = Annotated[list[str], typer.Option("--to-option", metavar="KEY=VALUE", help="Option of the encoder.")]
_Source = Annotated[str, typer.Option("--source", help="Name of the source, which track ids depend on.")]
_BaseTime = Annotated[str, typer.Option(help="When the recording began, where it does not say.", show_default=False)]
_Batch = Annotated[int, typer.Option(min=1, max=1_000, help="Tracks that are written together.")]


def translate(
    file: Annotated[str, typer.Argument(help="Recording or message; - is standard input.")],
    source: _From,
    target: _To = "",
    trace: _Trace = False,
    losses: _Losses = False,
    output: _Output = "",
    option: _Option = [],  # noqa: B006 (typer copies it)
    to_option: _ToOption = [],  # noqa: B006 (as above)
    source_name: _Source = "input",
    base_time: _BaseTime = "",
    batch: _Batch = 1,
    json: Json = False,
) -> None:
    """Translate a file from one format to another, sending nothing.

    \b
    Examples:
      gateway translate radar.pcap --from asterix --to geojson
      gateway translate radar.ff --from asterix --to cot --losses
      gateway translate - --from cot --trace < event.xml
      gateway translate event.xml --from cot --to asterix -o out.bin --to-option category=48 --to-option sac=25

    Nothing is signed or stored either. Files of any kind are told apart by their contents: pcap, pcapng, FINAL, raw
    blocks, text. Values of options are TOML (gateway formats NAME gives examples). With --trace or --losses, standard
    output carries those, and the translation goes to --output or nowhere. With --json every line is one object with its
    kind: frame, field, loss, problem, summary. Exit code 1: something was refused.
    """
    from gateway.cli.exits import Exit

    if not (target or trace or losses):
        raise typer.BadParameter("name the format to translate to, or ask for --trace or --losses", param_hint="--to")
    run = _dry_run(source, target, option, to_option, source_name, trace=trace, batch=batch)
    shown = _Shown(trace=trace, losses=losses, json=json, binary=bool(target) and _is_binary(find_format(target)))
    recording = recording_of(file)
    with output_to(output, quiet=trace or losses or json, binary=shown.binary) as stream:
        for step in run.steps(recording, begin(base_time, recording)):
            shown.step(step)
            if stream is not None:
                _write(stream, step, binary=shown.binary)
    for problem in run.report.problems:
        shown.problem(problem)
    shown.summary(run)
    if run.counts.refused or run.counts.unwritten or run.report.problem_count:
        raise typer.Exit(Exit.FINDING)


def _dry_run(
    source: str, target: str, option: list[str], to_option: list[str], name: str, *, trace: bool, batch: int
) -> DryRun:
    from gateway.cli.translation import DryRun
    from gateway.limits import Limits

    reading, writing = find_format(source), find_format(target) if target else None
    decoder_options, encoder_options = key_values(option), key_values(to_option)
    _check_options(reading.decoder, decoder_options, "--option", reading)
    if writing is not None:
        _check_options(writing.encoder, encoder_options, "--to-option", writing)
    return DryRun(
        reading,
        writing,
        decoder_options=decoder_options,
        encoder_options=encoder_options,
        name=name,
        limits=Limits(),
        trace=trace,
        batch=batch,
    )


def _check_options(codec: Callable[..., object], options: dict[str, object], flag: str, form: Format) -> None:
    """A usage error for options that the codec does not take: which there are, and of which format."""
    from gateway.cli.codes import OPTION
    from gateway.cli.exits import CommandError, Exit
    from gateway.config.codec_options import unknown_option
    from gateway.errors import GatewayError

    place = f"{flag} of {form.name}"
    if unknown := unknown_option(codec, options):
        remedy = unknown[1] or f"gateway formats {form.name}"
        raise CommandError(OPTION, Exit.USAGE, place=place, cause=unknown[0], remedy=remedy)
    try:
        codec(**options)
    except (TypeError, ValueError) as error:  # what a constructor says of a value
        cause, remedy = str(error)[:200], f"gateway formats {form.name}"
        raise CommandError(OPTION, Exit.USAGE, place=place, cause=cause, remedy=remedy) from None
    except GatewayError as error:
        cause, remedy = f"{error.place}: {error.cause}", f"gateway formats {form.name}"
        raise CommandError(OPTION, Exit.USAGE, place=place, cause=cause, remedy=remedy) from None


def _is_binary(form: Format) -> bool:
    return not any(word in form.media_type for word in ("xml", "json", "text"))


def recording_of(file: str) -> Path | bytes:
    """The file that was named, or what standard input has; `CommandError` when there is nothing to read."""
    from gateway.cli.codes import INPUT_UNREADABLE
    from gateway.cli.exits import CommandError, Exit

    if file == "-":
        octets = sys.stdin.buffer.read(MAX_PIPED_OCTETS + 1)
        if not octets or len(octets) > MAX_PIPED_OCTETS:
            cause = f"more than {MAX_PIPED_OCTETS} octets; name the file instead" if octets else "it is empty"
            raise CommandError(INPUT_UNREADABLE, Exit.USAGE, place="standard input", cause=cause)
        return octets
    path = Path(file)
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise CommandError(INPUT_UNREADABLE, Exit.USAGE, place=file, cause=error.strerror or "") from None
    if empty:
        raise CommandError(INPUT_UNREADABLE, Exit.USAGE, place=file, cause="it is empty")
    return path


def begin(text: str, recording: Path | bytes) -> datetime:
    """When the recording began: as told, else when the file was written, else now."""
    from datetime import UTC, datetime

    from gateway.clock import SystemClock, parse_utc

    if text:
        try:
            return parse_utc(text)
        except ValueError:
            hint = "--base-time"
            raise typer.BadParameter("expected a time such as 2026-03-01T09:30:00Z", param_hint=hint) from None
    if isinstance(recording, Path):
        return datetime.fromtimestamp(recording.stat().st_mtime, UTC)
    return SystemClock().now()


@contextmanager
def output_to(name: str, *, quiet: bool, binary: bool) -> Iterator[IO[bytes] | None]:
    """Where the translation goes: a file, standard output, or nowhere."""
    from gateway.cli.codes import BINARY_TO_TERMINAL, OUTPUT_UNWRITABLE
    from gateway.cli.exits import CommandError, Exit

    if name in ("", "-"):
        if quiet:
            yield None
            return
        if binary and sys.stdout.isatty():
            raise CommandError(BINARY_TO_TERMINAL, Exit.USAGE)
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with Path(name).open("wb") as stream:
            yield stream
    except OSError as error:
        raise CommandError(OUTPUT_UNWRITABLE, Exit.USAGE, place=name, cause=error.strerror or "") from None


def _write(stream: IO[bytes], step: Step, *, binary: bool) -> None:
    for frame in step.outputs:
        stream.write(frame)
        if not binary and not frame.endswith(b"\n"):
            stream.write(b"\n")


class _Shown:
    """What goes to the terminal, or as JSON lines to the next program."""

    def __init__(self, *, trace: bool, losses: bool, json: bool, binary: bool) -> None:
        self._trace = trace
        self._losses = losses
        self._json = json
        self.binary = binary
        self._problems = 0

    def step(self, step: Step) -> None:
        """One step's fields, losses and problems."""
        if self._trace and step.frame is not None:
            self._fields(step)
        if self._json and not (self._trace or self._losses):
            for frame in step.outputs:
                text = {"octets": frame.hex()} if self.binary else {"text": frame.decode("utf-8", "replace")}
                json_line({"kind": "frame", **text})
        if self._losses:
            for track_id, loss in step.losses:
                if self._json:
                    json_line({"kind": "loss", "track_id": track_id, "field": loss.field, "reason": loss.reason})
                else:
                    data(f"{track_id}  {loss.reason:<12}  {printable(loss.field)}")
        for problem in step.problems:
            self.problem(problem)

    def _fields(self, step: Step) -> None:
        assert step.frame is not None
        if self._json:
            for at in step.traces:
                fields = {"offset": at.offset, "raw": at.raw, "item": at.item, "value": at.value, "unit": at.unit}
                json_line({"kind": "field", "frame": step.frame.peer, **fields, "canonical": at.canonical})
            return
        data(paint(f"{step.frame.peer}, {len(step.frame.octets)} octets", "bold", sys.stdout))
        for at in step.traces:
            value = f"{at.value} {at.unit}".rstrip()
            line = f"  {at.offset:>6}  {_cut(at.raw, 24):<24}  {at.item:<20}  {_cut(value, 32):<32}  {at.canonical}"
            data(printable(line.rstrip()))

    def problem(self, problem: GatewayError) -> None:
        """Something that was refused: all of them as JSON, the first few on a terminal."""
        self._problems += 1
        if self._json:
            fields = {"code": problem.code.id, "place": problem.place, "cause": problem.cause}
            json_line({"kind": "problem", **fields})
        elif self._problems <= SHOWN_PROBLEMS:
            report(problem, json=False)
        elif self._problems == SHOWN_PROBLEMS + 1:
            say("more were refused; --json lists all")

    def summary(self, run: DryRun) -> None:
        """Counts, on stderr or as the last JSON line."""
        counts = run.counts
        lost = sorted(counts.losses.items(), key=lambda item: (-item[1], item[0]))
        if self._json:
            json_line(
                {
                    "kind": "summary",
                    "container": run.report.container,
                    "frames": counts.frames,
                    "tracks": counts.tracks,
                    "silent": counts.silent,
                    "duplicates": counts.duplicates,
                    "refused": counts.refused,
                    "unwritten": counts.unwritten,
                    "written": counts.written,
                    "damage": run.report.problem_count,
                    "skipped": run.report.skipped,
                    "losses": [{"field": f, "reason": reason, "count": count} for (f, reason), count in lost],
                }
            )
            return
        say(
            f"{counts.frames} frames ({run.report.container}): {counts.tracks} tracks, {counts.silent} records without "
            f"one, {counts.refused} refused; {counts.written} frames written"
            + (f", {counts.unwritten} tracks could not be" if counts.unwritten else "")
        )
        if counts.duplicates:
            say(f"{counts.duplicates} exact duplicates were dropped")
        if run.report.skipped:
            say("skipped: " + ", ".join(f"{count} {reason}" for reason, count in run.report.skipped.items()))
        if lost:
            total = sum(counts.losses.values())
            most = ", ".join(f"{name} {reason} {count}" for (name, reason), count in lost[:5])
            say(f"{total} losses of {len(lost)} kinds: {most}" + (", ..." if len(lost) > 5 else ""))
            if not self._losses:
                say("next: the same with --losses, or --trace for every field")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 2] + ".."
