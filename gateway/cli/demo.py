"""``gateway demo``: four gateways on this machine, from sensors to ledgers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    seconds: Annotated[float, typer.Option(help="How long the traffic runs; Ctrl-C ends it earlier.", min=1.0)] = 30.0,
    recording: Annotated[
        Path | None,
        typer.Option(
            "--input", help="A recording to replay instead of the simulated sky.", exists=True, dir_okay=False
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="Format of the recording, as in 'gateway formats'.")] = "",
    directory: Annotated[
        Path | None, typer.Option(help="Where to put the nodes; a new temporary directory without it.")
    ] = None,
) -> None:
    """Run four gateways on loopback, each by a release policy of its own, and watch tracks cross the border.

    \b
    Examples:
      gateway demo
      gateway demo --seconds 60
      gateway demo --input radar.pcap --format asterix

    Two NATO nations and an EU agency, each with keys of its own. A simulated radar and track server feed one nation;
    a drone detector, a SAPIENT sensor node and a Remote ID receiver another. Every node gets every track, signed, and
    shows it to its own systems: displays, a TAK client, a map. At the end the ledgers are verified from their files,
    one message is proven, nothing may have told where a drone's operator stands, and what each hop could not carry is
    listed. Exit code 1: a promise did not hold.
    """
    import asyncio

    from gateway.cli.codes import DEMO_INPUT
    from gateway.cli.exits import CommandError, Exit
    from gateway.demo.run import demonstrate
    from gateway.formats.registry import names

    if (recording is None) != (not form) or (form and form not in names()):
        known = ", ".join(sorted(names()))
        raise CommandError(DEMO_INPUT, Exit.USAGE, cause=f"--input FILE needs --format, one of {known}")
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
    chosen = (recording, form) if recording is not None else None
    if not asyncio.run(demonstrate(seconds=seconds, recording=chosen, directory=directory)):
        raise typer.Exit(Exit.FINDING)
