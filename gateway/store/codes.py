"""The store's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

NOT_DURABLE = Code(
    "STO-001",
    "The database did not confirm a write",
    "Check disk space and the disk's health, then repeat the request: a repeated message id is recognised.",
)
CANNOT_OPEN = Code("STO-002", "The database cannot be opened", "Check the path, its permissions and the disk.")
NEWER_VERSION = Code(
    "STO-003",
    "The database was written by a newer version",
    "Start the version that wrote it, or restore the copy that was made before the upgrade.",
)
IN_USE = Code(
    "STO-004",
    "The database is in use by another process",
    "Stop the other gateway: one store has one writer.",
)
DIGEST_CONFLICT = Code(
    "STO-005",
    "The message id is already recorded with other content",
    "Make a new message id for new content; an id survives retries and nothing else.",
)
KEY_CONFLICT = Code(
    "STO-006",
    "The idempotency key was used with another body",
    "Repeat the original body, or use a new key for a new request.",
)
CHECKPOINT_MOVED = Code(
    "STO-007",
    "The last checkpoint is not the one that was to be replaced",
    "Make sure that no other process signs for this ledger; restart the gateway.",
)
UNKNOWN_MESSAGE = Code("STO-008", "No such message for this partner", "Check the partner's name and the sequence.")
CANNOT_READ = Code("STO-009", "The database cannot be read", "Check the disk's health; run an integrity check.")
CLOSED = Code("STO-010", "The store is closed", "Nothing was written; repeat the request once the gateway runs again.")
LEAF_TOO_LARGE = Code(
    "STO-011", "A ledger leaf is empty or larger than 65,535 octets", "Keep bodies out of leaves; store their digest."
)
FAILED_MEMBER = Code(
    "STO-012",
    "One write of a group could not be made",
    "Nothing of it was recorded; the other writes of its group were not affected. Report it with the cause.",
)

CODES = (
    NOT_DURABLE,
    CANNOT_OPEN,
    NEWER_VERSION,
    IN_USE,
    DIGEST_CONFLICT,
    KEY_CONFLICT,
    CHECKPOINT_MOVED,
    UNKNOWN_MESSAGE,
    CANNOT_READ,
    CLOSED,
    LEAF_TOO_LARGE,
    FAILED_MEMBER,
)
