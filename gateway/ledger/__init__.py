"""Takes: facts as leaves, already durable in the store.

Gives: C2SP tlog-tiles, checkpoints, proofs and signed receipts.
Fails: with `LedgerError`; never signs two trees of one size.
Trusts: the store for order; an auditor needs to trust nobody here.
"""
