"""The ledger's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

BAD_NOTE = Code("LED-001", "a signed note is malformed", "get the note again; a note is never edited")
BAD_SIGNATURE = Code(
    "LED-002",
    "a signature on a note does not hold",
    "keep the note as evidence; compare the verification key with the one that its owner published",
)
NOT_SIGNED = Code(
    "LED-003",
    "a note carries no signature by the expected key",
    "check that the verification key belongs to this ledger or node",
)
BAD_KEY = Code(
    "LED-004",
    "a key text is malformed",
    "a verification key reads NAME+8 hex digits+base64; copy it whole, on one line",
)
BAD_CHECKPOINT = Code("LED-005", "a checkpoint is malformed", "get the checkpoint again; report it to its owner")
BAD_PROOF = Code("LED-006", "a proof does not hold", "keep proof and checkpoint as evidence and report them")
BAD_PROOF_FILE = Code("LED-007", "a proof file is malformed", "write it again with `gateway ledger prove`")
BAD_BUNDLE = Code("LED-008", "an entry bundle or tile is malformed", "restore the ledger's directory from a copy")
MISSING_FILE = Code("LED-009", "a file of the ledger is missing", "restore the ledger's directory from a copy")
DIFFERENT_FILE = Code(
    "LED-010",
    "a file of the ledger does not hold what its entries give",
    "the file was changed after it was published: keep it as evidence and restore a copy",
)
DIFFERENT_ROOT = Code(
    "LED-011",
    "the entries do not give the root that the checkpoint states",
    "entries were changed, removed or reordered: keep the directory as evidence",
)
INCONSISTENT = Code(
    "LED-012",
    "the ledger does not continue a checkpoint that was seen before",
    "history was rewritten or cut off: keep both checkpoints, together they prove it; report it to the partners",
)
BAD_LEAF = Code("LED-013", "a ledger entry is not a well-formed leaf", "keep the directory as evidence and report it")
MISSING_LEAF = Code(
    "LED-014",
    "a receipt promises a leaf that the ledger does not hold",
    "keep the receipt: with the checkpoint it proves that a message was accepted and not recorded",
)
NOT_WITNESSED = Code(
    "LED-015",
    "too few witnesses cosigned the checkpoint",
    "ask the witnesses for their last checkpoint of this ledger and compare",
)
TOO_OLD = Code(
    "LED-016",
    "the checkpoint is older than allowed",
    "get the current checkpoint; if there is none, the tail of the ledger may be withheld",
)
FORK = Code(
    "LED-017",
    "the store does not continue the last checkpoint that was signed",
    "do not delete anything; a restored backup or an edited leaf is a fork: start a new generation of the ledger",
)
CANNOT_WRITE = Code(
    "LED-018", "the ledger's directory cannot be written", "check disk space and permissions; it is tried again"
)
CANNOT_READ = Code("LED-019", "a file of the ledger cannot be read", "check the path and its permissions")
WRONG_LOG = Code(
    "LED-020",
    "the ledger belongs to another origin or key",
    "use the key and the name with which it was begun, or begin a new generation in a new directory and store",
)
NOT_FOUND = Code("LED-021", "the ledger holds no such message", "check the id; a message stands there when recorded")
BAD_RECEIPT = Code("LED-022", "a receipt is malformed", "ask the partner for its receipt again; keep this one")
NOT_FITTING = Code("LED-023", "a value does not fit into a note or a leaf", "correct the value; the cause says which")
UNEXPECTED_FILE = Code(
    "LED-024", "a file stands in the ledger that does not belong to it", "remove it, or find out who put it there"
)

CODES = (
    BAD_NOTE,
    BAD_SIGNATURE,
    NOT_SIGNED,
    BAD_KEY,
    BAD_CHECKPOINT,
    BAD_PROOF,
    BAD_PROOF_FILE,
    BAD_BUNDLE,
    MISSING_FILE,
    DIFFERENT_FILE,
    DIFFERENT_ROOT,
    INCONSISTENT,
    BAD_LEAF,
    MISSING_LEAF,
    NOT_WITNESSED,
    TOO_OLD,
    FORK,
    CANNOT_WRITE,
    CANNOT_READ,
    WRONG_LOG,
    NOT_FOUND,
    BAD_RECEIPT,
    NOT_FITTING,
    UNEXPECTED_FILE,
)
