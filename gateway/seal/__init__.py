"""Takes: canonical octets of a draft; octets that a partner pushed.

Gives: `Sealed`; `Verified`. The only room that touches private signing keys.
Fails: with one `SealError` to the caller whatever the check; the log says which check.
Trusts: the pinned key records of partners, never anything that a message says of itself.
"""
