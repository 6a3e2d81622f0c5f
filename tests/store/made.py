"""Sealed messages, leaves and receipts as the rooms above would hand them in."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.clock import ManualClock
from gateway.limits import Limits
from gateway.stages import Receipt, Recorded, Sealed
from gateway.store import Idempotent, Incoming, LeafFactory, Minted, Outgoing, Store

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TRACK = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def message_id(number: int) -> str:
    return str(uuid.UUID(int=number))


def sealed(
    number: int, *, body: bytes | None = None, to: Sequence[str] = ("deu",), tracks: Sequence[str] = (TRACK,)
) -> Sealed:
    octets = f"<Message n='{number}'/>".encode() if body is None else body
    return Sealed(
        message_id=message_id(number),
        origin="nld",
        recipients=tuple(to),
        created_at=START,
        octets=octets,
        sha256=hashlib.sha256(octets).hexdigest(),
        key="ab" * 32,
        track_ids=tuple(tracks),
        rule="rule-1",
    )


def leaf(word: str = "leaf") -> LeafFactory:
    return lambda index, time: f"{word} {index} {time.isoformat()}".encode()


def incoming(number: int, *, body: bytes = b"<Message/>", tracks: Sequence[str] = (TRACK,)) -> Incoming:
    return Incoming(
        origin="deu",
        message_id=message_id(number),
        sha256=hashlib.sha256(body).hexdigest(),
        octets=body,
        partner="deu",
        track_ids=tuple(tracks),
    )


def answer(word: str) -> LeafFactory:
    return lambda index, time: f"{word} at {index} {time.isoformat()}".encode()


def receipt(message: Sealed, *, node: str = "deu", outcome: str = "ACCEPTED", code: str = "") -> Receipt:
    return Receipt(
        node=node,
        origin=message.origin,
        message_id=message.message_id,
        sha256=message.sha256,
        outcome=outcome,
        code=code,
        leaf_index=7,
        time=START,
        note=f"note for {message.message_id} by {node}".encode(),
    )


async def opened(path: Path, **limits: int) -> Store:
    return await Store.open(path / "store.db", Limits(**limits), ManualClock(START))  # type: ignore[arg-type]  # a test's own names


async def record(
    store: Store,
    message: Sealed,
    factory: LeafFactory,
    minted: Sequence[Minted] = (),
    idempotency: Sequence[Idempotent] = (),
) -> Recorded:
    """One message, recorded alone."""
    (recorded,) = await store.record_outbound_all([Outgoing(sealed=message, leaf=factory)], minted, idempotency)
    return recorded
