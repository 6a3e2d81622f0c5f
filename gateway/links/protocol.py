"""The addresses and names of the exchange protocol, version 1 (docs/exchange-protocol.md)."""

from __future__ import annotations

MEDIA_TYPE = "application/vnd.alliance.track+xml"
"""Exactly this, without parameters."""
RECEIPT_TYPE = "text/plain"
PROBLEM_TYPE = "application/problem+json"
MESSAGES = "/alliance/v1/messages"
HEALTH = "/alliance/v1/health"
LEDGER = "/alliance/v1/ledger"
