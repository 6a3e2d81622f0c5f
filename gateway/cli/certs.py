"""``gateway certs``: certificates for development."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json
from gateway.cli.output import as_json, data, say, table
from gateway.cli.passwords import password as make_password

app = typer.Typer(help="Certificates.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def certs() -> None:
    """Certificates.

    \b
    Examples:
      gateway certs dev
      gateway certs dev --name nld-1 --source radar-north
      gateway certs tak-client hope --host nld-1.example
      gateway certs password hq-import
    """


@app.command()
def dev(
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where to write.")] = Path("certs"),
    name: Annotated[str, typer.Option(help="Name of the node; without it the configuration's.")] = "",
    source: Annotated[list[str], typer.Option(help="National source that needs a client certificate.")] = [],  # noqa: B006 (typer copies it)
    host: Annotated[list[str], typer.Option(help="Further DNS name or address of the node.")] = [],  # noqa: B006 (as above)
    force: Annotated[bool, typer.Option("--force", help="Renew everything; partners' pins of it are void.")] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Make the development certificates and keys that are missing.

    \b
    Examples:
      gateway certs dev
      gateway certs dev --name nld-1 --source radar-north --host nld-1.example

    Certificates end after 90 days and are marked: the production profile refuses them. Files that exist stay,
    unless --force; but a TLS certificate that lacks a --host is made anew under its key, so that pins hold. Paste the
    pin of a client certificate into its source's certificate_pins.
    """
    from gateway.clock import SystemClock

    sources = list(source)
    if not name:
        from gateway.cli.options import load_config

        loaded = load_config(config)
        name = loaded.config.node.name
        sources = list(dict.fromkeys([*loaded.config.source, *sources]))
    written = [
        item
        for item, _ in write_certificates(directory, name, sources, now=SystemClock().now(), force=force, hosts=host)
    ]
    if json:
        as_json(written)
        return
    if not written:
        say(f"nothing to do: {directory} has everything that {name} needs; --force renews it")
        return
    rows = [[str(item["path"]), str(item["purpose"]), str(item["not_after"] or ""), _names(item)] for item in written]
    table(["FILE", "WHAT", "ENDS", "NAMES"], rows)
    for item in written:
        if item["pin"]:
            say(f"pin of {item['path']}: {item['pin']}")
    say("next: gateway check")


@app.command("tak-client")
def tak_client(
    name: Annotated[str, typer.Argument(help="Name of the client, as its table in the configuration.")],
    host: Annotated[str, typer.Option(help="Name or address at which the client reaches the node.")] = "localhost",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the feed.")] = 8089,
    directory: Annotated[Path, typer.Option("--directory", "-d", help="Where ca.pem and ca.key are.")] = Path("certs"),
    password: Annotated[str, typer.Option(help="Of the two stores; without it a random one.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the package; its pin is void.")] = False,
    json: Json = False,
) -> None:
    """Make a data package with which a TAK client (ATAK, WinTAK, iTAK) connects over TLS.

    \b
    Examples:
      gateway certs tak-client hope --host nld-1.example
      gateway certs tak-client hope --host 10.0.0.5 --port 8089 --password atakatak

    Writes NAME.zip, the two stores that are in it, and the certificate. The client imports the package as a file. It
    holds the client's private key: hand it over as you would a key. Works with the development authority that
    `gateway certs dev` made, and with no other. Prints what belongs into the configuration.
    """
    from gateway.cli.tak_package import package_for, written_package
    from gateway.clock import SystemClock

    try:
        made = package_for(directory, name, host=host, port=port, password=password, now=SystemClock().now())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    written = written_package(directory, name, made, force=force)
    if json:
        as_json({"client": name, "pin": made.pin, "connect": made.connect, "files": [str(path) for path in written]})
        return
    for path in written:
        say(f"wrote {path}")
    if not made.host_is_named:
        say(f"warning: the node's TLS certificate does not name {host}; see gateway certs dev --host")
    say("the stores' password stands in the package's preferences; clients that import it need no other")
    say("paste into gateway.toml:\n")
    data(made.configuration)


app.command("password")(make_password)


def _names(item: dict[str, object]) -> str:
    names = item["names"]
    return ", ".join(names) if isinstance(names, tuple) else ""


def write_certificates(
    directory: Path,
    node: str,
    sources: Sequence[str],
    *,
    now: datetime,
    force: bool,
    hosts: Sequence[str] = (),
) -> list[tuple[dict[str, object], str]]:
    """What was written, as data, each with its pin."""
    from gateway.clock import utc_text
    from gateway.seal.certificates import write_development

    written = write_development(directory, node, now=now, sources=sources, names=hosts, overwrite=force)
    return [
        (
            {
                "path": str(item.path),
                "purpose": item.purpose,
                "not_after": utc_text(item.not_after) if item.not_after else None,
                "names": item.names,
                "pin": item.pin or None,
                "private": item.private,
            },
            item.pin,
        )
        for item in written
    ]
