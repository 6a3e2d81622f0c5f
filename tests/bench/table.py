"""The table as text and as JSON."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec

from tests.bench.harness import Row

HEAD = ("stage", "measured", "unit", "cost / floor", "speed / peer", "target", "verdict")


def number(value: float | None) -> str:
    """Three significant digits or whole thousands."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def cells(row: Row) -> tuple[str, ...]:
    """One line of the table."""
    ratio = row.floor_ratio()
    peers = []
    for peer in row.peers:
        speed = row.peer_ratio(peer)
        peers.append(f"{peer.name} {speed:.3g}x" if speed is not None else f"{peer.name}: {peer.note or 'no figure'}")
    target = ""
    if row.target is not None:
        sign = {
            "value": f"{'>=' if row.faster_is_more else '<='} {number(row.target.value)} {row.unit}",
            "floor": f"<= {row.target.value:g} x floor",
            "peer": f">= {row.target.value:g} x {row.target.peer}",
        }
        target = sign[row.target.of]
    floor = f"{ratio:.3g}x {row.floor_name}" if ratio is not None else "-"
    return (row.stage, number(row.value), row.unit, floor, "; ".join(peers) or "-", target or "-", row.verdict() or "-")


def markdown(rows: list[Row]) -> str:
    """A Markdown table, with the notes below it."""
    lines = [cells(row) for row in rows]
    widths = [max(len(line[i]) for line in (HEAD, *lines)) for i in range(len(HEAD))]
    out = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"
        for line in (HEAD, *lines)
    ]
    out.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = []
    for row in rows:
        told = "; ".join(filter(None, (row.note, *(f"{peer.name}: {peer.note}" for peer in row.peers if peer.note))))
        if told:
            notes.append(f"- {row.stage}: {told}")
    return "\n".join([*out, "", *notes])


def machine() -> dict[str, object]:
    """What the figures depend on."""
    info = Path("/proc/cpuinfo")
    models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def document(rows: list[Row], *, quick: bool) -> bytes:
    """Everything, for machines."""
    entries = []
    for row in rows:
        entry = msgspec.to_builtins(row)
        entry["floor_ratio"] = row.floor_ratio()
        entry["verdict"] = row.verdict()
        for one, peer in zip(entry["peers"], row.peers, strict=True):
            one["ratio"] = row.peer_ratio(peer)
        entries.append(entry)
    return msgspec.json.format(msgspec.json.encode({"machine": machine(), "quick": quick, "rows": entries}), indent=2)


def read_rows(octets: bytes) -> list[Row]:
    """The rows of a document."""
    return msgspec.convert(msgspec.json.decode(octets)["rows"], list[Row])
