"""Takes: sealed messages, leaves, receipts, cursors.

Gives: durability: what it returned survives a crash, as one transaction.
Fails: with `StoreError`; a failed commit changed nothing, or is recognised when it is repeated.
Trusts: the disk. Whoever can write the database can lose messages, yet not forge the ledger.
"""

from gateway.store.codes import CODES
from gateway.store.held import Due, HeldBack, Recall
from gateway.store.records import (
    AnswerFactory,
    CheckpointRow,
    Cited,
    Counts,
    Direction,
    Enclosed,
    Exceptional,
    Idempotent,
    InboundOutcome,
    Incoming,
    LeafFactory,
    Minted,
    Outcome,
    Outgoing,
    Quarantined,
    QueueState,
    Settlement,
    StoredMessage,
    StoreInfo,
    Withdrawal,
)
from gateway.store.resumed import Waiting
from gateway.store.store import Store

__all__ = [
    "CODES",
    "AnswerFactory",
    "CheckpointRow",
    "Cited",
    "Counts",
    "Direction",
    "Due",
    "Enclosed",
    "Exceptional",
    "HeldBack",
    "Idempotent",
    "InboundOutcome",
    "Incoming",
    "LeafFactory",
    "Minted",
    "Outcome",
    "Outgoing",
    "Quarantined",
    "QueueState",
    "Recall",
    "Settlement",
    "Store",
    "StoreInfo",
    "StoredMessage",
    "Waiting",
    "Withdrawal",
]
