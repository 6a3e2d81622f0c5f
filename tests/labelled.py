"""The label of the plain policy that tests' nodes have, as they write it: see `gateway.config.policy_starter`."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.track import Label

BOOK = Book([read_spif(shipped()["PUBLIC"], ignore_case=True)])
PLAIN = BOOK.complete(
    Label(policy="PUBLIC", classification="UNMARKED"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    review_at=datetime(2036, 1, 1, tzinfo=UTC),
)
UNKNOWN_POLICY = replace(PLAIN, policy="OTHER", policy_uri=None)
UNKNOWN_LEVEL = replace(PLAIN, classification="SECRET")
