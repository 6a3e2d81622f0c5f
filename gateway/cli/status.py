"""``gateway status``: how a running node fares."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, data, paint, printable, table

if TYPE_CHECKING:
    import ssl

    from gateway.config import Config

TIMEOUT_S = 5.0  # a node on this machine that needs longer is not well, and that is the answer
_MAX_OCTETS = 4_194_304  # stops whoever answers in the node's place from filling our memory


def status(
    config: ConfigFile = DEFAULT_CONFIG,
    url: Annotated[str, typer.Option(help="Address of the node; without it the configuration's.")] = "",
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print nothing; exit code 0: it is ready, whatever its links."),
    ] = False,
    json: Json = False,
) -> None:
    """Show a running node: links, feeds, ledger, picture, latency.

    \b
    Examples:
      gateway status
      gateway status --json | jq .links

    Asks the node's national interface with the node's own certificate. Exit code 4: it does not answer. 1: it
    answers and is not ready, or a link is not up.
    """
    from gateway.cli.exits import Exit

    document = read_status(config, url)
    if quiet:  # what a container's health check asks: a partner that is down is no reason to restart us
        raise typer.Exit(Exit.DONE if document.get("ready") else Exit.FINDING)
    if json:
        as_json(document)
    else:
        _show(document)
    if not document.get("ready") or any(link.get("state") in NOT_WELL for link in items(document, "links")):
        raise typer.Exit(Exit.FINDING)


NOT_WELL = ("BACKOFF", "REFUSED")


def read_status(config: Path, url: str) -> Mapping[str, object]:
    """The status document of the node that runs with this configuration; `CommandError` when it does not answer."""
    import asyncio

    loaded = load_config(config)
    return asyncio.run(_ask(node_address(loaded.config, url), loaded.config))


def node_address(config: Config, url: str) -> str:
    """Where the node's interface can be called, unless `url` says it: every address of the machine on loopback."""
    from gateway.config.values import Address

    listen = config.http.listen
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)
    scheme = "http" if config.http.plain else "https"
    return url.rstrip("/") or f"{scheme}://{Address(host=host, port=listen.port)}"


async def _ask(address: str, config: Config) -> Mapping[str, object]:
    import aiohttp
    import msgspec

    from gateway.cli.codes import NODE_ANSWER, NODE_UNREACHABLE
    from gateway.cli.exits import CommandError, Exit

    place = f"{address}/v1/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
            session.get(place, ssl=node_tls(config), allow_redirects=False) as response,
        ):
            body = b""
            async for chunk in response.content.iter_chunked(65_536):
                body += chunk
                if len(body) > _MAX_OCTETS:
                    raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=f"more than {_MAX_OCTETS} octets")
            if response.status != 200:
                cause = f"HTTP status {response.status}"
                raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=cause)
            document: object = msgspec.json.decode(body)
    except aiohttp.InvalidURL:
        raise CommandError(NODE_UNREACHABLE, Exit.USAGE, place=place, cause="not a URL") from None
    except TimeoutError:
        raise CommandError(
            NODE_UNREACHABLE, Exit.UNREACHABLE, place=place, cause=f"no answer in {TIMEOUT_S} s"
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        system = getattr(error, "os_error", error)  # what aiohttp wraps names the address twice
        cause = getattr(system, "strerror", None) or str(error)[:200] or type(error).__name__
        raise CommandError(NODE_UNREACHABLE, Exit.UNREACHABLE, place=place, cause=cause) from None
    except msgspec.DecodeError:
        raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause="not JSON") from None
    if not isinstance(document, dict):
        raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause="not a JSON object")
    return document


def node_tls(config: Config) -> ssl.SSLContext | bool:
    """Trust exactly the certificate that the configuration names for the interface, and show the node's own."""
    import ssl

    from gateway.cli.codes import NODE_UNREACHABLE
    from gateway.cli.exits import CommandError, Exit

    if config.http.plain:
        return True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is known; its names are for others
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    file = config.http.certificate
    try:
        context.load_verify_locations(cafile=file)
        context.load_cert_chain(file, config.http.key, password="")
    except OSError as error:  # ssl.SSLError is one
        cause = f"{file} or its key: {error.strerror or type(error).__name__}"
        raise CommandError(NODE_UNREACHABLE, Exit.CONFIGURATION, cause=cause, remedy="gateway check") from None
    return context


# ------------------------------------------------------------------------------------------------------------- showing

_CORRIDOR = {
    "taken in": ("frames", "tracks_received", "records_silent", "records_refused", "duplicates"),
    "sent out": ("tracks_released", "tracks_withheld", "messages_signed", "tracks_signed"),
    "let in": ("messages_verified", "messages_refused", "messages_duplicate", "tracks_accepted", "tracks_contested"),
}
"""Counts of the corridor by the way that they went; what stands in none goes on a line of its own."""


def _show(document: Mapping[str, object]) -> None:
    ready = "ready" if document.get("ready") else "NOT READY"
    colour = "green" if document.get("ready") else "red"
    marks = " ".join(_text(document, key) for key in ("exercise", "simulation", "profile"))
    data(f"{_text(document, 'node')} ({_text(document, 'nation')})  {paint(ready, colour, sys.stdout)}  {marks}")
    data(f"version {_text(document, 'version')}, up since {when(document.get('started_at'))}")
    corridor = document.get("corridor")
    if isinstance(corridor, Mapping):
        grouped = {name for names in _CORRIDOR.values() for name in names}
        for title, names in _CORRIDOR.items():
            _line(title, {name: corridor[name] for name in names if name in corridor})
        _line("corridor", {name: count for name, count in corridor.items() if name not in grouped})
    if document.get("delayed_tracks"):
        data(f"{'waiting':<10} {_text(document, 'delayed_tracks')} tracks that a release rule delays")
    for key in ("latency_ms", "picture", "ledger"):
        data(f"{key:<10} {_pairs(document.get(key)) or '-'}")
    policy = document.get("policy")
    if isinstance(policy, Mapping):
        data(f"{'policy':<10} {_policy(policy)}")
    links, feeds = items(document, "links"), items(document, "feeds")
    if links:
        data("")
        counts = ["QUEUED", "DELIVERED", "REFUSED", "PARKED", "WITHHELD"]
        headers = ["LINK", "STATE", "SINCE", *counts, "LAST REFUSAL", "LAST ERROR"]
        table(headers, [_link(link) for link in links])
    if feeds:
        data("")
        columns = ["FEED", "WAY", "FORMAT", "FRAMES", "DROPPED", "UNENCODED", "LAST ERROR"]
        table(columns, [_feed(feed) for feed in feeds])
    peers = [(feed, peer) for feed in feeds for peer in items(feed, "peers")]
    if peers:
        data("")
        columns = ["PEER", "FEED", "CALLS ITSELF", "ADDRESS", "SINCE", "SENT", "WAITING", "COALESCED", "LAST ERROR"]
        table(columns, [_peer(feed, peer) for feed, peer in peers])
    for task in items(document, "tasks"):
        if task.get("restarts") or not (task.get("running") or task.get("done")):
            data(f"task {_text(task, 'name')}: {_text(task, 'restarts')} restarts, {_text(task, 'last_error') or '-'}")


def _policy(policy: Mapping[str, object]) -> str:
    """Which release policy decides, since when, when it is to be reviewed, and what became of the last attempt."""
    words = f"{_text(policy, 'name')} ({_text(policy, 'digest')[:12]}) since {when(policy.get('since'))}"
    if policy.get("review"):
        words += f", to be reviewed by {when(policy.get('review'))}"
    words += f"  reloads {_text(policy, 'reloads')}  refused {_text(policy, 'refused')}"
    return words + (f"  {paint('kept:', 'red', sys.stdout)} {error}" if (error := _text(policy, "last_error")) else "")


def _line(title: str, counts: Mapping[str, object]) -> None:
    if counts:
        data(f"{title:<10} {_pairs(counts)}")


_COUNTS = ("queued_messages", "delivered", "refused", "parked", "withheld")


def _link(link: Mapping[str, object]) -> list[str]:
    counts = [_text(link, key) or "-" for key in _COUNTS]
    refusal = link.get("last_refusal")
    last = "-"
    if isinstance(refusal, Mapping):
        last = f"{_text(refusal, 'code')} {'parked ' if refusal.get('parked') else ''}{when(refusal.get('at'))}"
    return [_text(link, "partner"), _text(link, "state"), when(link.get("since")), *counts, last, last_error(link)]


def _feed(feed: Mapping[str, object]) -> list[str]:
    keys = ("name", "direction", "format", "frames", "dropped", "unencoded", "last_error")
    return [_text(feed, key) or "-" for key in keys]


def _peer(feed: Mapping[str, object], peer: Mapping[str, object]) -> list[str]:
    who = [_text(peer, "name") or "-", _text(feed, "name"), _text(peer, "title") or "-", _text(peer, "address")]
    counts = [_text(peer, key) or "-" for key in ("sent", "waiting", "coalesced", "last_error")]
    return [*who, when(peer.get("since")), *counts]


def last_error(link: Mapping[str, object]) -> str:
    """The last thing that went wrong on a link, on whose side, and when; a dash for nothing yet."""
    failure = link.get("last_failure")
    if not isinstance(failure, Mapping):
        return "-"
    return f"{_text(failure, 'code')} ({_text(failure, 'side')}) {when(failure.get('at'))}"


def when(value: object) -> str:
    """A time of the document to the second; a dash for none."""
    text = printable(str(value)) if value else "-"
    stem, dot, _ = text.partition(".")
    return f"{stem}Z" if dot else text.replace("+00:00", "Z")


def _pairs(value: object) -> str:
    if not isinstance(value, Mapping):
        return ""
    return "  ".join(f"{printable(str(key))} {_shown(item)}" for key, item in value.items())


def _shown(item: object) -> str:
    if isinstance(item, Mapping):
        return f"({_pairs(item)})"
    return "-" if item is None else printable(str(round(item, 3) if isinstance(item, float) else item))


def _text(table_: Mapping[str, object], key: str) -> str:
    value = table_.get(key)
    return "" if value is None else printable(str(value))


def items(document: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
    """The objects in a list of the document; none where it has no such list."""
    value = document.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
