"""Errors of the boiler room."""

from __future__ import annotations

from gateway.errors import Code

UNREADABLE = Code("NODE-001", "a file named in the configuration cannot be read", "check the path and its permissions")
LEDGER_KEY = Code("NODE-002", "the ledger key is not an Ed25519 private key", "make one with gateway certs dev")
OPTIONS = Code("NODE-004", "a format does not know these options", "gateway formats NAME lists them")

CODES = (UNREADABLE, LEDGER_KEY, OPTIONS)
