"""Takes: sealed messages, leaves, receipts, cursors.

Gives: durability: what it returned survives a crash, as one transaction.
Fails: with `StoreError`; a failed commit changed nothing.
Trusts: the disk. Whoever can write the database can lose messages, yet not forge the ledger.
"""
