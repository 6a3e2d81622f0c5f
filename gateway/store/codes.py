"""The store's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

NOT_DURABLE = Code(
    "STO-001",
    "the database did not confirm a write",
    "check disk space and the disk's health, then repeat the request: a repeated message id is recognised",
)
CANNOT_OPEN = Code("STO-002", "the database cannot be opened", "check the path, its permissions and the disk")
NEWER_VERSION = Code(
    "STO-003",
    "the database was written by a newer version",
    "start the version that wrote it, or restore the copy that was made before the upgrade",
)
IN_USE = Code(
    "STO-004",
    "the database is in use by another process",
    "stop the other gateway: one store has one writer",
)
DIGEST_CONFLICT = Code(
    "STO-005",
    "the message id is already recorded with other content",
    "make a new message id for new content; an id survives retries and nothing else",
)
KEY_CONFLICT = Code(
    "STO-006",
    "the idempotency key was used with another body",
    "repeat the original body, or use a new key for a new request",
)
CHECKPOINT_MOVED = Code(
    "STO-007",
    "the last checkpoint is not the one that was to be replaced",
    "make sure that no other process signs for this ledger; restart the gateway",
)
UNKNOWN_MESSAGE = Code("STO-008", "no such message for this partner", "check the partner's name and the sequence")
CANNOT_READ = Code("STO-009", "the database cannot be read", "check the disk's health; run an integrity check")
CLOSED = Code("STO-010", "the store is closed", "nothing was written; repeat the request once the gateway runs again")
LEAF_TOO_LARGE = Code(
    "STO-011", "a ledger leaf is empty or larger than 65,535 octets", "keep bodies out of leaves; store their digest"
)
FAILED_MEMBER = Code(
    "STO-012",
    "one write of a group could not be made",
    "nothing of it was recorded; the other writes of its group were not affected; report it with the cause",
)
HELD_LOST = Code(
    "STO-013",
    "tracks that waited for a release group cannot be decided on any more",
    "nothing to repeat: quarantine keeps what was there of them; newer states go as the rules say; see the cause",
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
    HELD_LOST,
)
