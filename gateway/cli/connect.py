"""``gateway check --connect``: what happens when every partner is called, and whose side a failure is on."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.cli.output import paint, printable, say

if TYPE_CHECKING:
    from gateway.config import Config


def probe_links(config: Config) -> list[dict[str, object]]:
    """One verdict per link that we send on: address, certificate, days left, clock, and the error if there is one."""
    return asyncio.run(_all(config))


async def _all(config: Config) -> list[dict[str, object]]:
    from gateway.node.trust import read_partners

    partners = [partner for partner in read_partners(config) if partner.send]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(config, partner.name), name=f"probe {partner.name}") for partner in partners]
    return [task.result() for task in tasks]


async def _one(config: Config, name: str) -> dict[str, object]:
    from gateway.clock import SystemClock, utc_text
    from gateway.errors import GatewayError
    from gateway.ledger import open_receipt
    from gateway.links import PartnerClient, client_tls
    from gateway.links.state import LinkFaultError
    from gateway.node.trust import read_partners, tls_material

    clock = SystemClock()
    partner = next(partner for partner in read_partners(config) if partner.name == name)
    client = PartnerClient(
        partner=partner,
        tls=client_tls(tls_material(config, name)),
        open_receipt=open_receipt,
        limits=config.limits,
        clock=clock,
    )
    verdict: dict[str, object] = {
        "partner": name,
        "url": partner.url,
        "ok": True,
        "addresses": await _resolve(partner.url),
    }
    try:
        await client.probe()
    except GatewayError as fault:
        verdict |= {
            "ok": False,
            "code": fault.code.id,
            "title": fault.code.title,
            "side": fault.side.value if isinstance(fault, LinkFaultError) else "us",
            "cause": fault.cause,
            "remedy": fault.remedy,
        }
    finally:
        await client.close()
    if client.peer is not None:
        verdict["certificate"] = client.peer.subject
        verdict["ends_at"] = utc_text(client.peer.ends_at)
        verdict["days_left"] = (client.peer.ends_at - clock.now()).days
    if client.skew_s is not None:
        verdict["clock_skew_s"] = client.skew_s
    return verdict


async def _resolve(url: str) -> list[str]:
    parts = urlsplit(url)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(entry[4][0]) for entry in found})


def show_probes(probes: list[dict[str, object]]) -> None:
    """The verdicts as people read them, on stderr."""
    import sys

    for probe in probes:
        mark = paint("ok", "green", sys.stderr) if probe["ok"] else paint("failed", "red", sys.stderr)
        addresses = probe["addresses"]
        resolved = ", ".join(addresses) if isinstance(addresses, list) and addresses else "does not resolve"
        say(f"link {probe['partner']}  {probe['url']}  {mark}")
        say(f"  {'address':<10} {resolved}")
        if "certificate" in probe:
            say(f"  {'presented':<10} {printable(str(probe['certificate']))}, {probe['days_left']} days left")
        if "clock_skew_s" in probe:
            say(f"  {'clock':<10} {probe['clock_skew_s']} s against ours")
        if not probe["ok"]:
            say(f"  {'error':<10} {probe['code']} {probe['title']} (side: {probe['side']})")
            say(f"  {'cause':<10} {printable(str(probe['cause']))}")
            say(f"  {'try':<10} {probe['remedy']}")
