"""Takes: facts as leaves, already durable in the store.

Gives: C2SP tlog-tiles, checkpoints, proofs and signed receipts.
Fails: with `LedgerError`; never signs two trees of one size.
Trusts: the store for order; an auditor needs to trust nobody here.
"""

from gateway.ledger import leaf
from gateway.ledger.checkpoint import Checkpoint, open_checkpoint
from gateway.ledger.codes import CODES
from gateway.ledger.export import export, export_verifier
from gateway.ledger.leaf import Event
from gateway.ledger.ledger import Ledger
from gateway.ledger.note import Signer, Verifier
from gateway.ledger.promise import open_promise
from gateway.ledger.proof import Proof, find_message, open_proof, prove_index, prove_message
from gateway.ledger.receipt import open_receipt, sign_receipt
from gateway.ledger.verify import Demands, Promise, Report, verify
from gateway.ledger.witness import Policy

__all__ = [
    "CODES",
    "Checkpoint",
    "Demands",
    "Event",
    "Ledger",
    "Policy",
    "Promise",
    "Proof",
    "Report",
    "Signer",
    "Verifier",
    "export",
    "export_verifier",
    "find_message",
    "leaf",
    "open_checkpoint",
    "open_promise",
    "open_proof",
    "open_receipt",
    "prove_index",
    "prove_message",
    "sign_receipt",
    "verify",
]
