"""``gateway check``: what is wrong before it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, paint, report, say


def check(
    config: ConfigFile = DEFAULT_CONFIG,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also call every partner: DNS, TCP, TLS, certificates, verdict.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what is wrong with a configuration, with line and column.

    \b
    Examples:
      gateway check
      gateway check --config /etc/gateway/gateway.toml --connect

    The static layer reads the configuration, the files that it names and the options of every codec. Exit code 3:
    the node would not start. 1: it works today, and somebody should look. 4: a partner does not answer.
    """
    import sys

    from gateway.cli.exits import Exit
    from gateway.clock import SystemClock
    from gateway.config.files import check_files
    from gateway.formats.registry import formats

    loaded = load_config(config)
    found = check_files(loaded, SystemClock().now(), formats())
    for problem in (*found.errors, *found.findings):
        report(problem, json=json)
    probes: list[dict[str, object]] = []
    if connect and not found.errors:
        from gateway.cli.connect import probe_links, show_probes

        probes = probe_links(loaded.config)
        if not json:
            show_probes(probes)
    if json:
        codes = {"errors": [e.code.id for e in found.errors], "findings": [f.code.id for f in found.findings]}
        as_json({"configuration": str(config), **codes, "links": probes})
    if found.errors:
        raise typer.Exit(Exit.CONFIGURATION)
    if any(not probe["ok"] for probe in probes):
        raise typer.Exit(Exit.UNREACHABLE)
    if found.findings:
        raise typer.Exit(Exit.FINDING)
    say(paint("ok", "green", sys.stderr) + f": {config} is complete for node {loaded.config.node.name}")
    say("next: gateway run")
