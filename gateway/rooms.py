"""The rooms that the corridor walks through, and what went through it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

from gateway.admission import Admission
from gateway.batch import Gatherer
from gateway.clock import Clock
from gateway.delay import Delay
from gateway.drafting import Maker
from gateway.errors import GatewayError
from gateway.feeds.picture import Picture
from gateway.inbox import Inbox
from gateway.ledger import Ledger
from gateway.limits import Limits
from gateway.policy import Desk, Memory
from gateway.seal import Signer, Verifier
from gateway.store import Quarantined, Store
from gateway.track import Label, Track
from gateway.turns import Turns


class Counts(Struct):
    """What went through the corridor since the start. The metrics and the status page read it; nobody resets it."""

    frames: int = 0
    tracks_received: int = 0
    records_silent: int = 0
    records_refused: int = 0
    duplicates: int = 0
    tracks_released: int = 0
    tracks_withheld: int = 0
    tracks_delayed: int = 0
    messages_signed: int = 0
    tracks_signed: int = 0
    messages_relayed: int = 0
    messages_verified: int = 0
    messages_refused: int = 0
    messages_duplicate: int = 0
    tracks_accepted: int = 0
    tracks_contested: int = 0
    tracks_second_hand: int = 0
    tracks_withdrawn: int = 0
    failures: int = 0


class Rooms(Struct, kw_only=True):
    """The rooms that the corridor walks through, assembled by `node`."""

    node: str
    maker: Maker
    clock: Clock
    limits: Limits
    desk: Desk
    """Where the policy in force lies."""
    memory: Memory
    """When which group saw which track last."""
    admission: Admission
    signer: Signer
    verifier: Verifier
    store: Store
    ledger: Ledger
    inbox: Inbox
    quarantine: Callable[[Quarantined], None]
    """Keeps a refused frame or message for the operator; never waits."""
    picture: Picture
    publish: Callable[[Sequence[Track], str, Label | None], None]
    """Hands tracks, their origin and the label of those without one to the national feeds out."""
    wake_links: Callable[[Sequence[str]], None]
    """Tells the links of these partners that there is something to deliver."""
    counts: Counts
    report: Callable[[str, GatewayError | None], None]
    """Told which room failed with what, and (without an error) that it works."""
    note_latency: Callable[[float], None]
    """Told, for each accepted message, the seconds since its oldest track reached its first gateway."""
    gatherer: Gatherer
    delay: Delay
    turns: Turns = field(default_factory=Turns)
    """Keeps a withdrawal from passing a track that is on its way through the corridor."""
