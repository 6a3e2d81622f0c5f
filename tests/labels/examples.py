"""One label in plain words, as a value and as XML."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.labels.write import write_label
from gateway.track import Label, LabelCategory

EXAMPLE = Label(
    policy="ALPHA",
    classification="RESTRICTED",
    categories=(
        LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable"), uri="urn:oid:2.25.1.4"),
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("ALPHA", "XAA")),
        LabelCategory(tag="Additional Sensitivity", kind="RESTRICTIVE", values=("ONE",)),
    ),
    policy_uri="urn:oid:2.25.1",
    privacy_mark="for the watch only",
    originator="nld.example",
    originator_kind="dNSName",
    created_at=datetime(2026, 9, 26, 12, tzinfo=UTC),
    review_at=datetime(2031, 9, 26, tzinfo=UTC),
)
WRITTEN = write_label(EXAMPLE).decode()
ORIGIN = "<slab:originatorConfidentialityLabel "
END = "</slab:ConfidentialityInformation>"
LAST = "</slab:originatorConfidentialityLabel>"


def changed(said: str, instead: str) -> bytes:
    """The example with one thing said otherwise."""
    assert said in WRITTEN
    return WRITTEN.replace(said, instead, 1).encode()
